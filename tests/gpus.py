"""What films are planned for, and a GPU on a machine that is not there, for tests of that."""


def announce(stack, mode, seen="now()", reason="", decodes=("h264",)):
    """A GPU of a worker on another machine."""
    stack.sql(
        f"""INSERT INTO gpus (id, worker, host, index, uuid, name, driver, memory_bytes, mode, reason, slots, decodes, seen_at)
            VALUES ('far:GPU-1', 'far:1:gpu', 'far', 0, 'GPU-1', 'NVIDIA L4', '570', 24000000000, %s, %s, 4, %s, {seen})
            ON CONFLICT (id) DO UPDATE SET mode = excluded.mode, decodes = excluded.decodes, seen_at = excluded.seen_at""",
        mode,
        reason,
        list(decodes),
    )


def forget(stack):
    stack.sql("DELETE FROM gpus")


def encoders(stack, file):
    """What each plan of a film is made with, in their order."""
    return [row[0] for row in stack.sql("SELECT plan->>'encoder' FROM transcodes WHERE file_id = %s ORDER BY created_at", file["id"])]
