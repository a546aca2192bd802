"""Pages, searches, moves and trash of folders in projects of 1,000, 100,000 and 1,000,000 files:
`python bench/files.py [--sizes 1000,100000,1000000] [--requests 100]`.

Filled by COPY; every figure is a request to the API, one after the other, in milliseconds.
"""

import argparse
import statistics
import time

import harness
import psycopg
from fill import fill


def percentile(times, share):
    return sorted(times)[min(len(times) - 1, int(len(times) * share))]


def timed(ask):
    began = time.perf_counter()
    answer = ask()
    took = (time.perf_counter() - began) * 1_000
    assert answer.status_code in {200, 204}, answer.text
    return took, answer


def many(requests, ask):
    times = [timed(ask)[0] for _ in range(requests)]
    return statistics.median(times), percentile(times, 0.95)


def measure(client, project, files, requests):
    path = f"/projects/{project}"
    large = client.get(f"{path}/tree").json()["items"][0]["id"]
    figures = {}

    def page(**query):
        return lambda: client.get(f"{path}/entries", params={"folder": large, "limit": 100, **query})

    figures["folder page, by name"] = many(requests, page())
    for sort in ("size", "changed", "type"):
        figures[f"folder page, by {sort}"] = many(requests, page(sort=sort, desc=True))
    # As deep as there is, at most 40 pages of 500.
    cursor = None
    for _ in range(40):
        found = client.get(f"{path}/entries", params={"folder": large, "limit": 500, **({"cursor": cursor} if cursor else {})}).json()
        if not found["next_cursor"]:
            break
        cursor = found["next_cursor"]
    figures["deep page"] = many(requests, page(cursor=cursor) if cursor else page())
    last = f"clip {files - 1:07}"
    figures["search, one hit"] = many(requests, lambda: client.get(f"{path}/search", params={"q": last}))
    figures["search, every file hits"] = many(requests, lambda: client.get(f"{path}/search", params={"q": "clip"}))
    figures["search, type and size"] = many(requests, lambda: client.get(f"{path}/search", params={"kind": "video", "min_bytes": 2_990}))
    figures["search, nothing"] = many(requests, lambda: client.get(f"{path}/search", params={"q": "nowhere to be found"}))
    figures["search of all mine"] = many(requests, lambda: client.get("/search", params={"q": last}))
    figures["tree level"] = many(requests, lambda: client.get(f"{path}/tree"))
    tops = client.get(f"{path}/tree", params={"limit": 500}).json()["items"]
    below = max(tops, key=lambda item: item["files"])
    other = next((item["id"] for item in tops if item["id"] != below["id"]), None)
    if other:
        moves = [
            timed(lambda into=into: client.patch(f"/folders/{below['id']}", json={"parent_id": into}))[0] for into in (other, project) * 5
        ]
        figures[f"move of a folder with {below['files']:,} below"] = (statistics.median(moves), percentile(moves, 0.95))
    trash, back = [], []
    for _ in range(5):
        trash.append(timed(lambda: client.delete(f"/folders/{below['id']}"))[0])
        back.append(timed(lambda: client.post(f"/folders/{below['id']}/restore"))[0])
    figures[f"trash of a folder with {below['files']:,} below"] = (statistics.median(trash), percentile(trash, 0.95))
    figures["and back"] = (statistics.median(back), percentile(back, 0.95))
    return figures


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sizes", default="1000,100000,1000000")
    parser.add_argument("--requests", type=int, default=100)
    arguments = parser.parse_args()
    with harness.stack() as running, running.client() as client:
        ((user,),) = running.sql("SELECT id FROM users WHERE username = 'admin'")
        for files in map(int, arguments.sizes.split(",")):
            project = client.project(f"{files} files")
            client.upload(project, b"x", filename="first.txt")
            began = time.monotonic()
            with psycopg.connect(running.database_url()) as connection:
                fill(connection, project, user, files=files, folders=max(20, files // 50))
            while running.sql("SELECT EXISTS (SELECT FROM folder_changes)")[0][0]:
                time.sleep(0.5)
            print(f"\n{files:,} files in {max(20, files // 50):,} folders (filled and counted in {time.monotonic() - began:.0f} s)")
            for name, (median, slow) in measure(client, project, files, arguments.requests).items():
                print(f"  {name:44} p50 {median:8.1f} ms   p95 {slow:8.1f} ms")


if __name__ == "__main__":
    main()
