"""What a summary-producing model is to the rest of the package: one encoder pass, then any number of decodes."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol


@dataclass(frozen=True)
class Task:
    """One output wanted of a document: ``kind`` ("summary", "headline", "translation"), language, length."""

    kind: str = "summary"
    language: str = "ar"
    length: str = "short"


@dataclass(frozen=True)
class Decoding:
    """How outputs are searched for.

    ``decode`` gives the best output of the search; ``candidates`` gives the ``num_return`` best ones, and ``samples``
    more that are drawn by chance.

    Args:
        num_beams: 1 is greedy.
        early: end a beam search once its best finished output scores at least what the best running beam would if it
            ended now, instead of only when all of ``num_beams`` do: fewer steps (14% on Arabic news), and for about one
            document in four another output, of the same ROUGE (``khulasa/SPEED.md``).
        length_penalty: a finished beam's score is its log-probability / length ** length_penalty.
        no_repeat_ngram_size: no n-gram of that many tokens twice in an output; 0 lets them be.
        max_new_tokens: tokens of an output at most.
        min_new_tokens: no end before so many tokens.
        forbid_script: languages whose outputs never get a token with a letter of the other script.
        num_return: finished outputs of the beams that ``candidates`` gives at most; greedy search finds one.
        samples: outputs that ``candidates`` draws.
        temperature: of the draws: below 1 the likely tokens become likelier.
        top_p: tokens are drawn from the likeliest whose probabilities sum to this.
        seed: another one gives other draws; the same one gives the same for the same document and task, in any batch.
    """

    num_beams: int = 1
    early: bool = False
    length_penalty: float = 1.0
    no_repeat_ngram_size: int = 3
    max_new_tokens: int = 128
    min_new_tokens: int = 0
    forbid_script: tuple[str, ...] = ()
    num_return: int = 1
    samples: int = 0
    temperature: float = 1.0
    top_p: float = 1.0
    seed: int = 0

    @property
    def several(self) -> bool:
        """Whether there are candidates to choose among."""
        return self.num_return > 1 or self.samples > 0


@dataclass(frozen=True)
class Output:
    """One decoded output: its token ids without the end, its text, whether it ended by itself, its score."""

    ids: tuple[int, ...]
    text: str
    finished: bool
    score: float


class Restriction(Protocol):
    """What may come next: ``only`` these ids where that is not None, else all but ``forbid``."""

    @property
    def forbid(self) -> Sequence[int]: ...
    @property
    def only(self) -> Sequence[int] | None: ...


# Called before a token of a row is chosen, with (document index, task, ids so far).
Constraint = Callable[[int, Task, Sequence[int]], "Restriction | None"]


@dataclass
class Memory:
    """What an engine's encoder leaves for its decoder.

    tokens: that were read of each document; seeds: for draws, a number made of each document's text alone.
    """

    tokens: tuple[int, ...]
    truncated: tuple[bool, ...]
    state: Any = field(repr=False, default=None)
    seeds: tuple[int, ...] = ()


@dataclass(frozen=True)
class Attention:
    """Where a decoder looked while it wrote an output.

    weights: numpy float32 ``[output tokens, source tokens]``; source: offsets ``(start, end)`` of each source token in
    the text that was encoded, (0, 0) for what stands for no text; output: offsets of each output token in its text.
    """

    weights: Any
    source: tuple[tuple[int, int], ...]
    output: tuple[tuple[int, int], ...]


class Engine(Protocol):
    """A loaded model.

    name: the catalogue's alias or the folder; limit: source tokens that ``encode`` reads of one document.

    An engine may also have ``attention(memory, document, task, ids, text)``, which gives the ``Attention`` of an output
    over the text of a document of ``memory``: evidence across languages rests on it. And it may have ``candidates``,
    called as ``decode`` is, which gives several outputs of each task to choose from, the search's own best first. Its
    ``comfortable`` is the number of source tokens to which it summarises well, where that is less than ``limit``: what
    is read of a longer document is brought down to that. Its ``translates`` are the directions, (source, target), in
    which a summary does better as the translation of the one in the document's language.
    ``part(memory, documents)`` and ``go_on(memory, tasks, begun, decoding, constraint)`` together let what a check
    speaks against be written again: the first gives the ``Memory`` of some documents of another; the second, greedy
    outputs as ``decode`` does that begin with the token ids ``begun[document][task]`` and hold them. ``spell(text)``
    gives the ids of a stretch of output, so that a wrong name can be put right.
    """

    name: str
    limit: int

    def count(self, text: str) -> int:
        """Source tokens of ``text``."""
        ...

    def encode(self, documents: Sequence[str]) -> Memory:
        """One encoder pass over all documents; what does not fit ``limit`` is left out and marked truncated."""
        ...

    def decode(
        self, memory: Memory, tasks: Sequence[Task], decoding: Decoding, constraint: Constraint | None = None
    ) -> list[list[Output]]:
        """For every document, one output per task."""
        ...
