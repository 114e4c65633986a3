"""Writes random messages with independent libraries: write_messages.py avro|protobuf SEED COUNT DIR.

Of each case DIR gets N.schema, N.columns ("name type field/of/field" a line), N.messages (u32 length,
bytes) and N.expected, a message's column values a line; of Avro also a container file, N.avro.
"""
import json
import os
import struct
import sys

CODECS = ["null", "deflate", "snappy", "zstandard"]


def write(path, contents):
    with open(path, "wb") as file:
        file.write(contents)


def write_case(base, schema, case, messages):
    write(base + ".schema", schema.encode())
    write(base + ".columns", "".join(f"{n} {t} {'/'.join(at)}\n" for n, t, at in case.columns).encode())
    write(base + ".messages", b"".join(struct.pack("<I", len(m)) + m for m in messages))
    write(base + ".expected", "".join(line + "\n" for line in case.expected).encode())


def main():
    kind, seed, count, folder = sys.argv[1], int(sys.argv[2]), int(sys.argv[3]), sys.argv[4]
    for i in range(count):
        base = os.path.join(folder, str(i))
        if kind == "avro":
            from random_avro import AvroCase
            case = AvroCase(seed + i)
            write_case(base, json.dumps(case.schema, indent=1), case, list(case.messages()))
            codec = CODECS[i % len(CODECS)]
            write(f"{base}.avro", case.container(codec))
        else:
            from random_protobuf import ProtobufCase
            case = ProtobufCase(seed + i)
            write_case(base, case.text, case, list(case.messages()))


if __name__ == "__main__":
    main()
