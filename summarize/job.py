"""The one path from prepared texts to results: encode, decode, check."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from .errors import DocumentError
from .languages import LANGUAGES, Detection, detect, script_share
from .polish import polish
from .results import ALARMS, Result, Summary
from .text import clean, count_words, unwrap

if TYPE_CHECKING:
    from .checks import Finding
    from .checks.constraint import NumberVocabulary
    from .models.engine import Constraint, Decoding, Engine, Memory, Output, Task

# New tokens at most: about three to an Arabic or English word, and some to spare.
_MAX_NEW_TOKENS = {"short": 96, "medium": 176, "long": 352}
LENGTHS = tuple(_MAX_NEW_TOKENS)
_HEADLINE_TOKENS = 48
MINIMUM_WORDS = 25


@dataclass(frozen=True)
class Prepared:
    text: str
    detection: Detection

    @property
    def short(self) -> bool:
        return count_words(self.text) < MINIMUM_WORDS


def prepare(text: str, source: str, index: int | None) -> Prepared:
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


@dataclass(frozen=True)
class Job:
    """One call's options over batches of prepared documents."""

    engine: Engine
    languages: tuple[str, ...]
    length: str
    headline: bool
    num_beams: int
    vocabulary: NumberVocabulary | None  # to keep unsupported numbers out; None lets them be
    check: bool

    def run(self, documents: Sequence[Prepared]) -> list[Result]:
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
        self, document: Prepared, outputs: Sequence[Output], tokens: int, truncated: bool, seconds: float
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
                alarms = tuple(finding.message for finding in find(headline) if finding.status in ALARMS)
                notes += tuple(f"headline: {note}" for note in more + alarms)
            findings = find(text)
            notes += tuple(finding.message for finding in findings if finding.status in ALARMS)
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

    def _short(self, document: Prepared) -> Result:
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
