"""Measure the checks: agreement with people, false alarms on human references, speed.

::

    python -m summarize.checks.measure DATA_FOLDER            # everything
    python -m summarize.checks.measure DATA_FOLDER --list     # and every alarm on a human reference

``DATA_FOLDER`` holds ``human/frank.jsonl.gz``, ``human/summeval.jsonl.gz``, ``ar/dev.jsonl.gz``,
``en/dev_xsum.jsonl.gz``, ``en/dev_cnndm.jsonl.gz`` and ``parallel/flores200_dev.jsonl.gz``, all gzip JSON lines.

FRANK and SummEval come without references, so ROUGE is taken between the summary and the document itself, in the three
ways in which it can be: precision, recall and F1. Whole documents fall into the tuning or the reporting half (by a hash),
so that no document is in both.
"""

from __future__ import annotations

import argparse
import gzip
import json
import time
import zlib
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

from .score import WEIGHTS, grounding, weigh
from .text import is_arabic
from .verdict import Document, Verdict

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
        document = documents.setdefault(row["document"], None) or Document(row["document"])  # type: ignore[arg-type]
        documents[row["document"]] = document
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
            "error type                     errors  alarms only: bal.acc (found, clean kept)   support < t: bal.acc, t chosen on the tuning half"
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
                f"{kind:30} {sum(error):6}  {score:.3f} ({hit:.2f}, {clean:.2f})                        {by_support:.3f} ({found:.2f}, {kept:.2f}), t={best:.2f}"
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


def false_alarms(name: str, pairs: Sequence[tuple[str, str]], show: bool, out: Callable[[str], None]) -> None:
    """Share of human summaries with an alarm, by kind."""
    start = time.perf_counter()
    flagged = claims = 0
    by_kind: dict[str, int] = {}
    listed: list[str] = []
    for i, (document, summary) in enumerate(pairs):
        verdict = Document(document).check(summary)
        claims += len(verdict.findings)
        if verdict.alarms:
            flagged += 1
            for f in verdict.alarms:
                key = "name" if f.kind == "name" else "date" if f.kind == "date" else "number"
                by_kind[key] = by_kind.get(key, 0) + 1
                listed.append(f"  [{name} {i}] {f.message}")
            if show:
                listed.append("      " + summary.replace("\n", " "))
    took = (time.perf_counter() - start) / max(1, len(pairs))
    out(
        f"{name:22} {len(pairs):5} summaries, {claims:5} claims checked; with an alarm {flagged:4} = {100 * flagged / len(pairs):.1f}%"
        f" ({', '.join(f'{k} {v}' for k, v in sorted(by_kind.items()))}); {1000 * took:.1f} ms per document"
    )
    if show:
        for line in listed:
            out(line)


def main(argv: Sequence[str] | None = None) -> None:
    """Entry point."""
    parser = argparse.ArgumentParser(
        prog="python -m summarize.checks.measure", description=(__doc__ or "").splitlines()[0]
    )
    parser.add_argument("data", type=Path)
    parser.add_argument("--list", action="store_true", help="print every alarm on a human reference")
    parser.add_argument("--only", choices=("references", "people"), help="only one of the two parts")
    args = parser.parse_args(argv)
    out = print
    if args.only != "people":
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
    if args.only != "references":
        agreement("FRANK", cases(rows(args.data / "human" / "frank.jsonl.gz"), "human_factuality"), out)
        agreement("SummEval", cases(rows(args.data / "human" / "summeval.jsonl.gz"), "human_consistency"), out)


if __name__ == "__main__":
    main()
