"""Measures an adapter by what it writes on the dev sets: ROUGE, chrF of translations, numbers, languages."""

from __future__ import annotations

import os
import tempfile
import time
from collections.abc import Callable, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from summarize.channel import Worth, decode_channel
from summarize.rerank import choose, decode_best

from ...engine import Decoding, Output, Task
from ..prompts import length_of
from ..weights import Layout
from .mix import find, read_rows

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ..engine import KhulasaEngine

# Name, file, target language, kind. Documents are summarised into both languages; the reference is of one of them.
SETS = (
    ("ar/dev_nolead", "ar", "short"),
    ("ar/dev", "ar", "short"),
    ("en/dev_xsum", "en", "short"),
    ("en/dev_cnndm", "en", "medium"),
)
FLORES = "parallel/flores200_dev"
GREEDY = Decoding(max_new_tokens=110)
# Of an output's candidates, its language and its document, the one that is taken.
Choice = Callable[[Sequence[Output], str, Any], Output]


@dataclass(frozen=True)
class Generated:
    """One output: the set, the document's id, the language asked for, document, output, reference ("" if none)."""

    set: str
    id: str
    language: str
    document: str
    output: str
    reference: str = ""


@dataclass(frozen=True)
class Measured:
    """scores: by "set metric"; outputs: all that was generated; seconds: in all."""

    scores: dict[str, float]
    outputs: tuple[Generated, ...] = field(repr=False)
    seconds: float = 0.0

    def rows(self) -> Iterator[dict[str, Any]]:
        """The outputs for JSON lines; of each document its beginning."""
        for g in self.outputs:
            yield {
                "set": g.set,
                "id": g.id,
                "language": g.language,
                "document": g.document[:300],
                "output": g.output,
                "reference": g.reference,
            }


def _length(summary: str) -> str:
    return length_of(len(summary.split()))


@contextmanager
def engine_with(adapter: Path, weights: Path, device: str = "cpu") -> Iterator[KhulasaEngine]:
    """The engine on the base of ``weights`` with another adapter."""
    from ..engine import KhulasaEngine

    with tempfile.TemporaryDirectory() as name:
        folder, source = Layout(Path(name)), Layout(weights)
        for path in (source.config, source.tokenizer, *source.shards):
            os.symlink(path.resolve(), folder.folder / path.name)
        os.symlink(adapter.resolve(), folder.adapter)
        folder.write_sums()
        yield KhulasaEngine(folder, device)


def generate(
    engine: KhulasaEngine,
    documents: Sequence[str],
    tasks: Sequence[Task],
    decoding: Decoding = GREEDY,
    batch: int = 8,
    choice: Choice = choose,
    worth: Worth | None = None,
) -> list[list[str]]:
    """Texts ``[documents][tasks]``; documents of like length go together. What is to be translated is read with the
    glossary's names.

    Args:
        choice: what is taken where ``decoding`` gives candidates.
        worth: how a translation is chosen among them instead (``summarize.channel``).
    """
    source = "en" if tasks[0].language == "ar" else "ar"
    translate = tasks[0].kind == "translation" and hasattr(engine, "with_names")
    read = [engine.with_names(text, source) for text in documents] if translate else documents
    order = sorted(range(len(documents)), key=lambda i: len(documents[i]))
    texts: list[list[str]] = [[] for _ in documents]
    for at in range(0, len(order), batch):
        chosen = order[at : at + batch]
        some = [documents[i] for i in chosen]
        memory = engine.encode([read[i] for i in chosen])
        if decoding.several and worth is not None and translate:
            (task,) = tasks
            outputs = [[one] for one in decode_channel(engine, memory, task, decoding, some, source, some, worth=worth)]
        elif decoding.several:
            outputs = decode_best(engine, memory, tasks, decoding, some, choice=choice)
        else:
            outputs = engine.decode(memory, tasks, decoding)
        for i, row in zip(chosen, outputs, strict=True):
            texts[i] = [output.text for output in row]
    return texts


def translated(
    engine: KhulasaEngine, texts: Sequence[str], source: str, to: str, batch: int = 16, quality: str = "fast"
) -> list[str]:
    """Translations as a summary's is made: beams and draws, numbers constrained, candidates judged, repairs."""
    from summarize.checks.constraint import NumberVocabulary
    from summarize.decode import Decoder

    decoder = Decoder(engine, vocabulary=NumberVocabulary.from_pieces(engine.pieces), faithful=True, quality=quality)
    order = sorted(range(len(texts)), key=lambda i: len(texts[i]))
    found = [""] * len(texts)
    for at in range(0, len(order), batch):
        chosen = order[at : at + batch]
        some = [texts[i] for i in chosen]
        memory = decoder.encode(some, [source] * len(some), translate=True)
        for i, (output,) in zip(
            chosen, decoder.decode(memory, [Task("translation", to)], some, source=source), strict=True
        ):
            found[i] = output.text
    return found


def right_language(text: str, language: str) -> bool:
    """Whether most letters are of the language's script."""
    arabic = sum("\u0600" <= c <= "\u06ff" for c in text)
    latin = sum(c.isascii() and c.isalpha() for c in text)
    return (arabic > latin) == (language == "ar") and arabic + latin > 0


def claims(outputs: Sequence[Generated]) -> dict[str, tuple[int, int]]:
    """For "numbers" (dates included) and "names": how many does the document support, of how many stated."""
    from summarize.checks import check
    from summarize.checks.verdict import BAD

    found = {"numbers": [0, 0], "names": [0, 0]}
    for g in outputs:
        for finding in check(g.document, g.output).findings:
            count = found["names" if finding.kind == "name" else "numbers"]
            count[0] += finding.status not in BAD
            count[1] += 1
    return {kind: (good, stated) for kind, (good, stated) in found.items()}


def score_outputs(outputs: Sequence[Generated]) -> dict[str, float]:
    """Scores by "set>language metric": ROUGE F1 or chrF where there are references, outputs in the language
    asked for, and numbers and names that the document supports (left out where none are stated), in per cent; words
    of an output."""
    from summarize.eval.rouge import Rouge

    scores: dict[str, float] = {}
    for name, language in dict.fromkeys((g.set, g.language) for g in outputs):
        group = [g for g in outputs if (g.set, g.language) == (name, language)]
        label = f"{name}>{language}"
        if name == FLORES:
            from sacrebleu.metrics import CHRF

            scores[f"{label} chrF"] = (
                CHRF().corpus_score([g.output for g in group], [[g.reference for g in group]]).score
            )
        elif all(g.reference for g in group):
            found = Rouge(lang=language).corpus([g.output for g in group], [g.reference for g in group])
            for metric in ("rouge1", "rouge2", "rougeL"):
                scores[f"{label} {metric}"] = 100 * found.mean(metric).f1
        scores[f"{label} words"] = sum(len(g.output.split()) for g in group) / len(group)
        scores[f"{label} language"] = 100 * sum(right_language(g.output, language) for g in group) / len(group)
        for kind, (good, stated) in claims(group).items():
            if stated:
                scores[f"{label} {kind}"] = 100.0 * good / stated
    return {key: round(value, 2) for key, value in scores.items()}


def outputs_of(
    engine: KhulasaEngine,
    data: Path,
    items: int,
    decoding: Decoding = GREEDY,
    texts: Sequence[Path] = (),
    both: bool = True,
    only: Sequence[str] | None = None,
    pivot: bool = False,
    length: str | None = None,
    in_use: str | None = None,
    skip: int = 0,
    choice: Choice = choose,
    worth: Worth | None = None,
) -> list[Generated]:
    """Generates for the first ``items`` documents of every dev set (spread over FLORES) and for ``texts``.

    Args:
        both: into both languages on one set of each language.
        only: names of the sets to use; None uses all.
        pivot: into the other language also by translating the summary, as set "... via ar" (or en).
        length: of the summaries, of documents that have a reference of that length; None is the usual one of each set,
            whatever its references.
        in_use: the quality with which FLORES is translated as in use; None translates it by ``decoding``.
        skip: documents of every set to pass over.
        choice, worth: see ``generate``.
    """
    made: list[Generated] = []
    for name, language, usual in SETS:
        path = find(data, name)
        if path is None or (only is not None and name not in only):
            continue
        rows = [r for r in read_rows(path) if r.get("summary") and length in (None, _length(r["summary"]))]
        rows = rows[skip : skip + items]
        # Into the other language on the two sets that differ most in source: enough to see it, half the time.
        languages = ("ar", "en") if both and name in ("ar/dev_nolead", "en/dev_xsum") else (language,)
        tasks = [Task("summary", to, length or usual) for to in languages]
        written = generate(engine, [r["document"] for r in rows], tasks, decoding, choice=choice)
        for row, found in zip(rows, written, strict=True):
            for to, text in zip(languages, found, strict=True):
                made.append(
                    Generated(name, row["id"], to, row["document"], text, row["summary"] if to == language else "")
                )
        if pivot and len(languages) == 2:
            own, other = languages.index(language), languages.index(language) ^ 1
            short = [found[own] for found in written]
            task = Task("translation", languages[other])
            again = generate(engine, short, [task], decoding, 16, choice, worth)
            for row, (text,) in zip(rows, again, strict=True):
                made.append(Generated(f"{name} via {language}", row["id"], languages[other], row["document"], text))
    path = find(data, FLORES)
    if path is not None and (only is None or FLORES in only):
        rows = list(read_rows(path))[skip:]
        rows = rows[:: max(1, len(rows) // (2 * items))][: 2 * items]
        for source, to in (("ar", "en"), ("en", "ar")):
            sources = [r[source] for r in rows]
            if in_use:
                texts_there = translated(engine, sources, source, to, quality=in_use)
            else:
                task = Task("translation", to)
                texts_there = [text for (text,) in generate(engine, sources, [task], decoding, 16, choice, worth)]
            for row, text in zip(rows, texts_there, strict=True):
                made.append(Generated(FLORES, str(row["id"]), to, row[source], text, row[to]))
    for file in texts:
        document = file.read_text(encoding="utf-8")
        tasks = [Task("summary", to, wanted) for to in ("ar", "en") for wanted in ("short", "medium")]
        for task, output in zip(tasks, generate(engine, [document], tasks, decoding, choice=choice)[0], strict=True):
            made.append(Generated(file.name, task.length, task.language, document, output))
    return made


def measure_adapter(
    adapter: Path,
    data: Path,
    weights: Path,
    items: int = 24,
    decoding: Decoding = GREEDY,
    texts: Sequence[Path] = (),
    both: bool = True,
    only: Sequence[str] | None = None,
    pivot: bool = False,
    in_use: str | None = None,
) -> Measured:
    """Generates and scores; the same documents every time, so that adapters can be compared."""
    began = time.monotonic()
    with engine_with(adapter, weights) as engine:
        outputs = outputs_of(engine, data, items, decoding, texts, both, only, pivot, in_use=in_use)
    scored = [g for g in outputs if g.set not in {t.name for t in texts}]
    return Measured(score_outputs(scored), tuple(outputs), time.monotonic() - began)


def show(title: str, measured: Measured, samples: int = 2) -> str:
    """Scores as lines, then a few outputs of every set and language, then the given texts' outputs."""
    lines = [f"# {title} ({measured.seconds:.0f} s)"]
    lines += [f"{key:32} {value:6.2f}" for key, value in measured.scores.items()]
    shown: dict[tuple[str, str], int] = {}
    for g in measured.outputs:
        key = (g.set, g.language)
        shown[key] = shown.get(key, 0) + 1
        if shown[key] <= samples or "/" not in g.set:
            lines += ["", f"[{g.set} {g.id} > {g.language}] {g.document[:110]!r}", f"  {g.output}"]
            if g.reference:
                lines.append(f"  reference: {g.reference}")
    return "\n".join(lines)
