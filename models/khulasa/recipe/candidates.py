"""Candidates for sequence-level training: what the model itself writes for training examples, each with its reward.

Token by token the model only ever learns to go on from the reference; here it learns which of its own outputs to
prefer (Shen et al. 2016, "Minimum risk training"; Edunov et al. 2018, "Classical structured prediction losses"; Liu et
al. 2022, BRIO). Candidates are beams and draws; a reward is agreement with the reference that a person wrote, less
something for every number, date and name that the document does not support. ``risk.py`` has the loss.

Written as JSON lines ``id, document, targets, candidates``: ``targets`` as in a silver pair, the first of them the
reference that the ``candidates``, [text, reward] each, were made for.
"""

from __future__ import annotations

import json
import random
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ....errors import UsageError
from ...engine import Decoding, Task
from ..prompts import length_of
from .back import whole_lines
from .measure import right_language
from .mix import Example, read_rows

if TYPE_CHECKING:
    from ..engine import KhulasaEngine

SEARCH = Decoding(num_beams=4, early=True, num_return=4, samples=4, temperature=0.8, top_p=0.95, max_new_tokens=110)
ALARM = 0.1  # what a reward loses for each number, date or name that is not in the document, three at most
PARTS: Mapping[str, int] = {"sum-ar": 900, "xsum": 500, "sum-en": 300, "head-ar": 200, "tr": 1800}
LEAST_SPREAD = 0.03  # examples whose candidates are all about as good teach nothing


@dataclass(frozen=True)
class Item:
    """A training example that candidates are made for: where it is in its part, and its first target's task."""

    id: str
    example: Example

    @property
    def task(self) -> Task:
        """What is asked of the model: the reference's kind, language and length."""
        kind, language, text = self.example.targets[0]
        return Task(kind, language, length_of(len(text.split())) if kind == "summary" else "short")


def items(parts: Mapping[str, Sequence[Example]], wanted: Mapping[str, int], seed: int = 0) -> Iterator[Item]:
    """``wanted[part]`` examples of every part, drawn by chance; a larger number only adds to them."""
    for part, number in wanted.items():
        order = list(range(len(parts.get(part, ()))))
        random.Random(f"{seed}:{part}").shuffle(order)
        for i in order[:number]:
            yield Item(f"{part}:{i}", parts[part][i])


def numbers(given: Sequence[str]) -> dict[str, int]:
    """``["sum-ar=900"]`` as a dictionary.

    Raises:
        UsageError: one is not of the form PART=NUMBER.
    """
    found = {}
    for one in given:
        part, sign, number = one.partition("=")
        if not sign or not number.isdigit():
            raise UsageError(f"{one!r} is not of the form PART=NUMBER, such as sum-ar=900")
        found[part] = int(number)
    return found


def reward(task: Task, text: str, reference: str, document: str) -> float:
    """What an output is worth, about 0 to 1.

    The mean F1 of ROUGE-1, ROUGE-2 and ROUGE-L for summaries and headlines, sentence chrF / 100 for translations; less
    ``ALARM`` for each claim that the document does not support; 0 in the wrong language.
    """
    from summarize.checks import prepared

    if not right_language(text, task.language):
        return 0.0
    if task.kind == "translation":
        from sacrebleu.metrics import CHRF

        alike = CHRF().sentence_score(text, [reference]).score / 100
    else:
        from summarize.eval.rouge import Rouge

        scores = Rouge(lang=task.language).score(text, reference)
        alike = sum(scores[metric].f1 for metric in ("rouge1", "rouge2", "rougeL")) / 3
    return alike - ALARM * min(3, len(prepared(document).check(text).alarms))


def worth_training(scored: Sequence[tuple[str, float]]) -> bool:
    """Whether there is something to prefer among candidates."""
    values = [value for _, value in scored]
    return len(values) > 1 and max(values) - min(values) >= LEAST_SPREAD


def make_candidates(
    engine: KhulasaEngine,
    chosen: Iterable[Item],
    out: Path,
    batch: int = 16,
    decoding: Decoding = SEARCH,
    most_source: int = 600,
    report: Callable[[str], None] | None = None,
) -> dict[str, int]:
    """Writes the candidates of every item, a batch of alike tasks at a time, skipping ids that ``out`` has.

    Args:
        most_source: tokens of a document that candidates are made from; those of training must not be fewer.

    Returns:
        How many items were "kept", had "no spread", and were there already.
    """
    done = {row["id"] for row in read_rows(out)} if whole_lines(out) else set()
    counts = {"kept": 0, "no spread": 0, "there": 0}
    waiting: dict[Task, list[Item]] = {}

    def flush(task: Task, group: list[Item]) -> None:
        documents = [_cut(engine, item.example.document, most_source) for item in group]
        longest = max(map(engine.count, documents))
        # A translation that does not end would hold up the whole batch.
        most = min(decoding.max_new_tokens, 3 * longest // 2 + 8) if task.kind == "translation" else 0
        search = replace(decoding, max_new_tokens=most or decoding.max_new_tokens, forbid_script=("ar", "en"))
        memory = engine.encode(documents)
        with out.open("a", encoding="utf-8") as file:
            for item, document, (outputs,) in zip(
                group, documents, engine.candidates(memory, [task], search), strict=True
            ):
                reference = item.example.targets[0][2]
                texts = dict.fromkeys(o.text.strip() for o in outputs if o.finished and o.text.strip())
                scored = [(text, round(reward(task, text, reference, document), 4)) for text in texts]
                kept = worth_training(scored)
                counts["kept" if kept else "no spread"] += 1
                record: dict[str, Any] = {
                    "id": item.id,
                    "document": item.example.document,
                    "targets": item.example.targets,
                    "candidates": scored if kept else [],
                }
                file.write(json.dumps(record, ensure_ascii=False) + "\n")
        if report:
            report(f"{task.kind} {task.language}: {counts}")

    def empty(task: Task) -> None:
        # Of alike length, so that little is padded.
        group = sorted(waiting.pop(task), key=lambda item: len(item.example.document))
        for i in range(0, len(group), batch):
            flush(task, group[i : i + batch])

    for item in chosen:
        if item.id in done:
            counts["there"] += 1
            continue
        waiting.setdefault(item.task, []).append(item)
        if len(waiting[item.task]) >= 8 * batch:
            empty(item.task)
    for task in list(waiting):
        empty(task)
    return counts


def _cut(engine: KhulasaEngine, document: str, most: int) -> str:
    ids = engine.sp.encode(document)
    return document if len(ids) < most else str(engine.sp.decode(ids[: most - 1]))
