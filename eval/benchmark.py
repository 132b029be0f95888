"""Agreement with ``rouge-score``, and documents per second side by side with it, on pairs of real texts.

::

    python -m summarize.eval.benchmark DATA [DATA ...]

Each pair is the first three sentences of an English document against its reference summary, a sentence on a line, so
that both sides split alike. Both score the same pairs in turn, in one process; the best of ``--rounds`` counts, in
processor time, which other work on the machine disturbs least. Stems are kept from word to word; they are forgotten
before each round, so that every round pays for its own. ``--processes`` also times larger files over processes.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable, Sequence

from summarize.sentences import split_sentences

from .data import load_examples
from .porter import porter_stem
from .rouge import Rouge
from .rouge_config import TYPES

Pairs = list[tuple[str, str]]
CHOICES: tuple[tuple[str, tuple[str, ...]], ...] = (
    ("rouge1, 2, 3, L, Lsum", TYPES),
    ("rouge1, 2, L, Lsum", ("rouge1", "rouge2", "rougeL", "rougeLsum")),
    ("rouge1, 2, L", ("rouge1", "rouge2", "rougeL")),
    ("rougeLsum", ("rougeLsum",)),
)


def read_pairs(paths: Sequence[str]) -> Pairs:
    """(hypothesis, reference) of every English document."""
    pairs = []
    for path in paths:
        for example in load_examples(path, skip_empty=True):
            for reference in example.for_language("en") if example.source_lang == "en" else ():
                lead = "\n".join(split_sentences(example.document)[:3])
                pairs.append((lead, "\n".join(split_sentences(reference))))
    return pairs


def best_time(work: Callable[[], object], rounds: int) -> float:
    """Least processor time of ``work``, seconds."""
    times = []
    for _ in range(rounds):
        porter_stem.cache_clear()
        began = time.process_time()
        work()
        times.append(time.process_time() - began)
    return min(times)


def compare(pairs: Pairs, types: Sequence[str], stem: bool, rounds: int) -> tuple[float, float, float]:
    """Documents per second of ours and of theirs, and the largest difference of any precision, recall or F1."""
    from rouge_score.rouge_scorer import RougeScorer

    theirs = RougeScorer(list(types), use_stemmer=stem)
    ours = Rouge(types, lang="en", stem="porter" if stem else "no", split="newline")
    worst = 0.0
    for hypothesis, reference in pairs:
        expected, found = theirs.score(reference, hypothesis), ours.score(hypothesis, reference)
        for name in types:
            worst = max(worst, *(abs(a - b) for a, b in zip(expected[name], found[name], strict=True)))
    slow = best_time(lambda: [theirs.score(r, h) for h, r in pairs], rounds)
    quick = best_time(lambda: [ours.score(h, r) for h, r in pairs], rounds)
    return len(pairs) / quick, len(pairs) / slow, worst


def over_processes(pairs: Pairs, processes: int, documents: int) -> float:
    """Documents per second of wall time, all types, over ``processes``."""
    many = (pairs * (documents // len(pairs) + 1))[:documents]
    began = time.perf_counter()
    Rouge(lang="en").corpus([h for h, _ in many], [r for _, r in many], processes)
    return documents / (time.perf_counter() - began)


def main(arguments: Sequence[str] | None = None) -> None:
    """The command."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("data", nargs="+", help="data sets with English documents and references")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--processes", type=int, default=0, help="also over 1 to so many processes")
    parser.add_argument("--documents", type=int, default=20_000, help="for --processes")
    options = parser.parse_args(arguments)
    pairs = read_pairs(options.data)
    words = [sum(len(side.split()) for side in sides) / len(pairs) for sides in zip(*pairs, strict=True)]
    print(f"{len(pairs)} pairs, {words[0]:.0f} and {words[1]:.0f} words on average")
    print(f"{'types':<24}{'stem':<8}{'ours/s':>9}{'theirs/s':>10}{'ratio':>8}  largest difference")
    for label, types in CHOICES:
        for stem in (False, True):
            ours, theirs, worst = compare(pairs, types, stem, options.rounds)
            name = "porter" if stem else "no"
            print(f"{label:<24}{name:<8}{ours:>9.0f}{theirs:>10.0f}{ours / theirs:>8.1f}  {worst:.1e}")
    for processes in range(1, options.processes + 1):
        print(f"{processes} processes: {over_processes(pairs, processes, options.documents):.0f} documents/s")


if __name__ == "__main__":
    main()
