"""Concatenation as it is built (service/uploads/joins, finish._join): partials, finals that compete for them, joins that are killed.

`flaw` weakens one rule: `key_without_epoch` (all joins of a final write one key), `used_before_proof` (partials are used up before the
object is there), `joined_twice` (a partial may belong to two finals), `expired_while_joined` (time ends a partial that a final has).
That a join which was taken over must not close is no flaw here: its key is its own, and the state lets one of them close.
"""

import random
from dataclasses import dataclass, field

from tests.protocol_model.schedule import Violation


@dataclass
class Partial:
    length: int
    key: tuple
    state: str = "OPEN"
    joined_into: int | None = None
    reserved: int = 0
    was_complete: bool = False


@dataclass
class Final:
    order: list
    state: str = "COMPLETING"
    epoch: int = 0
    reserved: int = 0
    key: tuple | None = None
    content: tuple | None = None


@dataclass
class World:
    seed: int
    flaw: str | None = None
    objects: dict = field(default_factory=dict)
    used: int = 0
    versions: int = 0

    def __post_init__(self):
        self.random = random.Random(self.seed)
        self.partials = [Partial(self.random.randint(1, 9), ("o", "partial", number)) for number in range(self.random.randint(1, 4))]
        for partial in self.partials:
            partial.reserved = partial.length
        self.finals = []
        self.reserved = sum(partial.length for partial in self.partials)

    def write(self, effect):
        self.objects[effect[0]] = effect[1]

    def is_over(self):
        return all(partial.state in {"USED", "ABORTED"} for partial in self.partials) and all(
            final.state in {"COMPLETE", "LOST"} for final in self.finals
        )

    def begin(self):
        choice = self.random.random()
        if choice < 0.3:
            return self.fill(self.random.choice(self.partials))
        if choice < 0.5 and len(self.finals) < 3:
            return self.create()
        if choice < 0.6:
            return self.expire(self.random.choice(self.partials))
        if choice < 0.7:
            return self.settle()
        return self.join(self.random.randrange(len(self.finals))) if self.finals else self.create()

    def fill(self, partial):
        if partial.state == "OPEN":
            yield partial.key, (partial.key,)
            if partial.state == "OPEN":
                partial.state, partial.was_complete = "COMPLETE", True

    def create(self):
        """One transaction. A partial that is named twice is reserved once more."""
        order = [self.random.randrange(len(self.partials)) for _ in range(self.random.randint(1, 4))]
        named = [self.partials[one] for one in set(order)]
        is_free = all(one.state in {"OPEN", "COMPLETE"} and (one.joined_into is None or self.flaw == "joined_twice") for one in named)
        if is_free:
            for one in named:
                one.joined_into = len(self.finals)
            extra = sum(self.partials[one].length for one in order) - sum(one.length for one in named)
            self.reserved += extra
            self.finals.append(Final(order, reserved=extra))
        yield

    def join(self, number):
        final = self.finals[number]
        if final.state != "COMPLETING":
            return
        final.epoch += 1
        mine = final.epoch
        yield
        sources = [self.partials[one] for one in final.order]
        if any(one.state in {"ABORTING", "ABORTED", "USED"} for one in sources):
            if any(one.was_complete and one.state in {"ABORTING", "ABORTED"} for one in sources):
                raise Violation("a complete partial was taken from its final")
            if final.state == "COMPLETING":
                final.state = "LOST"
                self.reserved -= final.reserved
                for one in self.partials:
                    if one.joined_into == number:
                        one.joined_into = None
            return
        if any(one.state != "COMPLETE" for one in sources):
            return
        key = ("o", number, 0 if self.flaw == "key_without_epoch" else mine)
        if self.flaw == "used_before_proof":
            self._use_up(number)
        copied = []
        for one in sources:
            if one.key not in self.objects:
                return
            copied.append((self.objects[one.key], mine))
            yield
        yield key, tuple(copied)
        if final.state != "COMPLETING" or final.epoch != mine:
            return
        final.state, final.key, final.content = "COMPLETE", key, tuple(copied)
        length = sum(one.length for one in sources)
        reserved = final.reserved + self._use_up(number)
        if reserved != length and self.flaw != "used_before_proof":
            raise Violation("bytes are used that nobody reserved")
        self.reserved -= reserved
        self.used += length
        self.versions += 1

    def _use_up(self, number):
        freed = 0
        for one in self.partials:
            if one.joined_into == number and one.state == "COMPLETE":
                one.state = "USED"
                freed += one.reserved
                one.reserved = 0
        return freed

    def expire(self, partial):
        """DELETE by its client, or its time is over: an idle one only."""
        is_idle = partial.state == "OPEN" or (
            partial.state == "COMPLETE" and (partial.joined_into is None or self.flaw == "expired_while_joined")
        )
        if not is_idle:
            return
        partial.state = "ABORTING"
        yield
        self.objects.pop(partial.key, None)
        yield
        self._end(partial)

    def _end(self, partial):
        if partial.state == "ABORTING":
            partial.state = "ABORTED"
            self.reserved -= partial.reserved
            partial.reserved = 0

    def settle(self):
        """The sweep: carries on aborts, clears what ended uploads left behind."""
        for partial in self.partials:
            if partial.state in {"ABORTING", "ABORTED", "USED"}:
                self.objects.pop(partial.key, None)
                yield
                self._end(partial)
        for number, final in enumerate(self.finals):
            if final.state in {"COMPLETE", "LOST"}:
                for key in [key for key in self.objects if key[1] == number and key != final.key]:
                    self.objects.pop(key, None)
                yield

    def check(self):
        for final in self.finals:
            if final.state == "COMPLETE":
                if self.objects.get(final.key) != final.content:
                    raise Violation("a joined object changed or vanished")
                if [source for source, _ in final.content] != [(self.partials[one].key,) for one in final.order]:
                    raise Violation("the joined object is not its partials")
        for partial in self.partials:
            if partial.state == "COMPLETE" and partial.key not in self.objects:
                raise Violation("a partial that nobody used is gone")

    def check_end(self):
        complete = [final for final in self.finals if final.state == "COMPLETE"]
        if set(self.objects) != {final.key for final in complete}:
            raise Violation("orphans, or an object missing")
        length = sum(self.partials[one].length for final in complete for one in final.order)
        if (self.reserved, self.used, self.versions) != (0, length, len(complete)):
            raise Violation("accounting")
