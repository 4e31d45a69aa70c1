"""Decodes frames of MessagePack with a stock decoder of Python: each line of the input is a frame in hex, each line
of the output a JSON object that has for each field of `changes` what Python made of it: the kind and the value.
"""

import json
import sys

import msgpack

KINDS = {int: "integer", float: "float"}


def kind_of(value):
    return [KINDS.get(type(value), type(value).__name__), repr(value)]


for line in sys.stdin:
    message = msgpack.unpackb(bytes.fromhex(line), strict_map_key=True)
    seen = {name: kind_of(message[name]) for name in ("timestamp", "seq")}
    seen.update({name: kind_of(value) for name, value in message["changes"].items()})
    print(json.dumps(seen))
