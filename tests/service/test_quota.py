"""The books of space: counted anew while uploads go on, mended where they are wrong, left alone where they are right."""

import asyncio
import threading
from uuid import uuid4

from service.core.db import Database
from service.core.settings import load
from service.files.jobs import RecountQuota, WarnOfQuota
from service.outbox.context import JobContext
from tests.faults.books import check_quota
from tests.harness import TUS
from workers.upkeep.cleaning import UpkeepDeps
from workers.upkeep.recount import recount_quota
from workers.upkeep.warning import warn_of_quota


def run(stack, handler, job):
    settings = load(stack.settings_env())

    async def work():
        database = Database(settings.database)
        try:
            await handler(job, UpkeepDeps(database, None, "", "", 0, 0, 0, 0), JobContext(database, None))
        finally:
            await database.close()

    asyncio.run(work())


def recount(stack):
    run(stack, recount_quota, RecountQuota())


def owners(stack, project):
    return (project, stack.sql("SELECT id FROM users WHERE username = 'admin'")[0][0])


def test_what_drifted_is_mended(stack, client, project):
    client.upload(project, b"x" * 3_000, filename="kept.bin")
    client.create(project, 5_000, filename="open.bin")
    stack.sql(
        "UPDATE quota_slots SET used_bytes = used_bytes + 777, reserved_bytes = 0 WHERE owner_id = ANY(%s::uuid[])",
        [str(owner) for owner in owners(stack, project)],
    )
    recount(stack)
    assert stack.sql("SELECT reserved_bytes, used_bytes FROM quota_slots WHERE owner_id = %s", project) == [(5_000, 3_000)]
    for owner in owners(stack, project):
        check_quota(stack, owner)


def test_a_person_without_room_is_refused_where_the_project_has_plenty(stack, client):
    """Also by the way of one statement, which small uploads take: neither quota is touched."""
    name = f"poor-{uuid4().hex[-8:]}"
    person = client.post("/users", json={"username": name, "password": "a-long-enough-password", "quota_bytes": 1_000}).json()
    with stack.client(name, "a-long-enough-password") as poor:
        project = poor.project("Roomy")
        for content in (None, b"x" * 2_000):
            refused = poor.create(project, 2_000, content=content, filename="big.bin")
            assert (refused.status_code, refused.json()["code"], refused.json()["owner"]) == (413, "quota.exceeded", "user")
        fits = poor.create(project, 900, filename="fits.bin")
        assert fits.status_code == 201
        assert poor.create(project, 200, filename="no-more.bin").status_code == 413
        assert poor.delete(fits.headers["location"], headers=TUS).status_code == 204
    for owner in (person["id"], project):
        assert stack.sql("SELECT reserved_bytes, used_bytes FROM quota_slots WHERE owner_id = %s", owner) == [(0, 0)]


def test_a_recount_in_the_middle_of_uploads_changes_nothing_that_is_right(stack, client, project):
    stop = threading.Event()
    failed = []

    def work(number):
        with stack.client() as busy:
            count = 0
            while not stop.is_set() and count < 200:
                count += 1
                made = busy.create(project, 4_000, content=b"y" * 4_000, filename=f"{number}-{count}.bin")
                if made.status_code != 201:
                    failed.append(made.text)
                if count % 3 == 0:
                    busy.delete(made.headers["location"], headers=TUS)

    threads = [threading.Thread(target=work, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for _ in range(8):
        recount(stack)
    stop.set()
    for thread in threads:
        thread.join(60)
    assert failed == []
    for owner in owners(stack, project):
        check_quota(stack, owner)


def test_who_runs_out_of_space_is_told_once_at_80_and_at_95_per_cent(stack, client):
    name = f"full-{uuid4().hex[-8:]}"
    client.post("/users", json={"username": name, "password": "a-long-enough-password", "quota_bytes": 1_000})

    def told(signed_in):
        run(stack, warn_of_quota, WarnOfQuota())
        notices = signed_in.get("/me/notices").json()["items"]
        return [
            (row["text"], row["details"]["after"]["percent"]) for row in reversed(notices) if row["verb"] == "quota.warn" and row["is_new"]
        ]

    with stack.client(name, "a-long-enough-password") as person:
        project = person.project("Small")
        assert client.patch(f"/system/projects/{project}", json={"quota_bytes": 900}).status_code == 204
        person.upload(project, b"x" * 700, filename="a.bin")
        assert told(person) == []
        person.upload(project, b"x" * 40, filename="b.bin")
        assert told(person) == [("Small", 80)]
        person.create(project, 130, filename="open.bin")
        assert sorted(told(person)) == [("", 80), ("Small", 80), ("Small", 95)]
        assert len(told(person)) == 3, "once each"
        open_one = person.get("/uploads").json()["items"][0]["id"]
        assert person.delete(f"/uploads/{open_one}").status_code == 204
        # The project is at 82 per cent again, of which it was told; the person below 75, so that 80 is news another time.
        assert told(person)[3:] == []
        person.create(project, 130, filename="open.bin")
        assert sorted(told(person)[3:]) == [("", 80), ("Small", 95)]
