"""Longest common subsequences with bit vectors: one big integer per row of the table instead of a row of numbers.

Crochemore, Iliopoulos, Pinzon and Reid (2001), "A fast and practical bit-vector algorithm for the longest common
subsequence problem", in the form of Hyyro (2004): for each token of the candidate, with M its positions in the
reference and V starting as all ones,

    u = V & M;   V = (V + u) | (V - u)

and the length is the number of zeros among the low len(reference) bits of V. Bit i of V after candidate token j is 0
exactly where the table has L(i+1, j) = L(i, j) + 1, which is all that walking back needs.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from itertools import repeat


def positions(tokens: Sequence[str]) -> dict[str, int]:
    """Bit mask of the positions of each token of ``tokens``."""
    masks: dict[str, int] = {}
    bit = 1
    for token in tokens:
        masks[token] = masks.get(token, 0) | bit
        bit <<= 1
    return masks


def lcs_length(matches: Iterable[int], size: int) -> int:
    """Length of the longest common subsequence with a reference of ``size`` tokens.

    ``matches`` has, for each token of the candidate, the mask of its positions in the reference (0 for none).
    """
    full = (1 << size) - 1
    v = full
    for m in matches:
        u = v & m
        if u:
            v = (v + u) | (v - u)
    return size - (v & full).bit_count()


class SideBySide:
    """Sentences of a reference, one after the other in one integer, so that one pass over a candidate serves all.

    A bit between them stays free and takes what a sum carries out of a sentence, so that it never reaches the next.

    masks: bit mask of the positions of each token; repeated: tokens with several; spans: the bits of each sentence;
    full: those of all.
    """

    __slots__ = ("full", "masks", "repeated", "spans")

    def __init__(self, sentences: Iterable[Sequence[str]]) -> None:
        self.masks: dict[str, int] = {}
        self.repeated: set[str] = set()
        self.spans: list[int] = []
        self.full = 0
        masks = self.masks
        bit = 1
        for tokens in sentences:
            first = bit
            for token in tokens:
                if token in masks:
                    masks[token] |= bit
                    self.repeated.add(token)
                else:
                    masks[token] = bit
                bit <<= 1
            self.spans.append(bit - first)
            self.full |= bit - first
            bit <<= 1

    def union(self, candidates: Iterable[Sequence[str]]) -> int:
        """Positions that are on the longest common subsequence of their sentence with any of ``candidates``.

        There can be several such subsequences; this takes the one that ``rouge-score`` (and ROUGE-1.5.5) walks back to:
        from the end, take a match; else step back in the candidate where that keeps the length, else in the reference.
        """
        masks, full, spans = self.masks, self.full, self.spans
        get, known = masks.get, masks.keys()
        found = 0
        for candidate in candidates:
            if known.isdisjoint(candidate):
                continue
            v, seen, before = full, 0, 0
            rises = 0  # where v has a zero: ``~v`` would be negative, and slow
            rows: list[tuple[int, int]] = []
            for m in map(get, candidate, _ZEROS):
                if m:
                    u = v & m
                    if u:
                        v = ((v + u) | (v ^ u)) & full
                        rises = full ^ v
                    rows.append((m, m | rises))
                    seen |= m
                elif before:  # leaves the table as it is, but the walk may go down the reference here
                    rows.append((0, rises))
                before = m
            for span in spans:
                matched = seen & span
                if not matched & ~found:
                    continue  # nothing that is not there already
                if matched.bit_count() == (span & rises).bit_count():
                    found |= matched  # as many as the subsequence is long: all are on it
                else:
                    found |= _walk(rows, span)
        return found

    def clipped(self, found: int, candidate: Sequence[str]) -> int:
        """Tokens at the positions ``found``, each counted as often as in ``candidate`` at most.

        A token that stands at one of them only is in the candidate, or it would not have been found.
        """
        hits = found.bit_count()
        # A count runs over the whole candidate: where there may be many, all tokens are counted once.
        count = candidate.count if len(self.repeated) < _FEW else Counter(candidate).__getitem__
        for token in self.repeated:
            available = (self.masks[token] & found).bit_count()
            if available > 1:
                hits -= max(0, available - count(token))
        return hits


_ZEROS = repeat(0)
_FEW = 9


def _walk(rows: list[tuple[int, int]], span: int) -> int:
    """Members of one longest common subsequence with the sentence ``span``.

    ``rows`` has, for the candidate's tokens in order, the positions that match, and those that match or at which the
    table rises.
    """
    members, below = 0, span  # positions that are still ahead of the walk
    for m, steps in reversed(rows):
        # Go down over positions that neither match nor raise the length; stop at the next that does.
        ahead = steps & below
        if not ahead:
            break
        bit = 1 << (ahead.bit_length() - 1)
        if m & bit:
            members |= bit
            below &= bit - 1
        else:
            below &= (bit << 1) - 1
    return members
