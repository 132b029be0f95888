"""The one path from prepared texts to results: encode, decode, check."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from .decode import LENGTHS, Decoder
from .errors import DocumentError, UsageError
from .languages import LANGUAGES, Detection, detect
from .long import AUTO, DEFAULT_STRATEGY, PARAGRAPH, Encoder, Portion, Reading, about, length_for, portions, read, whole
from .polish import polish
from .results import ALARMS, Result, Summary
from .text import clean, count_words, unwrap

if TYPE_CHECKING:
    from .checks import Finding
    from .models.engine import Attention, Engine, Memory, Output, Task

MINIMUM_WORDS = 25
_BATCH = 4  # texts that are encoded at once, unless as many documents were given as fit


@dataclass(frozen=True)
class Prepared:
    """A cleaned text and the language that it is in."""

    text: str
    detection: Detection

    @property
    def short(self) -> bool:
        """Whether it is too short to be summarised."""
        return count_words(self.text) < MINIMUM_WORDS


def prepare(text: str, source: str, index: int | None) -> Prepared:
    """Cleans a text and tells its language, which ``source`` overrides unless it is "auto"; ``index`` is for messages.

    Raises:
        DocumentError: not a text, empty, or in neither language.
    """
    where = "" if index is None else f"document {index}: "
    if not isinstance(text, str):
        raise DocumentError(f"{where}a {type(text).__name__}, not a text; give a str")
    cleaned = unwrap(clean(text))
    if not cleaned:
        raise DocumentError(f"{where}the text is empty; give a text in Arabic or English")
    try:
        detection = detect(cleaned)
    except DocumentError as error:
        raise DocumentError(f"{where}{error}") from None
    if source != "auto":
        detection = replace(detection, language=source, doubt=None)
    return Prepared(cleaned, detection)


@dataclass
class _Row:
    """What is encoded once, a document or a portion of one as it is read, and the outputs wanted of it."""

    reading: Reading
    detection: Detection
    tasks: tuple[Task, ...]
    outputs: list[Output] = field(default_factory=list)
    attention: list[Attention | None] = field(default_factory=list)  # of each output
    tokens: int = 0  # that the encoder read
    truncated: bool = False


@dataclass(frozen=True)
class Job:
    """One call's options over batches of prepared documents."""

    decoder: Decoder
    languages: tuple[str, ...] | None  # None: all that the model writes of a document
    length: str
    headline: bool
    check: bool
    strategy: str = DEFAULT_STRATEGY  # for documents longer than the engine reads at once
    evidence: bool = False

    @property
    def engine(self) -> Engine:
        """What writes."""
        return self.decoder.engine

    def run(self, documents: Sequence[Prepared]) -> list[Result]:
        """Encodes once, decodes all outputs of all documents in one batch, and again what came out wrong."""
        results: list[Result | None] = [None] * len(documents)
        together: dict[tuple[str, ...], list[int]] = {}  # a model may write other languages of other documents
        for i, document in enumerate(documents):
            languages = self.languages_of(document)
            if document.short:
                results[i] = self._short(document, languages)
            else:
                together.setdefault(languages, []).append(i)
        for languages, places in together.items():
            began = time.perf_counter()
            rows = [self._rows(documents[i], languages) for i in places]
            flat = [row for some in rows for row in some]
            self._write(flat, look=self.evidence, at_once=max(_BATCH, len(documents)))
            took = (time.perf_counter() - began) / len(places)
            for i, mine in zip(places, rows, strict=True):
                results[i] = self._result(documents[i], languages, mine, took)
        return [result for result in results if result is not None]

    def languages_of(self, document: Prepared) -> tuple[str, ...]:
        """Languages of a document's summaries: those asked for, or else all that the model writes of it.

        A short document is not summarised: its own language needs no model, and another one a model that translates.

        Raises:
            DocumentError: the model does not read the document's language, or does not write one that was asked for.
        """
        from .models.engine import Task

        wanted = self.languages or tuple(LANGUAGES)
        check = getattr(self.engine, "check", None)  # an engine without it reads and writes everything
        if check is None:
            return wanted
        own = document.detection.language
        reached, why = [], ""
        for language in wanted:
            try:
                if not (document.short and language == own):
                    check([Task("translation" if document.short else "summary", language, self.length)], own)
                reached.append(language)
            except UsageError as error:
                why = why or str(error)
        if why and (not reached or (self.languages and not document.short)):
            if document.short:
                name = repr(self.engine.name)
                why = f"{_too_short(document)}{name} does not translate it; give a longer text, or take khulasa"
            raise DocumentError(why)
        return tuple(reached)

    def _encode(self, documents: Sequence[Prepared], translate: bool = False) -> Memory:
        languages = [document.detection.language for document in documents]
        return self.decoder.encode([document.text for document in documents], languages, translate)

    def _rows(self, document: Prepared, languages: Sequence[str]) -> list[_Row]:
        """What to encode of a document: a row for each portion of its summary, one where it fits the encoder."""
        from .models.engine import Task

        detection, text = document.detection, document.text
        limit = self.engine.limit
        fits = min(limit, getattr(self.engine, "comfortable", limit))
        # Some spare tokens: what a model wants before every text is not counted.
        room = min(fits, limit - limit // 64)
        encoder = Encoder(self.engine.count, room, lambda texts, length: self._drafts(texts, length, detection))

        def row(portion: Portion, summaries: bool, headlines: bool) -> _Row:
            stretch = text[portion.start : portion.end]
            reading = whole(stretch) if encoder.count(stretch) <= fits else read(stretch, self.strategy, encoder)
            tasks = [Task("summary", language, portion.length) for language in languages if summaries]
            tasks += [Task("headline", language) for language in languages if headlines]
            return _Row(reading.moved(portion.start), detection, tuple(tasks))

        stretches = portions(text, self.length, encoder.count, fits, room, split=self.strategy != "truncate")
        if len(stretches) == 1:
            return [row(stretches[0], True, self.headline)]
        rows = [row(portion, True, False) for portion in stretches]
        if self.headline:
            rows.append(row(Portion(0, len(text), "short"), False, True))
        return rows

    def _drafts(self, texts: Sequence[str], length: str, detection: Detection) -> list[str]:
        """A summary of each text, in its own language."""
        from .models.engine import Task

        own = detection.language
        rows = [_Row(whole(text), detection, (Task("summary", own, length),)) for text in texts]
        self._write(rows, look=False)
        return [polish(row.outputs[0].text, own, complete=row.outputs[0].finished)[0] for row in rows]

    def _write(self, rows: Sequence[_Row], look: bool, at_once: int = _BATCH) -> None:
        """Fills in the rows' outputs; what is wanted of several rows alike is encoded and decoded together."""
        alike: dict[tuple[str | None, tuple[Task, ...]], list[_Row]] = {}
        for row in rows:
            own = row.detection.language
            crossing = any(self.decoder.translates(own, task.language) for task in row.tasks)
            alike.setdefault((own if crossing else None, row.tasks), []).append(row)
        attention = getattr(self.engine, "attention", None) if look else None
        for (source, tasks), some in alike.items():
            for start in range(0, len(some), at_once):
                batch = some[start : start + at_once]
                memory = self._encode([Prepared(row.reading.text, row.detection) for row in batch])
                texts = [row.reading.text for row in batch]
                if source is None:
                    outputs = self.decoder.decode(memory, tasks, texts)
                else:
                    outputs = self.decoder.write(memory, tasks, texts, source)
                for at, row in enumerate(batch):
                    row.outputs, row.tokens, row.truncated = outputs[at], memory.tokens[at], memory.truncated[at]
                    row.attention = [
                        attention(memory, at, task, output.ids, row.reading.text)
                        if attention and task.kind == "summary" and task.language != row.detection.language
                        else None
                        for task, output in zip(tasks, outputs[at], strict=True)
                    ]

    def _result(self, document: Prepared, languages: Sequence[str], rows: Sequence[_Row], seconds: float) -> Result:
        """The result of a document out of its rows: those of its summary, in order, and the headline's, if apart."""
        warnings = [document.detection.doubt] if document.detection.doubt else []
        written = [row for row in rows if row.tasks[0].kind == "summary"]
        for row in written:
            if row.truncated:
                warnings.append(
                    f"the document is longer than the model reads: the summary rests on its first {row.tokens} tokens"
                )
        warnings += about([row.reading for row in written if not row.truncated])
        from .long.evidence import Finder, Written

        find = self._checker(document.text)
        finder = Finder(document.text) if self.evidence else None
        summaries = {}
        for k, language in enumerate(languages):
            outputs = [row.outputs[k] for row in written]
            polished = [polish(output.text, language, complete=output.finished) for output in outputs]
            notes = tuple(dict.fromkeys(note for _, some in polished for note in some))
            text = PARAGRAPH.join(part for part, _ in polished if part)
            headline = None
            if self.headline:
                title = rows[-1].outputs[-len(languages) :][k]
                headline, more = polish(title.text, language, complete=True)
                alarms = tuple(finding.message for finding in find(headline) if finding.status in ALARMS)
                notes += tuple(f"headline: {note}" for note in more + alarms)
            findings = find(text)
            notes += tuple(finding.message for finding in findings if finding.status in ALARMS)
            own = language == document.detection.language
            parts = [
                Written(part, row.outputs[k].text, own, row.reading, row.attention[k])
                for (part, _), row in zip(polished, written, strict=True)
            ]
            summaries[language] = Summary(
                text=text,
                language=language,
                length=length_for(document.text) if self.length == AUTO else self.length,
                tokens=sum(len(output.ids) for output in outputs),
                complete=all(output.finished for output in outputs),
                seconds=seconds / len(languages),
                headline=headline,
                warnings=notes,
                findings=findings,
                evidence=() if finder is None else finder(parts, findings),
            )
        return Result(
            summaries,
            document.detection.language,
            sum(row.reading.tokens or row.tokens for row in written),
            any(row.truncated or row.reading.truncated for row in written),
            seconds,
            self.engine.name,
            tuple(warnings),
            sum(row.reading.chunks for row in written),
        )

    def _checker(self, document: str) -> Callable[[str], tuple[Finding, ...]]:
        """What finds the numbers and names of a text, each held against ``document``."""
        if not self.check:
            return lambda text: ()
        from .checks import prepared

        checked = prepared(document)
        return lambda text: checked.check(text).findings

    def _short(self, document: Prepared, languages: Sequence[str]) -> Result:
        """A text too short to summarise: itself in its own language, its translation in the other."""
        from .models.engine import Task

        began = time.perf_counter()
        own = document.detection.language
        length = LENGTHS[0] if self.length == AUTO else self.length
        line = " ".join(document.text.split())
        short = _too_short(document)
        summaries = {}
        tokens = 0
        for language in languages:
            if language == own:
                note = short + "it is returned as it is"
                summaries[language] = Summary(line, language, length, 0, True, 0.0, None, (note,))
                continue
            task = Task("translation", language)
            memory = self._encode([document], translate=True)
            tokens = memory.tokens[0]
            output = self.decoder.decode(memory, [task], [document.text])[0][0]
            text, notes = polish(output.text, language, complete=output.finished)
            summaries[language] = Summary(
                text=text,
                language=language,
                length=length,
                tokens=len(output.ids),
                complete=output.finished,
                seconds=time.perf_counter() - began,
                warnings=(short + "it is translated, not summarised", *notes),
            )
        warnings = [document.detection.doubt] if document.detection.doubt else []
        for language in self.languages or ():
            if language not in languages:
                name = LANGUAGES[language].name
                warnings.append(f"{short}{self.engine.name!r} does not translate it, so that there is none in {name}")
        seconds = time.perf_counter() - began
        return Result(summaries, own, tokens, False, seconds, self.engine.name, tuple(warnings))


def _too_short(document: Prepared) -> str:
    """The beginning of a warning or an error."""
    return f"the text has only {count_words(document.text)} words (fewer than {MINIMUM_WORDS}): "
