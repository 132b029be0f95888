"""The endless, seeded, resumable stream of packs.

Which part comes next is no lottery: it is the part furthest behind its share of the positions run so far, so that
the mix holds over any stretch of training. Within a part, every epoch is a new seeded order. A small pool of waiting
examples lets each pack be filled best-fit, with a few positions of padding at most. The state is a few counters and the
pool, so a run that was killed goes on with the very next example.
"""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from ..prompts import length_of, prompt
from .mix import Example
from .pack import Encoded


def encode_example(
    example: Example, sp: Any, most_source: int, most_target: int, bos: int = 2, eos: int = 1
) -> Encoded:
    """Token ids of an example; a target that is cut has no ``<eos>``. Candidates are asked for as the reference is."""
    source = (bos, *sp.encode(example.document)[: most_source - 1])
    targets = []
    for kind, language, text in example.targets:
        asked = prompt(kind, language, length_of(len(text.split())))
        wanted = (*sp.encode(" " + text.strip()), eos)[:most_target]
        targets.append((tuple(sp.encode(asked)), wanted))
    if example.candidates:
        asked_for = targets[0][0]
        targets += [(asked_for, (*sp.encode(" " + text.strip()), eos)[:most_target]) for text, _ in example.candidates]
    return Encoded(source, tuple(targets), tuple(reward for _, reward in example.candidates))


@dataclass(frozen=True)
class Stage:
    """A stretch of training: until which step, with what share of the positions for each part, at what lengths."""

    until: int
    shares: Mapping[str, float]
    most_source: int = 448
    most_target: int = 112


class Stream:
    """Packs of at most ``total`` positions from ``parts``; ``state()`` and ``restore()`` for resuming."""

    def __init__(
        self, parts: Mapping[str, Sequence[Example]], sp: Any, total: int, seed: int = 0, pool: int = 32
    ) -> None:
        self.parts, self.sp, self.total, self.seed, self.pool_size = parts, sp, total, seed, pool
        self.taken = dict.fromkeys(parts, 0)  # examples of each part so far
        self.positions = dict.fromkeys(parts, 0)  # positions of each part in this stage
        self.stage: int = 0
        self.pool: list[tuple[str, int]] = []
        self._orders: dict[tuple[str, int], list[int]] = {}
        self._encoded: dict[tuple[str, int, int, int], Encoded] = {}

    def state(self) -> dict[str, Any]:
        """All that ``restore`` needs to go on with the very next pack, as plain JSON."""
        return {
            "taken": dict(self.taken),
            "positions": dict(self.positions),
            "stage": self.stage,
            "pool": [list(item) for item in self.pool],
        }

    def restore(self, state: Mapping[str, Any]) -> None:
        """Goes back to where ``state()`` was taken."""
        self.taken.update(state["taken"])
        self.positions.update(state["positions"])
        self.stage = state["stage"]
        self.pool = [(part, number) for part, number in state["pool"]]

    def _example(self, part: str, number: int) -> Example:
        """The ``number``-th example of a part, counted over all epochs."""
        epoch, at = divmod(number, len(self.parts[part]))
        order = self._orders.get((part, epoch))
        if order is None:
            order = list(range(len(self.parts[part])))
            random.Random(f"{self.seed}:{part}:{epoch}").shuffle(order)
            self._orders = {k: v for k, v in self._orders.items() if k[0] != part or k[1] >= epoch - 1}
            self._orders[part, epoch] = order
        return self.parts[part][order[at]]

    def _encode(self, item: tuple[str, int], stage: Stage) -> Encoded:
        key = (*item, stage.most_source, stage.most_target)
        if key not in self._encoded:
            one = encode_example(self._example(*item), self.sp, stage.most_source, stage.most_target)
            if len(one) > self.total:  # a long paragraph with its translation: what fits
                room = self.total - len(one) + len(one.source)
                one = replace(one, source=one.source[:room]) if room > 0 else Encoded(one.source[:1], one.targets[:1])
            self._encoded[key] = one
        return self._encoded[key]

    def next(self, stages: Sequence[Stage], step: int) -> list[Encoded]:
        """The examples of the next pack, under the stage that ``step`` falls in."""
        index = next((i for i, s in enumerate(stages) if step < s.until), len(stages) - 1)
        stage = stages[index]
        if index != self.stage:
            self.stage, self.positions = index, dict.fromkeys(self.positions, 0)
        shares = {part: share for part, share in stage.shares.items() if share > 0 and self.parts.get(part)}
        while len(self.pool) < self.pool_size:
            part = min(shares, key=lambda p: (self.positions[p] / shares[p], p))
            item = (part, self.taken[part])
            self.taken[part] += 1
            self.pool.append(item)
            self.positions[part] += len(self._encode(item, stage))
        room = self.total
        chosen: list[tuple[str, int]] = []
        lengths = {item: len(self._encode(item, stage)) for item in self.pool}
        while True:
            fitting = [item for item in self.pool if lengths[item] <= room]
            if not fitting:
                break
            # The oldest first, so that none waits for ever; then whatever fills the row best.
            item = fitting[0] if not chosen else max(fitting, key=lambda i: lengths[i])
            self.pool.remove(item)
            chosen.append(item)
            room -= lengths[item]
        encoded = [self._encode(item, stage) for item in chosen]
        for item in chosen:
            self._encoded.pop((*item, stage.most_source, stage.most_target), None)
        return encoded
