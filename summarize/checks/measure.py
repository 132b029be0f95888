"""Measure the checks: agreement with people, false alarms on human references, speed.

::

    python -m summarize.checks.measure DATA_FOLDER            # everything
    python -m summarize.checks.measure DATA_FOLDER --list     # and every alarm on a human reference
    python -m summarize.checks.measure DATA_FOLDER --vocabulary khulasa.spm     # and the decoding constraint

``DATA_FOLDER`` holds ``human/frank.jsonl.gz``, ``human/summeval.jsonl.gz``, ``ar/dev.jsonl.gz``,
``en/dev_xsum.jsonl.gz``, ``en/dev_cnndm.jsonl.gz`` and ``parallel/flores200_dev.jsonl.gz``, all gzip JSON lines.

FRANK and SummEval come without references, so ROUGE is taken between the summary and the document itself, in the three
ways in which it can be: precision, recall and F1. Whole documents fall into the tuning or the reporting half (by a
hash), so that no document is in both.
"""

from __future__ import annotations

import argparse
import gzip
import json
import random
import re
import time
import zlib
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

from .constraint import NumberConstraint, NumberVocabulary
from .gazetteer import load
from .score import WEIGHTS, grounding, weigh
from .text import arabic_stems, fold, fold_char, is_arabic, tokenize
from .verdict import Document, Finding, Verdict

ERRORS = ("EntE", "CircE", "OutE", "RelE", "Semantic_Frame_Errors", "Content_Verifiability_Errors")
"""FRANK's error types (Pagnoni et al. 2021) that a number or a name can be part of; 1 means no such error."""


def rows(path: Path) -> list[dict]:
    """All objects of a gzip JSON lines file."""
    with gzip.open(path, "rt", encoding="utf-8") as lines:
        return [json.loads(line) for line in lines]


def tuning(document: str) -> bool:
    """Whether a document belongs to the tuning half."""
    return zlib.crc32(document.encode()) % 2 == 0


def _ranks(values: Sequence[float]) -> list[float]:
    order = sorted(range(len(values)), key=values.__getitem__)
    out = [0.0] * len(values)
    i = 0
    while i < len(order):
        j = i
        while j + 1 < len(order) and values[order[j + 1]] == values[order[i]]:
            j += 1
        for k in range(i, j + 1):
            out[order[k]] = (i + j) / 2
        i = j + 1
    return out


def pearson(x: Sequence[float], y: Sequence[float]) -> float:
    """Pearson's correlation, 0 when one side is constant."""
    n = len(x)
    mx, my = sum(x) / n, sum(y) / n
    sx = sum((a - mx) ** 2 for a in x) ** 0.5
    sy = sum((b - my) ** 2 for b in y) ** 0.5
    return sum((a - mx) * (b - my) for a, b in zip(x, y, strict=True)) / (sx * sy) if sx and sy else 0.0


def spearman(x: Sequence[float], y: Sequence[float]) -> float:
    """Spearman's rank correlation, ties at their mean rank."""
    return pearson(_ranks(x), _ranks(y))


def balanced_accuracy(flag: Sequence[bool], error: Sequence[bool]) -> tuple[float, float, float]:
    """(balanced accuracy, recall on errors, recall on error-free) of ``flag`` as a predictor of ``error``."""
    hit = sum(f and e for f, e in zip(flag, error, strict=True)) / max(1, sum(error))
    clean = sum(not f and not e for f, e in zip(flag, error, strict=True)) / max(1, len(error) - sum(error))
    return (hit + clean) / 2, hit, clean


class Case:
    """One machine summary with what the checks and ROUGE say of it."""

    def __init__(self, document: Document, summary: str, human: float, errors: dict[str, float], dataset: str) -> None:
        self.human = human
        self.errors = errors
        self.dataset = dataset
        self.tune = tuning(document.text)
        self.verdict: Verdict = document.check(summary)
        self.grounding = grounding(document.text, summary)
        self.alarms = len(self.verdict.alarms)
        self.scores: dict[str, float] = {}
        self._rouge(document.text, summary)

    def _rouge(self, document: str, summary: str) -> None:
        try:
            from rouge_score.rouge_scorer import RougeScorer
        except ImportError:
            return
        found = RougeScorer(["rouge1", "rouge2", "rougeL"], use_stemmer=True).score(document, summary)
        for name, s in found.items():
            self.scores.update({f"{name} P": s.precision, f"{name} R": s.recall, f"{name} F": s.fmeasure})


def cases(items: Iterable[dict], human: str) -> list[Case]:
    """Check every row; a document is prepared once."""
    out: list[Case] = []
    documents: dict[str, Document] = {}
    for row in items:
        if row["document"] not in documents:
            documents[row["document"]] = Document(row["document"])
        document = documents[row["document"]]
        summary = row["system_summary"]
        out.append(Case(document, summary, row[human], row.get("errors", {}), row["dataset"]))
    return out


def _support(case: Case, w: dict[str, float]) -> float:
    return weigh(case.grounding, case.alarms, w)


def tune(half: Sequence[Case]) -> dict[str, float]:
    """The support score's weights with the best Spearman correlation on the tuning half (a coarse grid)."""
    human = [c.human for c in half]
    grid = [
        {"words": w / 10, "pairs": p / 10, "triples": (10 - w - p) / 10, "alarm": a}
        for a in (0.0, 0.05, 0.1, 0.15, 0.2, 0.3)
        for w in range(0, 11, 1)
        for p in range(0, 11 - w, 1)
    ]
    return max(grid, key=lambda w: spearman([_support(c, w) for c in half], human))


def agreement(name: str, all_cases: list[Case], out: Callable[[str], None]) -> None:
    """Per-error balanced accuracy and correlations, chosen on one half and reported on the other."""
    half = [c for c in all_cases if c.tune]
    rest = [c for c in all_cases if not c.tune]
    out(f"\n== {name}: {len(all_cases)} summaries; {len(half)} to choose on, {len(rest)} to report on")
    if rest[0].errors:
        out(
            "error type                     errors  alarms only: bal.acc (found, clean kept)   support < t: "
            "bal.acc, t chosen on the tuning half"
        )
        for kind in ERRORS:
            error = [c.errors.get(kind, 1.0) < 1.0 for c in rest]
            score, hit, clean = balanced_accuracy([c.alarms > 0 for c in rest], error)
            best = max(
                (i / 50 for i in range(51)),
                key=lambda t: balanced_accuracy(
                    [_support(c, WEIGHTS) < t for c in half], [c.errors.get(kind, 1.0) < 1.0 for c in half]
                )[0],
            )
            by_support, found, kept = balanced_accuracy([_support(c, WEIGHTS) < best for c in rest], error)
            out(
                f"{kind:30} {sum(error):6}  {score:.3f} ({hit:.2f}, {clean:.2f})                        "
                f"{by_support:.3f} ({found:.2f}, {kept:.2f}), t={best:.2f}"
            )
    chosen = tune(half)
    out(f"weights best on the tuning half: {chosen}; the package has {WEIGHTS}")
    columns: dict[str, Callable[[Case], float]] = {
        "support": lambda c: _support(c, WEIGHTS),
        "minus alarms": lambda c: -c.alarms,
        "number precision": lambda c: 1.0 if c.verdict.number_precision is None else c.verdict.number_precision,
        "name precision": lambda c: 1.0 if c.verdict.name_precision is None else c.verdict.name_precision,
        **{k: (lambda c, k=k: c.scores[k]) for k in rest[0].scores},  # type: ignore[misc]
    }
    groups = {"all": rest, **{d: [c for c in rest if c.dataset == d] for d in sorted({c.dataset for c in rest})}}
    out("correlation with human factuality (Pearson / Spearman) on the reporting half")
    out(f"{'':20}" + "".join(f"{g + f' ({len(v)})':>20}" for g, v in groups.items()))
    for label, column in columns.items():
        cells = ""
        for group in groups.values():
            x, y = [column(c) for c in group], [c.human for c in group]
            cells += f"{pearson(x, y):>+12.3f} /{spearman(x, y):+.3f}"
        out(f"{label:20}{cells}")


def absent(finding: Finding, document: Document) -> bool:
    """Whether the document has nothing like an alarm's text: no word that begins with the same four letters, no equal
    group of digits. Then the human writer added it, whatever the checks' own matching does."""
    folded = document.names.numbers.folded.lower
    tokens = tokenize(fold(finding.text))
    if any(t.kind == "n" for t in tokens):
        digits = {re.sub(r"\D", "", t.text) for t in document.names.tokens if t.kind == "n"}
        return not any(re.sub(r"\D", "", t.text) in digits for t in tokens if t.kind == "n")
    stems = [arabic_stems(t.lower)[-1] if t.kind == "a" else t.lower for t in tokens if t.kind in "aw"]
    return not any(s[:4] in folded for s in stems if len(s) > 2)


def false_alarms(name: str, pairs: Sequence[tuple[str, str]], show: bool, out: Callable[[str], None]) -> None:
    """Share of human summaries with an alarm, by kind, and how many of them say what the document plainly lacks
    (:func:`absent`). The rest, marked * in the list, need a reader's judgement."""
    same_language = is_arabic(pairs[0][0]) == is_arabic(pairs[0][1])
    start = time.perf_counter()
    flagged = claims = added = 0
    by_kind: dict[str, int] = {}
    listed: list[str] = []
    for i, (text, summary) in enumerate(pairs):
        document = Document(text)
        verdict = document.check(summary)
        claims += len(verdict.findings)
        if verdict.alarms:
            flagged += 1
            clear = same_language and all(absent(f, document) for f in verdict.alarms)
            added += clear
            for f in verdict.alarms:
                key = "name" if f.kind == "name" else "date" if f.kind == "date" else "number"
                by_kind[key] = by_kind.get(key, 0) + 1
                listed.append(f"  [{name} {i}]{'' if clear else '*'} {f.message}")
            if show:
                listed.append("      " + summary.replace("\n", " "))
    took = (time.perf_counter() - start) / max(1, len(pairs))
    line = (
        f"{name:22} {len(pairs):5} summaries, {claims:5} claims checked; with an alarm {flagged:4}"
        f" = {100 * flagged / len(pairs):.1f}%"
    )
    if same_language:  # across scripts a look for equal letters says nothing
        share = 100 * (flagged - added) / len(pairs)
        line += f"; {added} plainly added by the writer, {flagged - added} = {share:.1f}% to judge"
    out(f"{line} ({', '.join(f'{k} {v}' for k, v in sorted(by_kind.items()))}); {1000 * took:.1f} ms per document")
    if show:
        for line in listed:
            out(line)


def planted(
    name: str, pairs: Sequence[tuple[str, str]], people: dict[bool, list[str]], out: Callable[[str], None]
) -> None:
    """Inventions found: in each human summary, one supported claim at a time is replaced by an invented one.

    A number gets other digits, a place or organisation of the gazetteer another one of its kind, any other name a
    person of names-arwiki that the document does not have. Found: an alarm that touches the replaced stretch.
    """
    rng = random.Random(0)
    gazetteer = load()
    aliases: dict[tuple[str, bool], list[str]] = {}
    for words, (names, sure) in gazetteer.aliases.items():
        if sure and len(words[0]) > 4:
            text = " ".join(words)
            aliases.setdefault((gazetteer.concepts[names[0]].kind, is_arabic(text)), []).append(text)
    tried: dict[str, int] = {}
    found: dict[str, int] = {}
    for document_text, summary in pairs:
        document = Document(document_text)
        for f in document.check(summary).findings:
            if f.status != "supported":
                continue
            arabic = is_arabic(f.text)
            if f.kind != "name":
                kind = "date" if f.kind == "date" else "number"
                new = "".join(str((int(fold_char(c)) + rng.randint(1, 9)) % 10) if c.isdecimal() else c for c in f.text)
                if new == f.text or new[0] == "0":
                    continue  # in words
            else:
                mention = next(gazetteer.mentions(tokenize(fold(f.text))), None)
                kind = gazetteer.concepts[mention.concepts[0]].kind if mention is not None else "person"
                pool = people[arabic] if kind == "person" else aliases.get((kind, arabic), [])
                if kind in ("region", "city") or not pool:
                    continue
                new = rng.choice(pool)
                new = new if arabic else " ".join(w.capitalize() for w in new.split())
            if new.lower() in document_text.lower():
                continue
            start = f.span[0]
            changed = summary[:start] + new + summary[f.span[1] :]
            alarms = document.check(changed).alarms
            tried[kind] = tried.get(kind, 0) + 1
            found[kind] = found.get(kind, 0) + any(a.span[0] < start + len(new) and a.span[1] > start for a in alarms)
    cells = ", ".join(f"{k} {found[k]}/{n} = {100 * found[k] / n:.0f}%" for k, n in sorted(tried.items()))
    out(f"{name:22} planted inventions found: {cells}")


def blocked(
    name: str, pairs: Sequence[tuple[str, str]], model_file: str, words: bool, out: Callable[[str], None]
) -> None:
    """What the decoding constraint would have refused of human summaries: wrongly where the check has no alarm about a
    number, rightly where it has one."""
    import sentencepiece

    model = sentencepiece.SentencePieceProcessor(model_file=model_file)
    vocabulary = NumberVocabulary.from_file(model_file)
    counts = {False: [0, 0], True: [0, 0]}
    for document, summary in pairs:
        alarm = any(f.kind != "name" for f in Document(document).check(summary).alarms)
        constraint = NumberConstraint(document, vocabulary, words=words)
        ids = model.encode(summary.replace("\n", " "))
        steps = ((i, constraint.step(vocabulary.tail(ids[:k]))) for k, i in enumerate(ids))
        refused = any(i in s.forbid or (s.only is not None and i not in s.only) for i, s in steps)
        counts[alarm][0] += 1
        counts[alarm][1] += refused
    (clean, wrong), (bad, right) = counts[False], counts[True]
    out(
        f"{name:14} {'digits and words' if words else 'digits':17} refused {wrong}/{clean} ="
        f" {100 * wrong / clean:.1f}% of summaries without an alarm about a number, {right}/{bad} of those with one"
    )


def main(argv: Sequence[str] | None = None) -> None:
    """Entry point."""
    parser = argparse.ArgumentParser(
        prog="python -m summarize.checks.measure", description=(__doc__ or "").splitlines()[0]
    )
    parser.add_argument("data", type=Path)
    parser.add_argument("--list", action="store_true", help="print every alarm on a human reference")
    parser.add_argument("--only", choices=("references", "people", "planted"), help="only one of the three parts")
    parser.add_argument("--vocabulary", metavar="FILE", help="SentencePiece model: measure the constraint too")
    args = parser.parse_args(argv)
    out = print
    if args.only in (None, "references"):
        out("== alarms on human references")
        for name in ("ar/dev", "en/dev_xsum", "en/dev_cnndm"):
            pairs = [(r["document"], r["summary"]) for r in rows(args.data / f"{name}.jsonl.gz") if r.get("summary")]
            false_alarms(name, pairs, args.list, out)
        out("== alarms on human translations (each is true to its other side)")
        for name in ("flores200_dev",):
            both = rows(args.data / "parallel" / f"{name}.jsonl.gz")
            both = [r for r in both if is_arabic(r["ar"]) and not is_arabic(r["en"])]
            false_alarms(f"{name} ar>en", [(r["ar"], r["en"]) for r in both], args.list, out)
            false_alarms(f"{name} en>ar", [(r["en"], r["ar"]) for r in both], args.list, out)
    if args.vocabulary:
        out("== the decoding constraint on human references")
        for name in ("ar/dev", "en/dev_xsum", "en/dev_cnndm"):
            own = [(r["document"], r["summary"]) for r in rows(args.data / f"{name}.jsonl.gz") if r.get("summary")]
            for words in (False, True):
                blocked(name, own, args.vocabulary, words, out)
    if args.only in (None, "planted"):
        persons = [r for r in rows(args.data / "parallel" / "names-arwiki.jsonl.gz") if r["kind"] == "person"]
        people = {True: [r["ar"] for r in persons], False: [r["en"] for r in persons]}
        out("== planted inventions")
        for name in ("ar/dev", "en/dev_xsum", "en/dev_cnndm"):
            own = [(r["document"], r["summary"]) for r in rows(args.data / f"{name}.jsonl.gz") if r.get("summary")]
            planted(name, own[:200], people, out)
        both = [r for r in rows(args.data / "parallel" / "flores200_dev.jsonl.gz") if is_arabic(r["ar"])][:500]
        planted("flores200_dev ar>en", [(r["ar"], r["en"]) for r in both], people, out)
        planted("flores200_dev en>ar", [(r["en"], r["ar"]) for r in both], people, out)
    if args.only in (None, "people"):
        agreement("FRANK", cases(rows(args.data / "human" / "frank.jsonl.gz"), "human_factuality"), out)
        agreement("SummEval", cases(rows(args.data / "human" / "summeval.jsonl.gz"), "human_consistency"), out)


if __name__ == "__main__":
    main()
