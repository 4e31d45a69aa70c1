import { type Static, Type } from '@sinclair/typebox'
import { correlation, epoch, json, message, seq } from '../schema.ts'

/** The message with this id was committed; a document at or after (epoch, seq) shows its effect. */
export const AckMessage = message('ack', { id: correlation, epoch, seq, value: Type.Optional(json) })
export type AckMessage = Static<typeof AckMessage>
