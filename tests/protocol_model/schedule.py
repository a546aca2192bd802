"""Random schedules for the smaller models: steps of live tasks interleave, tasks are killed, their last write may land later."""

import random


class Violation(Exception):
    pass


class Schedule:
    """Runs `world`: `begin()` makes a task (a generator that yields a write not yet made, or None), `write` makes it,
    `is_over()` ends the run, `check()` and `check_end()` raise Violation, `settle()` is what the sweep does last."""

    def __init__(self, world, seed):
        self.world, self.random, self.kills = world, random.Random(seed), 0
        self._live, self._zombies = [], []

    def run(self):
        for _ in range(20_000):
            if self.world.is_over() and not self._live:
                break
            self._step()
            self.world.check()
        else:
            raise Violation("stuck")
        for effect in self._zombies:
            self.world.write(effect)
        self.world.check()
        for _ in range(3):
            for effect in self.world.settle():
                if effect is not None:
                    self.world.write(effect)
        self.world.check_end()

    def _step(self):
        if self._zombies and self.random.random() < 0.1:
            self.world.write(self._zombies.pop(self.random.randrange(len(self._zombies))))
        if not self._live or (len(self._live) < 4 and self.random.random() < 0.1):
            self._live.append([self.world.begin(), None])
        task = self.random.choice(self._live)
        if self.random.random() < 0.05:
            self._live.remove(task)
            self.kills += 1
            if task[1] is not None and self.random.random() < 0.7:
                self._zombies.append(task[1])
        elif task[1] is not None:
            self.world.write(task[1])
            task[1] = None
        else:
            try:
                task[1] = next(task[0])
            except StopIteration:
                self._live.remove(task)
