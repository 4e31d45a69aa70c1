import type { LinkState } from '../client/api.ts'
import { type ClientOptions, createClient } from '../client/client.ts'
import { type AppError, appError } from '../core/errors.ts'
import { DEFAULT_WORKSPACE, WORKSPACE_PATTERN } from '../core/ids.ts'
import { fail, ok, type Result } from '../core/result.ts'
import { WIRE_FORMATS, type WireFormat } from '../protocol/connection.ts'
import { encodeWithMsgpackr } from '../protocol/msgpackr-writer.ts'
import { readKeyFile } from './key-file.ts'
import { findServer, serverAddress } from './server-address.ts'
import { argumentsOrDie, die, orDie, printable, quietOnClosedPipe } from './terminal.ts'
import { jsonPrinter, textPrinter } from './watch-lines.ts'

const args = argumentsOrDie({
  name: 'npm run watch --',
  about: 'Prints a channel: first its present state, then every change or event, until Ctrl-C.',
  positionals: ['CHANNEL'],
  flags: [
    { name: 'url', value: 'URL', about: 'the server (http://127.0.0.1:8080, or the port in DASHBOARD_PORT)' },
    {
      name: 'key',
      value: 'FILE',
      about: 'log in with this key (npm run keygen), for channels that are not public',
    },
    { name: 'register', about: 'make a user of the key if the server does not know it yet' },
    { name: 'format', value: 'NAME', about: `what the wire speaks: ${WIRE_FORMATS.join(', ')} (msgpack)` },
    {
      name: 'workspace',
      value: 'NAME',
      about: `where the channel lies (${DEFAULT_WORKSPACE}); its parameters stand after colons: trading.book:BTCUSDT`,
    },
    { name: 'json', about: 'print one line of JSON a message' },
  ],
})

const [channel = ''] = args.positionals
const format = orDie(wireFormat(args.text('format') ?? 'msgpack'), 2)
const credentials = orDie(readCredentials(args.text('key'), args.on('register')))
const server = orDie(serverAddress(args.text('url'), process.env), 2)
orDie(await findServer(server))
quietOnClosedPipe()

const printer = args.on('json') ? jsonPrinter : textPrinter
const workspace = orDie(workspaceName(args.text('workspace') ?? DEFAULT_WORKSPACE), 2)
const client = createClient({
  url: server.socket,
  format,
  encodeMsgpack: encodeWithMsgpackr,
  workspace,
  ...credentials,
})
const handle = client.subscribe(channel)
handle.onChange((value, change) => print(printer.changed(handle, value, change)))
handle.onStatus((status) => {
  if (status.type === 'stale') tellStale(status.since)
  // Too many at once passes; anything else that is refused stays refused.
  if (status.type === 'refused' && status.error.retryAfter === undefined) end(status.error)
})
client.events(channel, (event) => print(printer.happened(event)))
let lastError = ''
/** Whether it was said that what is shown may be old. */
let isStale = false
client.onError((error) => {
  lastError = error.message
  process.stderr.write(`${printable(explained(error))}\n`)
})
const stopTelling = client.onState(tellState)
process.on('SIGINT', () => {
  // Its end is wanted and nothing to tell.
  stopTelling()
  client.close()
  process.exit(0)
})
client.connect()

function print(text: string): void {
  process.stdout.write(`${text}\n`)
}

function tellState(state: LinkState): void {
  switch (state.status) {
    case 'offline':
      process.stderr.write(`${printable(`connection lost (${state.reason})`)}; trying again\n`)
      break
    case 'closed':
      // A refused login comes as an error first, and then as the reason of the close.
      if (state.reason === lastError) process.exit(1)
      end(appError('ConnectionClosed', `the server closed the connection: ${state.reason}`))
      break
    case 'stale':
      process.stderr.write(
        state.because === 'silence'
          ? 'nothing comes from the server any more\n'
          : `the server has heard nothing new since ${new Date(state.since).toISOString()}\n`,
      )
      isStale = true
      break
    case 'live':
      if (isStale) process.stderr.write('up to date again\n')
      isStale = false
      break
    case 'idle':
    case 'connecting':
      break
    default:
      state satisfies never
  }
}

function tellStale(since: number | null): void {
  const what = since === null ? 'nobody publishes' : `not heard since ${new Date(since).toISOString()}`
  process.stderr.write(`${printable(channel)}: ${what}; the value may be old\n`)
}

function end(error: AppError): never {
  return die(printable(explained(error)))
}

/** The error with what can be done about it here. */
function explained({ code, message }: AppError): string {
  const hasKey = credentials.credentials !== undefined
  if (code === 'Unauthorized' && !hasKey) return `${code}: ${message}; log in by --key FILE`
  if (code === 'InvalidCredentials' && hasKey && !args.on('register'))
    return `${code}: ${message}; --register makes a user of a new key`
  return `${code}: ${message}`
}

function readCredentials(
  path: string | undefined,
  register: boolean,
): Result<Pick<ClientOptions, 'credentials'>, string> {
  if (path === undefined) return register ? fail('--register needs --key FILE') : ok({})
  const key = readKeyFile(path)
  if (!key.ok) return key
  return ok({ credentials: { type: 'key', key: key.value, ...(register ? { register: {} } : {}) } })
}

function workspaceName(given: string): Result<string, string> {
  return new RegExp(WORKSPACE_PATTERN).test(given)
    ? ok(given)
    : fail(`--workspace must be letters, digits and . _ -, not '${given}'`)
}

function wireFormat(given: string): Result<WireFormat, string> {
  const format = WIRE_FORMATS.find((name) => name === given)
  return format === undefined
    ? fail(`--format must be one of ${WIRE_FORMATS.join(', ')}, not '${given}'`)
    : ok(format)
}
