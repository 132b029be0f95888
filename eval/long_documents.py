"""Compares ways to read documents that are longer than a model reads at once, on documents made long.

::

    python -m summarize.eval.long_documents make DATA [DATA ...] --out documents.jsonl
    python -m summarize.eval.long_documents run documents.jsonl --out outputs.jsonl --strategy select
    python -m summarize.eval.long_documents score documents.jsonl outputs.jsonl
    python -m summarize.eval.long_documents evidence BITEXT

``make`` takes data sets with references and makes three kinds of documents: ``natural``, articles that are too long by
themselves; ``joined``, an article and those most like it, held against all their references together; ``among``, the
same, held against one article's reference, which stands first, second, ... in turn. ``run`` keeps what it has written:
called again, it goes on. ``score`` gives ROUGE F1 and recall, and words. ``evidence`` takes sentences with their
translations (fields ``ar`` and ``en``), makes documents of some in a row and "summaries" of the translations of some of
these, and counts how often the evidence found across languages is the sentence that was translated.
"""

from __future__ import annotations

import argparse
import json
import random
import sys
import time
from collections import defaultdict
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from summarize.long import STRATEGIES
from summarize.long.central import Sentences
from summarize.text import clean

from .data import Example, load_examples
from .readers import read_rows
from .rouge import Rouge

_WORDS = (100, 700)  # of an article that is joined with others
_KINDS = {"natural": "short", "joined": "long", "among": "short"}  # and the length of their summaries


def make(paths: Sequence[str], count: int, joined: int, least: int, seed: int) -> Iterator[dict[str, Any]]:
    """Long documents of each kind from each data set, as rows.

    Args:
        count: of each kind and data set; joined: articles in one; least: the bundled model's tokens of a natural one.
    """
    import sentencepiece

    from summarize.models.khulasa.weights import BUNDLED

    tokenizer = sentencepiece.SentencePieceProcessor(model_file=str(BUNDLED / "khulasa.spm"))
    for path in paths:
        examples = load_examples(path, skip_empty=True)
        chosen = random.Random(seed)
        natural = [e for e in examples if len(tokenizer.encode(clean(e.document))) > least]
        for example in chosen.sample(natural, min(count, len(natural))):
            yield from _row("natural", path, [example], 0)
        fitting = [e for e in examples if _WORDS[0] <= len(e.document.split()) <= _WORDS[1]]
        if len(fitting) < 4 * joined:
            continue
        vectors = Sentences.of([e.document for e in fitting])
        for number, i in enumerate(chosen.sample(range(len(fitting)), count)):
            near = [int(j) for j in np.argsort(-vectors.cosine(i)) if j != i and _differ(fitting[i], fitting[int(j)])]
            others = [fitting[j] for j in near[: joined - 1]]
            yield from _row("joined", path, [fitting[i], *others], 0)
            place = number % joined
            yield from _row("among", path, [*others[:place], fitting[i], *others[place:]], place)


def _differ(one: Example, other: Example) -> bool:
    return one.document[:100] != other.document[:100] and one.references != other.references


def _row(kind: str, path: str, articles: Sequence[Example], place: int) -> Iterator[dict[str, Any]]:
    for language in articles[place].references:
        references = [a.for_language(language)[0] for a in (articles if kind == "joined" else [articles[place]])]
        yield {
            "id": f"{kind}:{Path(path).name.split('.')[0]}:{articles[place].id}:{language}",
            "kind": kind,
            "language": language,
            "source_lang": articles[place].source_lang,
            "length": "long" if len(" ".join(references).split()) > 60 else _KINDS[kind],
            "document": "\n\n".join(clean(a.document) for a in articles),
            "reference": " ".join(references),
        }


def _lines(path: str) -> list[dict[str, Any]]:
    file = Path(path)
    return [json.loads(line) for line in file.open(encoding="utf-8")] if file.exists() else []


def run(documents: str, out: str, strategies: Sequence[str], limit: int | None, batch: int) -> None:
    """Summarises every document in every way and appends the summaries to ``out``."""
    from summarize import Summarizer

    done = {(row["id"], row["way"]) for row in _lines(out)}
    summarizer = Summarizer()
    if limit:
        summarizer.engine.limit = limit
    rows = _lines(documents)
    with open(out, "a", encoding="utf-8") as file:
        for strategy in strategies:
            way = strategy + (f"@{limit}" if limit else "")
            todo = [row for row in rows if (row["id"], way) not in done]
            groups: dict[tuple[str, str], list[dict[str, Any]]] = defaultdict(list)
            for row in todo:
                groups[row["language"], row["length"]].append(row)
            for (language, length), some in groups.items():
                for start in range(0, len(some), batch):
                    part = some[start : start + batch]
                    began = time.perf_counter()
                    results = summarizer(
                        [row["document"] for row in part], to=[language], length=length, strategy=strategy
                    )
                    seconds = (time.perf_counter() - began) / len(part)
                    for row, result in zip(part, results, strict=True):
                        line = {"id": row["id"], "way": way, "summary": result[language].text, "chunks": result.chunks}
                        file.write(json.dumps({**line, "seconds": round(seconds, 2)}, ensure_ascii=False) + "\n")
                    file.flush()
                    print(f"{way} {language} {length}: {len(part)} in {seconds:.1f} s each", file=sys.stderr)


def score(documents: str, outputs: str) -> None:
    """Prints ROUGE by kind of document and way of reading, over the documents that all ways have summarised."""
    summaries: dict[str, dict[str, dict[str, Any]]] = defaultdict(dict)
    for row in _lines(outputs):
        summaries[row["way"]][row["id"]] = row
    groups: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for row in _lines(documents):
        if all(row["id"] in some for some in summaries.values()):
            groups[f"{row['kind']} {row['source_lang']}-{row['language']}"].append(row)
    print(f"{'documents':<18}{'n':>4}  {'way':<14}{'R1':>7}{'R2':>7}{'RL':>7}{'R1 rec':>8}{'words':>7}{'s':>7}")
    for name, rows in [*groups.items(), ("all", [row for some in groups.values() for row in some])]:
        for way, found in summaries.items():
            lines = []
            for row in rows:
                text = found[row["id"]]["summary"]
                rouge = Rouge(("rouge1", "rouge2", "rougeL"), lang=row["language"]).score(text, [row["reference"]])
                scores = [100 * rouge[kind].f1 for kind in ("rouge1", "rouge2", "rougeL")]
                scores += [100 * rouge["rouge1"].recall, len(text.split()), found[row["id"]]["seconds"]]
                lines.append(scores)
            a, b, c, d, words, seconds = np.mean(lines, axis=0)
            print(
                f"{name:<18}{len(rows):>4}  {way:<14}{a:>7.2f}{b:>7.2f}{c:>7.2f}{d:>8.2f}{words:>7.1f}{seconds:>7.1f}"
            )


def evidence(path: str, documents: int, size: int, every: int) -> None:
    """Prints how often evidence across languages is right, by direction and way of finding it."""
    from summarize import Summarizer
    from summarize.checks import Document
    from summarize.long.evidence import Finder, Written
    from summarize.long.reading import whole
    from summarize.models.engine import Task

    engine: Any = Summarizer().engine
    rows = [row for _, row in read_rows(path)]
    for source, target in (("en", "ar"), ("ar", "en")):
        right: dict[str, list[bool]] = defaultdict(list)
        for start in range(0, min(documents * size, len(rows) - size + 1), size):
            some = rows[start : start + size]
            document = "\n".join(row[source] for row in some)
            picked = [i for i in range(size) if i % every == every // 2]
            text = "\n".join(some[i][target] for i in picked)
            memory = engine.encode([document])
            ids = engine.sp.encode(text)
            attention = engine.attention(memory, 0, Task("summary", target, "long"), ids, document)
            findings = Document(document).check(text).findings
            for name, known, claims in (("attention", attention, ()), ("anchors", None, findings)):
                for found in Finder(document)([Written(text, text, False, whole(document), known)], claims):
                    wanted = some[picked[text.count("\n", 0, found.start)]][source]
                    right[name].append(bool(found.sources) and found.sources[0].text in wanted)
        for name, hits in right.items():
            print(f"{source}-{target} {name}: {sum(hits)} of {len(hits)}, documents of {size} sentences")


def main(arguments: Sequence[str] | None = None) -> None:
    """The command."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    commands = parser.add_subparsers(dest="command", required=True)
    maker = commands.add_parser("make")
    maker.add_argument("data", nargs="+", help="data sets with references")
    maker.add_argument("--out", required=True)
    maker.add_argument("--count", type=int, default=8, help="documents of each kind from each data set")
    maker.add_argument("--joined", type=int, default=4, help="articles in a joined document")
    maker.add_argument("--least", type=int, default=1100, help="tokens of a natural long document")
    maker.add_argument("--seed", type=int, default=0)
    runner = commands.add_parser("run")
    runner.add_argument("documents")
    runner.add_argument("--out", required=True)
    runner.add_argument("--strategy", action="append", choices=list(STRATEGIES), help="default: all of them")
    runner.add_argument("--limit", type=int, help="let the encoder read no more tokens than that")
    runner.add_argument("--batch", type=int, default=8)
    scorer = commands.add_parser("score")
    scorer.add_argument("documents")
    scorer.add_argument("outputs")
    bitext = commands.add_parser("evidence")
    bitext.add_argument("bitext", help="rows with the fields ar and en, sentences of one text in a row")
    bitext.add_argument("--count", type=int, default=16, help="documents in each direction")
    bitext.add_argument("--size", type=int, default=10, help="sentences of a document")
    bitext.add_argument("--every", type=int, default=3, help="one sentence of so many is translated")
    options = parser.parse_args(arguments)
    if options.command == "make":
        with open(options.out, "w", encoding="utf-8") as file:
            for row in make(options.data, options.count, options.joined, options.least, options.seed):
                file.write(json.dumps(row, ensure_ascii=False) + "\n")
    elif options.command == "run":
        run(options.documents, options.out, options.strategy or list(STRATEGIES), options.limit, options.batch)
    elif options.command == "score":
        score(options.documents, options.outputs)
    else:
        evidence(options.bitext, options.count, options.size, options.every)


if __name__ == "__main__":
    main()
