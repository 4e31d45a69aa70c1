"""A client that knows nothing but docs/PROTOCOL.md: Python's websockets and PyNaCl, JSON frames or stock MessagePack.

Usage: client.py WS_URL json|msgpack. Logs in, subscribes, watches a device of its own come and go, drops the connection in
between, resumes, and compares its documents with fresh snapshots. Prints one JSON line; any broken rule is an exception.
"""

import asyncio
import base64
import json
import sys
import zlib

import msgpack
import websockets
from nacl.signing import SigningKey

CHANNELS = ["rewards.summary", "rewards.networks"]


def b64(raw):
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def js_number(value):
    """A number as ECMAScript prints it."""
    if isinstance(value, int) or value.is_integer() and abs(value) < 1e21:
        return str(int(value))
    mantissa, _, exponent = repr(value).partition("e")
    if exponent == "":
        return mantissa
    if -7 <= int(exponent) < 0:
        return f"{value:.20f}".rstrip("0")
    return f"{mantissa}e{int(exponent):+d}"


def canonical(value):
    """JSON with sorted keys and no blanks."""
    if isinstance(value, bool) or value is None or isinstance(value, str):
        return json.dumps(value, ensure_ascii=False)
    if isinstance(value, (int, float)):
        return js_number(value)
    if isinstance(value, list):
        return "[" + ",".join(canonical(item) for item in value) + "]"
    pairs = (f"{json.dumps(key, ensure_ascii=False)}:{canonical(value[key])}" for key in sorted(value))
    return "{" + ",".join(pairs) + "}"


def escape(key):
    return key.replace("\\", "\\\\").replace(".", "\\.")


def checksum(document):
    total = 0
    stack = [("", document)]
    while stack:
        prefix, node = stack.pop()
        for key, value in node.items():
            path = prefix + escape(key)
            if isinstance(value, dict) and value:
                stack.append((path + ".", value))
            else:
                total += zlib.crc32((path + "\0" + canonical(value)).encode())
    return total % 2**32


def split_path(path):
    segments, current, escaped = [], "", False
    for character in path:
        if escaped:
            current, escaped = current + character, False
        elif character == "\\":
            escaped = True
        elif character == ".":
            segments.append(current)
            current = ""
        else:
            current += character
    return segments + [current]


def apply(document, message):
    for path in message.get("removed", []):
        *parents, last = split_path(path)
        node = document
        for segment in parents:
            node = node.get(segment, {})
        node.pop(last, None)
    for path, value in message["changes"].items():
        *parents, last = split_path(path)
        node = document
        for segment in parents:
            if not isinstance(node.get(segment), dict):
                node[segment] = {}
            node = node[segment]
        node[last] = value


class Client:
    def __init__(self, url, form, key):
        self.url, self.form, self.key = url, form, key
        self.documents, self.cursors = {}, {}
        self.checked = 0

    async def open(self):
        self.socket = await websockets.connect(f"{self.url}/ws?type=tui&format={self.form}")
        hello = await self.read()
        assert hello["type"] == "hello", hello
        assert hello["protocol"] == 3, "this client knows version 3"
        challenge = hello["challenge"]
        text = "\n".join(
            [
                "dashboard-server login v1",
                f"origin: {challenge['origin']}",
                f"session: {challenge['session']}",
                f"nonce: {challenge['nonce']}",
                f"expires: {challenge['expires']}",
            ]
        )
        await self.send(
            type="authenticate",
            public_key=b64(bytes(self.key.verify_key)),
            signature=b64(self.key.sign(text.encode()).signature),
            register={"device_name": "python"},
        )
        return await self.until("authenticated")

    async def send(self, **message):
        await self.socket.send(json.dumps(message) if self.form == "json" else msgpack.packb(message))

    async def read(self):
        frame = await asyncio.wait_for(self.socket.recv(), 10)
        if self.form == "json":
            assert isinstance(frame, str), "a json session has text frames only"
            message = json.loads(frame)
        else:
            assert isinstance(frame, bytes), "a msgpack session has binary frames only"
            message = msgpack.unpackb(frame, strict_map_key=True)
            for name in ("timestamp", "server_time", "epoch", "seq", "from"):
                assert type(message.get(name, 0)) is int, ("an integer is a float", name, message)
        self.take(message)
        return message

    async def until(self, kind, **fields):
        while True:
            message = await self.read()
            assert message["type"] != "error", message
            if message["type"] == kind and all(message.get(name) == value for name, value in fields.items()):
                return message

    def take(self, message):
        kind, channel = message["type"], message.get("channel")
        if kind == "snapshot":
            self.documents[channel] = message["data"]
        elif kind in ("update", "resumed"):
            epoch, seq = self.cursors[channel]
            if message["seq"] <= seq and kind == "update":
                return
            assert message["epoch"] == epoch and message["from"] <= seq, ("gap", message, epoch, seq)
            apply(self.documents[channel], message)
        else:
            return
        self.cursors[channel] = (message["epoch"], message["seq"])
        if "checksum" in message:
            assert message["checksum"] == checksum(self.documents[channel]), ("checksum", kind, channel)
            self.checked += 1

    async def request(self, identifier, **message):
        await self.send(id=identifier, **message)
        return await self.until("ack", id=identifier)


async def main(url, form):
    key = SigningKey.generate()
    watcher, device = Client(url, form, key), Client(url, form, key)
    user = (await watcher.open())["user"]
    await watcher.send(type="subscribe", channels=CHANNELS)
    for channel in CHANNELS:
        await watcher.until("snapshot", channel=channel)
    await watcher.until("caught_up")

    assert (await device.open())["user"]["id"] == user["id"], "the same key is the same user"
    await device.request("c1", type="connect", device_id="python-1", name="from python")
    while not watcher.documents["rewards.networks"].get("devices"):
        await watcher.until("update", channel="rewards.networks")

    watcher.socket.transport.abort()
    network = {"name": "lan.1", "loss": 0.25, "rtt": 20.5, "bytes_in": 1000, "bytes_out": 2000}
    await device.request("n1", type="network_update", networks=[network], ack="replicated")
    await device.request("d1", type="disconnect")
    await device.request("c2", type="connect", device_id="python-2", name="second")

    before = dict(watcher.cursors)
    await watcher.open()
    cursors = {channel: {"epoch": epoch, "seq": seq} for channel, (epoch, seq) in before.items()}
    await watcher.send(type="subscribe", channels=CHANNELS, cursors=cursors)
    verdicts = {}
    while len(verdicts) < len(CHANNELS):
        message = await watcher.read()
        assert message["type"] != "error", message
        if message["type"] in ("snapshot", "resumed"):
            verdicts[message["channel"]] = message["type"]
    await watcher.until("caught_up")
    while "python-2" not in watcher.documents["rewards.networks"]["devices"]:
        await watcher.until("update", channel="rewards.networks")

    resumed = json.dumps(watcher.documents["rewards.networks"], sort_keys=True)
    checked = watcher.checked
    await watcher.send(type="refresh", channels=["rewards.networks"])
    await watcher.until("snapshot", channel="rewards.networks")
    assert resumed == json.dumps(watcher.documents["rewards.networks"], sort_keys=True), "resumed differs from snapshot"
    devices = list(watcher.documents["rewards.networks"]["devices"])
    await watcher.socket.close()
    await device.socket.close()
    print(json.dumps({"user": user["id"], "verdicts": verdicts, "checksums": checked, "devices": devices}))


asyncio.run(main(*sys.argv[1:]))
