"""What happens where a name is taken. Pure."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from uuid import UUID

from service.core.names import numbered

MAX_NUMBER = 100_000


class OnConflict(StrEnum):
    """`fail`: it stays where it is; `rename`: it gets a number; `replace`: what was there goes to the trash (files only)."""

    FAIL = "fail"
    RENAME = "rename"
    REPLACE = "replace"


@dataclass(slots=True)
class Plan:
    """Where each thing goes; names that were replaced; ids that stay because their name is taken."""

    places: dict[UUID, tuple[UUID, str]] = field(default_factory=dict)
    replaced: list[tuple[UUID, str]] = field(default_factory=list)
    refused: list[UUID] = field(default_factory=list)


def plan(wanted: Iterable[tuple[UUID, UUID, str]], taken: Mapping[UUID, set[str]], policy: OnConflict) -> Plan:
    """For (id, folder, name) and the names taken in each folder. Things moved together must not take each other's names either."""
    made = Plan()
    given: dict[UUID, set[str]] = {}
    for thing, folder, name in wanted:
        own = given.setdefault(folder, set())
        there = taken.get(folder, set())
        if name in own or (name in there and policy is not OnConflict.REPLACE):
            free = free_name(name, there | own) if policy is OnConflict.RENAME else None
            if free is None:
                made.refused.append(thing)
                continue
            name = free  # noqa: PLW2901  the name it gets
        elif name in there:
            made.replaced.append((folder, name))
        own.add(name)
        made.places[thing] = (folder, name)
    return made


def free_name(name: str, taken: set[str]) -> str | None:
    """`name`, or the first with a number that nobody has."""
    if name not in taken:
        return name
    return next((candidate for number in range(1, MAX_NUMBER) if (candidate := numbered(name, number)) not in taken), None)
