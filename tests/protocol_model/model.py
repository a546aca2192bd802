"""A model of the upload protocol as it is built (service/uploads), to be broken by random schedules.

One upload; requests, sweeps and finishes are generators that yield between any two effects, so the scheduler can
interleave them, kill them (kill -9), and let store writes of the dead land later. Sizes are in units: a part is 4,
the store's minimum 3. A byte range stands for its bytes; a nonce makes what different senders sent distinguishable.

Checked after every step: the offset never falls below what a client was shown, every byte below the offset is in
the store, a finished object never changes. At the end: whole object or all gone, quota exact, one version, no orphan.

`flaw` weakens one rule at a time; each must be caught (test_model.py).
"""

import itertools
import random
from dataclasses import dataclass, field

from tests.protocol_model.schedule import Violation

MIN_PART, PART, IN_FLIGHT = 3, 4, 3


@dataclass(frozen=True)
class Bytes:
    """start..end of the upload as one sender had them."""

    start: int
    end: int
    nonce: int
    is_damaged: bool = False


class Store:
    """S3 at its worst: on MinIO a second Complete is NoSuchUpload; Swift, killed in the middle of Complete, goes on listing the
    upload beside its object, and an abort of it would delete the object's parts."""

    def __init__(self):
        self.objects, self.multiparts, self._ids = {}, {}, itertools.count()

    def create(self, key):
        upload_id = next(self._ids)
        self.multiparts[upload_id] = {"key": key, "parts": {}}
        return upload_id

    def write(self, effect):
        kind, where, value = effect
        if kind == "object":
            self.objects[where] = (value,)
        elif where[0] in self.multiparts:
            self.multiparts[where[0]]["parts"][where[1]] = value

    def complete(self, upload_id, listed, *, stays_listed=False):
        multipart = self.multiparts.get(upload_id)
        if multipart is None:
            return "NoSuchUpload"
        if any(multipart["parts"].get(number) != value for number, value in listed):
            return "InvalidPart"
        self.objects[multipart["key"]] = tuple(value for _, value in sorted(listed, key=lambda pair: pair[0]))
        if not stays_listed:
            del self.multiparts[upload_id]
        return "ok"

    def abort(self, upload_id):
        multipart = self.multiparts.pop(upload_id)
        if multipart["parts"] and multipart["key"] in self.objects:
            # The object is made of these parts.
            del self.objects[multipart["key"]]


@dataclass
class Row:
    length: int
    state: str = "OPEN"
    offset: int = 0
    epoch: int = 0
    next_part: int = 1
    key: object = None
    upload_id: int | None = None
    tail: tuple | None = None  # (key, Bytes)
    parts: list = field(default_factory=list)


class World:
    def __init__(self, seed, flaw=None):
        self.random = random.Random(seed)
        self.flaw = flaw
        self.store = Store()
        self.row = Row(self.random.randint(1, 40))
        self.reserved, self.used, self.versions = self.row.length, 0, 0
        self.shown = 0
        self.is_deleted = False
        self.finished = None
        self.late = []
        self._nonce = itertools.count()

    # -- the database's side of each step: one statement, fenced by the epoch
    def holds(self, epoch, state="OPEN"):
        return self.row.state == state and self.row.epoch == epoch

    def bytes_of(self, start, end, *, is_damaged=False):
        return Bytes(start, end, next(self._nonce), is_damaged)

    def close(self, key, value):
        self.row.state, self.row.tail = "COMPLETE", None
        self.finished = (key, value)
        self.reserved -= self.row.length
        self.used += self.row.length
        self.versions += 1

    # -- a PATCH
    def _claim(self, at):
        row = self.row
        if row.state != "OPEN" or row.offset != at:
            return None
        row.epoch += 1
        epoch = row.epoch
        yield
        return epoch

    def patch(self, at, count):
        row = self.row
        epoch = yield from self._claim(at)
        if epoch is None:
            return None
        end = min(at + count, row.length)
        stops_early = self.random.random() < 0.3
        position = at
        while True:
            # A checkpoint may come in the middle (memory pressure, pre-emption): what there is becomes durable, then reading goes on.
            upto = self.random.randint(position, end) if stops_early else end
            is_end = upto == end and not stops_early
            done = yield from self._append(epoch, upto, is_end=is_end)
            if done is None or upto == end:
                break
            position = upto
        if done == row.length and self.holds(epoch, "COMPLETING"):
            yield from self.finish(epoch)
        # Shown only as the row has it; a finish that is not proven yet shows nothing.
        return done if done is not None and row.state in {"OPEN", "COMPLETE"} else None

    # -- a PATCH with a checksum
    def checked_patch(self, at, count):
        """Parts are stored as they come and committed together once all is verified; a damaged body or a disconnect commits nothing."""
        row = self.row
        epoch = yield from self._claim(at)
        if epoch is None:
            return None
        end = min(at + count, row.length)
        is_damaged = self.random.random() < 0.3
        start = row.tail[1].start if row.tail else row.offset
        held, position = [], start
        while end - position > PART or (end - position == PART and end != row.length):
            part = yield from self._send(epoch, position, position + PART, is_damaged=is_damaged)
            if part is None:
                return None
            yield from self._store(part)
            position += PART
            if self.flaw == "checked_as_it_goes":
                if not self._commit(epoch, part, part[1].end):
                    return None
            else:
                held.append(part)
        if is_damaged or self.random.random() < 0.1:
            return None
        if end == row.length and position == 0 and row.upload_id is None:
            return (yield from self._whole(epoch, end))
        return (yield from self._commit_all(epoch, held, position, end))

    def _commit_all(self, epoch, held, position, end):
        """What is left becomes a part or a tail; then everything counts at once."""
        row, rest, tail = self.row, end - position, None
        if rest and (end == row.length or rest >= MIN_PART):
            part = yield from self._send(epoch, position, end)
            if part is None:
                return None
            yield from self._store(part)
            held.append(part)
        elif rest:
            tail = ("t", epoch, next(self._nonce)), self.bytes_of(position, end)
            yield ("object", *tail)
        if not self.holds(epoch):
            return None
        row.parts += [(number, value) for number, value, _ in held]
        old, row.tail, row.offset = row.tail, tail, end
        if end == row.length:
            row.state = "COMPLETING"
        yield
        if old:
            self.store.objects.pop(old[0], None)
        if self.holds(epoch, "COMPLETING"):
            yield from self.finish(epoch)
        return end if row.state in {"OPEN", "COMPLETE"} else None

    def _store(self, part):
        """One part, sent again under its number while there is no answer."""
        while self.random.random() < 0.15:
            self.late.append(("part", (self.row.upload_id, part[0]), part[1]))
            yield
        yield ("part", (self.row.upload_id, part[0]), part[1])

    def _append(self, epoch, upto, *, is_end):
        """Bytes from the last part's end (the tail is read back) up to `upto`; returns the committed offset or None."""
        row = self.row
        if not self.holds(epoch):
            return None
        start = row.tail[1].start if row.tail else row.offset
        if row.offset == upto:
            return row.offset
        flying, position = [], start
        while upto - position > PART or (upto - position == PART and upto != row.length):
            part = yield from self._send(epoch, position, position + PART)
            if part is None:
                return None
            flying.append(part)
            position += PART
            if len(flying) == IN_FLIGHT and not (yield from self._land(epoch, flying)):
                return None
        rest = upto - position
        is_last = upto == row.length
        if not rest:
            pass
        elif is_last and is_end and position == 0 and row.upload_id is None and not flying:
            return (yield from self._whole(epoch, upto))
        elif (is_last and is_end) or (rest >= MIN_PART and not is_last):
            part = yield from self._send(epoch, position, upto)
            if part is None:
                return None
            flying.append(part)
        if not (yield from self._land(epoch, flying)):
            return None
        if rest and row.offset < upto and not (yield from self._tail(epoch, position, upto)):
            return None
        return self.row.offset

    def _send(self, epoch, start, end, *, is_damaged=False):
        row = self.row
        if row.upload_id is None:
            key = ("o", 0 if self.flaw == "key_without_epoch" else epoch)
            upload_id = self.store.create(key)
            yield
            if not self.holds(epoch) and self.flaw != "multipart_unfenced":
                self.store.multiparts.pop(upload_id, None)
                return None
            if row.upload_id is None or self.flaw == "multipart_unfenced":
                row.key, row.upload_id = key, upload_id
            yield
        if not self.holds(epoch):
            return None
        number = len(row.parts) + 1 if self.flaw == "numbers_reused" else row.next_part
        row.next_part += 1
        yield
        return [number, self.bytes_of(start, end, is_damaged=is_damaged), False]

    def _land(self, epoch, flying):
        """Store the parts in any order, with lost answers and retries; commit in order of start."""
        row = self.row
        waiting = list(flying)
        while waiting:
            part = self.random.choice(waiting)
            if self.random.random() < 0.15:
                # No answer: the write may land at any later time; the retry keeps its number.
                self.late.append(("part", (row.upload_id, part[0]), part[1]))
                if self.flaw == "retry_new_number":
                    part[0] = row.next_part
                    row.next_part += 1
                yield
                continue
            yield ("part", (row.upload_id, part[0]), part[1])
            part[2] = True
            waiting.remove(part)
            if self.flaw == "commit_out_of_order":
                if not self._commit(epoch, part, max(row.offset, part[1].end)):
                    return False
                continue
            while flying and flying[0][2]:
                if not self._commit(epoch, flying[0], flying[0][1].end):
                    return False
                flying.pop(0)
                yield
        flying.clear()
        return True

    def _commit(self, epoch, part, offset):
        row = self.row
        if not self.holds(epoch):
            return False
        if self.flaw != "commit_out_of_order" and row.offset >= part[1].end:
            return False
        row.parts.append((part[0], part[1]))
        old, row.tail = row.tail, None
        row.offset = offset
        if row.offset == row.length:
            row.state = "COMPLETING"
        if old:
            self.store.objects.pop(old[0], None)
        return True

    def _whole(self, epoch, upto):
        row = self.row
        key, value, expected = ("o", 0 if self.flaw == "key_without_epoch" else epoch), self.bytes_of(0, upto), row.offset
        yield ("object", key, value)
        if not self.holds(epoch) or row.offset != expected:
            return None
        old, row.offset, row.key = row.tail, upto, key
        self.close(key, (value,))
        yield
        if old:
            self.store.objects.pop(old[0], None)
        return upto

    def _tail(self, epoch, start, end):
        row = self.row
        key, value = ("t", epoch, next(self._nonce)), self.bytes_of(start, end)
        if self.flaw == "old_tail_first" and row.tail:
            self.store.objects.pop(row.tail[0], None)
            yield
        yield ("object", key, value)
        if not self.holds(epoch):
            return False
        old, row.tail, row.offset = row.tail, (key, value), end
        yield
        if old:
            self.store.objects.pop(old[0], None)
        return True

    # -- finishing
    def finish(self, epoch=None):
        row, store = self.row, self.store
        if row.state == "OPEN" and row.offset == row.length and epoch is None:
            row.state = "COMPLETING"
        if row.state != "COMPLETING" or (epoch is not None and row.epoch != epoch):
            return
        row.epoch += 1
        mine = row.epoch
        yield
        if row.tail and row.upload_id is None:
            key, value = ("o", mine), self.bytes_of(0, row.length)
            yield ("object", key, value)
            if not self.holds(mine, "COMPLETING"):
                return
            old = row.tail
            row.key = key
            self.close(key, (value,))
            yield
            store.objects.pop(old[0], None)
            return
        if row.tail:
            number, value = row.next_part, Bytes(row.tail[1].start, row.length, next(self._nonce))
            row.next_part += 1
            yield
            yield ("part", (row.upload_id, number), value)
            if not self.holds(mine, "COMPLETING") or row.tail is None:
                return
            row.parts.append((number, value))
            old, row.tail = row.tail, None
            yield
            store.objects.pop(old[0], None)
        expected = tuple(value for _, value in sorted(row.parts, key=lambda pair: pair[0]))
        result = store.complete(row.upload_id, row.parts, stays_listed=self.random.random() < 0.1)
        yield
        if result != "ok" and store.objects.get(row.key) != expected:
            if row.state == "COMPLETING" and result == "InvalidPart":
                raise Violation("the store lacks a committed part")
            return
        yield
        if row.state == "COMPLETING":
            self.close(row.key, expected)

    # -- other requests
    def head(self):
        row = self.row
        if row.state == "OPEN":
            row.epoch += 1
        yield
        # COMPLETING answers 423: no offset is shown.
        return row.offset if row.state in {"OPEN", "COMPLETE"} and not (row.state == "OPEN" and row.offset == row.length) else None

    def delete(self):
        if self.row.state == "OPEN":
            self.row.state = "ABORTING"
            self.row.epoch += 1
            self.is_deleted = True
            yield
            yield from self.abort()

    def abort(self):
        if self.row.state != "ABORTING":
            return
        yield from self.clear()
        if self.row.state == "ABORTING":
            self.row.state = "ABORTED"
            self.reserved -= self.row.length

    def clear(self):
        """Everything of an ended upload that is not its object."""
        row, store = self.row, self.store
        if row.state not in {"ABORTING", "ABORTED", "COMPLETE"} and self.flaw != "sweep_unfenced":
            return
        kept = {row.key} if row.state == "COMPLETE" else set()
        if self.flaw == "sweep_unfenced" and row.state == "OPEN":
            kept = {row.key}
        for upload_id in [found for found in store.multiparts if found != row.upload_id or row.state != "OPEN"]:
            multipart = store.multiparts.get(upload_id)
            if multipart is None:
                continue
            if multipart["key"] in kept and multipart["key"] in store.objects and self.flaw != "completed_aborted":
                store.complete(upload_id, row.parts)
            else:
                store.abort(upload_id)
            yield
        for key in [key for key in store.objects if key not in kept]:
            store.objects.pop(key, None)
        yield

    def sweep(self):
        """Only with nobody's lease alive: the epoch is bumped before anything is judged."""
        if self.row.state == "OPEN" and self.flaw != "sweep_unfenced":
            self.row.epoch += 1
        yield
        yield from self.finish()
        yield from self.abort()
        yield from self.clear()

    # -- what must hold
    def check(self):
        row, store = self.row, self.store
        if self.is_deleted:
            return
        if row.offset < self.shown:
            raise Violation("an offset that was shown went down")
        if self.finished and store.objects.get(self.finished[0]) != self.finished[1]:
            raise Violation("a finished object changed or vanished")
        if row.state == "OPEN" or (row.state == "COMPLETING" and row.upload_id in store.multiparts):
            there = store.multiparts.get(row.upload_id, {"parts": {}})["parts"]
            spans = [(value.start, value.end) for number, value in row.parts if there.get(number) == value]
            if row.tail and store.objects.get(row.tail[0]) == (row.tail[1],):
                spans.append((row.tail[1].start, row.tail[1].end))
            if any(value.is_damaged for _, value in row.parts):
                raise Violation("bytes that failed their checksum count")
            if not covers(spans, row.offset):
                raise Violation("a hole below the offset")

    def check_end(self):
        row = self.row
        if self.store.multiparts:
            raise Violation("orphan multipart")
        if row.state == "ABORTED":
            if (self.reserved, self.used, self.versions) != (0, 0, 0) or self.store.objects:
                raise Violation("something left of an aborted upload")
            return
        if (self.reserved, self.used, self.versions) != (0, row.length, 1):
            raise Violation("accounting")
        if set(self.store.objects) != {row.key}:
            raise Violation("orphan object")
        position = 0
        for value in self.store.objects[row.key]:
            if value.start != position:
                raise Violation("the object is not what was sent")
            position = value.end
        if position != row.length:
            raise Violation("the object is not whole")


def covers(spans, upto):
    position = 0
    for start, end in sorted(spans):
        if start > position:
            return False
        position = max(position, end)
    return position >= upto


class Runner:
    """One schedule."""

    def __init__(self, seed, flaw=None):
        self.world = World(seed, flaw)
        self.random = random.Random(seed + 1)
        self.live = []  # [generator, effect not yet applied, shows its result]
        self.zombies = []
        self.kills = 0

    def run(self):
        world = self.world
        for _ in range(20_000):
            if world.row.state in {"COMPLETE", "ABORTED"} and not self.live:
                break
            self._step()
            world.check()
        else:
            raise Violation("stuck")
        self.zombies += world.late
        for effect in self.zombies:
            world.store.write(effect)
        world.check()
        for _ in range(2):
            for _ in world.sweep():
                pass
        world.check_end()

    def _begin(self):
        world, choice = self.world, self.random.random()
        if choice < 0.12:
            return [world.sweep(), None, False]
        if choice < 0.32:
            return [world.head(), None, True]
        if choice < 0.325:
            return [world.delete(), None, False]
        patch = world.checked_patch if self.random.random() < 0.25 else world.patch
        return [patch(world.shown, self.random.randint(1, 24)), None, True]

    def _step(self):
        world = self.world
        self.zombies += world.late
        world.late = []
        if self.zombies and self.random.random() < 0.1:
            world.store.write(self.zombies.pop(self.random.randrange(len(self.zombies))))
        if not self.live or (len(self.live) < 4 and self.random.random() < 0.06):
            self.live.append(self._begin())
        handler = self.random.choice(self.live)
        if self.random.random() < 0.05:
            self.live.remove(handler)
            self.kills += 1
            if handler[1] and self.random.random() < 0.7:
                self.zombies.append(handler[1])
        elif handler[1]:
            if self.random.random() < 0.5:
                world.store.write(handler[1])
                handler[1] = None
        else:
            try:
                handler[1] = next(handler[0])
            except StopIteration as stop:
                self.live.remove(handler)
                # A response may be lost; only what a client saw counts as shown.
                if handler[2] and stop.value is not None and not world.is_deleted and self.random.random() < 0.85:
                    world.shown = max(world.shown, stop.value)
