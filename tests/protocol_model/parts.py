"""The parts intake as it is built (service/uploads/parts): a client sends parts to the store itself, in any order, twice, and late.

`flaw` weakens one rule: `list_from_store` (Complete names whatever the store lists), `late_part_taken` (the store takes parts of a
finished upload), `refused_is_lost` (a part that was sent again while the client asked for the end loses the upload instead of opening
it again), `charge_not_settled`.
"""

import itertools
import random

from tests.protocol_model.schedule import Violation

WORST_CHARGE = 5


class World:
    def __init__(self, seed, flaw=None):
        self.random, self.flaw = random.Random(seed), flaw
        self.count = self.random.randint(1, 4)
        self.state, self.rows, self.object = "OPEN", None, None
        self.store, self.is_listed = {}, True
        self.known = {}  # number: what the client was told of its part
        self.charged, self.reserved, self.used, self.versions = set(), 0, 0, 0
        self.finished = None
        self._nonce = itertools.count()

    def write(self, effect):
        number, value = effect
        if self.is_listed:
            self.store[number] = value
        elif self.flaw == "late_part_taken" and self.object is not None:
            self.object = tuple((one, value if one == number else kept) for one, kept in self.object)

    def is_over(self):
        return self.state in {"COMPLETE", "ABORTED", "LOST"}

    def begin(self):
        if self.state == "ABORTING":
            return self.settle()
        choice = self.random.random()
        if choice < 0.55:
            return self.send(self.random.randint(1, self.count + (self.random.random() < 0.1)))
        if choice < 0.8:
            return self.complete()
        if choice < 0.97:
            return self.finish()
        return self.abort()

    def send(self, number):
        """Sign (and charge), PUT, hear the ETag. A signed URL may be used at any later time."""
        if self.state != "OPEN":
            return
        if number not in self.charged:
            self.charged.add(number)
            self.reserved += WORST_CHARGE
        yield
        value = (next(self._nonce), self.random.randint(1, WORST_CHARGE))
        yield number, value
        if self.is_listed and self.store.get(number) == value:
            self.known[number] = value

    def complete(self):
        if self.state != "OPEN" or set(range(1, self.count + 1)) - self.known.keys():
            return
        named = {number: self.known[number] for number in range(1, self.count + 1)}
        yield
        stored = dict(self.store)
        yield
        if any(stored.get(number) != value for number, value in named.items()):
            return
        if self.state != "OPEN":
            return
        self.rows, self.state = stored if self.flaw == "list_from_store" else named, "COMPLETING"
        total = sum(size for _, size in self.rows.values())
        if self.flaw != "charge_not_settled":
            self.reserved = total

    def finish(self):
        if self.state != "COMPLETING":
            return
        rows = dict(self.rows)
        yield
        if not self.is_listed:
            result = "NoSuchUpload"
        elif any(self.store.get(number) != value for number, value in rows.items()):
            result = "InvalidPart"
        else:
            self.object, self.is_listed, result = tuple(sorted(rows.items())), False, "ok"
        yield
        if result == "InvalidPart":
            if self.state == "COMPLETING" and self.rows == rows:
                self.state = "LOST" if self.flaw == "refused_is_lost" else "OPEN"
            return
        if self.object != tuple(sorted(rows.items())) or self.state != "COMPLETING":
            return
        self.state, self.finished = "COMPLETE", self.object
        total = sum(size for _, size in rows.values())
        self.used, self.reserved, self.versions = self.used + total, self.reserved - total, self.versions + 1

    def abort(self):
        if self.state == "OPEN":
            self.state = "ABORTING"
            yield
            yield from self.settle()

    def settle(self):
        if self.state == "ABORTING":
            self.is_listed = False
            self.store.clear()
            yield
            if self.state == "ABORTING":
                self.state, self.reserved = "ABORTED", 0

    def check(self):
        if self.finished is not None and self.object != self.finished:
            raise Violation("a finished object changed")
        if self.state == "LOST":
            raise Violation("an upload was lost whose parts are all there")
        if self.finished is not None and [number for number, _ in self.finished] != list(range(1, self.count + 1)):
            raise Violation("the object has other parts than its client named")

    def check_end(self):
        total = sum(size for _, (_, size) in self.object or ())
        if (self.reserved, self.used) != (0, total if self.state == "COMPLETE" else 0) or self.is_listed:
            raise Violation("accounting, or a multipart upload left over")
