"""Summarize, then translate: a summarizer and translators behind the ``Engine`` protocol."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from ...errors import UsageError
from ...languages import detect
from ..engine import Constraint, Decoding, Memory, Output, Task
from .engine import check_direction

if TYPE_CHECKING:
    from .engine import HubEngine

# Tokens of a translation for one of the summary: the other language's words may fall into more pieces.
_GROWTH = 2.0
_LEAST = 32


@dataclass(frozen=True)
class _Read:
    """The summarizer's own memory, and the documents with their languages."""

    memory: Memory
    texts: tuple[str, ...]
    sources: tuple[str, ...]


class PipelineEngine:
    """Writes what the summarizer can write directly, and translates its summary for the rest.

    Args:
        summarizer: any engine with ``directions`` and ``kinds``.
        translator: gives the engine for a direction such as "ar-en"; called once per direction.
        directions: of the pair as a whole.
    """

    takes_sources = True

    def __init__(
        self,
        summarizer: HubEngine,
        translator: Callable[[str], HubEngine],
        name: str,
        directions: tuple[str, ...],
    ) -> None:
        self.summarizer, self.name, self.directions = summarizer, name, directions
        self.limit = summarizer.limit
        self.kinds = (*summarizer.kinds, "translation")
        self.decoding = summarizer.decoding
        self._load = translator
        self._translators: dict[str, HubEngine] = {}

    def _translator(self, direction: str) -> HubEngine:
        if direction not in self._translators:
            self._translators[direction] = self._load(direction)
        return self._translators[direction]

    def check(self, tasks: Sequence[Task], source: str) -> None:
        """As ``HubEngine.check``."""
        for task in tasks:
            if task.kind not in self.kinds:
                raise UsageError(f"{self.name!r} writes no {task.kind}: it writes {', '.join(self.kinds)}")
            if task.kind != "translation":
                check_direction(self.name, self.directions, source, task.language)

    def count(self, text: str) -> int:
        """Source tokens of ``text``."""
        return self.summarizer.count(text)

    def encode(self, documents: Sequence[str], sources: Sequence[str] | None = None) -> Memory:
        """The summarizer's encoder pass; see ``Engine.encode``."""
        languages = tuple(sources) if sources else tuple(detect(text).language for text in documents)
        memory = self.summarizer.encode(documents, languages)
        return Memory(memory.tokens, memory.truncated, _Read(memory, tuple(documents), languages))

    def decode(
        self, memory: Memory, tasks: Sequence[Task], decoding: Decoding, constraint: Constraint | None = None
    ) -> list[list[Output]]:
        """Summaries, translated where the summarizer does not write the language itself; see ``Engine.decode``.

        ``constraint`` and ``forbid_script`` bear on the model that writes the output which is returned.
        """
        read: _Read = memory.state
        for source in dict.fromkeys(read.sources):
            self.check(tasks, source)
        rows: list[list[Output | None]] = [[None] * len(tasks) for _ in read.texts]
        for source in dict.fromkeys(read.sources):
            mine = [i for i, language in enumerate(read.sources) if language == source]
            for at, outputs in zip(
                mine, self._decode_source(read, mine, source, tasks, decoding, constraint), strict=True
            ):
                rows[at] = list(outputs)
        return [[output for output in row if output is not None] for row in rows]

    def _decode_source(
        self,
        read: _Read,
        mine: list[int],
        source: str,
        tasks: Sequence[Task],
        decoding: Decoding,
        constraint: Constraint | None,
    ) -> list[list[Output]]:
        """The outputs of the documents ``mine``, all in language ``source``."""
        texts = [read.texts[i] for i in mine]
        # All documents in one language are the usual case, and their encoder pass is there.
        memory = read.memory if len(mine) == len(read.texts) else self.summarizer.encode(texts, [source] * len(texts))
        summaries: dict[tuple[str, str, str], list[Output]] = {}

        def summarize(task: Task, settings: Decoding, check: Constraint | None) -> list[Output]:
            key = (task.kind, task.language, task.length)
            if check is not None:
                return [row[0] for row in self.summarizer.decode(memory, [task], settings, _moved(check, mine))]
            if key not in summaries:
                summaries[key] = [row[0] for row in self.summarizer.decode(memory, [task], settings)]
            return summaries[key]

        columns: list[list[Output]] = []
        for task in tasks:
            direct = self.summarizer.directions or ()
            if task.kind != "translation" and f"{source}-{task.language}" in direct:
                columns.append(summarize(task, decoding, constraint))
                continue
            middle, drafts = source, texts
            finished = [True] * len(texts)
            if task.kind != "translation":
                middle = self._middle(source, task.language)
                plain = replace(decoding, forbid_script=())
                written = summarize(replace(task, language=middle), plain, None)
                drafts, finished = [output.text for output in written], [output.finished for output in written]
            columns.append(
                self._translate(drafts, finished, f"{middle}-{task.language}", task, decoding, constraint, mine)
            )
        return [[column[k] for column in columns] for k in range(len(mine))]

    def _middle(self, source: str, target: str) -> str:
        """The language that the summarizer writes and the translator reads."""
        written = [direction[3:] for direction in self.summarizer.directions or () if direction[:2] == source]
        return next(language for language in (source, *written) if language in written and language != target)

    def _translate(
        self,
        drafts: Sequence[str],
        finished: Sequence[bool],
        direction: str,
        task: Task,
        decoding: Decoding,
        constraint: Constraint | None,
        mine: list[int],
    ) -> list[Output]:
        # Empty drafts stay empty, and what is in the language already stays as it is.
        done = [Output((), draft, True, 0.0) for draft in drafts]
        filled = [k for k, draft in enumerate(drafts) if draft]
        if not filled or direction[:2] == direction[3:]:
            return done
        engine = self._translator(direction)
        memory = engine.encode([drafts[k] for k in filled], [direction[:2]] * len(filled))
        most = max(int(max(memory.tokens) * _GROWTH), _LEAST, decoding.max_new_tokens)
        settings = replace(
            engine.decoding or decoding,  # what becomes a summarizer, a penalty of length say, is not the translator's
            num_beams=decoding.num_beams,
            max_new_tokens=most,
            min_new_tokens=0,
            forbid_script=decoding.forbid_script,
        )
        places = [mine[k] for k in filled]
        rows = engine.decode(
            memory,
            [Task("translation", task.language)],
            settings,
            None if constraint is None else _moved(constraint, places, task),
        )
        for k, row in zip(filled, rows, strict=True):
            # A summary that was cut off stays one after translation.
            done[k] = replace(row[0], finished=row[0].finished and finished[k])
        return done


def _moved(constraint: Constraint, places: Sequence[int], task: Task | None = None) -> Constraint:
    """``constraint`` for a batch whose document ``k`` is document ``places[k]`` of the caller's."""
    return lambda k, own, ids: constraint(places[k], task or own, ids)
