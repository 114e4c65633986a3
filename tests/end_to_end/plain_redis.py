"""A plain client of Redis, which knows nothing of Skewless: commands out, replies in."""
import socket


class PlainRedis:
    def __init__(self, port):
        self.socket = socket.create_connection(("127.0.0.1", port), 60)
        self.file = self.socket.makefile("rb")

    def close(self):
        self.file.close()
        self.socket.close()

    def ask(self, *commands):
        """The replies to all of the commands, in one round trip."""
        out = b""
        for words in commands:
            out += b"*%d\r\n" % len(words)
            for word in words:
                text = word.encode()
                out += b"$%d\r\n%s\r\n" % (len(text), text)
        self.socket.sendall(out)
        return [self.reply() for _ in commands]

    def reply(self):
        line = self.file.readline()
        if not line:
            raise ConnectionError("Redis has gone")
        kind, rest = line[:1], line[1:-2]
        if kind == b"-":
            raise RuntimeError(rest.decode())
        if kind == b"$":
            return None if rest == b"-1" else self.file.read(int(rest) + 2)[:-2].decode()
        if kind == b"*":
            return [self.reply() for _ in range(int(rest))]
        return int(rest) if kind == b":" else rest.decode()

    def read(self, key):
        """The hash, and the instant of the server's clock that it was read at: after every write stamped until then,
        and before every other (docs/formats/redis-values.md)."""
        time, flat = self.ask(["TIME"], ["HGETALL", key])
        row = dict(zip(flat[::2], flat[1::2]))
        at = int(time[0]) * 1_000_000 + int(time[1]) - 1
        return row, max(at, int(row.get(":available", 0)))
