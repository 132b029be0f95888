"""Measures what :mod:`summarize.eval.semantic` rests on: cosines of unrelated texts, and agreement with people.

::

    python -m summarize.eval.calibrate_semantic --unrelated ar/dev.jsonl.gz en/dev_xsum.jsonl.gz
    python -m summarize.eval.calibrate_semantic --human frank.jsonl.gz --judgement human_factuality

``--unrelated`` takes data sets with references: each summary is held against other rows' documents and summaries.
``--human`` takes rows with ``document``, ``system_summary`` and a judgement, or with ``candidates`` (``summary``,
``wins``, ``losses``): correlations of sim_doc, and of ROUGE-L and word overlap with the document beside it.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from summarize.checks.measure import pearson, spearman

from .data import load_examples
from .extractive import coverage_density
from .metrics import tokens
from .parts import guess_language
from .readers import read_rows
from .rouge import Rouge
from .semantic import embed, load_encoder


def unrelated(paths: Sequence[str], limit: int, shifts: int = 5) -> dict[tuple[str, str, str], float]:
    """Mean cosine of a summary with other rows' documents ("doc") and summaries ("ref"), by pair of languages."""
    encoder = load_encoder()
    sets = {}
    for path in paths:
        examples = load_examples(path, limit=limit)
        lang = examples[0].source_lang
        summaries = embed(encoder, [next(iter(e.references.values()))[0] for e in examples])
        sets[lang] = (summaries, embed(encoder, [e.document for e in examples]))
    means = {}
    for first, (summaries, _) in sets.items():
        for second, (others, documents) in sets.items():
            for kind, vectors in (("doc", documents), ("ref", others)):
                size = min(len(summaries), len(vectors))
                cosines = [
                    (summaries[:size] * np.roll(vectors[:size], shift, axis=0)).sum(axis=1)
                    for shift in range(1, shifts + 1)
                ]
                means[(kind, first, second)] = float(np.mean(cosines))
    return means


def agreement(path: str, judgement: str, limit: int) -> dict[str, tuple[float, float]]:
    """Correlation of metrics that need no reference with a judgement, over (about) ``limit`` of the rows."""
    encoder = load_encoder()
    pairs: list[tuple[str, str, float]] = []
    for _, row in read_rows(path):
        if "candidates" in row:
            for one in row["candidates"]:
                games = one["wins"] + one["losses"]
                if games:
                    pairs.append((row["document"], one["summary"], one["wins"] / games))
        elif row.get(judgement) is not None:
            pairs.append((row["document"], row["system_summary"], float(row[judgement])))
    pairs = pairs[:: max(1, len(pairs) // limit)]
    rouge = Rouge(("rouge2", "rougeL"))
    human = [score for _, _, score in pairs]
    documents = embed(encoder, [d for d, _, _ in pairs])
    summaries = embed(encoder, [s for _, s, _ in pairs])
    against = [rouge.score(s, d) for d, s, _ in pairs]
    columns = {
        "sim_doc": (documents * summaries).sum(axis=1),
        "rouge2 precision with the document": np.array([score["rouge2"].precision for score in against]),
        "rougeL precision with the document": np.array([score["rougeL"].precision for score in against]),
        "coverage": np.array(
            [coverage_density(tokens(d, guess_language(d)), tokens(s, guess_language(s)))[0] for d, s, _ in pairs]
        ),
    }
    found = {}
    for name, column in columns.items():
        values = np.nan_to_num(column).tolist()
        found[name] = (pearson(values, human), spearman(values, human))
    return found


def main(arguments: Sequence[str] | None = None) -> None:
    """The command."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--unrelated", nargs="+", default=[], help="data sets with references, one per language")
    parser.add_argument("--human", help="rows with judgements")
    parser.add_argument("--judgement", default="human_factuality", help="the field of the judgement")
    parser.add_argument("--limit", type=int, default=300, help="examples per data set, or summaries that people judged")
    options = parser.parse_args(arguments)
    if not options.unrelated and not options.human:
        parser.print_usage(sys.stderr)
        sys.exit(2)
    for key, mean in (unrelated(options.unrelated, options.limit) if options.unrelated else {}).items():
        print(f"    {key!r}: {mean:.4f},")
    if options.human:
        for name, (pearson, spearman) in agreement(options.human, options.judgement, options.limit).items():
            print(
                f"{Path(options.human).name} {options.judgement} {name}: Pearson {pearson:.3f}, Spearman {spearman:.3f}"
            )


if __name__ == "__main__":
    main()
