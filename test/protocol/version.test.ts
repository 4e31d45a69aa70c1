import { expect, test } from 'bun:test'
import { REWARDS_EVENTS } from '../../src/boards/rewards/channels/names.ts'
import { REWARDS_MESSAGES } from '../../src/boards/rewards/messages/index.ts'
import { PROTOCOL_VERSION, PROTOCOL_VERSIONS, schemaText } from '../../src/protocol/version.ts'

test('P-8: a change of the schemas needs a new version of the protocol', () => {
  const newest = PROTOCOL_VERSIONS.at(-1)
  const schemas = new Bun.CryptoHasher('sha256')
    .update(schemaText([{ messages: REWARDS_MESSAGES, events: REWARDS_EVENTS }]))
    .digest('hex')
    .slice(0, 16)
  expect(
    newest,
    `what travels has changed: add {version: ${PROTOCOL_VERSION + 1}, schemas: '${schemas}'} to PROTOCOL_VERSIONS, raise PROTOCOL_VERSION, and say in docs/PROTOCOL.md what is new`,
  ).toEqual({ version: PROTOCOL_VERSION, schemas })
})

test('P-8: versions count up from 1', () => {
  expect(PROTOCOL_VERSIONS.map(({ version }) => version)).toEqual(
    PROTOCOL_VERSIONS.map((_, index) => index + 1),
  )
})
