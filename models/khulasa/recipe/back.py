"""Back-translation: sentences that people wrote, with sources that the model makes by translating them.

The model learns to write the human sentence out of its own translation of it (Sennrich et al. 2016, "Improving neural
machine translation models with monolingual data"): news is what it must translate, and there is hardly any bitext of
it. A pair is kept when source and sentence agree in numbers and names (``summarize.checks``, both ways), length and
language. Written as JSON lines ``id, ar, en, to``, where ``to`` is the language that a person wrote.
"""

from __future__ import annotations

import json
import os
import random
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ...engine import Decoding, Task
from . import filters
from .filters import Seen
from .measure import generate, right_language
from .mix import find, held_out, read_rows

if TYPE_CHECKING:
    from ..engine import KhulasaEngine

FILES = {
    "ar": ("ar/ant_bbc", "ar/ant_france24", "ar/titles"),
    "en": ("en/xsum_train_sample", "en/xsum_more", "en/bbc2004_lead_xsumstyle", "en/cnn_dailymail_train_sample",
           "en/inshorts_news_summary"),
}  # fmt: skip
_GREEDY = Decoding(no_repeat_ngram_size=4, forbid_script=("en",))
_LENGTHS = range(8, 37)  # words


def whole_lines(out: Path) -> bool:
    """Whether there is such a file; drops the line that was being written when an earlier run was killed."""
    if not out.is_file():
        return False
    os.truncate(out, out.read_bytes().rfind(b"\n") + 1)
    return True


def sentences(data: Path, language: str, seed: int = 0, each: int = 2) -> Iterator[dict[str, str]]:
    """``id, text`` of the summaries and of ``each`` sentences of every document, in a random order; none of the dev
    sets', none twice."""
    dev, seen, found = held_out(data), Seen(share=0.6), []
    for name in FILES[language]:
        path = find(data, name)
        for row in read_rows(path) if path else ():
            rnd = random.Random(f"{seed}:{row['id']}")
            parts = [p.strip() for p in filters._SENTENCE.split(row["document"]) if p and p.strip()]
            # The last may be cut short.
            parts = [p for p in parts[:-1] if len(p.split()) in _LENGTHS and p[-1] in '.!?؟"”']
            chosen = rnd.sample(parts, min(each, len(parts)))
            summary = row.get("summary")
            if summary and len(summary.split()) in _LENGTHS:
                chosen.append(summary)
            if chosen and not dev.repeats(row["document"]):
                found += [{"id": f"{row['id']}#{i}", "text": text} for i, text in enumerate(chosen)]
    random.Random(seed).shuffle(found)
    return (one for one in found if seen.new(one["text"]))


def fit(text: str, source: str, language: str) -> str:
    """Why ``source``, in ``language``, is no fit translation of a human ``text``; "" if it is."""
    from summarize.checks import check

    if not right_language(source, language):
        return "language"
    if not 0.5 < len(source) / max(1, len(text)) < 2.0:
        return "length"
    if filters.unsupported_numbers(source, text) or filters.unsupported_numbers(text, source):
        return "numbers"
    if not check(text, source).supported or not check(source, text).supported:
        return "numbers or names"
    return ""


def make_back(
    engine: KhulasaEngine,
    rows: Iterable[dict[str, str]],
    to: str,
    out: Path,
    batch: int = 64,
    report: Callable[[str], None] | None = None,
) -> dict[str, int]:
    """Writes pairs for human sentences in language ``to``, a batch at a time; goes on where an earlier run stopped.

    Returns:
        Counts by verdict; "kept" are written.
    """
    source = "en" if to == "ar" else "ar"
    place = out.with_name(f"{out.name}.{to}.at")  # how many sentences were tried
    there = whole_lines(out)
    done = int(place.read_text()) if there and place.is_file() else 0
    # What was written after that number was.
    written = {row["id"] for row in read_rows(out)} if there else set()
    counts: dict[str, int] = {}
    waiting: list[dict[str, str]] = []
    reached = done

    def flush() -> None:
        # Of alike length, so that little is padded.
        group = sorted(waiting, key=lambda row: len(row["text"]))
        for i in range(0, len(group), batch):
            _write(group[i : i + batch])
        waiting.clear()
        place.write_text(str(reached))
        if report:
            report(f"{source}>{to}: {reached} tried, {counts}")

    def _write(group: Sequence[dict[str, str]]) -> None:
        texts = [row["text"] for row in group]
        # One that does not end would hold up the whole batch, and is of no use.
        decoding = replace(_GREEDY, max_new_tokens=3 * max(map(engine.count, texts)) // 2 + 8)
        made = generate(engine, texts, [Task("translation", source)], decoding, batch)
        with out.open("a", encoding="utf-8") as file:
            for row, (text,) in zip(group, made, strict=True):
                why = fit(row["text"], text, source) or "kept"
                counts[why] = counts.get(why, 0) + 1
                if why == "kept":
                    record: dict[str, Any] = {"id": row["id"], to: row["text"], source: text, "to": to}
                    file.write(json.dumps(record, ensure_ascii=False) + "\n")

    for number, row in enumerate(rows):
        if number < done or row["id"] in written:
            continue
        waiting.append(row)
        reached = number + 1
        if len(waiting) >= 8 * batch:
            flush()
    if waiting:
        flush()
    return counts
