"""The engine over any encoder-decoder that transformers loads: ``generate`` behind the ``Engine`` protocol.

Shapes in the comments: B documents, n source tokens, D hidden size, R = B rows of one task, t decoder tokens.
"""

from __future__ import annotations

import copy
import threading
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ...errors import ModelError, UsageError
from ...languages import LANGUAGES, detect
from ..engine import Constraint, Decoding, Memory, Output, Task
from .checkpoint import load
from .specs import SAME, ModelSpec

_DEFAULT_LIMIT = 1024


@dataclass
class _Encoded:
    """A batch of documents: their ids, their languages, and what the encoder left of them where it can be reused."""

    texts: list[str]
    sources: tuple[str, ...]
    hidden: Any = None  # [B, n, D]
    mask: Any = None  # [B, n]


class HubEngine:
    """A checkpoint of a folder, loaded for inference.

    Beside the ``Engine`` protocol: ``check`` says what it cannot do, ``decoding`` how its authors decode, and
    ``encode`` takes the documents' languages.

    Args:
        folder: configuration, tokenizer and weights.
        device: a torch device.
        dtype: a torch format; None chooses bfloat16 where the device has it, else float32.
        name: for messages and results.
        spec: the catalogue's entry, where there is one.
        directions: what this repository is for, where it is one of several of an entry.
    """

    takes_sources = True

    def __init__(
        self,
        folder: Path,
        device: str = "cpu",
        dtype: Any = None,
        name: str | None = None,
        spec: ModelSpec | None = None,
        directions: tuple[str, ...] | None = None,
    ) -> None:
        self.name = name or str(folder)
        checkpoint = load(Path(folder), self.name, device, dtype)
        self.config, self.tokenizer, self.model = checkpoint.config, checkpoint.tokenizer, checkpoint.model
        self.family = checkpoint.family
        if spec and spec.target not in (self.family.target, "prompt prefix"):
            raise ModelError(
                f"{self.name}: the tokenizer lacks the codes of Arabic and English ({spec.target} is expected, "
                f"{self.family.target} was found); download the model again"
            )
        self.device, self.dtype = self.model.device, self.model.dtype
        # ``generate`` fills whatever is None in our settings from the model's own, a forced end among them.
        self.settings = self.model.generation_config
        self.model.generation_config = type(self.settings)(
            decoder_start_token_id=self.settings.decoder_start_token_id, max_length=None
        )
        self.directions = directions or (spec.directions if spec else None)
        self.kinds = tuple(k for k in self.family.kinds if spec is None or k in spec.kinds)
        self.decoding = spec.decoding if spec else None
        self.limit = min(self._limit(), spec.input_limit) if spec else self._limit()
        self._foreign: dict[str, list[int]] = {}
        self._tokenizing = threading.Lock()

    def _limit(self) -> int:
        """Source tokens that the architecture or its tokenizer allows."""
        if self.config.model_type == "khulasa":
            return int(self.config.max_source_tokens)
        known = [getattr(self.config, name, None) for name in ("max_position_embeddings", "n_positions")]
        known.append(self.tokenizer.model_max_length)
        lengths = [int(length) for length in known if isinstance(length, int) and 0 < length < 10**6]
        return min(lengths, default=_DEFAULT_LIMIT)

    # ---- what can be asked ---------------------------------------------------------------------------------------

    @property
    def reach(self) -> tuple[str, ...]:
        """Directions, "ar-en" for English outputs of Arabic documents: as told, else as the family has them."""
        if self.directions is not None:
            return self.directions
        written = self.family.writes(self.config, self.tokenizer)
        return SAME if written is None else tuple(f"{s}-{t}" for s in LANGUAGES for t in written)

    def check(self, tasks: Sequence[Task], source: str) -> None:
        """Whether the model can do the tasks for a document in language ``source``.

        Raises:
            UsageError: it cannot; the message says what it can.
        """
        for task in tasks:
            if task.kind not in self.kinds:
                raise UsageError(f"{self.name!r} writes no {task.kind}: it writes {', '.join(self.kinds)}")
            check_direction(self.name, self.reach, source, task.language)

    # ---- encoder -------------------------------------------------------------------------------------------------

    def count(self, text: str) -> int:
        """Source tokens of ``text``."""
        return len(self.tokenizer(text, verbose=False)["input_ids"])

    def encode(self, documents: Sequence[str], sources: Sequence[str] | None = None) -> Memory:
        """One encoder pass over all documents; see ``Engine.encode``.

        Args:
            sources: the documents' languages; told by their letters where None.

        Raises:
            UsageError: a document in a language that the model does not read.
        """
        import torch

        languages = tuple(sources) if sources else tuple(detect(text).language for text in documents)
        readable = {direction[:2] for direction in self.reach}
        for language in dict.fromkeys(languages):
            if language not in readable:
                names = ", ".join(LANGUAGES[code].name for code in LANGUAGES if code in readable)
                raise UsageError(
                    f"{self.name!r} does not read {LANGUAGES[language].name}: it reads {names}; choose another model"
                )
        encoded = _Encoded(list(documents), languages)
        # The prefix of a summary stands for all tasks where the encoder's pass is shared.
        ids, sizes = self._ids(encoded, Task("translation" if self.kinds == ("translation",) else "summary"))
        if not self.family.reencodes and self.family.name != "Marian":
            batch, mask = self._pad(ids)
            with torch.inference_mode():
                encoded.hidden = self.model.get_encoder()(input_ids=batch, attention_mask=mask).last_hidden_state
            encoded.mask = mask
        return Memory(tuple(map(len, ids)), tuple(size > self.limit for size in sizes), encoded)

    def _ids(self, encoded: _Encoded, task: Task) -> tuple[list[list[int]], list[int]]:
        """Each document's ids, cut to the limit with their special tokens kept, and how many they were uncut."""
        prefix = self.family.prefix(self.config, self.tokenizer, task)
        ids, sizes = [], []
        for text, language in zip(encoded.texts, encoded.sources, strict=True):
            with self._tokenizing:  # the tokenizer keeps the language, and another thread may want another one
                self.family.source(self.tokenizer, language)
                row = self.tokenizer(prefix + text, verbose=False)["input_ids"]
                sizes.append(len(row))
                if len(row) > self.limit:
                    row = self.tokenizer(prefix + text, truncation=True, max_length=self.limit)["input_ids"]
            ids.append(row)
        return ids, sizes

    def _pad(self, ids: Sequence[Sequence[int]]) -> tuple[Any, Any]:
        """Ids and attention mask ``[B, n]``, padded on the right."""
        import torch

        n = max(map(len, ids))
        pad = self.tokenizer.pad_token_id or 0
        batch = torch.tensor([[*row, *[pad] * (n - len(row))] for row in ids], device=self.device)
        mask = torch.tensor([[1] * len(row) + [0] * (n - len(row)) for row in ids], device=self.device)
        return batch, mask

    # ---- decoder -------------------------------------------------------------------------------------------------

    def decode(
        self, memory: Memory, tasks: Sequence[Task], decoding: Decoding, constraint: Constraint | None = None
    ) -> list[list[Output]]:
        """Every document's outputs, one batch per task; see ``Engine.decode``.

        Raises:
            UsageError: a task that the model cannot do.
        """
        import torch

        for language in dict.fromkeys(memory.state.sources):
            self.check(tasks, language)
        with torch.inference_mode():
            by_task = [self._decode_task(memory.state, task, decoding, constraint) for task in tasks]
        return [[rows[i] for rows in by_task] for i in range(len(memory.tokens))]

    def _inputs(self, encoded: _Encoded, task: Task) -> dict[str, Any]:
        from transformers.modeling_outputs import BaseModelOutput

        if encoded.hidden is not None:
            return {"encoder_outputs": BaseModelOutput(encoded.hidden), "attention_mask": encoded.mask}
        batch, mask = self._pad(self._ids(encoded, task)[0])
        return {"input_ids": batch, "attention_mask": mask}

    def _decode_task(
        self, encoded: _Encoded, task: Task, decoding: Decoding, constraint: Constraint | None
    ) -> list[Output]:
        import torch
        from transformers import LogitsProcessorList

        start = dict(self.family.start(self.config, self.tokenizer, task))
        prompt = start.pop("prompt", None)
        settings = self._settings(decoding, start)
        inputs = self._inputs(encoded, task)
        if prompt is not None:
            # A prompt of its own takes the place of the start token.
            settings.decoder_start_token_id = prompt[0]
            inputs["decoder_input_ids"] = torch.tensor([prompt] * len(encoded.texts), device=self.device)
        lead = (len(prompt) if prompt else 1) + (settings.forced_bos_token_id is not None)
        extra = (
            [_Ban(self, task, lead, decoding, constraint)]
            if task.language in decoding.forbid_script or constraint
            else []
        )
        sequences = self.model.generate(
            **inputs, generation_config=settings, logits_processor=LogitsProcessorList(extra)
        )
        scores = self._scores(self._inputs(encoded, task), sequences, lead, settings)
        ends = settings.eos_token_id if isinstance(settings.eos_token_id, list) else [settings.eos_token_id]
        return [
            self._output(row[lead:], ends, score, decoding)
            for row, score in zip(sequences.tolist(), scores, strict=True)
        ]

    def _settings(self, decoding: Decoding, start: dict[str, Any]) -> Any:
        """The checkpoint's own generation settings, with ours in place of whatever shapes the search."""
        settings = copy.deepcopy(self.settings)
        room = getattr(self.config, "max_position_embeddings", None)
        ours: dict[str, Any] = {
            "num_beams": decoding.num_beams,
            "do_sample": False,
            "num_return_sequences": 1,
            "early_stopping": decoding.num_beams > 1,
            "length_penalty": decoding.length_penalty,
            "no_repeat_ngram_size": decoding.no_repeat_ngram_size,
            "encoder_no_repeat_ngram_size": 0,
            "repetition_penalty": 1.0,
            "max_length": None,
            "min_length": None,
            "forced_eos_token_id": None,  # an end that was forced would look like one that was written
            "temperature": 1.0,
            "top_k": 50,
            "top_p": 1.0,
            **start,
        }
        for name, value in ours.items():
            setattr(settings, name, value)
        forced = int(settings.forced_bos_token_id is not None)
        most = decoding.max_new_tokens + forced
        settings.max_new_tokens = min(most, room - 2) if isinstance(room, int) else most
        settings.min_new_tokens = decoding.min_new_tokens + forced if decoding.min_new_tokens else None
        if settings.eos_token_id is None:
            settings.eos_token_id = self.tokenizer.eos_token_id
        if settings.pad_token_id is None:
            settings.pad_token_id = self.tokenizer.pad_token_id
        return settings

    def _scores(self, inputs: dict[str, Any], sequences: Any, lead: int, settings: Any) -> list[float]:
        """Natural log-probability of each output's tokens and end, over their number ** length penalty.

        One pass over what was found: keeping every step's logits of a 250,000-piece vocabulary takes gigabytes.
        """
        ends = settings.eos_token_id if isinstance(settings.eos_token_id, list) else [settings.eos_token_id]
        penalty = settings.length_penalty if settings.num_beams > 1 else 1.0
        scores = []
        for i, row in enumerate(sequences.tolist()):
            length = lead + _length(row[lead:], ends)
            ids = sequences[i : i + 1, :length]
            own = {name: _row(value, i) for name, value in inputs.items()}
            logits = self.model(**own, decoder_input_ids=ids[:, :-1], use_cache=False).logits[0, lead - 1 :].float()
            chosen = logits.gather(-1, ids[0, lead:, None])[:, 0] - logits.logsumexp(-1)
            scores.append(float(chosen.sum()) / max(length - lead, 1) ** penalty)
        return scores

    def _output(self, ids: list[int], ends: Sequence[int], score: float, decoding: Decoding) -> Output:
        kept = ids[: _length(ids, ends)]
        finished = bool(kept) and kept[-1] in ends
        kept = kept[:-1] if finished else kept
        text = self.tokenizer.decode(kept, skip_special_tokens=True)
        return Output(tuple(kept), text.strip(), finished, score)

    def foreign(self, language: str) -> list[int]:
        """Ids of the tokens with a letter of the other language's script."""
        if language not in self._foreign:
            others = tuple(known.script for code, known in LANGUAGES.items() if code != language)
            vocabulary = self.tokenizer.get_vocab()
            # Byte-level vocabularies spell bytes as letters: such tokens must be turned into text first.
            bytelevel = "Ġthe" in vocabulary or "Ġ" in vocabulary
            special = set(self.tokenizer.all_special_ids)
            found = []
            for token, index in vocabulary.items():
                text = self.tokenizer.convert_tokens_to_string([token]) if bytelevel else token
                if index not in special and any(
                    c.isalpha() and unicodedata.name(c, "").startswith(others) for c in text
                ):
                    found.append(index)
            self._foreign[language] = found
        return self._foreign[language]


class _Ban:
    """A logits processor: bans the other script's tokens and what a constraint names, row by row."""

    def __init__(
        self, engine: HubEngine, task: Task, lead: int, decoding: Decoding, constraint: Constraint | None
    ) -> None:
        self.task, self.lead, self.constraint = task, lead, constraint
        self.beams = decoding.num_beams
        self.foreign = engine.foreign(task.language) if task.language in decoding.forbid_script else []
        self._banned: Any = None  # the same ids as a tensor, made at the first step

    def __call__(self, input_ids: Any, scores: Any) -> Any:
        """``input_ids [R * beams, t]``, ``scores [R * beams, V]``."""
        if input_ids.shape[1] < self.lead:  # the token that asks for the language is still to come
            return scores
        scores = scores.clone()
        size = scores.shape[-1]
        if self.foreign:
            if self._banned is None:
                self._banned = input_ids.new_tensor([index for index in self.foreign if index < size])
            scores[:, self._banned] = float("-inf")
        if self.constraint is not None:
            for row, ids in enumerate(input_ids.tolist()):
                limits = self.constraint(row // self.beams, self.task, ids[self.lead :])
                if limits is None:
                    continue
                if limits.only is not None:
                    kept = [int(i) for i in limits.only if int(i) < size]
                    allowed = scores[row, kept]
                    scores[row] = float("-inf")
                    scores[row, kept] = allowed
                scores[row, [int(i) for i in limits.forbid if int(i) < size]] = float("-inf")
        return scores


def check_direction(name: str, directions: Sequence[str], source: str, target: str) -> None:
    """Raises a ``UsageError`` unless ``directions`` hold source and target."""
    if f"{source}-{target}" in directions:
        return
    reads, writes = LANGUAGES[source].name, LANGUAGES[target].name
    raise UsageError(
        f"{name!r} writes no {writes} of {reads} documents: its directions are {', '.join(directions)}; ask for one of "
        f"these, or choose another model (`summarize models`)"
    )


def _length(ids: Sequence[int], ends: Sequence[int]) -> int:
    """Tokens up to the first end, that one included; padding comes after it."""
    return next((i + 1 for i, index in enumerate(ids) if index in ends), len(ids))


def _row(value: Any, i: int) -> Any:
    """Row ``i`` of a tensor ``[B, ...]``, or of an encoder's output."""
    if hasattr(value, "last_hidden_state"):
        return type(value)(value.last_hidden_state[i : i + 1])
    return value[i : i + 1]
