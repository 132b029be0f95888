"""Longest common subsequences with bit vectors: one big integer per row of the table instead of a row of numbers.

Crochemore, Iliopoulos, Pinzon and Reid (2001), "A fast and practical bit-vector algorithm for the longest common
subsequence problem", in the form of Hyyro (2004): for each token of the candidate, with M its positions in the
reference and V starting as all ones,

    u = V & M;   V = (V + u) | (V - u)

and the length is the number of zeros among the low len(reference) bits of V. Bit i of V after candidate token j is 0
exactly where the table has L(i+1, j) = L(i, j) + 1, which is all that walking back needs.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence


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


def lcs_members(masks: dict[str, int], size: int, candidate: Sequence[str]) -> int:
    """Bit mask of the reference positions on one longest common subsequence.

    There can be several; this is the one that ``rouge-score`` (and ROUGE-1.5.5) walks back to, which matters for the
    union over sentences: from the end, take a match; else step back in the candidate where that keeps the length,
    else in the reference.
    """
    if masks.keys().isdisjoint(candidate):
        return 0
    get = masks.get
    v = (1 << size) - 1
    rows: list[tuple[int, int]] = []
    last = 0
    for m in [get(token, 0) for token in candidate]:
        if m:
            u = v & m
            if u:
                v = (v + u) | (v - u)
            rows.append((m, v))
        elif last:  # leaves the table as it is, but the walk may go down the reference here
            rows.append((0, v))
        last = m
    members = 0
    below = (1 << size) - 1  # positions of the reference that are still ahead of the walk
    for m, v in reversed(rows):
        # Go down over positions that neither match nor raise the length; stop at the next that does.
        at = ((m | ~v) & below).bit_length()
        if not at:
            break
        bit = 1 << (at - 1)
        if m & bit:
            members |= bit
            below = bit - 1
        else:
            below = (bit << 1) - 1
    return members
