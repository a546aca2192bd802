"""`stowage`: parse, dispatch, exit status."""

import argparse
import os
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

from service.cli.remote import add_remote

DATA_DIR_HELP = "data directory (default: STOWAGE_DATA_DIR or .stowage)"
Command = Callable[[argparse.Namespace], int]


def _up(arguments: argparse.Namespace) -> int:
    from infra.embedded import control, supervisor

    return control.up_detached(arguments.data_dir) if arguments.detach else supervisor.run(arguments.data_dir)


def _down(arguments: argparse.Namespace) -> int:
    from infra.embedded import control

    return control.down(arguments.data_dir)


def _status(arguments: argparse.Namespace) -> int:
    from infra.embedded import control

    return control.status(arguments.data_dir, as_json=arguments.json)


def _logs(arguments: argparse.Namespace) -> int:
    from infra.embedded import control

    return control.logs(arguments.data_dir, arguments.name, follow=arguments.follow)


def _upload(arguments: argparse.Namespace) -> int:
    from service.cli.upload import run

    return run(arguments)


def _uploads(arguments: argparse.Namespace) -> int:
    from service.cli.uploads import run

    return run(arguments)


def _add_uploads(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    from service.cli.uploads import age

    verbs = commands.add_parser("uploads", help="everybody's unfinished uploads (administrators)").add_subparsers(
        dest="verb", required=True
    )
    descriptions = {
        "list": "show them, oldest first",
        "show": "show one",
        "abort": "end one: its bytes are deleted",
        "cleanup": "end all that nobody touched for long",
    }
    for verb, description in descriptions.items():
        command = verbs.add_parser(verb, help=description, description=description)
        command.set_defaults(run=_uploads)
        if verb in {"show", "abort"}:
            command.add_argument("upload", metavar="ID")
        else:
            command.add_argument(
                "--older-than", type=age, required=verb == "cleanup", default=0, metavar="AGE", help="untouched for so long: 30m, 12h, 7d"
            )
        if verb in {"abort", "cleanup"}:
            command.add_argument("--yes", action="store_true", help="do it; without, only say what would be done")
        command.add_argument("--json", action="store_true", help="one line of JSON per upload")
        add_remote(command)


def _users(arguments: argparse.Namespace) -> int:
    from service.cli.users import run

    return run(arguments)


def _add_users(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    from service.cli.users import DESCRIPTIONS, add_arguments

    verbs = commands.add_parser("users", help="who has an account (administrators)").add_subparsers(dest="verb", required=True)
    for verb, description in DESCRIPTIONS.items():
        command = verbs.add_parser(verb, help=description, description=description)
        command.set_defaults(run=_users)
        add_arguments(verb, command)
        add_remote(command)


def _setup(_: argparse.Namespace) -> int:
    from service.cli.setup import set_up

    return set_up(os.environ)


def _db_upgrade(arguments: argparse.Namespace) -> int:
    from service.cli.setup import upgrade_database

    return upgrade_database(_environment(arguments))


def _db_reset(arguments: argparse.Namespace) -> int:
    from service.cli.setup import reset_database

    return reset_database(_environment(arguments), is_sure=arguments.yes)


def _doctor(arguments: argparse.Namespace) -> int:
    from service.cli.doctor import run

    return run(_environment(arguments), as_json=arguments.json)


def _export(arguments: argparse.Namespace) -> int:
    from service.cli.metadata import export

    return export(_environment(arguments), arguments.file)


def _import(arguments: argparse.Namespace) -> int:
    from service.cli.metadata import restore

    return restore(_environment(arguments), arguments.file, is_sure=arguments.yes)


def _completion(arguments: argparse.Namespace) -> int:
    from service.cli.reference import completion

    return completion(parser(), arguments.shell)


def _reference(_: argparse.Namespace) -> int:
    from service.cli.reference import reference

    return reference(parser())


def _config(arguments: argparse.Namespace) -> int:
    from service.cli.config import print_config

    return print_config(as_markdown=arguments.markdown)


def _permissions(_: argparse.Namespace) -> int:
    from service.cli.config import print_permissions

    return print_permissions()


def _openapi(_: argparse.Namespace) -> int:
    from service.cli.config import print_openapi

    return print_openapi()


def _environment(arguments: argparse.Namespace) -> dict[str, str]:
    """Settings from the environment if it names a database, else those of the embedded stack."""
    if {"STOWAGE_DATABASE_URL", "STOWAGE_DATABASE_URL_FILE"} & os.environ.keys():
        return dict(os.environ)
    from infra.embedded.stack import environment_of

    return environment_of(arguments.data_dir)


def parser() -> argparse.ArgumentParser:
    """The whole command line."""
    from service.cli.admin import add_commands as add_admin

    top = argparse.ArgumentParser(prog="stowage", description="A self-hosted store for very large media and datasets.")
    top.add_argument("--data-dir", type=Path, default=Path(os.environ.get("STOWAGE_DATA_DIR", ".stowage")), help=DATA_DIR_HELP)
    commands = top.add_subparsers(dest="command", required=True)

    def add(name: str, run: Command, description: str) -> argparse.ArgumentParser:
        command = commands.add_parser(name, help=description, description=description)
        command.set_defaults(run=run)
        return command

    up = add("up", _up, "start the embedded stack and Stowage")
    up.add_argument("--detach", action="store_true", help="return once it is ready")
    add("down", _down, "stop what `up` started")
    add("status", _status, "show every process").add_argument("--json", action="store_true")
    logs = add("logs", _logs, "show a process's log, or which there are")
    logs.add_argument("name", nargs="?")
    logs.add_argument("-f", "--follow", action="store_true")
    upload = add("upload", _upload, "upload files and folders; run again after an interruption to go on")
    upload.add_argument("paths", nargs="+", type=Path, metavar="PATH")
    upload.add_argument("-p", "--project", required=True, help="name, slug or id")
    add_remote(upload)
    upload.add_argument("--parallel", type=int, default=3, choices=range(1, 17), metavar="N", help="files at a time (default 3)")
    upload.add_argument("--on-conflict", choices=("rename", "version", "fail"), default="rename", help="when the name is taken")
    upload.add_argument("--verify", action="store_true", help="read every file back and compare")
    upload.add_argument("--json", action="store_true", help="one line of JSON per file")
    _add_uploads(commands)
    _add_users(commands)
    add_admin(commands)
    add("setup", _setup, "buckets, identities, migrations and the administrator (idempotent)")
    add("config", _config, "list every setting").add_argument("--markdown", action="store_true")
    add("permissions", _permissions, "print what each role may do in a project, as Markdown")
    add("openapi", _openapi, "print the OpenAPI document")
    add("doctor", _doctor, "find what would go wrong for people, and say what to do about it").add_argument(
        "--json", action="store_true", help="one line of JSON per finding"
    )
    exporting = add("export", _export, "write all metadata into a file, as JSON lines; bytes stay in the store")
    exporting.add_argument("file", type=Path, metavar="FILE")
    importing = add("import", _import, "read metadata that `export` wrote into an empty database")
    importing.add_argument("file", type=Path, metavar="FILE")
    importing.add_argument("--yes", action="store_true", help="do it; without, only say what would be imported")
    add("completion", _completion, "print what makes a shell complete these commands").add_argument(
        "shell", choices=("bash", "zsh", "tcsh")
    )
    add("reference", _reference, "print all commands with their options, as Markdown")
    database = commands.add_parser("db", help="the database").add_subparsers(dest="verb", required=True)
    upgrade = database.add_parser("upgrade", help="bring the schema up to date")
    upgrade.set_defaults(run=_db_upgrade)
    reset = database.add_parser("reset", help="forget all people, projects and files, and begin anew")
    reset.set_defaults(run=_db_reset)
    reset.add_argument("--yes", action="store_true", help="do it; in production the name of the database has to be typed as well")
    return top


def main(argv: Sequence[str] | None = None) -> int:
    """Console entry point."""
    arguments = parser().parse_args(argv)
    run: Command = arguments.run
    from infra.embedded.layout import StackError

    try:
        return run(arguments)
    except StackError as error:
        sys.stderr.write(f"stowage: {error}\n")
        return 1


if __name__ == "__main__":
    sys.exit(main())
