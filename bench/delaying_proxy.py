#!/usr/bin/env python3
"""A TCP proxy whose every answer comes later: delaying_proxy.py PORT TARGET_PORT MILLISECONDS

What the target sends is passed on so much after it came, in order; nothing is held up behind it.
"""
import asyncio
import sys


async def main(port, target, seconds):
    loop = asyncio.get_running_loop()

    async def at_once(reader, writer):
        while data := await reader.read(1 << 16):
            writer.write(data)
            await writer.drain()
        writer.close()

    async def later(reader, writer):
        while data := await reader.read(1 << 16):
            loop.call_later(seconds, writer.write, data)
        loop.call_later(seconds, writer.close)

    async def serve(reader, writer):
        try:
            from_target, to_target = await asyncio.open_connection("127.0.0.1", target)
            await asyncio.gather(at_once(reader, to_target), later(from_target, writer))
        except OSError:
            writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", port)
    async with server:
        await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(main(int(sys.argv[1]), int(sys.argv[2]), float(sys.argv[3]) / 1000))
