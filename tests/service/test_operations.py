"""What administrators see and start: jobs, tasks, storage."""

from tests.files.test_tree import put
from tests.harness import wait_until


def test_storage_is_told_in_numbers(stack, client, project):
    file = put(client, project, "a.bin", bytes(1_000))
    put(client, project, "b.bin", bytes(500))
    client.delete(f"/files/{file['id']}")
    # Twenty are shown: whatever other tests have stored, this one is the largest for a moment.
    grow = "UPDATE quota_slots SET used_bytes = used_bytes + %s WHERE owner_id = %s RETURNING 1"
    stack.sql(grow, 1 << 50, project)
    try:
        found = client.get("/system/storage").json()
    finally:
        stack.sql(grow, -(1 << 50), project)
    mine = found["largest"][0]
    assert mine["id"] == project
    assert (mine["used_bytes"] - (1 << 50), mine["trash_bytes"], mine["reserved_bytes"], mine["derived_bytes"]) == (1_500, 1_000, 0, 0)
    assert all(isinstance(value, int) for name, value in found.items() if name not in {"buckets", "largest"})


def test_a_job_is_cancelled_and_begun_anew(stack, client):
    job = client.post("/system/tasks", json={"task": "recount_quota"}).json()
    wait_until(lambda: client.get(f"/system/jobs/{job['id']}").json()["state"] == "done", 30, 0.2)
    assert client.post(f"/system/jobs/{job['id']}/retry").status_code == 404, "it is done"
    stack.sql("UPDATE jobs SET state = 'queued', run_after = now() + interval '1 day' WHERE id = %s RETURNING 1", job["id"])
    assert client.delete(f"/system/jobs/{job['id']}").status_code == 204
    assert [one["id"] for one in client.get("/system/jobs", params={"state": "cancelled", "limit": 1}).json()["items"]] == [job["id"]]
    assert client.post(f"/system/jobs/{job['id']}/retry").status_code == 204
    done = wait_until(lambda: (found := client.get(f"/system/jobs/{job['id']}").json())["state"] == "done" and found, 30, 0.2)
    assert done["result"] == {"mended": 0}
    counts = {(one["queue"], one["state"]): one["jobs"] for one in client.get("/system/jobs/counts").json()["items"]}
    assert counts["upkeep", "done"] >= 1
    hour = [one for one in client.get("/system/jobs/hourly").json()["items"] if one["queue"] == "upkeep"][-1]
    assert hour["done"] >= 1
    assert hour["busy_s"] >= 0


def test_workers_say_what_they_are(stack, client):
    found = {one["queue"]: one for one in client.get("/system/workers").json()["items"]}
    assert set(found) == {"io", "cpu", "upkeep"}
    for queue, worker in found.items():
        assert worker["id"].endswith(f":{stack.pid(f'worker-{queue}')}:{queue}")
        assert worker["slots"] >= 2
        assert worker["ffmpeg"]
        assert len(worker["sandbox"]) > 10
