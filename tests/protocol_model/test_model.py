"""The protocol survives random schedules; each weakening of a rule is caught. More runs: STOWAGE_MODEL_RUNS=200000."""

import os

import pytest

from tests.protocol_model import joins, parts
from tests.protocol_model.model import Runner
from tests.protocol_model.schedule import Schedule, Violation

RUNS = int(os.environ.get("STOWAGE_MODEL_RUNS", "20000"))
FLAWS = [
    "retry_new_number",
    "key_without_epoch",
    "multipart_unfenced",
    "numbers_reused",
    "commit_out_of_order",
    "old_tail_first",
    "sweep_unfenced",
    "checked_as_it_goes",
    "completed_aborted",
]


def test_no_schedule_loses_a_byte():
    kills, ends = 0, set()
    for seed in range(RUNS):
        runner = Runner(seed)
        try:
            runner.run()
        except Violation as violation:
            raise AssertionError(f"seed {seed}: {violation}") from violation
        kills += runner.kills
        ends.add(runner.world.row.state)
    print(f"model: {RUNS} schedules, {kills} kills, 0 violations")
    assert kills > RUNS
    assert ends == {"COMPLETE", "ABORTED"}


@pytest.mark.parametrize("flaw", FLAWS)
def test_each_weakening_is_caught(flaw):
    def is_caught(seed):
        try:
            Runner(seed, flaw).run()
        except Violation:
            return True
        return False

    assert any(is_caught(seed) for seed in range(20_000)), f"20,000 schedules did not notice {flaw}"


WORLDS = {"joins": joins.World, "parts": parts.World}
WEAKENINGS = [
    *(("joins", flaw) for flaw in ("key_without_epoch", "used_before_proof", "joined_twice", "expired_while_joined")),
    *(("parts", flaw) for flaw in ("list_from_store", "late_part_taken", "refused_is_lost", "charge_not_settled")),
]


@pytest.mark.parametrize("model", WORLDS)
def test_no_schedule_of_joins_and_direct_parts_breaks_a_promise(model):
    kills, versions = 0, 0
    for seed in range(RUNS):
        world = WORLDS[model](seed)
        schedule = Schedule(world, seed + 1)
        try:
            schedule.run()
        except Violation as violation:
            raise AssertionError(f"seed {seed}: {violation}") from violation
        kills += schedule.kills
        versions += world.versions
    print(f"{model}: {RUNS} schedules, {kills} kills, {versions} files, 0 violations")
    assert kills > RUNS // 4
    assert versions > RUNS // 10


@pytest.mark.parametrize(("model", "flaw"), WEAKENINGS)
def test_each_weakening_of_joins_and_direct_parts_is_caught(model, flaw):
    def is_caught(seed):
        try:
            Schedule(WORLDS[model](seed, flaw), seed + 1).run()
        except Violation:
            return True
        return False

    assert any(is_caught(seed) for seed in range(20_000)), f"20,000 schedules did not notice {flaw}"
