/**
 * A client that knows nothing but docs/PROTOCOL.md: Node's ws, node:crypto and a stock MessagePack decoder. It shares no
 * code with the server on purpose.
 *
 * Usage: node client.mjs WS_URL. Logs in, subscribes, watches a device of its own come and go, drops the connection in
 * between, resumes, and compares its documents with fresh snapshots. Prints one JSON line; a broken rule is an exception.
 */
import assert from 'node:assert/strict'
import { generateKeyPairSync, sign } from 'node:crypto'
import { crc32 } from 'node:zlib'
import { Packr } from 'msgpackr'
import WebSocket from 'ws'

const CHANNELS = ['rewards.summary', 'rewards.networks']
/** 64-bit integers are times in ms here, which numbers hold exactly. */
const stock = new Packr({ useRecords: false, int64AsType: 'number' })
const [url] = process.argv.slice(2)

const canonical = (value) => {
  if (Array.isArray(value)) return `[${value.map(canonical).join(',')}]`
  if (typeof value !== 'object' || value === null) return JSON.stringify(value)
  const keys = Object.keys(value).sort()
  return `{${keys.map((key) => `${JSON.stringify(key)}:${canonical(value[key])}`).join(',')}}`
}

const isInner = (value) => typeof value === 'object' && value !== null && !Array.isArray(value)

function checksum(node, prefix = '') {
  let sum = 0
  for (const [key, value] of Object.entries(node)) {
    const path = prefix + key.replace(/[\\.]/g, '\\$&')
    const deeper = isInner(value) && Object.keys(value).length > 0
    sum += deeper ? checksum(value, `${path}.`) : CRC(`${path}\0${canonical(value)}`)
    sum %= 2 ** 32
  }
  return sum
}

/** zlib.crc32 came with Node 22.2; older ones get the textbook loop. */
const CRC =
  crc32 ??
  ((text) => {
    let crc = 0xffffffff
    for (const byte of Buffer.from(text)) {
      crc ^= byte
      for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >>> 1) ^ 0xedb88320 : crc >>> 1
    }
    return ~crc >>> 0
  })

const splitPath = (path) =>
  path.match(/(?:\\.|[^.\\])+|(?<=^|\.)(?=\.|$)/g).map((segment) => segment.replace(/\\(.)/g, '$1'))

function apply(document, { changes, removed = [] }) {
  for (const path of removed) {
    const segments = splitPath(path)
    const last = segments.pop()
    const parent = segments.reduce((node, segment) => node?.[segment], document)
    if (parent !== undefined) delete parent[last]
  }
  for (const [path, value] of Object.entries(changes)) {
    const segments = splitPath(path)
    const last = segments.pop()
    let node = document
    for (const segment of segments) {
      if (!isInner(node[segment])) node[segment] = {}
      node = node[segment]
    }
    node[last] = value
  }
}

class Client {
  documents = {}
  cursors = {}
  checked = 0
  #key
  #waiting = []
  #messages = []

  constructor(key) {
    this.#key = key
  }

  async open() {
    this.#messages = []
    this.socket = new WebSocket(`${url}/ws?type=tui`)
    this.socket.on('message', (data, isBinary) => {
      assert(isBinary, 'a msgpack session has binary frames only')
      const message = stock.decode(data)
      this.#take(message)
      const waiting = this.#waiting.shift()
      if (waiting === undefined) this.#messages.push(message)
      else waiting(message)
    })
    this.socket.on('error', () => {})
    const hello = await this.read()
    assert.equal(hello.type, 'hello')
    assert.equal(hello.protocol, 3, 'this client knows version 3')
    const { origin, session, nonce, expires } = hello.challenge
    const text = `dashboard-server login v1\norigin: ${origin}\nsession: ${session}\nnonce: ${nonce}\nexpires: ${expires}`
    this.send({
      type: 'authenticate',
      public_key: this.#key.publicKey.export({ format: 'jwk' }).x,
      signature: sign(null, Buffer.from(text), this.#key.privateKey).toString('base64url'),
      register: { device_name: 'node' },
    })
    return this.until('authenticated')
  }

  send(message) {
    this.socket.send(stock.encode(message))
  }

  read() {
    const ready = this.#messages.shift()
    if (ready !== undefined) return Promise.resolve(ready)
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => reject(new Error('no message for 10 s')), 10_000)
      this.#waiting.push((message) => {
        clearTimeout(timer)
        resolve(message)
      })
    })
  }

  async until(type, fields = {}) {
    for (;;) {
      const message = await this.read()
      assert.notEqual(message.type, 'error', JSON.stringify(message))
      if (message.type === type && Object.entries(fields).every(([name, value]) => message[name] === value))
        return message
    }
  }

  request(id, message) {
    this.send({ ...message, id })
    return this.until('ack', { id })
  }

  #take(message) {
    const { type, channel } = message
    if (type === 'snapshot') {
      this.documents[channel] = message.data
    } else if (type === 'update' || type === 'resumed') {
      const cursor = this.cursors[channel]
      if (type === 'update' && message.seq <= cursor.seq) return
      assert(
        message.epoch === cursor.epoch && message.from <= cursor.seq,
        `gap: ${JSON.stringify({ message, cursor })}`,
      )
      apply(this.documents[channel], message)
    } else {
      return
    }
    this.cursors[channel] = { epoch: message.epoch, seq: message.seq }
    if (message.checksum !== undefined) {
      assert.equal(checksum(this.documents[channel]), message.checksum, `checksum of ${type} ${channel}`)
      this.checked++
    }
  }
}

const key = generateKeyPairSync('ed25519')
const watcher = new Client(key)
const device = new Client(key)
const { user } = await watcher.open()
watcher.send({ type: 'subscribe', channels: CHANNELS })
for (const channel of CHANNELS) await watcher.until('snapshot', { channel })
await watcher.until('caught_up')

assert.equal((await device.open()).user.id, user.id, 'the same key is the same user')
await device.request('c1', { type: 'connect', device_id: 'node-1', name: 'from node' })
while (Object.keys(watcher.documents['rewards.networks'].devices ?? {}).length === 0) {
  await watcher.until('update', { channel: 'rewards.networks' })
}

watcher.socket.terminate()
const network = { name: 'lan.1', loss: 0.25, rtt: 20.5, bytes_in: 1000, bytes_out: 2000 }
await device.request('n1', { type: 'network_update', networks: [network], ack: 'replicated' })
await device.request('d1', { type: 'disconnect' })
await device.request('c2', { type: 'connect', device_id: 'node-2', name: 'second' })

const cursors = structuredClone(watcher.cursors)
await watcher.open()
watcher.send({ type: 'subscribe', channels: CHANNELS, cursors })
const verdicts = {}
while (Object.keys(verdicts).length < CHANNELS.length) {
  const message = await watcher.read()
  assert.notEqual(message.type, 'error', JSON.stringify(message))
  if (message.type === 'snapshot' || message.type === 'resumed') verdicts[message.channel] = message.type
}
await watcher.until('caught_up')
while (watcher.documents['rewards.networks'].devices['node-2'] === undefined) {
  await watcher.until('update', { channel: 'rewards.networks' })
}

const resumed = structuredClone(watcher.documents['rewards.networks'])
const checksums = watcher.checked
watcher.send({ type: 'refresh', channels: ['rewards.networks'] })
await watcher.until('snapshot', { channel: 'rewards.networks' })
assert.deepEqual(resumed, watcher.documents['rewards.networks'], 'resumed differs from snapshot')
const devices = Object.keys(resumed.devices)
console.log(JSON.stringify({ user: user.id, verdicts, checksums, devices }))
process.exit(0)
