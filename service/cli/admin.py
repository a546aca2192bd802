"""`stowage quota`, `files`, `cleanup`: what administrators do to what is stored. Nothing is changed without --yes."""

import argparse
import json
import sys
import time
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from service.cli.remote import Remote, RemoteError, add_remote, fail
from service.cli.uploads import age
from service.cli.users import size

JOB_PATIENCE_S = 86_400
JOB_LOOK_S = 0.5
BATCH = 1_000
FOUND_TROUBLE = 1

_FIND_HELP = "files of all your projects, or of one, by what they are"


def add_commands(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """`quota`, `files`, `cleanup` with all their verbs."""
    _add_quota(
        commands.add_parser("quota", help="how much is stored, and whether the books are right").add_subparsers(dest="verb", required=True)
    )
    _add_files(commands.add_parser("files", help="find files, throw them away, check them").add_subparsers(dest="verb", required=True))
    _add_cleanup(commands.add_parser("cleanup", help="delete what nobody needs any more").add_subparsers(dest="verb", required=True))


def _verb(verbs: Any, name: str, description: str, run: Callable[[Remote, argparse.Namespace], int]) -> argparse.ArgumentParser:
    command: argparse.ArgumentParser = verbs.add_parser(name, help=description, description=description)
    command.set_defaults(run=lambda arguments: _guarded(run, arguments))
    command.add_argument("--json", action="store_true", help="one line of JSON per result")
    add_remote(command)
    return command


def _guarded(run: Callable[[Remote, argparse.Namespace], int], arguments: argparse.Namespace) -> int:
    try:
        return run(Remote.of(arguments), arguments)
    except RemoteError as error:
        return fail(error)


def _add_quota(verbs: Any) -> None:
    show = _verb(verbs, "show", "show what people and projects use of their quotas", _quota_show)
    show.add_argument("name", nargs="?", default="", metavar="NAME", help="a part of the name of a person or project")
    _verb(verbs, "recount", "count what is stored and mend the books where they differ", _quota_recount)


def _add_filters(command: argparse.ArgumentParser) -> None:
    command.add_argument("-p", "--project", help="name, slug or id (default: all of yours)")
    command.add_argument("--name", default="", metavar="TEXT", help="a part of the name")
    command.add_argument("--kind", default="", help="image, video, audio, text, application")
    command.add_argument("--tag", default="")
    command.add_argument("--uploader", default="", metavar="NAME")
    command.add_argument("--larger-than", type=size, metavar="SIZE")
    command.add_argument("--smaller-than", type=size, metavar="SIZE")
    command.add_argument("--since", metavar="DATE", help="uploaded then or later, as 2026-11-25")
    command.add_argument("--until", metavar="DATE", help="uploaded before")


def _yes(command: argparse.ArgumentParser) -> None:
    command.add_argument("--yes", action="store_true", help="do it; without, only say what would be done")


def _add_files(verbs: Any) -> None:
    find = _verb(verbs, "find", f"find {_FIND_HELP}", _files_find)
    _add_filters(find)
    find.add_argument("--limit", type=int, default=1_000, metavar="N", help="at most so many (default 1000)")
    delete = _verb(verbs, "delete", f"move to the trash {_FIND_HELP}", _files_delete)
    _add_filters(delete)
    delete.add_argument("--id", action="append", default=[], metavar="ID", help="this file; instead of filters, as often as you like")
    delete.add_argument("--purge", action="store_true", help="for good, and not only into the trash")
    _yes(delete)
    restore = _verb(verbs, "restore", "take files and folders out of a project's trash", _files_restore)
    restore.add_argument("-p", "--project", required=True, help="name, slug or id")
    restore.add_argument("--name", default="", metavar="TEXT", help="a part of the name (default: all)")
    _yes(restore)
    again = _verb(
        verbs, "derive", "make previews, films and waveforms again: what is missing (default), what failed, or all", _files_derive
    )
    _add_filters(again)
    which = again.add_mutually_exclusive_group()
    which.add_argument("--missing", dest="which", action="store_const", const="missing", default="missing", help="what was never made")
    which.add_argument("--failed", dest="which", action="store_const", const="failed", help="what failed or was stopped")
    which.add_argument("--all", dest="which", action="store_const", const="all", help="everything, anew")
    again.add_argument("--only", action="append", default=[], metavar="KIND", help="hls, poster, thumbnail, waveform; as often as you like")
    _yes(again)
    types = _verb(verbs, "fix-mime", "look at the first bytes of every file once more, and say what it is", _fix_mime)
    types.add_argument("-p", "--project", help="name, slug or id (default: all there are)")
    _yes(types)
    verify = _verb(verbs, "verify", "read every version from the store and compare it with its digest", _verify)
    verify.add_argument("-p", "--project", help="name, slug or id (default: all there are)")
    verify.add_argument("--yes", action="store_true", help="mark what differs as damaged; without, only say so")


def _add_cleanup(verbs: Any) -> None:
    uploads = _verb(verbs, "uploads", "end unfinished uploads that nobody touched for long", _cleanup_uploads)
    uploads.add_argument("--older-than", type=age, required=True, metavar="AGE", help="untouched for so long: 30m, 12h, 7d")
    _yes(uploads)
    for name, description, task in (
        ("files", "empty all trashes of what lay there for long", "empty_trash"),
        ("derived", "delete previews and films of versions that are gone", "clean_derived"),
        ("orphans", "delete objects of the store that no row speaks of", "scan_store"),
    ):
        command = _verb(verbs, name, description, _task_verb(task))
        command.add_argument(
            "--older-than", type=age, required=True, metavar="AGE", help="older than 12h, 7d, 4w (objects: a day at least)"
        )
        _yes(command)


# -- quota
def _quota_show(remote: Remote, arguments: argparse.Namespace) -> int:
    for kind, path, name in (("person", "/users", "username"), ("project", "/system/projects", "name")):
        for owner in remote.pages(path, {"q": arguments.name}):
            quota = owner["quota"]
            share = 100 * (quota["used_bytes"] + quota["reserved_bytes"]) / max(1, quota["limit_bytes"])
            found = {"kind": kind, "name": owner[name], "id": owner["id"], **quota, "derived_bytes": owner.get("derived_bytes", 0)}
            shown = f"{quota['used_bytes'] / 1e9:10.2f} used {quota['reserved_bytes'] / 1e9:8.2f} reserved of {quota['limit_bytes'] / 1e9:10.2f} GB"
            _print(found, f"{kind:8} {owner[name]:32.32} {shown} {share:5.1f} %", arguments)
    return 0


def _quota_recount(remote: Remote, arguments: argparse.Namespace) -> int:
    result = _run_task(remote, {"task": "recount_quota", "is_dry_run": False})
    _print(result, f"{result['mended']} owners had other numbers and were mended; the access log says which (verb quota.mend)", arguments)
    return 0


# -- files
def _filters(remote: Remote, arguments: argparse.Namespace) -> tuple[str, dict[str, str]]:
    given = {
        "q": arguments.name,
        "kind": arguments.kind,
        "tag": arguments.tag,
        "uploader": arguments.uploader,
        "min_bytes": arguments.larger_than,
        "max_bytes": arguments.smaller_than,
        "since": f"{arguments.since}T00:00:00Z" if arguments.since else "",
        "until": f"{arguments.until}T00:00:00Z" if arguments.until else "",
    }
    path = f"/projects/{remote.project_id(arguments.project)}/search" if arguments.project else "/search"
    return path, {name: str(value) for name, value in given.items() if value not in {"", None}}


def _found(remote: Remote, arguments: argparse.Namespace) -> Iterable[dict[str, Any]]:
    return remote.pages(*_filters(remote, arguments))


def _line_of(file: dict[str, Any]) -> str:
    return f"{file['id']}  {file['size_bytes']:>14}  {file['created_at'][:19]}  {file.get('location', '')}/{file['name']}"


def _files_find(remote: Remote, arguments: argparse.Namespace) -> int:
    for number, file in enumerate(_found(remote, arguments)):
        if number >= arguments.limit:
            sys.stderr.write(f"stowage: there are more; say --limit for more than {arguments.limit}\n")
            break
        _print(file, _line_of(file), arguments)
    return 0


def _files_delete(remote: Remote, arguments: argparse.Namespace) -> int:
    path, filters = _filters(remote, arguments)
    if not arguments.id and not filters and path == "/search":
        message = "Say which: with filters, a project, or --id."
        raise RemoteError(message)
    files = [remote.get(f"/files/{one}").json() for one in arguments.id] or list(remote.pages(path, filters))
    by_project: dict[str, list[str]] = {}
    for file in files:
        by_project.setdefault(file["project_id"], []).append(file["id"])
        _print({**file, "deleted": arguments.yes}, _line_of(file), arguments)
    refused = 0
    for project, ids in by_project.items() if arguments.yes else ():
        for verb in ("trash", "purge") if arguments.purge else ("trash",):
            refused += _bulk(remote, project, verb, ids, [])
    what = "deleted for good" if arguments.purge else "moved to the trash"
    return _closing(len(files) - refused, what, arguments, refused=refused)


def _files_derive(remote: Remote, arguments: argparse.Namespace) -> int:
    path, filters = _filters(remote, arguments)
    touched = 0
    for file in list(remote.pages(path, filters)):
        wanted = {"which": arguments.which, "kinds": arguments.only, "is_dry_run": not arguments.yes}
        if kinds := remote.post(f"/files/{file['id']}/derivatives", wanted).json()["kinds"]:
            touched += 1
            _print({"id": file["id"], "name": file["name"], "kinds": kinds}, f"{', '.join(kinds):24}  {file['name']}", arguments)
    return _closing(touched, "being made again", arguments)


def _files_restore(remote: Remote, arguments: argparse.Namespace) -> int:
    project = remote.project_id(arguments.project)
    found = [one for one in remote.pages(f"/projects/{project}/trash", {}) if arguments.name.lower() in one["name"].lower()]
    for one in found:
        _print(one, f"{one['kind']:6}  {one['trashed_at'][:19]}  {one['parent'] or ''}/{one['name']}", arguments)
    refused = 0
    if arguments.yes and found:
        ids = {kind: [one["id"] for one in found if one["kind"] == kind] for kind in ("file", "folder")}
        refused = _bulk(remote, project, "restore", ids["file"], ids["folder"])
    return _closing(len(found) - refused, "restored", arguments, refused=refused)


def _bulk(remote: Remote, project: str, verb: str, files: list[str], folders: list[str]) -> int:
    """How many were refused."""
    refused = 0
    for start in range(0, max(len(files), len(folders)), BATCH):
        body = {"verb": verb, "files": files[start : start + BATCH], "folders": folders[start : start + BATCH]}
        for one in remote.post(f"/projects/{project}/entries/bulk", body).json()["refused"]:
            sys.stderr.write(f"stowage: {one['id']}: {one['detail']}\n")
            refused += 1
    return refused


def _closing(done: int, what: str, arguments: argparse.Namespace, *, refused: int = 0) -> int:
    if not arguments.json:
        sys.stdout.write(f"{done} {what}\n" if arguments.yes else f"{done} would be {what}; say --yes to do it\n")
    return FOUND_TROUBLE if refused else 0


def _fix_mime(remote: Remote, arguments: argparse.Namespace) -> int:
    result = _run_task(remote, _about(remote, arguments, "fix_types"))
    for one in [] if arguments.json else result["examples"]:
        sys.stdout.write(f"{one['file']}  {one['was'] or 'nothing':32} -> {one['is']:32}  {one['name']}\n")
    change = "changed" if arguments.yes else "would change; say --yes to do it"
    _print(result, f"{result['looked_at']} files looked at, {result['missing']} missing, {result['changed']} {change}", arguments)
    return 0


def _verify(remote: Remote, arguments: argparse.Namespace) -> int:
    result = _run_task(remote, _about(remote, arguments, "verify_files"))
    for one in [] if arguments.json else result["examples"]:
        sys.stdout.write(f"{one['file']}  version {one['version']}  {one['wrong']:8}  {one['name']}\n")
    shown = f"{result['verified']} versions, {result['bytes'] / 1e9:.2f} GB, {result['without_digest']} without a digest to compare"
    _print(result, f"{shown}: {result['bad']} damaged or missing", arguments)
    return FOUND_TROUBLE if result["bad"] else 0


def _about(remote: Remote, arguments: argparse.Namespace, task: str) -> dict[str, Any]:
    project = remote.project_id(arguments.project) if arguments.project else None
    return {"task": task, "is_dry_run": not arguments.yes, "project_id": project}


# -- cleanup
def _cleanup_uploads(remote: Remote, arguments: argparse.Namespace) -> int:
    from service.cli.uploads import cleanup

    return cleanup(remote, arguments)


def _task_verb(task: str) -> Callable[[Remote, argparse.Namespace], int]:
    def verb(remote: Remote, arguments: argparse.Namespace) -> int:
        result = _run_task(remote, {"task": task, "is_dry_run": not arguments.yes, "older_than_s": arguments.older_than})
        words = ", ".join(f"{name.replace('_', ' ')}: {value}" for name, value in result.items() if not isinstance(value, list))
        for name, examples in result.items():
            for one in examples if isinstance(examples, list) and not arguments.json else ():
                sys.stdout.write(f"{name.replace('shown_', '').replace('_', ' ')}: {one}\n")
        _print(result, f"{words}{'' if arguments.yes else '; nothing was deleted: say --yes to do it'}", arguments)
        return 0

    return verb


def _run_task(remote: Remote, wanted: Mapping[str, Any]) -> dict[str, Any]:
    """Start a task and wait for what it found. Raises RemoteError."""
    job = remote.post("/system/tasks", dict(wanted)).json()
    deadline = time.monotonic() + JOB_PATIENCE_S
    while time.monotonic() < deadline:
        job = remote.get(f"/system/jobs/{job['id']}").json()
        if job["state"] == "done":
            return dict(job["result"] or {})
        if job["state"] in {"failed", "cancelled"}:
            raise RemoteError(job["error"] or f"The job was {job['state']}.")
        time.sleep(JOB_LOOK_S)
    message = "It goes on; look at it with the job's id, " + str(job["id"])
    raise RemoteError(message)


def _print(found: Mapping[str, Any], line: str, arguments: argparse.Namespace) -> None:
    sys.stdout.write(f"{json.dumps(found) if arguments.json else line}\n")
