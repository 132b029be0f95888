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

from summarize.errors import DataError, UsageError
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
    """Summaries from a file: rows with ids (and ``lang`` or ``to`` where there are several languages), or lines.

    Raises:
        DataError: an example has no prediction, or an id comes twice for a language.
    """

    cached, uses_references, batch_size = False, False, 1024

    def __init__(self, path: str | Path, name: str | None = None) -> None:
        self.path = Path(path)
        self.name = name or self.path.name.split(".")[0]
        self._by_id: dict[str, str] = {}
        self._lines: list[str] = []
        for place, identity, text in read_predictions(path):
            if identity is None:
                self._lines.append(text)
            elif identity in self._by_id:
                raise DataError(f"{place}: the id {identity!r} comes twice; ids must differ")
            else:
                self._by_id[identity] = text
        self._next = 0

    def fingerprint(self) -> Mapping[str, Any]:
        return {"system": "predictions", "file": self.path.name, "sha256": _file_hash(self.path)}

    def __call__(self, examples: Sequence[Example], to: str) -> list[str | None]:
        if not self._by_id:
            if self._next + len(examples) > len(self._lines):
                raise DataError(
                    f"{self.path}: {len(self._lines)} lines are fewer than the documents; give one for each"
                )
            begin, self._next = self._next, self._next + len(examples)
            return list(self._lines[begin : self._next])
        for example in examples:
            if example.id not in self._by_id:
                raise DataError(f"{self.path}: no prediction for the id {example.id!r}; give one for each document")
        return [self._by_id[example.id] for example in examples]


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
        self.model, self.options, self.load = model, dict(options), dict(load)
        settings = ",".join(f"{key}={value}" for key, value in self.options.items())
        self.name = name or (f"{model}:{settings}" if settings else model)
        self._summarizer: Any = None

    def fingerprint(self) -> Mapping[str, Any]:
        from summarize import __version__

        settings = {"system": "model", "model": self.model, "khulasa": __version__, **self.load, **self.options}
        settings["weights"] = _weights_state(self.model)
        return settings

    def __call__(self, examples: Sequence[Example], to: str) -> list[str | None]:
        if self._summarizer is None:
            from summarize import Summarizer

            allowed = sorted(inspect.signature(Summarizer.__call__).parameters.keys() - {"self", "documents", "to"})
            for key in self.options:
                if key not in allowed:
                    raise UsageError(
                        f"{key!r} is not an option of the system {self.model!r}: choose from {', '.join(allowed)}"
                    )
            self._summarizer = Summarizer(self.model, **self.load)
        results = self._summarizer([e.document for e in examples], to=[to], **self.options)
        return [result[to].text for result in results]


def _weights_state(model: str) -> str:
    """What tells other weights under the same name apart: sizes and checksums that lie beside them."""
    import summarize.models

    folder = Path(model)
    if model == "khulasa":
        folder = Path(summarize.models.__file__).parent / "khulasa" / "weights"
    if not folder.is_dir():
        return ""
    parts = []
    for file in sorted(folder.iterdir()):
        if file.is_file():
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
