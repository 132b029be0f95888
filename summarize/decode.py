"""How a model's outputs are decoded: with which search, kept to which numbers and script, and by which route."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from .channel import decode_channel, translations
from .languages import LANGUAGES, script_share
from .long import AUTO
from .opening import with_opening
from .polish import polish
from .repair import repair
from .rerank import DRAWS, QUALITIES, decode_best, most_supported, widened

if TYPE_CHECKING:
    from .checks.constraint import NumberVocabulary
    from .models.engine import Constraint, Decoding, Engine, Memory, Output, Task

# New tokens at most: about three to an Arabic or English word, and some to spare.
_MAX_NEW_TOKENS = {"short": 96, "medium": 176, "long": 352}
LENGTHS = (*_MAX_NEW_TOKENS, AUTO)
_HEADLINE_TOKENS = 48
# On 16 documents of each dev set four beams beat greedy search in every measure, in the same time in batches.
_BEAMS = 4
# Exponents of the length in a beam's score, 1 elsewhere: with 1, medium English summaries ran to 60 words and more, and
# with 0 they had 50 and were better by 1 point of ROUGE; Arabic ones had 38, and 31 with 0, at the same ROUGE.
_LENGTH_PENALTIES = {("medium", "en"): 0.0}
# Languages that have no use for a letter of the other script: it is forbidden from the first token on.
_PURE = tuple(code for code, language in LANGUAGES.items() if language.least == 1.0)

ROUTES = ("auto", "direct", "translate")
"""How a summary in another language than the document's is written.

direct: out of the document; translate: the model's summary in the document's language is translated by it; auto: what
measured better with the model in that direction (its ``translates``).
"""


@dataclass(frozen=True)
class Decoder:
    """One call's options of decoding.

    Args:
        num_beams: None searches as the model's authors do, the bundled one with ``_BEAMS`` beams.
        vocabulary: to keep unsupported numbers out; None lets them be.
        faithful: whether to choose among several outputs, one with few alarms, and to write again what still has some.
        quality: one of ``rerank.QUALITIES``.
        route: one of ``ROUTES``.
    """

    engine: Engine
    num_beams: int | None = None
    vocabulary: NumberVocabulary | None = None
    faithful: bool = False
    quality: str = QUALITIES[0]
    route: str = ROUTES[0]

    @property
    def width(self) -> int:
        """Rows of the decoder that an output takes."""
        own = getattr(self.engine, "decoding", None)
        beams = self.num_beams or (own.num_beams if own else _BEAMS)
        return beams + DRAWS if self.quality == "best" else beams

    def encode(self, texts: Sequence[str], languages: Sequence[str], translate: bool = False) -> Memory:
        """The encoder's pass over texts; ``languages`` are theirs.

        Args:
            translate: whether they are to be translated: an engine with a glossary then reads names before each.
        """
        if translate and hasattr(self.engine, "with_names"):
            texts = [self.engine.with_names(text, language) for text, language in zip(texts, languages, strict=True)]
        if getattr(self.engine, "takes_sources", False):
            return self.engine.encode(texts, languages)  # type: ignore[call-arg]
        return self.engine.encode(texts)

    def translates(self, source: str, target: str) -> bool:
        """Whether what is wanted in ``target`` of a document in ``source`` comes of a translated summary."""
        if self.route == "auto":
            return (source, target) in getattr(self.engine, "translates", ())
        return self.route == "translate" and source != target

    def write(self, memory: Memory, tasks: Sequence[Task], texts: Sequence[str], source: str) -> list[list[Output]]:
        """For every document one output per task.

        Args:
            memory: what the encoder made of ``texts``, all in language ``source``.
            tasks: outputs wanted of each; none is a translation of the text itself.
        """
        from .models.engine import Task

        crossing = [task for task in tasks if self.translates(source, task.language)]
        if not crossing:
            return self.decode(memory, tasks, texts)
        originals = [replace(task, language=source) for task in crossing]
        first = list(dict.fromkeys([*(task for task in tasks if task not in crossing), *originals]))
        written = [dict(zip(first, row, strict=True)) for row in self.decode(memory, first, texts)]
        for task, original in zip(crossing, originals, strict=True):
            summaries = [polish(row[original].text, source, complete=row[original].finished)[0] for row in written]
            filled = [i for i, summary in enumerate(summaries) if summary]
            chosen = [summaries[i] for i in filled]
            if chosen:
                again = self.encode(chosen, [source] * len(chosen), translate=True)
                translation = Task("translation", task.language, task.length)
                documents = [texts[i] for i in filled]
                translated = self.decode(again, [translation], chosen, documents, source)
                for i, (output,) in zip(filled, translated, strict=True):
                    written[i][task] = output
            for row in written:
                row.setdefault(task, replace(row[original], ids=(), text=""))
        return [[row[task] for task in tasks] for row in written]

    def decode(
        self,
        memory: Memory,
        tasks: Sequence[Task],
        texts: Sequence[str],
        documents: Sequence[str] | None = None,
        source: str | None = None,
    ) -> list[list[Output]]:
        """For every text one output per task, out of the text itself; again what came out in the wrong script.

        Args:
            documents: what outputs are held against; None takes the texts.
            source: the texts' language, where they are to be translated.
        """
        constraint = self._constraint(texts)
        documents = texts if documents is None else documents

        def search(tasks: Sequence[Task], forbid_script: tuple[str, ...] = _PURE) -> list[list[Output]]:
            apart: dict[float, list[int]] = {}
            for k, task in enumerate(tasks):
                apart.setdefault(self._penalty(task), []).append(k)
            if len(apart) > 1:
                rows: list[dict[int, Output]] = [{} for _ in texts]
                for places in apart.values():
                    for row, some in zip(rows, search([tasks[k] for k in places], forbid_script), strict=True):
                        row.update(zip(places, some, strict=True))
                return [[row[k] for k in range(len(tasks))] for row in rows]
            decoding = self._decoding(tasks, forbid_script)
            if source is not None and decoding.num_beams > 1 and hasattr(self.engine, "scores"):
                options = (translations(decoding, self.quality), texts, source, documents, constraint)
                columns = [decode_channel(self.engine, memory, task, *options) for task in tasks]
                return [list(row) for row in zip(*columns, strict=True)]
            if self.quality == "best":
                return decode_best(self.engine, memory, tasks, widened(decoding), documents, constraint)
            if self.faithful and decoding.num_beams > 1 and hasattr(self.engine, "candidates"):
                several = replace(decoding, num_return=decoding.num_beams)
                return decode_best(self.engine, memory, tasks, several, documents, constraint, most_supported)
            return self.engine.decode(memory, tasks, decoding, constraint)

        outputs = search(tasks)
        mixed = [k for k, task in enumerate(tasks) if task.language not in _PURE]
        wrong = [k for k in mixed if any(_wrong(row[k].text, tasks[k].language) for row in outputs)]
        if wrong:
            again = [tasks[k] for k in wrong]
            redone = search(again, tuple(LANGUAGES))
            for row, fresh in zip(outputs, redone, strict=True):
                for k, output in zip(wrong, fresh, strict=True):
                    if _wrong(row[k].text, tasks[k].language):
                        row[k] = output
        if self.faithful and self.vocabulary is not None and hasattr(self.engine, "go_on"):
            words = self.vocabulary.words
            decoding = self._decoding(tasks)
            outputs = repair(self.engine, memory, tasks, outputs, documents, decoding, words, constraint, texts=texts)
        for k, task in enumerate(tasks if self.faithful else ()):
            if (task.kind, task.language) == ("summary", "ar"):
                for row, text in zip(outputs, texts, strict=True):
                    row[k] = with_opening(self.engine, row[k], text)
        return outputs

    def _penalty(self, task: Task) -> float:
        """The length penalty of beams; a model's own authors chose theirs."""
        ours = task.kind == "summary" and getattr(self.engine, "decoding", None) is None
        return _LENGTH_PENALTIES.get((task.length, task.language), 1.0) if ours else 1.0

    def _decoding(self, tasks: Sequence[Task], forbid_script: tuple[str, ...] = _PURE) -> Decoding:
        from .models.engine import Decoding

        own: Decoding | None = getattr(self.engine, "decoding", None)
        if own is not None:  # as its authors decode; such a model knows one length
            return replace(own, num_beams=self.num_beams or own.num_beams, forbid_script=forbid_script)
        most = max(_HEADLINE_TOKENS if t.kind == "headline" else _MAX_NEW_TOKENS[t.length] for t in tasks)
        beams = self.num_beams or _BEAMS
        penalty = self._penalty(tasks[0])
        return Decoding(
            num_beams=beams, early=True, length_penalty=penalty, max_new_tokens=most, forbid_script=forbid_script
        )

    def _constraint(self, texts: Sequence[str]) -> Constraint | None:
        """What keeps numbers that its document does not support out of each output."""
        vocabulary = self.vocabulary
        if vocabulary is None:
            return None
        from .checks.constraint import NumberConstraint

        constraints = [NumberConstraint(text, vocabulary) for text in texts]
        return lambda document, task, ids: constraints[document].step(vocabulary.tail(ids))


def _wrong(text: str, language: str) -> bool:
    """Whether too many letters are of the other language's script."""
    return script_share(text, language) < LANGUAGES[language].least
