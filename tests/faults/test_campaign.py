"""The campaign of `make faults`, short: STOWAGE_FAULT_SECONDS (60) and STOWAGE_FAULT_SEED."""

import os

import pytest

from tests.faults.campaign import Campaign

SECONDS = float(os.environ.get("STOWAGE_FAULT_SECONDS", "60"))
SEED = int(os.environ.get("STOWAGE_FAULT_SEED", "1"))


@pytest.fixture
def campaign(tmp_path):
    running = Campaign(tmp_path, SEED, {"STOWAGE_EMBEDDED_STORE": os.environ.get("STOWAGE_EMBEDDED_STORE", "swift")})
    yield running
    running.close()


def test_the_books_balance_after_kills_and_faults_everywhere(campaign, capsys):
    report = campaign.run(SECONDS)
    with capsys.disabled():
        print("\n" + "\n".join(report.lines()))
    assert report.kills >= SECONDS / 2
    assert report.finished >= 10
    assert {"store", "database", "redis", "client-0"} <= report.faults.keys()
    assert all(sum(kinds.values()) for name, kinds in report.faults.items() if name != "redis"), report.faults
    steps = {name.split(":")[0].rpartition(".")[2] for name in report.failpoints}
    assert {"_create", "_store_part", "_commit", "_store_tail"} & steps, steps
