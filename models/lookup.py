"""Greedy search that guesses ahead: prompt lookup decoding.

A summary copies stretches of its document. Where the last tokens of an output stand in the document, the tokens that
follow there are tried together with the output's next one, in a single step: as far as they are what greedy search
chooses anyway, they are kept. The outputs are those of greedy search; only the number of steps differs. (Saxena 2023,
"Prompt Lookup Decoding"; the check is that of speculative decoding, Leviathan et al. 2023, for temperature 0.)
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from .search import Found, Restrict, restrict_logits

if TYPE_CHECKING:
    import torch

# Tokens [R', t] of rows [R'] (None: all, in order): the logits after each, [R', t, V].
Try = Callable[["torch.Tensor", "torch.Tensor | None"], "torch.Tensor"]
# How many of its last tokens each row keeps.
Keep = Callable[[Sequence[int]], None]
_GRAMS = (4, 3, 2)  # tokens that must agree before a guess, the longest first


class Guesser:
    """What follows the last tokens of an output where they stand in a document.

    >>> Guesser([5, 6, 7, 8, 9]).after([1, 6, 7], 2)
    [8, 9]
    """

    def __init__(self, source: Sequence[int]) -> None:
        self.source = list(source)
        self.at: dict[tuple[int, ...], int] = {}  # where an n-gram first ends
        for n in _GRAMS:
            for end in range(n, len(self.source)):
                self.at.setdefault(tuple(self.source[end - n : end]), end)

    def after(self, ids: Sequence[int], most: int) -> list[int]:
        """At most ``most`` tokens."""
        for n in _GRAMS:
            end = self.at.get(tuple(ids[-n:])) if len(ids) >= n else None
            if end is not None:
                return self.source[end : end + most]
        return []


def lookup_greedy(
    logits: torch.Tensor,
    try_tokens: Try,
    keep: Keep,
    sources: Sequence[Sequence[int]],
    most_rows: Callable[[int], int],
    eos: int,
    *,
    max_new_tokens: int,
    no_repeat_ngram_size: int = 0,
    min_new_tokens: int = 0,
    restrict: Restrict | None = None,
    begun: Sequence[Sequence[int]] | None = None,
) -> list[Found]:
    """What ``search.greedy`` finds.

    Args:
        logits: ``[groups, V]`` after the prompts, raw.
        sources: each group's document, as tokens.
        most_rows: of the number of rows, how many tokens a step may have in all to cost hardly more.
        begun: what each group's output begins with, which ``logits`` come after; it counts for ``max_new_tokens``, and
            not for the score.
    """
    import torch

    blocked = (eos, no_repeat_ngram_size, min_new_tokens, restrict)
    guessers: dict[int, Guesser] = {}
    groups = list(range(len(logits)))
    ids: list[list[int]] = [list(begun[g]) if begun else [] for g in groups]
    given = [len(some) for some in ids]
    scores = [0.0] * len(groups)
    done: dict[int, Found] = {}
    # The tokens that each row was given in the last step, guesses after the first; what it would choose after each.
    tried: list[list[int]] = [[] for _ in groups]
    logits, stepped = logits[:, None], False
    while True:
        logits = logits.float()
        rows = [[*ids[g], *guess[:j]] for g, guess in zip(groups, tried, strict=True) for j in range(len(guess) + 1)]
        owners = [g for g, guess in zip(groups, tried, strict=True) for _ in range(len(guess) + 1)]
        # A row has logits after its last token and after each guess; padding has none.
        flat = torch.cat([row[: len(guess) + 1] for row, guess in zip(logits, tried, strict=True)])
        restrict_logits(flat, rows, owners, *blocked)
        best, token = flat.max(dim=-1)
        logprobs = (best - flat.logsumexp(dim=-1)).tolist()
        choices = token.tolist()
        stay, feed, kept = [], [], []
        at = 0
        for row, (group, guess) in enumerate(zip(groups, tried, strict=True)):
            over, accepted = False, 0
            for j in range(len(guess) + 1):
                choice = choices[at + j]
                scores[group] += logprobs[at + j]
                if choice != eos:
                    ids[group].append(choice)
                if choice == eos or len(ids[group]) >= max_new_tokens:
                    length = len(ids[group]) - given[group] + (choice == eos)
                    done[group] = Found(tuple(ids[group]), choice == eos, scores[group] / max(length, 1))
                    over = True
                    break
                if j == len(guess) or choice != guess[j]:
                    break
                accepted += 1
            at += len(guess) + 1
            kept.append(1 + accepted)
            if not over:
                stay.append(row)
                feed.append(ids[group][-1])
        if stepped:
            keep(kept)
        stepped = True
        if not stay:
            return [done[g] for g in sorted(done)]
        chosen = None if len(stay) == len(groups) else torch.tensor(stay, device=logits.device)
        groups = [groups[row] for row in stay]
        room = most_rows(len(groups)) // len(groups) - 1
        tried = []
        for group in groups:
            guesser = guessers.setdefault(group, Guesser(sources[group])) if room > 0 else None
            left = min(room, max_new_tokens - len(ids[group]) - 1)
            tried.append(guesser.after(ids[group], left) if guesser and left > 0 else [])
        width = 1 + max(map(len, tried))
        tokens = [[first, *guess] + [eos] * (width - 1 - len(guess)) for first, guess in zip(feed, tried, strict=True)]
        logits = try_tokens(torch.tensor(tokens, device=logits.device), chosen)
