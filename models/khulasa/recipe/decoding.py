"""Chooses decoding defaults on the dev sets: greedy or beams, length penalty, n-gram blocking, least length, and which
candidates of a summary, or of a translation, there are and what chooses among them."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

from summarize.channel import Worth, translations
from summarize.rerank import choose, most_supported, widened

from ...engine import Decoding
from .measure import Choice, engine_with, outputs_of, score_outputs


@dataclass(frozen=True)
class Setting:
    """What is searched for, and how summaries (``choice``) and translations (``worth``) are chosen if it is several."""

    decoding: Decoding
    choice: Choice = choose
    worth: Worth | None = None


_GREEDY = Decoding(max_new_tokens=176)
_BEAMS = Decoding(num_beams=4, early=True, max_new_tokens=176)
_SEVERAL = translations(_BEAMS)
_ALWAYS = partial(choose, sure=0.0)
_SEARCHES: dict[str, Decoding] = {
    "greedy": _GREEDY,
    "greedy-4gram": replace(_GREEDY, no_repeat_ngram_size=4),
    "greedy-min12": replace(_GREEDY, min_new_tokens=12),
    "beams4": _BEAMS,
    "beams4-3gram": replace(_BEAMS, no_repeat_ngram_size=3),
    "beams4-min12": replace(_BEAMS, min_new_tokens=12),
    "beams4-penalty0": replace(_BEAMS, length_penalty=0.0),
    "beams4-penalty0.6": replace(_BEAMS, length_penalty=0.6),
    "beams4-penalty-0.5": replace(_BEAMS, length_penalty=-0.5),
    "beams4-penalty1.5": replace(_BEAMS, length_penalty=1.5),
}
SETTINGS: dict[str, Setting] = {
    **{name: Setting(decoding) for name, decoding in _SEARCHES.items()},
    # Candidates: the likeliest of those with the fewest alarms, and minimum Bayes risk.
    "beams4-supported": Setting(replace(_BEAMS, num_return=4), most_supported),
    **{f"draws{n}": Setting(replace(widened(_BEAMS), samples=n), _ALWAYS) for n in (4, 8, 16, 32)},
    **{f"draws{n}-unless-sure": Setting(replace(widened(_BEAMS), samples=n)) for n in (8, 16, 32)},
    "draws8-beams4": Setting(replace(widened(_BEAMS), num_return=4), _ALWAYS),
    "draws8-greedy": Setting(widened(_GREEDY), _ALWAYS),
    # Candidates of translations.
    **{f"channel-draws{n}": Setting(replace(_SEVERAL, samples=n), worth=Worth(agreement=0.0)) for n in (8, 32)},
    **{f"channel-agreement-draws{n}": Setting(replace(_SEVERAL, samples=n), worth=Worth()) for n in (8, 12, 32)},
    "agreement-draws12": Setting(_SEVERAL, worth=Worth(channel=0.0)),
}


@dataclass(frozen=True)
class Tried:
    """A setting, what it scored by "set metric", and the seconds it took."""

    name: str
    scores: Mapping[str, float]
    seconds: float


def search(
    adapter: Path,
    data: Path,
    weights: Path,
    items: int,
    only: Sequence[str] | None = None,
    settings: Mapping[str, Setting] = SETTINGS,
    both: bool = False,
    length: str | None = None,
    skip: int = 0,
) -> list[Tried]:
    """Every setting on the same documents; ``both``: into the other language, too; ``outputs_of`` has the others."""
    tried = []
    with engine_with(adapter, weights) as engine:
        for name, setting in settings.items():
            began = time.monotonic()
            outputs = outputs_of(
                engine, data, items, setting.decoding, both=both, only=only, length=length, skip=skip,
                choice=setting.choice, worth=setting.worth,
            )  # fmt: skip
            tried.append(Tried(name, score_outputs(outputs), time.monotonic() - began))
    return tried


def table(tried: Sequence[Tried]) -> str:
    """One line per measure, one column per setting, the best of each line starred; then the seconds."""
    keys = dict.fromkeys(key for t in tried for key in t.scores)
    width = max((len(t.name) for t in tried), default=0) + 2
    lines = [" " * 34 + "".join(f"{t.name:>{width}}" for t in tried)]
    for key in keys:
        values = [t.scores.get(key) for t in tried]  # none where an output states no number, or no name
        known = [v for v in values if v is not None]
        marks = ["*" if v == max(known) > min(known) else " " for v in values]
        cells = ["-" if v is None else f"{v:.2f}" for v in values]
        lines.append(f"{key:34}" + "".join(f"{c:>{width - 1}}{m}" for c, m in zip(cells, marks, strict=True)))
    lines.append(f"{'seconds':34}" + "".join(f"{t.seconds:{width - 1}.0f} " for t in tried))
    return "\n".join(lines)
