"""What idle listeners of `GET /events` cost, and how soon they hear: `python bench/listeners.py [--listeners 1000]`."""

import argparse
import asyncio
import statistics
import time

import harness

EACH = 40
PASSWORD = "a-long-enough-password"  # noqa: S105  of people that live for a minute


async def listen(port: int, token: str) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    reader, writer = await asyncio.open_connection("localhost", port)
    writer.write(f"GET /api/v1/events HTTP/1.1\r\nHost: localhost:{port}\r\nAuthorization: Bearer {token}\r\n\r\n".encode())
    await writer.drain()
    await reader.readuntil(b": hello\n\n")
    return reader, writer


async def hears(reader: asyncio.StreamReader) -> float:
    while b"files.stored" not in await reader.readline():
        pass
    return time.monotonic()


async def measure(running, client, project: str, tokens: list[str], count: int) -> None:
    pid = running.pid("api")
    # The first ones pay for what all share.
    warm = [await listen(running.port, tokens[0]) for _ in range(10)]
    await asyncio.sleep(3)
    before = harness.rss_mb(pid)
    streams = [await listen(running.port, tokens[number % len(tokens)]) for number in range(count)]
    await asyncio.sleep(20)
    each = (harness.rss_mb(pid) - before) * 1_000 / count
    waiting = [asyncio.create_task(hears(reader)) for reader, _ in streams]
    began = time.monotonic()
    await asyncio.to_thread(client.create, project, 1, None, b"x", filename="heard.txt")
    done, late = await asyncio.wait(waiting, timeout=20)
    after = [task.result() - began for task in done]
    print(f"{count} idle listeners: {each:.1f} kB each (asked: 30); API {harness.rss_mb(pid):.0f} MB")
    print(
        f"a new file is told to {len(done)} of them: median {statistics.median(after) * 1e3:.0f} ms, last {max(after) * 1e3:.0f} ms; {len(late)} heard nothing"
    )
    for task in late:
        task.cancel()
    for _, writer in [*warm, *streams]:
        writer.close()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--listeners", type=int, default=1_000)
    arguments = parser.parse_args()
    with harness.stack() as running, running.client() as client:
        project, tokens = client.project("Heard"), []
        for number in range(arguments.listeners // EACH + 1):
            client.post("/users", json={"username": f"ear-{number}", "password": PASSWORD}).raise_for_status()
            client.post(f"/projects/{project}/members", json={"username": f"ear-{number}", "role": "viewer"}).raise_for_status()
            with running.client(f"ear-{number}", PASSWORD) as person:
                tokens.append(person.tokens["access_token"])
        asyncio.run(measure(running, client, project, tokens, arguments.listeners))


if __name__ == "__main__":
    main()
