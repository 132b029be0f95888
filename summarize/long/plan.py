"""A plan for a document that the encoder cannot read at once: even chunks on paragraph and sentence bounds."""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import accumulate, pairwise

from ..sentences import sentence_spans

Count = Callable[[str], int]

# Where a sentence that is too long may be parted: after clause punctuation, else between words, else anywhere.
_CLAUSE = re.compile(r"(?:[;:\u061b\u060c,\u2013\u2014]|\s-)\s+")
_SPACE = re.compile(r"\s+")
_RAGGED = 0.1  # cost of a chunk bound within a paragraph, in squared shares of a chunk's size
_ROUNDS = 8


@dataclass(frozen=True)
class Unit:
    """A sentence, or a part of one that is too long: offsets in the text, source tokens, whether a paragraph begins."""

    start: int
    end: int
    tokens: int
    opens: bool

    @property
    def size(self) -> int:
        """Its tokens in a text with others: the line break before a paragraph is one, too."""
        return self.tokens + self.opens


@dataclass(frozen=True)
class Chunk:
    """A stretch of the text that the encoder reads at once: offsets, source tokens."""

    start: int
    end: int
    tokens: int


def units(text: str, count: Count, most: int) -> list[Unit]:
    """The sentences of ``text``; those of more than ``most`` tokens in parts of at most so many.

    Args:
        count: source tokens of a text, what the engine adds to every text included.
    """
    base = count("")
    found: list[Unit] = []
    last = 0
    for start, end in sentence_spans(text):
        opens = not found or "\n" in text[last:start]
        for a, b, tokens in _parts(text, start, end, lambda piece: count(piece) - base, most):
            found.append(Unit(a, b, max(tokens, 1), opens))
            opens = False
        last = end
    return found


def _parts(text: str, start: int, end: int, count: Count, most: int) -> list[tuple[int, int, int]]:
    tokens = count(text[start:end])
    if tokens <= most:
        return [(start, end, tokens)]
    for pattern in (_CLAUSE, _SPACE):
        bounds = [m.end() for m in pattern.finditer(text, start, end) if m.end() < end]
        if bounds:
            return _gather(text, [start, *bounds, end], count, most)
    # No word bound at all: equal pieces of characters, short enough where a character is several tokens, too.
    step = max(1, (end - start) * most // (2 * tokens))
    return _gather(text, [*range(start, end, step), end], count, most)


def _gather(text: str, bounds: Sequence[int], count: Count, most: int) -> list[tuple[int, int, int]]:
    """Joins neighbouring stretches between ``bounds`` to parts of at most ``most`` tokens; splits what exceeds it."""
    parts: list[tuple[int, int, int]] = []
    open_start, open_tokens = bounds[0], 0
    for a, b in pairwise(bounds):
        tokens = count(text[a:b].rstrip())
        if open_tokens and open_tokens + tokens > most:
            parts.append((open_start, a, open_tokens))
            open_start, open_tokens = a, 0
        if tokens > most and b - a > 1:
            parts += _parts(text, a, b, count, most)
            open_start, open_tokens = b, 0
        else:
            open_tokens += tokens
    if open_start < bounds[-1]:
        parts.append((open_start, bounds[-1], open_tokens))
    return [(a, a + len(text[a:b].rstrip()), tokens) for a, b, tokens in parts if text[a:b].strip()]


def plan(text: str, count: Count, limit: int) -> list[Chunk]:
    """Chunks that hold all of ``text``, each of at most ``limit`` tokens: one if it fits, else as even as can be.

    Bounds lie between sentences, between paragraphs where that costs little evenness.
    """
    whole = count(text)
    if whole <= limit:
        return [Chunk(0, len(text), whole)]
    room = limit - count("")
    # A text's tokens are not exactly the sum of its sentences': where a chunk comes out too long, plan for less.
    for _ in range(_ROUNDS):
        chunks = [Chunk(start, end, count(text[start:end])) for start, end in divide(units(text, count, room), room)]
        if all(chunk.tokens <= limit for chunk in chunks):
            break
        room = room * 15 // 16 or 1
    return chunks


def divide(found: Sequence[Unit], room: int) -> list[tuple[int, int]]:
    """Offsets of stretches of units of at most ``room`` tokens, as few and as even as can be.

    The sum over all stretches of (tokens / mean - 1) ** 2 is least, and bounds within paragraphs cost something.
    """
    total = sum(unit.size for unit in found)
    target = total / -(-total // room)
    best: list[tuple[float, int]] = [(0.0, 0)]  # to unit i: least cost, where the last stretch begins
    for end in range(1, len(found) + 1):
        options = []
        size = 0
        for start in range(end - 1, -1, -1):
            size += found[start].size
            if size > room and start < end - 1:
                break
            cost = (size / target - 1) ** 2 + (0 if found[start].opens else _RAGGED)
            options.append((best[start][0] + cost, start))
        best.append(min(options))
    bounds = [len(found)]
    while bounds[-1]:
        bounds.append(best[bounds[-1]][1])
    bounds.reverse()
    return [(found[a].start, found[b - 1].end) for a, b in pairwise(bounds)]


def parts(found: Sequence[Unit], number: int) -> list[range]:
    """At most ``number`` stretches of units, about equally many tokens in each, bounds between paragraphs if near."""
    before = [0, *accumulate(unit.size for unit in found)]
    share = before[-1] / number
    bounds = [0]
    for k in range(1, number):
        near = range(bisect_left(before, (k - 0.25) * share), min(bisect_right(before, (k + 0.25) * share), len(found)))
        opening = [i for i in near if found[i].opens] or near
        at = min(opening, key=lambda i: abs(before[i] - k * share), default=bounds[-1])
        if at > bounds[-1]:
            bounds.append(at)
    return [range(a, b) for a, b in pairwise([*bounds, len(found)]) if b > a]
