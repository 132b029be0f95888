"""The Python API: ``Summarizer``, and the results that it gives."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, field, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any, overload

from .errors import DocumentError, UsageError
from .languages import LANGUAGES, Detection, detect, parse_languages, script_share
from .polish import polish
from .text import clean, count_words

if TYPE_CHECKING:
    from .checks import Finding
    from .checks.constraint import NumberVocabulary
    from .models.engine import Constraint, Decoding, Engine, Memory, Output, Task

# New tokens at most: about three to an Arabic or English word, and some to spare.
_MAX_NEW_TOKENS = {"short": 96, "medium": 176, "long": 352}
LENGTHS = tuple(_MAX_NEW_TOKENS)
_HEADLINE_TOKENS = 48
MINIMUM_WORDS = 25
_BATCH = 8
_ALARMS = ("unsupported", "contradicted")


@dataclass(frozen=True)
class Summary:
    """A summary in one language.

    text: one line; tokens: of the model's output; complete: whether the model ended it by itself; seconds: share of
    the batch's decoding time; headline: where one was asked for; warnings: one line each; findings: every number,
    date and name in the text, with its place in text and document, and whether the document supports it.
    """

    text: str
    language: str
    length: str
    tokens: int
    complete: bool
    seconds: float
    headline: str | None = None
    warnings: tuple[str, ...] = ()
    findings: tuple[Finding, ...] = ()

    @property
    def supported(self) -> bool:
        """Whether the document supports every number, date and name that the checks found in the text."""
        return not any(finding.status in _ALARMS for finding in self.findings)


@dataclass(frozen=True)
class Result:
    """What came of one document: ``result["ar"]`` is its Arabic summary.

    source_language: "ar" or "en"; source_tokens: tokens that the encoder read; truncated: whether the document was
    longer than that; seconds: encoding and decoding, as a share of the batch; warnings: of the document as a whole.
    """

    summaries: dict[str, Summary] = field(repr=False)
    source_language: str
    source_tokens: int
    truncated: bool
    seconds: float
    model: str
    warnings: tuple[str, ...] = ()

    def __getitem__(self, language: str) -> Summary:
        try:
            return self.summaries[language]
        except KeyError:
            raise UsageError(f"{language!r} was not asked for: this result holds {', '.join(self.summaries)}") from None

    def __iter__(self) -> Any:
        return iter(self.summaries.values())

    def to_dict(self) -> dict[str, Any]:
        """Plain dictionaries and lists, for JSON."""
        plain = asdict(self)
        plain["summaries"] = [asdict(summary) for summary in self.summaries.values()]
        return plain


class Summarizer:
    """Summaries of Arabic and English documents.

    Args:
        model: an alias of the catalogue (``summarize models``), or a folder with weights.
        device: "auto" (a GPU where there is one), "cpu", "cuda", "cuda:0", "mps".
        dtype: "auto" (bfloat16 where the device multiplies it natively), "float32", "bfloat16".
        local_files_only: never ask the network; the bundled model never does.

    Raises:
        UsageError: unknown model, device or dtype.
        ModelError: the model's weights are missing, cut short or altered.
    """

    def __init__(
        self, model: str = "khulasa", device: str = "auto", dtype: str = "auto", local_files_only: bool = False
    ) -> None:
        from .models.catalogue import load_engine

        self.engine: Engine = load_engine(model, device, dtype, local_files_only)

    @cached_property
    def _vocabulary(self) -> NumberVocabulary | None:
        """The pieces of the engine's vocabulary that matter to numbers; None where the engine does not tell them."""
        pieces = getattr(self.engine, "pieces", None)
        if pieces is None:
            return None
        from .checks.constraint import NumberVocabulary

        return NumberVocabulary.from_pieces(pieces)

    @overload
    def __call__(  # type: ignore[overload-overlap] # a str is a Sequence[str], and is taken as one text
        self,
        documents: str,
        to: str | Sequence[str] = ...,
        *,
        length: str = ...,
        headline: bool = ...,
        num_beams: int = ...,
        source: str = ...,
        faithful: bool = ...,
        check: bool = ...,
    ) -> Result: ...
    @overload
    def __call__(
        self,
        documents: Sequence[str],
        to: str | Sequence[str] = ...,
        *,
        length: str = ...,
        headline: bool = ...,
        num_beams: int = ...,
        source: str = ...,
        faithful: bool = ...,
        check: bool = ...,
    ) -> list[Result]: ...

    def __call__(
        self,
        documents: str | Sequence[str],
        to: str | Sequence[str] = ("ar", "en"),
        *,
        length: str = "short",
        headline: bool = False,
        num_beams: int = 1,
        source: str = "auto",
        faithful: bool = True,
        check: bool = True,
    ) -> Result | list[Result]:
        """Summarises a text, or each of a list of texts.

        Args:
            documents: a text, or texts.
            to: languages of the summaries, "ar" and "en": a list, or one string with commas.
            length: "short" (to 30 words), "medium" (31 to 60) or "long".
            headline: whether to write a headline in each language, too.
            num_beams: beams of the search; 1 is greedy.
            source: the documents' language, "ar" or "en"; "auto" tells it by their letters.
            faithful: whether to forbid, while decoding, numbers that the document does not support.
            check: whether to look for numbers and names that the document does not support.

        Returns:
            A ``Result`` for a text, a list of them for a list, in its order.

        Raises:
            UsageError: an option's value is not among its choices.
            DocumentError: a text is empty or in neither language.
        """
        languages = parse_languages(to if isinstance(to, str) else list(to))
        if length not in LENGTHS:
            raise UsageError(f"{length!r} is not a length: choose from {', '.join(LENGTHS)}")
        if source not in ("auto", "ar", "en"):
            raise UsageError(f"{source!r} is not a source language: choose from auto, ar, en")
        if not isinstance(num_beams, int) or not 1 <= num_beams <= 32:
            raise UsageError(f"num_beams={num_beams!r} is not a number of beams: choose from 1 to 32")
        job = _Job(self.engine, languages, length, headline, num_beams, self._vocabulary if faithful else None, check)
        if isinstance(documents, str):
            return job.run([_prepare(documents, source, None)])[0]
        prepared = [_prepare(text, source, i) for i, text in enumerate(documents)]
        # Neighbours in length share a batch, so that little of it is padding.
        order = sorted(range(len(prepared)), key=lambda i: len(prepared[i].text))
        results: dict[int, Result] = {}
        for start in range(0, len(order), _BATCH):
            chosen = order[start : start + _BATCH]
            results.update(zip(chosen, job.run([prepared[i] for i in chosen]), strict=True))
        return [results[i] for i in range(len(prepared))]


@dataclass(frozen=True)
class _Prepared:
    text: str
    detection: Detection

    @property
    def short(self) -> bool:
        return count_words(self.text) < MINIMUM_WORDS


def _prepare(text: str, source: str, index: int | None) -> _Prepared:
    where = "" if index is None else f"document {index}: "
    if not isinstance(text, str):
        raise DocumentError(f"{where}a {type(text).__name__}, not a text; give a str")
    cleaned = clean(text)
    if not cleaned:
        raise DocumentError(f"{where}the text is empty; give a text in Arabic or English")
    try:
        detection = detect(cleaned)
    except DocumentError as error:
        raise DocumentError(f"{where}{error}") from None
    if source != "auto":
        detection = replace(detection, language=source, doubt=None)
    return _Prepared(cleaned, detection)


@dataclass(frozen=True)
class _Job:
    """One call's options over batches of prepared documents."""

    engine: Engine
    languages: tuple[str, ...]
    length: str
    headline: bool
    num_beams: int
    vocabulary: NumberVocabulary | None  # to keep unsupported numbers out; None lets them be
    check: bool

    def run(self, documents: Sequence[_Prepared]) -> list[Result]:
        """Encodes once, decodes all outputs of all documents in one batch, and again what came out wrong."""
        began = time.perf_counter()
        long = [i for i, document in enumerate(documents) if not document.short]
        results: list[Result | None] = [None] * len(documents)
        if long:
            memory = self.engine.encode([documents[i].text for i in long])
            outputs = self._decode(memory, self._tasks(), [documents[i].text for i in long])
            took = (time.perf_counter() - began) / len(documents)
            for at, i in enumerate(long):
                results[i] = self._result(documents[i], outputs[at], memory.tokens[at], memory.truncated[at], took)
        for i, document in enumerate(documents):
            if document.short:
                results[i] = self._short(document)
        return [result for result in results if result is not None]

    def _tasks(self) -> list[Task]:
        from .models.engine import Task

        tasks = [Task("summary", language, self.length) for language in self.languages]
        if self.headline:
            tasks += [Task("headline", language) for language in self.languages]
        return tasks

    def _decoding(self, tasks: Sequence[Task], forbid_script: bool = False) -> Decoding:
        from .models.engine import Decoding

        most = max(_HEADLINE_TOKENS if t.kind == "headline" else _MAX_NEW_TOKENS[t.length] for t in tasks)
        return Decoding(num_beams=self.num_beams, max_new_tokens=most, forbid_script=forbid_script)

    def _constraint(self, documents: Sequence[str]) -> Constraint | None:
        """What keeps numbers that its document does not support out of each output."""
        vocabulary = self.vocabulary
        if vocabulary is None:
            return None
        from .checks.constraint import NumberConstraint

        constraints = [NumberConstraint(text, vocabulary) for text in documents]
        return lambda document, task, ids: constraints[document].step(vocabulary.tail(ids))

    def _decode(self, memory: Memory, tasks: Sequence[Task], documents: Sequence[str]) -> list[list[Output]]:
        constraint = self._constraint(documents)
        outputs = self.engine.decode(memory, tasks, self._decoding(tasks), constraint)
        wrong = [k for k, task in enumerate(tasks) if any(_wrong(row[k].text, task.language) for row in outputs)]
        if wrong:
            again = [tasks[k] for k in wrong]
            redone = self.engine.decode(memory, again, self._decoding(again, forbid_script=True), constraint)
            for row, fresh in zip(outputs, redone, strict=True):
                for k, output in zip(wrong, fresh, strict=True):
                    if _wrong(row[k].text, tasks[k].language):
                        row[k] = output
        return outputs

    def _result(
        self, document: _Prepared, outputs: Sequence[Output], tokens: int, truncated: bool, seconds: float
    ) -> Result:
        warnings = [document.detection.doubt] if document.detection.doubt else []
        if truncated:
            warnings.append(
                f"the document is longer than the model reads: the summary rests on its first {tokens} tokens"
            )
        count = len(self.languages)
        find = self._checker(document.text)
        summaries = {}
        for k, language in enumerate(self.languages):
            output = outputs[k]
            text, notes = polish(output.text, language, complete=output.finished)
            headline = None
            if self.headline:
                title = outputs[count + k]
                headline, more = polish(title.text, language, complete=True)
                alarms = tuple(finding.message for finding in find(headline) if finding.status in _ALARMS)
                notes += tuple(f"headline: {note}" for note in more + alarms)
            findings = find(text)
            notes += tuple(finding.message for finding in findings if finding.status in _ALARMS)
            summaries[language] = Summary(
                text=text,
                language=language,
                length=self.length,
                tokens=len(output.ids),
                complete=output.finished,
                seconds=seconds / count,
                headline=headline,
                warnings=notes,
                findings=findings,
            )
        return Result(
            summaries, document.detection.language, tokens, truncated, seconds, self.engine.name, tuple(warnings)
        )

    def _checker(self, document: str) -> Callable[[str], tuple[Finding, ...]]:
        """What finds the numbers and names of a text, each held against ``document``."""
        if not self.check:
            return lambda text: ()
        from .checks import Document

        checked = Document(document)
        return lambda text: checked.check(text).findings

    def _short(self, document: _Prepared) -> Result:
        """A text too short to summarise: itself in its own language, its translation in the other."""
        from .models.engine import Task

        began = time.perf_counter()
        own = document.detection.language
        words = count_words(document.text)
        line = " ".join(document.text.split())
        short = f"the text has only {words} words (fewer than {MINIMUM_WORDS}): "
        summaries = {}
        tokens = 0
        for language in self.languages:
            if language == own:
                note = short + "it is returned as it is"
                summaries[language] = Summary(line, language, self.length, 0, True, 0.0, None, (note,))
                continue
            task = Task("translation", language)
            memory = self.engine.encode([document.text])
            tokens = memory.tokens[0]
            output = self._decode(memory, [task], [document.text])[0][0]
            text, notes = polish(output.text, language, complete=output.finished)
            summaries[language] = Summary(
                text=text,
                language=language,
                length=self.length,
                tokens=len(output.ids),
                complete=output.finished,
                seconds=time.perf_counter() - began,
                warnings=(short + "it is translated, not summarised", *notes),
            )
        warnings = (document.detection.doubt,) if document.detection.doubt else ()
        seconds = time.perf_counter() - began
        return Result(summaries, own, tokens, False, seconds, self.engine.name, warnings)


def _wrong(text: str, language: str) -> bool:
    """Whether too many letters are of the other language's script."""
    return script_share(text, language) < LANGUAGES[language].least
