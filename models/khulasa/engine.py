"""The bundled model's own inference engine: torch alone, no transformers, one decode batch for all outputs.

``stack`` holds the layers and the encoder, ``decoder`` the decode batch, ``matrices`` the compute formats.
"""

from __future__ import annotations

import zlib
from collections.abc import Sequence
from functools import cached_property
from typing import Any, TypeVar

import torch
from torch import Tensor

from ...errors import UsageError
from ..engine import Attention, Constraint, Decoding, Memory, Output, Restriction, Task
from ..lookup import lookup_greedy
from ..search import Found, Search, beams, draws, together
from . import glossary, steps
from .decoder import Decoder
from .matrices import FORMATS, default_format
from .prompts import prompt
from .scripts import foreign_pieces
from .stack import Encoded, Stack
from .steps import MOST_ROWS
from .weights import Layout, merged_tensors, read_config

_NEGATIVE = float("-inf")
_T = TypeVar("_T")


def _by_document(rows: list[_T], tasks: Sequence[Task]) -> list[list[_T]]:
    return [rows[i : i + len(tasks)] for i in range(0, len(rows), len(tasks))]


class KhulasaEngine:
    """The bundled model, loaded for inference.

    Args:
        layout: the folder with the int8 base and the adapter.
        device: a torch device.
        dtype: compute format, a name in ``matrices.FORMATS`` or a torch dtype; None chooses what suits the device.

    Raises:
        ModelError: the weights are missing, cut short or altered.
        UsageError: another compute format.
    """

    translates = (("ar", "en"), ("en", "ar"))
    """Directions in which its translated summary measured better than a summary out of the document; the model card has
    the figures of both routes."""

    def __init__(
        self,
        layout: Layout,
        device: torch.device | str = "cpu",
        dtype: torch.dtype | str | None = None,
        name: str = "khulasa",
    ) -> None:
        import sentencepiece

        self.name = name
        self.device = torch.device(device)
        if self.device.type == "cpu":
            steps.prepare()
        layout.check()
        self.config = read_config(layout)
        self.limit: int = self.config["max_source_tokens"]
        self.sp = sentencepiece.SentencePieceProcessor(model_file=str(layout.tokenizer))
        format = default_format(self.device) if dtype is None else str(dtype).removeprefix("torch.")
        if format not in FORMATS:
            raise UsageError(f"{name!r} does not compute in {format}: choose from auto, {', '.join(FORMATS)}")
        with torch.inference_mode():
            self.stack = Stack(merged_tensors(layout), self.config, self.device, format)
        self._foreign: dict[str, Tensor] = {}

    @cached_property
    def pieces(self) -> list[str]:
        """The vocabulary's pieces in the order of their ids, as SentencePiece writes them."""
        return self.sp.id_to_piece(list(range(self.sp.get_piece_size())))

    def count(self, text: str) -> int:
        return len(self.sp.encode(text)) + 1

    def spell(self, text: str) -> list[int]:
        """The ids of a stretch of output."""
        return self.sp.encode(text)

    def with_names(self, text: str, language: str) -> str:
        """A text in ``language`` to be translated, with its names and rare words in the other language before it."""
        return glossary.add_names(text, glossary.load().hints(text, language))

    @torch.inference_mode()
    def encode(self, documents: Sequence[str]) -> Memory:
        """One causal pass over ``<bos>`` and each document, padded on the right to the longest."""
        c = self.config
        ids = [[c["bos_token_id"], *self.sp.encode(text)] for text in documents]
        truncated = tuple(len(row) > self.limit for row in ids)
        ids = [row[: self.limit] for row in ids]
        seeds = tuple(zlib.crc32(text.encode("utf-8", "surrogatepass")) for text in documents)
        return Memory(tuple(len(row) for row in ids), truncated, self.stack.encode(ids), seeds)

    @torch.inference_mode()
    def part(self, memory: Memory, documents: Sequence[int]) -> Memory:
        """``memory`` of some of its documents, in that order."""
        return Memory(
            tuple(memory.tokens[i] for i in documents),
            tuple(memory.truncated[i] for i in documents),
            memory.state.only(documents),
            tuple(memory.seeds[i] for i in documents),
        )

    @torch.inference_mode()
    def decode(
        self, memory: Memory, tasks: Sequence[Task], decoding: Decoding, constraint: Constraint | None = None
    ) -> list[list[Output]]:
        """Every document's outputs, all in one batch; see ``Engine.decode``."""
        (found,) = self._search(memory, tasks, decoding, constraint, max(1, decoding.num_beams))
        return _by_document([self._output(some[0]) for some in found], tasks)

    @torch.inference_mode()
    def candidates(
        self, memory: Memory, tasks: Sequence[Task], decoding: Decoding, constraint: Constraint | None = None
    ) -> list[list[list[Output]]]:
        """For every document and task the search's ``num_return`` best outputs, then those that were drawn."""
        outputs = len(memory.tokens) * len(tasks)
        width, samples = max(1, decoding.num_beams), decoding.samples
        # One batch takes less time than one for the beams and one for the draws, unless only these two are small enough
        # for the kernel.
        if width == 1 or max(width, samples) * outputs <= MOST_ROWS < (width + samples) * outputs:
            batches = [(width, 0)] + [(0, samples)] * (samples > 0)
        else:
            batches = [(width, samples)]
        kinds = [kind for batch in batches for kind in self._search(memory, tasks, decoding, constraint, *batch)]
        kinds[0] = [some[: decoding.num_return] for some in kinds[0]]
        return _by_document(
            [[self._output(one) for some in row for one in some] for row in zip(*kinds, strict=True)], tasks
        )

    @torch.inference_mode()
    def go_on(
        self,
        memory: Memory,
        tasks: Sequence[Task],
        begun: Sequence[Sequence[Sequence[int]]],
        decoding: Decoding,
        constraint: Constraint | None = None,
    ) -> list[list[Output]]:
        """For every document and task the greedy output that begins with the ids ``begun``; ``Engine`` has more."""
        (found,) = self._search(memory, tasks, decoding, constraint, 1, begun=[ids for row in begun for ids in row])
        return _by_document([self._output(some[0]) for some in found], tasks)

    def _output(self, found: Found) -> Output:
        text = glossary.drop_names(self.sp.decode(list(found.ids))).strip()
        return Output(found.ids, text, found.finished, found.score)

    def _search(
        self,
        memory: Memory,
        tasks: Sequence[Task],
        decoding: Decoding,
        constraint: Constraint | None,
        width: int,
        samples: int = 0,
        begun: Sequence[Sequence[int]] | None = None,
    ) -> list[list[list[Found]]]:
        """Of every document and task the outputs found, best first, and apart from them those drawn, in one batch.

        Args:
            width: beams of the search, 1 for greedy search; samples: draws. What is 0 is left out of the answer.
            begun: ids that outputs begin with, in greedy search.
        """
        encoded: Encoded = memory.state
        documents = len(encoded.lengths)
        prompts = [self.sp.encode(prompt(task.kind, task.language, task.length)) for task in tasks]
        decoder = Decoder(self.stack, encoded, len(tasks), width + samples)
        starts = prompts * documents
        if begun is not None:
            starts = [[*start, *ids] for start, ids in zip(starts, begun, strict=True)]
        logits = decoder.start(starts)

        def restrict(group: int, ids: Sequence[int]) -> Restriction | None:
            assert constraint is not None
            return constraint(group // len(tasks), tasks[group % len(tasks)], ids)

        def masked(step_logits: Tensor) -> Tensor:
            for row, group in enumerate(decoder.groups):
                if (language := tasks[group % len(tasks)].language) in decoding.forbid_script:
                    step_logits[row, ..., self._foreign_ids(language)] = _NEGATIVE
            return step_logits

        def step(tokens: Tensor, rows: Tensor | None) -> Tensor:
            step_logits = decoder.step(tokens, rows)
            return masked(step_logits) if decoding.forbid_script else step_logits

        options: dict[str, Any] = {
            "max_new_tokens": decoding.max_new_tokens,
            "min_new_tokens": decoding.min_new_tokens,
            "no_repeat_ngram_size": decoding.no_repeat_ngram_size,
            "restrict": None if constraint is None else restrict,
        }
        if decoding.forbid_script:
            masked(logits)
        eos = self.config["eos_token_id"]
        if (width, samples) == (1, 0):

            def try_tokens(tokens: Tensor, rows: Tensor | None) -> Tensor:
                step_logits = decoder.try_tokens(tokens, rows)
                return masked(step_logits) if decoding.forbid_script else step_logits

            sources = [ids for ids in encoded.ids for _ in tasks]
            greedy = lookup_greedy(
                logits, try_tokens, decoder.keep, sources, self.stack.few_rows, eos, begun=begun, **options
            )
            return [[[found] for found in greedy]]
        searches: list[Search] = []
        if width:
            how = {"early": decoding.early, "length_penalty": decoding.length_penalty, **options}
            searches.append(beams(logits, eos, width, **how))
        if samples:
            seeds = [f"{decoding.seed} {seed} {t.kind} {t.language} {t.length}" for seed in memory.seeds for t in tasks]
            how = {"seeds": seeds, "temperature": decoding.temperature, "top_p": decoding.top_p, **options}
            searches.append(draws(logits, eos, samples, **how))
        nothing = [Found((), False, 0.0)]  # where all was forbidden
        return [[some or nothing for some in found] for found in together(searches, step, logits.device)]

    def score(self, document: str, task: Task, target: str) -> tuple[float, int]:
        """Log-probability (natural) of ``target`` and its end, and how many tokens they are."""
        return self.scores([document], task, [target])[0]

    @torch.inference_mode()
    def scores(self, documents: Sequence[str], task: Task, targets: Sequence[str]) -> list[tuple[float, int]]:
        """``score`` of each document with its target, in one batch."""
        start = self.sp.encode(prompt(task.kind, task.language, task.length))
        ids = [[*self.sp.encode(" " + target.strip()), self.config["eos_token_id"]] for target in targets]
        rows = [start + some[:-1] for some in ids]
        longest, pad = max(map(len, rows)), self.config["pad_token_id"]
        decoder = Decoder(self.stack, self.encode(documents).state, 1)
        padded = [row + [pad] * (longest - len(row)) for row in rows]
        found = []
        for hidden, some in zip(decoder.forward(torch.tensor(padded, device=self.device)), ids, strict=True):
            own = hidden[len(start) - 1 : len(start) - 1 + len(some)]
            logprobs = self.stack.logits(own).float().log_softmax(-1)
            found.append((float(logprobs[torch.arange(len(some)), some].sum()), len(some)))
        return found

    def attention(self, memory: Memory, document: int, task: Task, ids: Sequence[int], text: str) -> Attention:
        """Where the decoder looked in a document of ``memory``; see ``attention.attention``."""
        from .attention import attention

        return attention(self, memory, document, task, ids, text)

    def _foreign_ids(self, language: str) -> Tensor:
        if language not in self._foreign:
            self._foreign[language] = torch.tensor(foreign_pieces(self.sp, language), device=self.device)
        return self._foreign[language]
