"""The training examples: which files, what each row becomes, which parts they form.

Files are gzip or plain JSON lines in the layout of the data folder: summarization rows ``id, source_lang,
target_lang, document, summary, title`` and parallel rows ``id, ar, en`` (some with ``doc``). Dev files are read only
to keep their near-duplicates out of training.
"""

from __future__ import annotations

import gzip
import json
import random
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from ....errors import DataError
from .. import glossary
from . import filters
from .filters import Seen

# Never trained on; their near-duplicates are dropped from everything else.
HELD_OUT = ("ar/dev", "ar/dev_nolead", "ar/dev_aic", "en/dev_xsum", "en/dev_cnndm", "parallel/flores200_dev")
HELD_OUT_PREFIXES = ("dev", "flores200", "ntrex")


@dataclass(frozen=True)
class Example:
    """One source and what is wanted of it: (kind, language, text) of each target, run in one pass.

    candidates: the model's own outputs for the first target, each with its reward.
    """

    document: str
    targets: tuple[tuple[str, str, str], ...]
    candidates: tuple[tuple[str, float], ...] = ()


NAMED = 0.75  # of translations are read with names
# Before a source that the model made (Caswell et al. 2019, "Tagged back-translation").
MACHINE_MADE = "(~)\n"
Rows = list[dict[str, Any]]
Make = Callable[[Rows, random.Random, "Source"], Iterator[Example]]


@dataclass(frozen=True)
class Source:
    """One file of the mix.

    Args:
        name: path below the data folder, without ``.jsonl.gz``.
        part: the part of the mix it belongs to.
        make: what its rows become.
        cap: at most so many rows (a random choice), None for all.
        least_words: parallel rows shorter than this (English words) are left out.
        lead_removed: share of summaries trained on a document without the sentences that repeat them.
    """

    name: str
    part: str
    make: str
    cap: int | None = None
    least_words: int = 4
    lead_removed: float = 0.0


def read_rows(path: Path) -> Iterator[dict[str, Any]]:
    """Rows of a JSON lines file, gzip or plain.

    Raises:
        DataError: a line is not JSON, with its number.
    """
    opener = gzip.open if path.suffix == ".gz" else open
    with opener(path, "rt", encoding="utf-8") as file:
        for number, line in enumerate(file, 1):
            try:
                yield json.loads(line)
            except ValueError as error:
                raise DataError(f"{path}:{number}: not a JSON line ({error})") from None


def _summaries(rows: Rows, rnd: random.Random, source: Source) -> Iterator[Example]:
    for row in rows:
        document, language = row["document"], row["target_lang"]
        texts = row.get("summaries") or [row.get("summary")]
        summary = next((t for t in texts if t and filters.sound(t, document)), None)
        title = row.get("title")
        if title and (len(title.split()) < 4 or filters.unsupported_numbers(title, document)):
            title = None
        if summary and rnd.random() < source.lead_removed:
            cut = filters.without_lead(document, summary)
            if len(cut) > max(400, 2 * len(summary)):
                document = cut
        targets = [(kind, language, text) for kind, text in (("summary", summary), ("headline", title)) if text]
        if targets:
            yield Example(document, tuple(targets))


def _headlines(rows: Rows, rnd: random.Random, source: Source) -> Iterator[Example]:
    for row in rows:
        text = row.get("summary") or row.get("title")
        if text and len(text.split()) >= 4 and not filters.unsupported_numbers(text, row["document"]):
            yield Example(row["document"], (("headline", row["target_lang"], text),))


def _sentences(rows: Rows, rnd: random.Random, source: Source) -> Iterator[Example]:
    """One direction of each pair, by chance: more different pairs in the same number of tokens."""
    for row in rows:
        if row["en"] and row["ar"] and len(row["en"].split()) >= source.least_words and _parallel(row["ar"], row["en"]):
            yield _translation(row["ar"], row["en"], rnd.random() < 0.5)


def _translation(ar: str, en: str, to_english: bool) -> Example:
    return Example(ar, (("translation", "en", en),)) if to_english else Example(en, (("translation", "ar", ar),))


def _parallel(ar: str, en: str) -> bool:
    """Whether lengths and long numbers agree as they do between translations."""
    ratio = len(ar) / max(1, len(en))
    return 0.4 < ratio < 2.0 and not (filters.unsupported_numbers(ar, en) or filters.unsupported_numbers(en, ar))


def _names(rows: Rows, rnd: random.Random, source: Source) -> Iterator[Example]:
    """Lists of six names: the prompt is paid once for all."""
    rows = [r for r in rows if r["ar"] and r["en"]]
    for i in range(0, len(rows) - 5, 6):
        group = rows[i : i + 6]
        yield _translation("\n".join(r["ar"] for r in group), "\n".join(r["en"] for r in group), rnd.random() < 0.5)


def _runs(rows: Rows) -> Iterator[Rows]:
    """Rows of each document in order; each row without a document is one of its own."""
    by_document: dict[str, Rows] = {}
    for row in rows:
        if row["ar"] and row["en"]:
            by_document.setdefault(str(row.get("doc") or row["id"]), []).append(row)
    for run in by_document.values():
        yield sorted(run, key=lambda r: [int(x) for x in re.findall(r"\d+", str(r["id"]))])


def _paragraphs(rows: Rows, rnd: random.Random, source: Source) -> Iterator[Example]:
    """Runs of two to five sentences of one document, translated whole."""
    for run in _runs(rows):
        at = 0
        while at < len(run) - 1:
            size = rnd.choice((2, 3, 4, 5))
            group, at = run[at : at + size], at + size
            ar, en = "\n".join(r["ar"] for r in group), "\n".join(r["en"] for r in group)
            if len(group) > 1 and len(en.split()) <= 110 and _parallel(ar, en):
                yield _translation(ar, en, rnd.random() < 0.5)


def _cross(rows: Rows, rnd: random.Random, source: Source) -> Iterator[Example]:
    """Bitext as cross-lingual summarization: a run of sentences in one language, its first in the other as the summary.

    The same first sentence in the document's own language would only teach to copy the lead.
    """
    for run in _runs(rows):
        at = 0
        while at < len(run):
            size = rnd.choice((1, 2, 3, 5, 8, 12))
            group, at = run[at : at + size], at + size
            first = next((i for i, r in enumerate(group) if 7 <= len(r["en"].split()) <= 55), None)
            if first is None or not _parallel(group[first]["ar"], group[first]["en"]):
                continue
            group = group[first:]
            language = rnd.choice(("ar", "en"))
            kind = "headline" if len(group[0]["en"].split()) <= 12 and rnd.random() < 0.5 else "summary"
            to = "en" if language == "ar" else "ar"
            yield Example("\n".join(r[language] for r in group), ((kind, to, _first_sentence(group[0][to])),))


def _first_sentence(text: str) -> str:
    return next(p for p in filters._SENTENCE.split(text) if p and p.strip()) if len(text.split()) > 55 else text


def _silver(rows: Rows, rnd: random.Random, source: Source) -> Iterator[Example]:
    """Rows with ``targets``: [kind, language, text] of each, as ``silver`` writes them."""
    for row in rows:
        yield Example(row["document"], tuple((k, to, text) for k, to, text in row["targets"]))


def _back(rows: Rows, rnd: random.Random, source: Source) -> Iterator[Example]:
    """Rows ``ar, en, to`` as ``back`` writes them: the human sentence out of the model's translation of it."""
    for row in rows:
        example = _translation(row["ar"], row["en"], row["to"] == "en")
        yield replace(example, document=MACHINE_MADE + example.document)


def _candidates(rows: Rows, rnd: random.Random, source: Source) -> Iterator[Example]:
    """Rows as ``candidates`` writes them; those that teach nothing have none."""
    for row in rows:
        if row["candidates"]:
            targets = tuple((k, to, text) for k, to, text in row["targets"])
            yield Example(row["document"], targets, tuple((text, reward) for text, reward in row["candidates"]))


MAKERS: dict[str, Make] = {
    "summaries": _summaries,
    "headlines": _headlines,
    "sentences": _sentences,
    "names": _names,
    "paragraphs": _paragraphs,
    "cross": _cross,
    "silver": _silver,
    "back": _back,
    "candidates": _candidates,
}

_WITH_DOCUMENTS = (
    "unpc-political-keepitlocal",
    "tico19_test",
    "tico19_dev",
    "docs-prose-mixed",
    "nextstrain-covid-reports",
    "checkthat2018-debates",
    "un-sdg-udhr",
    "web-l10n-prose",
    "ted-iwslt17-tests",
    "ted-mttt-dev-test1",
    "news-commentary-realigned",
    "ethereum-org",
)
SOURCES: tuple[Source, ...] = (
    Source("ar/ant_bbc", "sum-ar", "summaries", lead_removed=0.6),
    Source("ar/ant_france24", "sum-ar", "summaries", lead_removed=0.6),
    Source("ar/ant_cnn_abstractive", "sum-ar", "summaries", lead_removed=0.6),
    # Partisan in its wording: under a third of the Arabic news pairs.
    Source("ar/almayadeen", "sum-ar", "summaries", cap=2400, lead_removed=0.6),
    Source("ar/titles", "head-ar", "headlines"),
    Source("en/inshorts_news_summary", "sum-en", "summaries", cap=1500),
    Source("en/cnn_dailymail_train_sample", "sum-en", "summaries"),
    Source("en/xsum_train_sample", "xsum", "summaries"),
    Source("en/xsum_more", "xsum", "summaries"),
    Source("en/bbc2004_lead_xsumstyle", "xsum", "summaries"),
    Source("en/xsum_superni_split_unknown", "xsum", "summaries"),
    Source("en/bbc2022_lead_xsumstyle", "xsum", "summaries"),
    Source("en/guardian_standfirst_2022", "sum-en", "summaries"),
    Source("en/dialogsum_train", "dlg", "summaries"),
    Source("en/scitldr_train", "dlg", "summaries"),
    Source("en/inshorts_headlines", "head-en", "headlines"),
    Source("en/bbc_news_headline", "head-en", "headlines"),
    Source("en/ukraine_war_headlines_2022", "head-en", "headlines", cap=1200),
    Source("parallel/unpc-political-keepitlocal", "tr", "sentences", cap=12000, least_words=8),
    *(
        Source(f"parallel/{name}", "tr", "sentences", least_words=6)
        for name in (
            "mt_geneval",
            "ud-pud-news-wiki",
            "tico19_test",
            "tico19_dev",
            "xquad_questions",
            "un-sdg-udhr",
            "kurdistan-university-news",
            "trec2002-topics",
            "nextstrain-covid-reports",
            "docs-prose-mixed",
            "ted-iwslt17-tests",
            "ted-mttt-dev-test1",
            "ted-superni",
            "news-commentary-realigned",
            "ea-mt-entity-questions",
            "ethereum-org",
        )
    ),
    Source("parallel/xnli-dev-test", "tr", "sentences", cap=6000, least_words=8),
    Source("parallel/nyu-deep-learning-notes", "tr", "sentences", cap=800, least_words=8),
    Source("parallel/bitcoin-org", "tr", "sentences", least_words=8),
    Source("parallel/xquad_paragraphs", "par", "sentences", least_words=6),
    Source("parallel/checkthat2018-debates", "tr", "sentences", least_words=8),
    Source("parallel/tatoeba_train", "tr", "sentences", cap=10000, least_words=8),
    Source("parallel/tatoeba_opus_testset", "tr", "sentences", least_words=8),
    Source("parallel/mintaka-dev-questions", "tr", "sentences", least_words=6),
    Source("parallel/stsb-test-mt", "tr", "sentences", cap=600, least_words=8),
    Source("parallel/web-l10n-prose", "tr", "sentences", least_words=8),
    Source("parallel/flickr8k-captions", "tr", "sentences", cap=600, least_words=8),
    *(Source(f"parallel/{name}", "par", "paragraphs") for name in _WITH_DOCUMENTS),
    *(
        Source(f"parallel/{name}", "xl", "cross")
        for name in (
            *_WITH_DOCUMENTS,
            "ud-pud-news-wiki",
            "mt_geneval",
            "trec2002-topics",
            "kurdistan-university-news",
            "xquad_paragraphs",
        )
    ),
    Source("parallel/names-arwiki", "name", "names", cap=12000),
    Source("parallel/names-mixed", "name", "names", cap=12000),
    Source("parallel/terms-cldr-covid", "name", "names"),
    Source("parallel/terms-unbis", "name", "names"),
    Source("parallel/phrases-arwiki-categories", "name", "names", cap=4000),
)


def with_names(examples: Iterable[Example], rnd: random.Random, share: float = NAMED) -> Iterator[Example]:
    """Translations, a ``share`` of them with the glossary's names before the source, as they are read in use."""
    names = glossary.load()
    for example in examples:
        if rnd.random() < share:
            source = "en" if example.targets[0][1] == "ar" else "ar"
            hints = names.hints(example.document, source, words=rnd.random() < share)
            named = glossary.add_names(example.document, hints)
            example = replace(example, document=named)
        yield example


def graft(
    translations: Iterable[Example], articles: Sequence[Example], rnd: random.Random, most: int = 1600
) -> Iterator[Example]:
    """Long cross-lingual examples: a sentence of bitext heads the body of an article in its language, and the sentence
    in the other language is the summary.

    Bitext alone has no long documents, so the model would learn to answer in the other language only after short ones.
    """
    bodies: dict[str, list[str]] = {"ar": [], "en": []}
    for article in articles:
        sentences = [p for p in filters._SENTENCE.split(article.document) if p and p.strip()]
        body = "\n".join(sentences[2:])
        if len(body) > 300:
            bodies[article.targets[0][1]].append(body)
    for example in translations:
        (_, to, text) = example.targets[0]
        choices = bodies["en" if to == "ar" else "ar"]
        if choices and 10 <= len(example.document.split()) <= 45 and example.document.rstrip()[-1] not in "?\u061f":
            body = rnd.choice(choices)[: rnd.randint(300, most)].rsplit(" ", 1)[0]
            document = f"{example.document}\n{body}"
            # Headlines have no stop.
            headline = len(example.document.split()) <= 14 and rnd.random() < 0.6
            yield Example(document, (("headline", to, text.rstrip(".")) if headline else ("summary", to, text),))


def find(data: Path, name: str) -> Path | None:
    """The file of a data set, gzip or plain."""
    return next((p for p in (data / f"{name}.jsonl.gz", data / f"{name}.jsonl") if p.is_file()), None)


def held_out(data: Path) -> Seen:
    """Shingles of every dev document and sentence."""
    seen = Seen(share=0.25)
    for name in HELD_OUT:
        path = find(data, name)
        for row in read_rows(path) if path else ():
            seen.add(str(row[key]) for key in ("document", "ar", "en") if row.get(key))
    return seen


def load_mix(
    data: Path,
    seed: int = 0,
    sources: Iterable[Source] = SOURCES,
    silver: Path | None = None,
    back: Path | None = None,
    candidates: Path | None = None,
    report: Callable[[str], None] | None = None,
) -> dict[str, list[Example]]:
    """Examples of every part, filtered; the same for the same files and seed.

    Args:
        silver, back, candidates: files of silver pairs, of back-translations and of examples with candidates, which
            become parts of their names.

    Raises:
        DataError: a listed file is held out, or none of the files exist.
    """
    sources = tuple(sources)
    dev = held_out(data)
    parts: dict[str, list[Example]] = {}
    seen: dict[str, Seen] = {}
    for source in sources:
        if source.name.rsplit("/", 1)[-1].startswith(HELD_OUT_PREFIXES):
            raise DataError(f"{source.name} is held out for tuning; take it out of the training mix")
        path = find(data, source.name)
        if path is None:
            continue
        rnd = random.Random(f"{seed}:{source.name}:{source.part}")
        rows = list(read_rows(path))
        if source.cap is not None and len(rows) > source.cap:
            rows = [rows[i] for i in sorted(rnd.sample(range(len(rows)), source.cap))]
        # Names and phrases are too short for shingles to mean anything.
        fresh = seen.setdefault(source.part, Seen(share=0.5)) if source.part != "name" else None
        made = list(MAKERS[source.make](rows, rnd, source))
        kept = [e for e in made if fresh is None or (not dev.repeats(e.document) and fresh.new(e.document))]
        parts.setdefault(source.part, []).extend(kept)
        if report:
            report(f"{source.part:8} {source.name:42} rows {len(rows):6} made {len(made):6} kept {len(kept):6}")
    articles = [e for part in ("sum-ar", "sum-en", "xsum") for e in parts.get(part, [])]
    for part, file in (("silver", silver), ("back", back), ("candidates", candidates)):
        if file is not None:
            parts[part] = list(MAKERS[part](list(read_rows(file)), random.Random(seed), Source(part, part, part)))
    translations = [*parts.get("tr", []), *parts.get("back", [])]
    grafted = list(graft(translations, articles, random.Random(f"{seed}:graft")))
    if grafted:
        parts["xl-long"] = grafted
    for part in ("tr", "par", "back"):
        if part in parts:
            parts[part] = list(with_names(parts[part], random.Random(f"{seed}:names:{part}")))
    if not any(parts.values()):
        raise DataError(
            f"{data}: none of the training files is there (expected for instance {sources[0].name}.jsonl.gz)"
        )
    return parts
