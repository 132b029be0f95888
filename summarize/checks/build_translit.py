"""Learn the edit weights of :mod:`summarize.checks.translit` from pairs of names, and measure them on held-out ones.

Run by ``build_gazetteer.py``; by itself it prints the held-out precision and recall::

    python -m summarize.checks.build_translit DATA_FOLDER

``DATA_FOLDER/parallel/names-arwiki.jsonl.gz`` has one JSON object a line with ``ar``, ``en``, ``kind`` and ``id``.
One pair in five, chosen by a hash of its id, is held out.
"""

from __future__ import annotations

import gzip
import json
import math
import random
import sys
import zlib
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from pathlib import Path

from .translit import MAX_CHUNK, Weights, name_similarity, name_words

KINDS = ("person", "city", "place", "country")
"""Categories whose names are mostly transliterated; clubs, jobs and topics are mostly translated."""


def read_names(folder: Path) -> list[dict[str, str]]:
    """Rows of names-arwiki of the transliterated kinds."""
    with gzip.open(folder / "parallel" / "names-arwiki.jsonl.gz", "rt", encoding="utf-8") as lines:
        rows = [json.loads(line) for line in lines]
    return [r for r in rows if r["kind"] in KINDS]


def held_out(row: dict[str, str]) -> bool:
    """Whether a pair belongs to the held-out fifth."""
    return zlib.crc32(row["id"].encode()) % 5 == 0


def word_pairs(rows: Iterable[dict[str, str]]) -> Iterator[tuple[str, str]]:
    """Aligned words of names that have as many words in both scripts, the part before a comma only."""
    for row in rows:
        arabic = name_words(row["ar"].split("،")[0].split("(")[0].strip())
        latin = name_words(row["en"].split(",")[0].split("(")[0].strip())
        if len(arabic) == len(latin):
            for a, e in zip(arabic, latin, strict=True):
                a = a.removeprefix("ال") if len(a) > 4 else a
                if a.isalpha() and e.isascii() and e.isalpha() and 0.6 <= len(e) / len(a) <= 2.6:
                    yield a, e


def _expect(
    a: str, e: str, prob: dict[str, dict[str, float]], ins: dict[str, float]
) -> tuple[float, dict[tuple[str, str], float], dict[str, float]]:
    """Forward-backward over one pair: its likelihood, and expected counts of edits and of insertions."""
    n, m = len(a), len(e)
    fwd = [[0.0] * (m + 1) for _ in range(n + 1)]
    fwd[0][0] = 1.0
    for i in range(n + 1):
        for j in range(m + 1):
            value = fwd[i][j]
            if value == 0.0:
                continue
            if j < m:
                fwd[i][j + 1] += value * ins.get(e[j], 1e-6)
            if i < n:
                table = prob.get(a[i], {})
                for width in range(min(MAX_CHUNK, m - j) + 1):
                    p = table.get(e[j : j + width], 1e-7)
                    fwd[i + 1][j + width] += value * p
    total = fwd[n][m]
    edits: dict[tuple[str, str], float] = defaultdict(float)
    inserted: dict[str, float] = defaultdict(float)
    if total <= 0.0:
        return 0.0, edits, inserted
    bwd = [[0.0] * (m + 1) for _ in range(n + 1)]
    bwd[n][m] = 1.0
    for i in range(n, -1, -1):
        for j in range(m, -1, -1):
            value = bwd[i][j]
            if j < m:
                p = ins.get(e[j], 1e-6)
                value += p * bwd[i][j + 1]
                inserted[e[j]] += fwd[i][j] * p * bwd[i][j + 1] / total
            if i < n:
                table = prob.get(a[i], {})
                for width in range(min(MAX_CHUNK, m - j) + 1):
                    chunk = e[j : j + width]
                    p = table.get(chunk, 1e-7)
                    gain = p * bwd[i + 1][j + width]
                    value += gain
                    edits[a[i], chunk] += fwd[i][j] * gain / total
            bwd[i][j] = value
    return total, edits, inserted


def learn(pairs: list[tuple[str, str]], rounds: int = 6) -> Weights:
    """Edit weights by expectation-maximisation; after two rounds, pairs that the model finds unlikely (translations,
    other names of the same thing) are left out."""
    letters = Counter("".join(e for _, e in pairs))
    total_letters = sum(letters.values())
    background = {c: -math.log(k / total_letters) for c, k in letters.items()}
    seen: dict[str, dict[str, float]] = defaultdict(lambda: defaultdict(float))
    for a, e in pairs:  # start: letters along the diagonal
        for i, letter in enumerate(a):
            at = round(i * len(e) / len(a))
            for j in range(max(0, at - 1), min(len(e), at + 2)):
                for width in range(MAX_CHUNK + 1):
                    seen[letter][e[j : j + width]] += 1.0 if width == 1 else 0.2
    prob = {a: {c: k / sum(t.values()) for c, k in t.items()} for a, t in seen.items()}
    ins = {c: (0.1 if c in "aeiouy" else 0.01) for c in letters}
    kept = pairs
    for turn in range(rounds):
        edits: dict[tuple[str, str], float] = defaultdict(float)
        inserted: dict[str, float] = defaultdict(float)
        scored: list[tuple[float, tuple[str, str]]] = []
        for a, e in kept:
            total, some, more = _expect(a, e, prob, ins)
            if total > 0.0:
                scored.append((1 + math.log(total) / sum(background[c] for c in e), (a, e)))
                for key, k in some.items():
                    edits[key] += k
                for letter, k in more.items():
                    inserted[letter] += k
        table: dict[str, dict[str, float]] = defaultdict(dict)
        sums: dict[str, float] = defaultdict(float)
        for (letter, _), k in edits.items():
            sums[letter] += k
        for (letter, chunk), k in edits.items():
            if k >= 0.5 and k / sums[letter] >= 2e-4:
                table[letter][chunk] = k / sums[letter]
        prob = dict(table)
        spots = sum(len(a) + 1 for a, _ in kept)
        ins = {c: inserted[c] / spots for c in letters if inserted[c] > 0}
        if turn >= 1:
            kept = [pair for score, pair in scored if score > 0.25]
        print(f"round {turn + 1}: {len(kept)} pairs, {sum(map(len, prob.values()))} edits", file=sys.stderr)
    return Weights(
        {a: {c: round(-math.log(p), 2) for c, p in t.items() if p >= 1e-3} for a, t in prob.items()},
        {c: round(-math.log(p), 2) for c, p in ins.items() if p > 1e-6},
        {c: round(v, 2) for c, v in background.items()},
    )


def measure(
    weights: Weights, rows: list[dict[str, str]], distractors: int = 1, seed: int = 0
) -> dict[str, list[tuple[float, str]]]:
    """Similarities of true pairs and of same-category distractors (``distractors`` random others for each)."""
    rng = random.Random(seed)
    by_kind: dict[str, list[dict[str, str]]] = defaultdict(list)
    for row in rows:
        by_kind[row["kind"]].append(row)
    true: list[tuple[float, str]] = []
    false: list[tuple[float, str]] = []
    for row in rows:
        arabic = row["ar"].split("،")[0].split("(")[0]
        true.append((name_similarity(weights, arabic, row["en"].split(",")[0].split("(")[0]), row["kind"]))
        for other in rng.sample(by_kind[row["kind"]], distractors + 1)[:distractors]:
            if other["en"] != row["en"]:
                false.append((name_similarity(weights, arabic, other["en"].split(",")[0].split("(")[0]), row["kind"]))
    return {"true": true, "false": false}


def report(weights: Weights, folder: Path) -> str:
    """Recall at 95% precision, and precision at 85% recall, on the held-out names: with 1 and with 19 distractors."""
    rows = [r for r in read_names(folder) if held_out(r)]
    lines = [
        f"held-out names: {len(rows)} ({', '.join(f'{k} {v}' for k, v in Counter(r['kind'] for r in rows).items())})"
    ]
    for distractors in (1, 19):
        scores = measure(weights, rows, distractors)
        for kinds in (KINDS, *((k,) for k in KINDS)):
            true = sorted((s for s, k in scores["true"] if k in kinds), reverse=True)
            false = sorted((s for s, k in scores["false"] if k in kinds), reverse=True)
            if len(true) < 20:
                continue
            at85 = true[math.ceil(0.85 * len(true)) - 1]
            wrong = sum(s >= at85 for s in false)
            precision = math.ceil(0.85 * len(true)) / (math.ceil(0.85 * len(true)) + wrong)
            recall95 = (
                max(
                    (i + 1) / len(true)
                    for i, t in enumerate(true)
                    if i == 0 or (i + 1) / (i + 1 + sum(s >= t for s in false)) >= 0.95
                )
                if len(true) < 6000
                else float("nan")
            )
            lines.append(
                f"{'+'.join(kinds):28} {distractors:2} distractors each: precision {precision:.3f} at recall 0.85 "
                f"(similarity >= {at85:.2f}); recall {recall95:.3f} at precision 0.95"
            )
    return "\n".join(lines)


def main() -> None:
    """Learn on four fifths of the names, report on the rest."""
    folder = Path(sys.argv[1])
    weights = learn(list(word_pairs(r for r in read_names(folder) if not held_out(r))))
    print(report(weights, folder))


if __name__ == "__main__":
    main()
