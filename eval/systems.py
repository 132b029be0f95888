"""What can be evaluated, behind one narrow protocol: examples in, summaries out.

Built in are leads, the extractive oracle, files of predictions, and every model that ``Summarizer`` knows. A system
is named by a spec: ``NAME`` or ``NAME:option=value,option=value``, as ``lead-3``, ``preds.jsonl`` or
``khulasa:length=medium,num_beams=4``.
"""

from __future__ import annotations

import hashlib
import inspect
import json
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Protocol

from summarize.errors import DataError, DocumentError, UsageError
from summarize.models.catalogue import DEFAULT_MODEL, find_spec, reachable_languages
from summarize.sentences import split_sentences

from .data import Example, read_predictions
from .readers import file_format
from .rouge import PreparedText, Rouge


class System(Protocol):
    """Anything that summarises examples.

    name: shown in tables. cached: whether its outputs are kept and resumed. uses_references: whether they depend on
    the references, as an oracle's do. batch_size: examples that it takes at once.
    """

    name: str
    cached: bool
    uses_references: bool
    batch_size: int

    def fingerprint(self) -> Mapping[str, Any]:
        """All settings that its outputs depend on, as plain JSON: a change makes earlier outputs void."""
        ...

    def __call__(self, examples: Sequence[Example], to: str) -> list[str | None]:
        """Summaries in language ``to``; None where the system has nothing to say (a lead in another language)."""
        ...


def fingerprint_hash(system: System) -> str:
    """Twelve hexadecimal digits of the system's settings."""
    text = json.dumps(system.fingerprint(), sort_keys=True, ensure_ascii=False)
    return hashlib.sha256(text.encode()).hexdigest()[:12]


class Lead:
    """The document's first ``n`` sentences."""

    cached, uses_references, batch_size = False, False, 256

    def __init__(self, n: int) -> None:
        self.n = n
        self.name = f"lead-{n}"

    def fingerprint(self) -> Mapping[str, Any]:
        """See :class:`System`."""
        return {"system": "lead", "n": self.n}

    def __call__(self, examples: Sequence[Example], to: str) -> list[str | None]:
        return [" ".join(split_sentences(e.document)[: self.n]) if e.source_lang == to else None for e in examples]


class Oracle:
    """The sentences that score best against the reference, chosen greedily: what extraction can reach.

    Sentences are added while the sum of ROUGE-1 and ROUGE-2 F1 rises (Nallapati, Zhai and Zhou 2017, "SummaRuNNer",
    section 3.2), at most ``limit``, and kept in the document's order.
    """

    name = "oracle"
    cached, uses_references, batch_size = True, True, 64

    def __init__(self, limit: int = 5) -> None:
        self.limit = limit

    def fingerprint(self) -> Mapping[str, Any]:
        """See :class:`System`."""
        return {"system": "oracle", "limit": self.limit, "gain": "rouge1+rouge2"}

    def __call__(self, examples: Sequence[Example], to: str) -> list[str | None]:
        return [self._one(e, to) if e.source_lang == to else None for e in examples]

    def _one(self, example: Example, to: str) -> str:
        rouge = Rouge(("rouge1", "rouge2"), lang=to)
        sentences = split_sentences(example.document)
        tokens = [rouge.prepare(sentence).tokens for sentence in sentences]
        references = [rouge.prepare(reference) for reference in example.for_language(to)]
        chosen: list[int] = []
        best = 0.0
        while len(chosen) < self.limit:
            gains = []
            for i in range(len(sentences)):
                if i not in chosen:
                    text = PreparedText([tokens[j] for j in sorted([*chosen, i])], to)
                    gains.append((sum(score.f1 for score in rouge.score(text, references).values()), -i))
            value, at = max(gains, default=(0.0, 0))
            if value <= best:
                break
            best = value
            chosen.append(-at)
        return " ".join(sentences[i] for i in sorted(chosen or range(min(1, len(sentences)))))


class Predictions:
    """Summaries from a file: rows with ids, or one a line in the documents' order.

    A row's field ``to`` (or ``lang``, ``target_lang``) says its language; without, a file is for one language.

    Raises:
        DataError: an example has no prediction, or an id comes twice for a language.
    """

    cached, uses_references, batch_size = False, False, 1024

    def __init__(self, path: str | Path, name: str | None = None) -> None:
        self.path = Path(path)
        self.name = name or self.path.name.split(".")[0]
        self._by_id: dict[tuple[str, str | None], str] = {}
        self._lines: list[str] = []
        for row in read_predictions(path):
            if row.id is None:
                self._lines.append(row.text)
            elif (row.id, row.to) in self._by_id:
                raise DataError(f"{row.place}: the id {row.id!r} comes twice; ids must differ")
            else:
                self._by_id[row.id, row.to] = row.text
        if self._lines and self._by_id:
            raise DataError(f"{path}: some rows have an id and some have none; give all of them one")

    @property
    def languages(self) -> frozenset[str]:
        """Languages that the rows say they are in; empty where none says."""
        return frozenset(to for _, to in self._by_id if to is not None)

    def fingerprint(self) -> Mapping[str, Any]:
        """See :class:`System`."""
        return {"system": "predictions", "file": self.path.name, "sha256": _file_hash(self.path)}

    def __call__(self, examples: Sequence[Example], to: str) -> list[str | None]:
        if self.languages and to not in self.languages:
            return [None] * len(examples)
        return [self._one(example, to) for example in examples]

    def _one(self, example: Example, to: str) -> str:
        if self._lines or not self._by_id:
            if not 0 <= example.number < len(self._lines):
                raise DataError(
                    f"{self.path}: {len(self._lines)} lines are fewer than the documents; give one for each"
                )
            return self._lines[example.number]
        for key in ((example.id, to), (example.id, None)):
            if key in self._by_id:
                return self._by_id[key]
        raise DataError(f"{self.path}: no prediction for the id {example.id!r}; give one for each document")


def _file_hash(path: Path) -> str:
    digest = hashlib.sha256()
    with path.open("rb") as source:
        while block := source.read(1 << 20):
            digest.update(block)
    return digest.hexdigest()


class Model:
    """A model of the catalogue, or a folder, through ``Summarizer``; loaded when first needed."""

    cached, uses_references, batch_size = True, False, 8

    def __init__(
        self, model: str, options: Mapping[str, Any], load: Mapping[str, Any], name: str | None = None
    ) -> None:
        from summarize import Summarizer

        allowed = sorted(inspect.signature(Summarizer.__call__).parameters.keys() - {"self", "documents", "to"})
        for key in options:
            if key not in allowed:
                raise UsageError(f"{key!r} is not an option of the system {model!r}: choose from {', '.join(allowed)}")
        self.model, self.options, self.load = model, dict(options), dict(load)
        settings = ",".join(f"{key}={value}" for key, value in self.options.items())
        self.name = name or (f"{model}:{settings}" if settings else model)
        self._summarizer: Any = None

    def fingerprint(self) -> Mapping[str, Any]:
        """See :class:`System`."""
        from summarize import __version__

        # Where the files come from makes no difference to what is written.
        load = {key: value for key, value in self.load.items() if key != "local_files_only"}
        settings = {"system": "model", "model": self.model, "khulasa": __version__, **load, **self.options}
        settings["weights"] = _weights_state(self.model)
        return settings

    def __call__(self, examples: Sequence[Example], to: str) -> list[str | None]:
        return self.in_languages(examples, (to,))[to]

    def in_languages(self, examples: Sequence[Example], languages: Sequence[str]) -> dict[str, list[str | None]]:
        """Summaries in several languages of the same examples, each read once; None where the model writes none."""
        if self._summarizer is None:
            from summarize import Summarizer

            self._summarizer = Summarizer(self.model, **self.load)
        texts: dict[str, list[str | None]] = {to: [None] * len(examples) for to in languages}
        together: dict[tuple[str, ...], list[int]] = {}
        for i, example in enumerate(examples):
            reached = tuple(to for to in languages if to in reachable_languages(self.model, example.source_lang))
            together.setdefault(reached, []).append(i)
        for reached, places in together.items():
            results = self._summarize([examples[i].document for i in places], reached) if reached else []
            for i, summaries in zip(places, results, strict=bool(reached)):
                for to, text in summaries.items():
                    texts[to][i] = text
        return texts

    def _summarize(self, documents: Sequence[str], to: Sequence[str]) -> list[dict[str, str]]:
        """By language; nothing for a document that cannot be summarised, which keeps none of the others from it."""
        options = {"check": False, **self.options}  # the metrics have checks of their own
        try:
            results = self._summarizer(list(documents), to=to, **options)
        except DocumentError:
            if len(documents) == 1:
                return [{}]
            return [self._summarize([document], to)[0] for document in documents]
        return [{summary.language: summary.text for summary in result} for result in results]


def _weights_state(model: str) -> str:
    """What tells other weights under the same name apart: their checksums or sizes, or the revisions of a hub."""
    from summarize.models.khulasa.weights import BUNDLED

    folder = BUNDLED if model == DEFAULT_MODEL else Path(model)
    if not folder.is_dir():
        spec = find_spec(model)
        return " ".join(source.revision for source in spec.sources) if spec else ""
    parts = []
    sums = folder / "SHA256SUMS"
    for file in [sums] if sums.is_file() else sorted(folder.iterdir()):
        if file.is_file() and file.suffix != ".md":
            small = file.stat().st_size < 1 << 20
            parts.append(f"{file.name} {_file_hash(file) if small else file.stat().st_size}")
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()[:16]


_LOAD_OPTIONS = ("device", "dtype", "local_files_only")
_LEAD = re.compile(r"lead-?(\d+)")


def _value(text: str) -> Any:
    try:
        return json.loads(text.lower() if text.lower() in ("true", "false") else text)
    except ValueError:
        return text


def make_system(spec: str, load: Mapping[str, Any] | None = None) -> System:
    """The system that a spec names.

    Raises:
        UsageError: an option without a value.
        DataError: a predictions file that is missing or broken.
    """
    head, _, tail = spec.partition(":")
    lead = _LEAD.fullmatch(spec)
    if lead and int(lead[1]) > 0:
        return Lead(int(lead[1]))
    if spec == "oracle":
        return Oracle()
    if file_format(spec) or spec.endswith(".txt"):
        return Predictions(spec)
    options: dict[str, Any] = {}
    for item in filter(None, tail.split(",")):
        key, equals, value = item.partition("=")
        if not equals:
            raise UsageError(f"{item!r} in the system {spec!r} is not option=value, as in khulasa:length=medium")
        options[key] = _value(value)
    loading = {**(load or {}), **{k: options.pop(k) for k in _LOAD_OPTIONS if k in options}}
    return Model(head, options, loading, name=spec)


BASELINES = ("lead-1", "lead-3", "oracle")
"""Always scored beside the systems."""
