"""Greedy search, beam search and draws over any step function; beams and draws also in one batch.

Rows are outputs being written: ``groups`` of them (a document and a task each), ``num_beams`` or ``samples`` rows to a
group, neighbours. The step function takes the tokens that every row just got and, for each row, the row whose past it
continues, and gives the next log-probabilities' raw scores (logits) ``[rows, vocabulary]``.

A search is a generator, ``beams`` or ``draws``: it hands out the tokens that its rows just got and the rows of its last
batch (at first, the groups) that they continue, takes the next logits, and returns what it found. ``together`` runs
several of them over one step function.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Generator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import torch

    from .engine import Restriction

Step = Callable[["torch.Tensor", "torch.Tensor | None"], "torch.Tensor"]
# Tokens and rows out, logits in.
Search = Generator[tuple[list[int], list[int]], "torch.Tensor", list[list["Found"]]]
# (row's group, ids so far) -> what may come next
Restrict = Callable[[int, Sequence[int]], "Restriction | None"]
# Tokens that a draw chooses among at most: what lies beyond the likeliest 64 is never worth writing.
_LIKELIEST = 64


@dataclass(frozen=True)
class Found:
    """Token ids without the end token, whether the output ended by itself, and its score."""

    ids: tuple[int, ...]
    finished: bool
    score: float


def repeated(ids: Sequence[int], size: int) -> list[int]:
    """Tokens that would complete an n-gram of ``size`` that ``ids`` already hold.

    >>> repeated([1, 2, 3, 1, 2], 3)
    [3]
    """
    if size <= 0 or len(ids) < size:
        return []
    tail = tuple(ids[len(ids) - size + 1 :])
    return [ids[i + size - 1] for i in range(len(ids) - size + 1) if tuple(ids[i : i + size - 1]) == tail]


def restrict_logits(
    logits: torch.Tensor,
    rows: Sequence[Sequence[int]],
    groups: Sequence[int],
    eos: int,
    no_repeat_ngram_size: int,
    min_new_tokens: int,
    restrict: Restrict | None,
) -> None:
    """Sets what may not come next to minus infinity, in place.

    Args:
        logits: ``[rows, V]``; rows: the ids of each so far; groups: of each row.
    """
    for row, ids in enumerate(rows):
        banned = repeated(ids, no_repeat_ngram_size)
        if banned:
            logits[row, banned] = float("-inf")
        if len(ids) < min_new_tokens:
            logits[row, eos] = float("-inf")
        restriction = None if restrict is None else restrict(groups[row], ids)
        if restriction is None:
            continue
        if restriction.only is not None:
            only = list(restriction.only)
            kept = logits[row, only].clone()
            if kept.max() > float("-inf"):  # else what is blocked above leaves nothing: the restriction gives way
                logits[row] = float("-inf")
                logits[row, only] = kept
        elif restriction.forbid:
            logits[row, list(restriction.forbid)] = float("-inf")


def greedy(
    logits: torch.Tensor,
    step: Step,
    eos: int,
    *,
    max_new_tokens: int,
    no_repeat_ngram_size: int = 0,
    min_new_tokens: int = 0,
    restrict: Restrict | None = None,
) -> list[Found]:
    """The likeliest token every time.

    Args:
        logits: ``[groups, V]`` after the prompts, raw.
        step: gives the next logits ``[rows, V]``; rows whose output has ended leave the batch (the second argument
            of ``step`` says which rows stay).
    """
    import torch

    groups = list(range(len(logits)))
    ids: list[list[int]] = [[] for _ in groups]
    scores = [0.0] * len(groups)
    done: dict[int, Found] = {}
    while True:
        logits = logits.float()
        restrict_logits(logits, [ids[g] for g in groups], groups, eos, no_repeat_ngram_size, min_new_tokens, restrict)
        best, token = logits.max(dim=-1)
        logprob = (best - logits.logsumexp(dim=-1)).tolist()
        stay, feed = [], []
        for row, (group, choice) in enumerate(zip(groups, token.tolist(), strict=True)):
            scores[group] += logprob[row]
            if choice != eos:
                ids[group].append(choice)
            if choice == eos or len(ids[group]) >= max_new_tokens:
                length = len(ids[group]) + (choice == eos)
                done[group] = Found(tuple(ids[group]), choice == eos, scores[group] / max(length, 1))
            else:
                stay.append(row)
                feed.append(choice)
        if not stay:
            return [done[g] for g in sorted(done)]
        kept = None if len(stay) == len(groups) else torch.tensor(stay, device=logits.device)
        groups = [groups[row] for row in stay]
        logits = step(torch.tensor(feed, device=logits.device), kept)


def together(searches: Sequence[Search], step: Step, device: torch.device | str) -> list[list[list[Found]]]:
    """What each search finds; all their rows are one batch, in the searches' order.

    Args:
        searches: begun with the same logits after the prompts, whose rows they share.
    """
    import torch

    found: list[list[list[Found]]] = [[] for _ in searches]
    asked: dict[int, tuple[list[int], list[int]]] = {}
    first: dict[int, int] = dict.fromkeys(range(len(searches)), 0)  # of each search's rows in the last batch
    before = -1  # rows of that batch; of the prompts', unknown

    def go_on(at: int, logits: torch.Tensor | None) -> None:
        try:
            asked[at] = next(searches[at]) if logits is None else searches[at].send(logits)
        except StopIteration as end:
            found[at] = end.value
            asked.pop(at, None)

    for at in range(len(searches)):
        go_on(at, None)
    while asked:
        feed = [token for tokens, _ in asked.values() for token in tokens]
        rows = [first[at] + row for at, (_, parents) in asked.items() for row in parents]
        kept = None if rows == list(range(before)) else torch.tensor(rows, device=device)
        logits = step(torch.tensor(feed, device=device), kept)
        before, start = len(rows), 0
        for at, (tokens, _) in list(asked.items()):
            first[at], start = start, start + len(tokens)
            go_on(at, logits[first[at] : start])
    return found


def draws(
    logits: torch.Tensor,
    eos: int,
    samples: int,
    *,
    seeds: Sequence[str],
    temperature: float = 1.0,
    top_p: float = 1.0,
    max_new_tokens: int,
    no_repeat_ngram_size: int = 0,
    min_new_tokens: int = 0,
    restrict: Restrict | None = None,
) -> Search:
    """For every group, ``samples`` outputs whose tokens are drawn by their probabilities.

    Args:
        logits: ``[groups, V]`` after the prompts, raw; the first step repeats the rows, and later rows whose output has
            ended leave the batch.
        seeds: of each group. An output's draws depend on its group's seed and its number in the group alone, so that
            it is the same in any batch.
        temperature: what the logits are divided by.
        top_p: tokens are drawn from the likeliest whose probabilities sum to this.
    """
    import torch

    count = len(logits) * samples
    chance = [random.Random(f"{seed} {number}") for seed in seeds for number in range(samples)]
    ids: list[list[int]] = [[] for _ in range(count)]
    totals = [0.0] * count
    done: dict[int, Found] = {}
    running = list(range(count))
    parents = [output // samples for output in running]  # of each running output, its row in the last batch
    logits = logits.float()[parents]
    while True:
        logits = logits.float()
        whole = logits.logsumexp(dim=-1)
        groups = [output // samples for output in running]
        restrict_logits(logits, [ids[o] for o in running], groups, eos, no_repeat_ngram_size, min_new_tokens, restrict)
        best, tokens = logits.topk(min(_LIKELIEST, logits.shape[-1]), dim=-1)
        sums = (best / temperature).softmax(dim=-1).cumsum(dim=-1)  # [rows, likeliest]
        possible = (best > float("-inf")).sum(dim=-1, keepdim=True)
        last = torch.minimum((sums < top_p).sum(dim=-1, keepdim=True), possible - 1).clamp(min=0)  # that is drawn from
        drawn = torch.tensor([chance[o].random() for o in running], device=logits.device)[:, None]
        place = torch.minimum((sums <= drawn * sums.gather(-1, last)).sum(dim=-1, keepdim=True), last)
        logprob = (best.gather(-1, place) - whole[:, None])[:, 0].tolist()
        nothing = (best[:, 0] == float("-inf")).tolist()  # all is forbidden
        stay, feed = [], []
        for row, (output, token) in enumerate(zip(running, tokens.gather(-1, place)[:, 0].tolist(), strict=True)):
            if not nothing[row]:
                totals[output] += logprob[row]
                if token != eos:
                    ids[output].append(token)
            if nothing[row] or token == eos or len(ids[output]) >= max_new_tokens:
                ended = token == eos and not nothing[row]
                length = len(ids[output]) + ended
                done[output] = Found(tuple(ids[output]), ended, totals[output] / max(length, 1))
            else:
                stay.append(row)
                feed.append(token)
        if not stay:
            return [[done[g * samples + k] for k in range(samples)] for g in range(count // samples)]
        kept = [parents[row] for row in stay]
        running = [running[row] for row in stay]
        parents = list(range(len(running)))
        logits = yield feed, kept


def beams(
    logits: torch.Tensor,
    eos: int,
    num_beams: int,
    *,
    max_new_tokens: int,
    early: bool = False,
    length_penalty: float = 1.0,
    no_repeat_ngram_size: int = 0,
    min_new_tokens: int = 0,
    restrict: Restrict | None = None,
) -> Search:
    """Beam search as transformers does it (early stopping off): for every group its finished outputs, best first.

    A group is over when its ``num_beams`` finished outputs all score at least what its best running beam would
    score if it ended now; with ``early``, when the best of them does.

    Args:
        logits: ``[groups, V]`` after the prompts, raw; the first step repeats the rows.
    """
    import torch

    groups_running = list(range(len(logits)))
    finished: list[list[Found]] = [[] for _ in groups_running]
    rows: list[list[int]] = [[] for _ in groups_running]  # ids of every running beam, group after group
    totals = torch.zeros(len(rows), dtype=torch.float32)
    width = 1
    vocabulary = logits.shape[-1]
    for length in range(1, max_new_tokens + 1):
        logits = logits.float()
        raw = torch.log_softmax(logits, dim=-1)
        row_groups = [g for g in groups_running for _ in range(width)]
        restrict_logits(raw, rows, row_groups, eos, no_repeat_ngram_size, min_new_tokens, restrict)
        scored = (raw.cpu() + totals[:, None]).view(len(groups_running), width * vocabulary)
        values, flat = scored.topk(min(2 * num_beams, scored.shape[1]), dim=-1)
        next_groups: list[int] = []
        next_rows: list[list[int]] = []
        feed: list[int] = []
        parents: list[int] = []
        next_totals: list[float] = []
        for at, group in enumerate(groups_running):
            taken = 0
            for rank, (value, index) in enumerate(zip(values[at].tolist(), flat[at].tolist(), strict=True)):
                if value == float("-inf"):
                    break
                parent, token = at * width + index // vocabulary, index % vocabulary
                if token == eos:
                    if rank < num_beams:
                        score = value / length**length_penalty
                        _keep(finished[group], Found(tuple(rows[parent]), True, score), num_beams)
                    continue
                if taken == num_beams:
                    continue
                taken += 1
                next_rows.append([*rows[parent], token])
                feed.append(token)
                parents.append(parent)
                next_totals.append(value)
            while taken and taken < num_beams:  # fewer candidates than beams: pad with beams that cannot win
                next_rows.append(next_rows[-1])
                feed.append(feed[-1])
                parents.append(parents[-1])
                next_totals.append(float("-inf"))
                taken += 1
            best = max(next_totals[-num_beams:]) / length**length_penalty if taken else float("-inf")
            over = not taken or (
                len(finished[group]) == num_beams and finished[group][0 if early else -1].score >= best
            )
            if length == max_new_tokens and not over:
                for ids, total in zip(next_rows[-num_beams:], next_totals[-num_beams:], strict=True):
                    if total > float("-inf"):
                        _keep(finished[group], Found(tuple(ids), False, total / length**length_penalty), num_beams)
            if over or length == max_new_tokens:
                if taken:
                    for items in (next_rows, feed, parents, next_totals):
                        del items[-num_beams:]
            else:
                next_groups.append(group)
        if not next_groups:
            break
        groups_running, rows, width = next_groups, next_rows, num_beams
        totals = torch.tensor(next_totals)
        logits = yield feed, parents
    return finished


def _keep(finished: list[Found], found: Found, num_beams: int) -> None:
    finished.append(found)
    finished.sort(key=lambda f: -f.score)
    del finished[num_beams:]
