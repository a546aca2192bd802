"""The house rules of CONTRIBUTING.md, each by reading the code."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

import minio
from service.core.errors import StowageError
from service.outbox.base import Job, Queue
from tests.architecture.error_codes import all_errors, documented
from tests.harness import ROOT
from workers.runtime.handlers import MEDIA, UPKEEP, IncompleteHandlers, check_handlers

PYTHON = [
    path for package in ("service", "workers", "infra") for path in sorted((ROOT / package).rglob("*.py")) if "versions" not in path.parts
]
SOURCE_LINES, TEST_LINES, FUNCTION_LINES = 500, 800, 60


def trees():
    for path in PYTHON:
        yield path.relative_to(ROOT), ast.parse(path.read_text())


def calls(tree, name):
    return [
        node.lineno
        for node in ast.walk(tree)
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute | ast.Name)
        and (node.func.attr if isinstance(node.func, ast.Attribute) else node.func.id) == name
    ]


def test_nobody_commits_but_the_session_provider():
    # Migrations run before there are sessions.
    allowed = {Path("service/core/db.py"), Path("service/migrations/env.py")}
    assert [(path, lines) for path, tree in trees() if (lines := calls(tree, "commit")) and path not in allowed] == []


def test_select_only_in_repositories():
    assert [(path, lines) for path, tree in trees() if (lines := calls(tree, "select")) and path.name != "repository.py"] == []


def test_every_job_has_exactly_one_handler():
    table = check_handlers([*MEDIA, *UPKEEP])
    assert len(table) == len(MEDIA) + len(UPKEEP)
    with pytest.raises(IncompleteHandlers):
        check_handlers([*MEDIA, *UPKEEP, MEDIA[0]])
    with pytest.raises(IncompleteHandlers):
        check_handlers(MEDIA)


def test_every_job_names_a_queue_and_a_tag():
    for kind, _ in (*MEDIA, *UPKEEP):
        assert issubclass(kind, Job)
        assert kind.queue in Queue
        assert "." in kind.tag()


def test_every_error_code_is_documented_and_unique():
    codes = [error.code for error in all_errors()]
    assert len(codes) == len(set(codes))
    assert set(codes) == documented(), "run `make docs`"
    assert all(issubclass(error, StowageError) and error.public for error in all_errors())


def test_minio_is_the_client_and_not_our_folder():
    assert hasattr(minio, "Minio")
    assert not list((ROOT / "minio").rglob("*.py"))


def test_size_budget():
    long = [(str(path.relative_to(ROOT)), count) for path in PYTHON if (count := len(path.read_text().splitlines())) > SOURCE_LINES]
    tests = [
        (str(path.relative_to(ROOT)), count)
        for path in (ROOT / "tests").rglob("*.py")
        if (count := len(path.read_text().splitlines())) > TEST_LINES
    ]
    assert long + tests == []


def test_functions_are_short():
    found = [
        (str(path), node.name, node.end_lineno - node.lineno)
        for path, tree in trees()
        for node in ast.walk(tree)
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        and node.end_lineno - node.lineno > FUNCTION_LINES
        and not path.name.endswith("main.py")
    ]
    assert found == []


def test_slices_never_read_the_environment():
    allowed = ("service/app/", "service/cli/", "workers/runtime/", "workers/tools/", "infra/")
    found = [
        (str(path), lines)
        for path, tree in trees()
        if not str(path).startswith(allowed)
        and (lines := [node.lineno for node in ast.walk(tree) if isinstance(node, ast.Attribute) and node.attr == "environ"])
    ]
    assert found == []


VIOLATIONS = [
    ("Dependencies point down", "service/core/planted.py", "import service.files.service"),
    ("Layers inside a slice", "service/accounts/errors.py", "import service.accounts.service"),
    ("Actors are plain functions the runtime assembles", "workers/tools/fmp4.py", "import workers.media.deps"),
    ("Tools know nothing of the service", "workers/tools/fmp4.py", "import service.core.ids"),
    ("Only controllers, core.http, content answers and the app speak Litestar", "service/files/service.py", "import litestar"),
    ("Only runtime and the loops import dramatiq", "workers/media/plan.py", "import dramatiq"),
    ("Slices see the storage port, never S3", "service/files/service.py", "import service.storage.s3"),
    ("Protocol code is pure", "service/uploads/tus/headers.py", "import sqlalchemy"),
    ("boto3 stays in service.storage.s3", "service/files/service.py", "import boto3"),
    ("Redis is for hints and the runtime", "service/files/service.py", "import redis"),
    ("Only the command line drives infra, and infra knows no slice", "infra/embedded/layout.py", "import service.files.service"),
]


@pytest.mark.parametrize(("contract", "path", "line"), VIOLATIONS)
def test_import_contracts_catch_a_planted_violation(tmp_path, contract, path, line):
    for package in ("service", "workers", "infra"):
        subprocess.run(["cp", "-r", str(ROOT / package), str(tmp_path)], check=True)
    (tmp_path / "pyproject.toml").write_text((ROOT / "pyproject.toml").read_text())
    target = tmp_path / path
    target.write_text((target.read_text() if target.exists() else '"""Planted."""\n') + f"\n{line}\n")
    tool = str(Path(sys.executable).with_name("lint-imports"))
    result = subprocess.run(
        [tool, "--no-cache"],
        cwd=tmp_path,
        env={"PYTHONPATH": str(tmp_path), "PATH": "/usr/bin:/bin"},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert f"{contract} BROKEN" in result.stdout, result.stdout + result.stderr
