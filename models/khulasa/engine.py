"""The bundled model's own inference engine: torch alone, no transformers, one decode batch for all outputs.

It computes what ``modeling_khulasa`` computes (a test compares them) with what that file cannot have: the query, key
and value projections fused into one matrix and the gate and up projections into another, input norms folded into the
matrix that follows them, fixed key-value buffers, and the document's keys and values kept once, however many outputs
and beams attend to them.

Shapes in the comments: B documents, R rows (outputs being written), n source tokens, s decoder slots in use, D hidden
size, H query heads, G key-value heads, d head size, V vocabulary.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor

from ...errors import ModelError
from ..engine import Constraint, Decoding, Memory, Output, Restriction, Task
from ..search import Found, beam_search, greedy
from .prompts import prompt
from .scripts import foreign_pieces
from .weights import Layout, merged_tensors, read_config

_NEGATIVE = float("-inf")
_TENSORS_PER_LAYER = 13


@dataclass(frozen=True)
class _Layer:
    """Weights of one layer in the compute format; ``everywhere``: a global layer."""

    qkv: Tensor  # [(H + 2 G) d, D], the input norm folded in
    out: Tensor  # [D, H d]
    gate_up: Tensor  # [2 I, D], the pre-feed-forward norm folded in
    down: Tensor  # [D, I]
    q_norm: Tensor
    k_norm: Tensor
    after_attention: Tensor
    after_feedforward: Tensor
    everywhere: bool


def default_dtype(device: torch.device) -> torch.dtype:
    """bfloat16 where the processor multiplies it natively, else float32."""
    if device.type == "cuda":
        return torch.bfloat16 if torch.cuda.is_bf16_supported() else torch.float32
    if device.type == "cpu" and torch.backends.mkldnn.is_available() and torch.ops.mkldnn._is_mkldnn_bf16_supported():
        return torch.bfloat16 if torch.cpu._is_avx512_bf16_supported() else torch.float32
    return torch.float32


class KhulasaEngine:
    """The bundled model, loaded for inference.

    Args:
        layout: the folder with the int8 base and the adapter.
        device: a torch device.
        dtype: compute format; None chooses bfloat16 where the device has it, else float32.
    """

    def __init__(
        self,
        layout: Layout,
        device: torch.device | str = "cpu",
        dtype: torch.dtype | None = None,
        name: str = "khulasa",
    ) -> None:
        import sentencepiece

        layout.check()
        self.name = name
        self.device = torch.device(device)
        self.dtype = dtype or default_dtype(self.device)
        self.config = read_config(layout)
        self.limit: int = self.config["max_source_tokens"]
        self.sp = sentencepiece.SentencePieceProcessor(model_file=str(layout.tokenizer))
        self.layers: list[_Layer] = []
        self._load(merged_tensors(layout))
        self._foreign: dict[str, Tensor] = {}

    # ---- loading -------------------------------------------------------------------------------------------------

    def _load(self, tensors: Iterable[tuple[str, Tensor]]) -> None:
        """Fuses and folds float32 tensors (transformers' Gemma names) into the compute format, layer by layer."""
        parts: dict[int, dict[str, Tensor]] = {}
        ready: dict[int, _Layer] = {}
        for name, weight in tensors:
            if name == "model.embed_tokens.weight":
                self.embedding = weight.to(self.device, self.dtype)
            elif name == "model.norm.weight":
                self.norm = (1.0 + weight).to(self.device, self.dtype)
            else:
                _, _, index, rest = name.split(".", 3)
                part = parts.setdefault(int(index), {})
                part[rest.removesuffix(".weight")] = weight
                if len(part) == _TENSORS_PER_LAYER:
                    ready[int(index)] = self._fuse(int(index), parts.pop(int(index)))
        if parts or len(ready) != self.config["num_hidden_layers"]:
            raise ModelError(f"{self.name}: the weights lack layers or parts of them; install Khulasa again")
        self.layers = [ready[i] for i in range(len(ready))]
        self.embedding_scale = torch.tensor(self.config["hidden_size"] ** 0.5, dtype=self.dtype, device=self.device)

    def _fuse(self, index: int, part: dict[str, Tensor]) -> _Layer:
        def ready(weight: Tensor) -> Tensor:
            return weight.to(self.device, self.dtype)

        qkv = torch.cat([part[f"self_attn.{name}_proj"] for name in "qkv"])
        gate_up = torch.cat([part["mlp.gate_proj"], part["mlp.up_proj"]])
        return _Layer(
            qkv=ready(qkv * (1.0 + part["input_layernorm"])),
            out=ready(part["self_attn.o_proj"]),
            gate_up=ready(gate_up * (1.0 + part["pre_feedforward_layernorm"])),
            down=ready(part["mlp.down_proj"]),
            q_norm=ready(1.0 + part["self_attn.q_norm"]),
            k_norm=ready(1.0 + part["self_attn.k_norm"]),
            after_attention=ready(1.0 + part["post_attention_layernorm"]),
            after_feedforward=ready(1.0 + part["post_feedforward_layernorm"]),
            everywhere=index in self.config["global_layers"],
        )

    # ---- the stack -----------------------------------------------------------------------------------------------

    def _rotaries(self, positions: Tensor) -> dict[bool, tuple[Tensor, Tensor]]:
        """By kind of layer: cosines and sines ``[..., 1, d]`` of ``positions [...]``."""
        d = self.config["head_dim"]
        steps = torch.arange(0, d, 2, device=self.device, dtype=torch.float32) / d
        tables = {}
        for everywhere in (True, False):
            theta = self.config["rope_theta_global" if everywhere else "rope_theta_local"]
            angles = positions.float()[..., None] / theta**steps
            angles = torch.cat([angles, angles], dim=-1)[..., None, :]
            tables[everywhere] = (angles.cos().to(self.dtype), angles.sin().to(self.dtype))
        return tables

    def _embed(self, ids: Tensor) -> Tensor:
        return F.embedding(ids, self.embedding) * self.embedding_scale

    def _project(self, layer: _Layer, x: Tensor, rotary: tuple[Tensor, Tensor]) -> tuple[Tensor, Tensor, Tensor]:
        """``x [..., D]`` to queries ``[..., H, d]``, keys and values ``[..., G, d]``, rotated."""
        c = self.config
        heads, groups, d, eps = c["num_attention_heads"], c["num_key_value_heads"], c["head_dim"], c["rms_norm_eps"]
        fused = F.linear(F.rms_norm(x, x.shape[-1:], eps=eps), layer.qkv)
        q, k, v = fused.split([heads * d, groups * d, groups * d], dim=-1)
        q = F.rms_norm(q.unflatten(-1, (heads, d)), (d,), layer.q_norm, eps)
        k = F.rms_norm(k.unflatten(-1, (groups, d)), (d,), layer.k_norm, eps)
        return _rotate(q, rotary), _rotate(k, rotary), v.unflatten(-1, (groups, d))

    def _finish(self, layer: _Layer, x: Tensor, attended: Tensor) -> Tensor:
        """Output projection and feed-forward: ``x [..., D]``, ``attended [..., H d]``."""
        eps, size = self.config["rms_norm_eps"], x.shape[-1:]
        x = x + F.rms_norm(F.linear(attended, layer.out), size, layer.after_attention, eps)
        gate, up = F.linear(F.rms_norm(x, size, eps=eps), layer.gate_up).chunk(2, dim=-1)
        fed = F.linear(F.gelu(gate, approximate="tanh") * up, layer.down)
        return x + F.rms_norm(fed, size, layer.after_feedforward, eps)

    @cached_property
    def pieces(self) -> list[str]:
        """The vocabulary's pieces in the order of their ids, as SentencePiece writes them."""
        return [self.sp.id_to_piece(i) for i in range(self.sp.get_piece_size())]

    # ---- encoder -------------------------------------------------------------------------------------------------

    def count(self, text: str) -> int:
        return len(self.sp.encode(text)) + 1

    @torch.inference_mode()
    def encode(self, documents: Sequence[str]) -> Memory:
        """One causal pass over ``<bos>`` and each document, padded on the right to the longest."""
        c = self.config
        ids = [[c["bos_token_id"], *self.sp.encode(text)] for text in documents]
        truncated = tuple(len(row) > self.limit for row in ids)
        ids = [row[: self.limit] for row in ids]
        return Memory(tuple(len(row) for row in ids), truncated, self._encode_ids(ids))

    def _encode_ids(self, ids: Sequence[Sequence[int]]) -> _Encoded:
        c = self.config
        lengths = torch.tensor([len(row) for row in ids], device=self.device)
        n = int(lengths.max())
        batch = torch.full((len(ids), n), c["pad_token_id"], dtype=torch.long)
        for i, row in enumerate(ids):
            batch[i, : len(row)] = torch.tensor(row)
        positions = torch.arange(n, device=self.device)
        rotaries = self._rotaries(positions)
        distance = positions[:, None] - positions[None, :]
        # Padding stands on the right, where the causal mask hides it from every token.
        see = distance >= 0
        if c["encoder_attention"] == "bidirectional":
            see = (positions[None, None, :] < lengths[:, None, None]).expand(-1, n, -1)[:, None]
        masks = {True: see, False: see & (distance.abs() < c["window"])}
        share = c["num_attention_heads"] // c["num_key_value_heads"]
        x = self._embed(batch.to(self.device))
        keys, values = [], []
        for layer in self.layers:
            q, k, v = self._project(layer, x, rotaries[layer.everywhere])  # [B, n, H or G, d]
            keys.append(k.transpose(1, 2).contiguous())  # [B, G, n, d]
            values.append(v.transpose(1, 2).contiguous())
            attended = F.scaled_dot_product_attention(
                q.transpose(1, 2),
                keys[-1].repeat_interleave(share, dim=1),
                values[-1].repeat_interleave(share, dim=1),
                attn_mask=masks[layer.everywhere],
                scale=c["query_pre_attn_scalar"] ** -0.5,
            )
            x = self._finish(layer, x, attended.transpose(1, 2).flatten(-2))
        return _Encoded(keys, values, lengths)

    # ---- decoder -------------------------------------------------------------------------------------------------

    @torch.inference_mode()
    def decode(
        self, memory: Memory, tasks: Sequence[Task], decoding: Decoding, constraint: Constraint | None = None
    ) -> list[list[Output]]:
        """Every document's outputs, all in one batch; see ``Engine.decode``."""
        found = self._search(memory.state, tasks, decoding, constraint)
        rows = [Output(f.ids, self.sp.decode(list(f.ids)).strip(), f.finished, f.score) for f in found]
        return [rows[i : i + len(tasks)] for i in range(0, len(rows), len(tasks))]

    def _search(
        self, encoded: _Encoded, tasks: Sequence[Task], decoding: Decoding, constraint: Constraint | None
    ) -> list[Found]:
        documents = len(encoded.lengths)
        prompts = [self.sp.encode(prompt(task.kind, task.language, task.length)) for task in tasks]
        decoder = _Decoder(self, encoded, len(tasks), max(map(len, prompts)) + decoding.max_new_tokens)
        logits = decoder.start(prompts * documents)

        def restrict(group: int, ids: Sequence[int]) -> Restriction | None:
            assert constraint is not None
            return constraint(group // len(tasks), tasks[group % len(tasks)], ids)

        def masked(step_logits: Tensor) -> Tensor:
            for row, group in enumerate(decoder.groups):
                step_logits[row, self._foreign_ids(tasks[group % len(tasks)].language)] = _NEGATIVE
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
        if decoding.num_beams <= 1:
            return greedy(logits, step, eos, **options)
        best = beam_search(logits, step, eos, decoding.num_beams, length_penalty=decoding.length_penalty, **options)
        return [found[0] for found in best]

    def logits(self, hidden: Tensor) -> Tensor:
        """``[..., D]`` to ``[..., V]``."""
        normed = F.rms_norm(hidden, hidden.shape[-1:], self.norm, self.config["rms_norm_eps"])
        return F.linear(normed, self.embedding)

    @torch.inference_mode()
    def score(self, document: str, task: Task, target: str) -> tuple[float, int]:
        """Log-probability (natural) of ``target`` and its end, and how many tokens they are."""
        encoded = self.encode([document]).state
        start = self.sp.encode(prompt(task.kind, task.language, task.length))
        ids = [*self.sp.encode(" " + target.strip()), self.config["eos_token_id"]]
        decoder = _Decoder(self, encoded, 1, len(start) + len(ids))
        hidden = decoder.forward(torch.tensor([start + ids[:-1]], device=self.device))[0, len(start) - 1 :]
        logprobs = self.logits(hidden).float().log_softmax(-1)
        return float(logprobs[torch.arange(len(ids)), ids].sum()), len(ids)

    def _foreign_ids(self, language: str) -> Tensor:
        if language not in self._foreign:
            self._foreign[language] = torch.tensor(foreign_pieces(self.sp, language), device=self.device)
        return self._foreign[language]


@dataclass(frozen=True)
class _Encoded:
    """Keys and values ``[B, G, n, d]`` of every layer, and the documents' lengths ``[B]``."""

    keys: list[Tensor]
    values: list[Tensor]
    lengths: Tensor


def _rotate(x: Tensor, rotary: tuple[Tensor, Tensor]) -> Tensor:
    first, second = x.chunk(2, dim=-1)
    return x * rotary[0] + torch.cat([-second, first], dim=-1) * rotary[1]


class _Decoder:
    """State of one decode batch: fixed buffers for the rows' own keys and values, the documents' beside them.

    Rows of one document share its keys and values: all their queries go against them in one multiplication.
    """

    def __init__(self, engine: KhulasaEngine, encoded: _Encoded, tasks: int, slots: int) -> None:
        c = engine.config
        self.engine, self.encoded, self.slots = engine, encoded, slots
        self.groups = list(range(len(encoded.lengths) * tasks))  # group of each row: document * tasks + task
        self.tasks = tasks
        self.used = 0
        shape = (len(self.groups), c["num_key_value_heads"], slots, c["head_dim"])

        def buffer() -> Tensor:
            return torch.empty(shape, dtype=engine.dtype, device=engine.device)

        self.own = [(buffer(), buffer()) for _ in engine.layers]
        self.pad = torch.zeros(len(self.groups), dtype=torch.long, device=engine.device)  # left padding of the prompt

    def start(self, prompts: Sequence[Sequence[int]]) -> Tensor:
        """Feeds each row's prompt (padded on the left); gives the logits after it ``[R, V]``."""
        longest = max(map(len, prompts))
        pad_id = self.engine.config["pad_token_id"]
        padded = [[pad_id] * (longest - len(ids)) + list(ids) for ids in prompts]
        self.pad = torch.tensor([longest - len(ids) for ids in prompts], device=self.engine.device)
        return self.engine.logits(self.forward(torch.tensor(padded, device=self.engine.device))[:, -1])

    def step(self, tokens: Tensor, rows: Tensor | None) -> Tensor:
        """``tokens [R']`` continue ``rows [R']`` of the last batch (None: all, in order); gives ``[R', V]``."""
        if rows is not None:
            chosen = rows.tolist()
            self.groups = [self.groups[row] for row in chosen]
            self.pad = self.pad[rows]
            self.own = [(self._select(keys, rows), self._select(values, rows)) for keys, values in self.own]
        return self.engine.logits(self.forward(tokens[:, None])[:, -1])

    def _select(self, buffer: Tensor, rows: Tensor) -> Tensor:
        chosen = buffer.new_empty((len(rows), *buffer.shape[1:]))
        chosen[:, :, : self.used] = buffer[rows, :, : self.used]
        return chosen

    def forward(self, ids: Tensor) -> Tensor:
        """Hidden states ``[R, t, D]`` of the next ``ids [R, t]`` of every row."""
        engine, c = self.engine, self.engine.config
        rows, t = ids.shape
        first, self.used = self.used, self.used + t
        window, scale = c["window"], c["query_pre_attn_scalar"] ** -0.5
        document = torch.tensor([group // self.tasks for group in self.groups], device=ids.device)  # [R]
        lengths = self.encoded.lengths[document]
        slot = torch.arange(self.used, device=ids.device)
        own_positions = lengths[:, None] + (slot - self.pad[:, None]).clamp(min=0)  # [R, s]
        positions = own_positions[:, first:]  # [R, t]
        rotaries = engine._rotaries(positions)
        n = self.encoded.keys[0].shape[2]
        source_positions = torch.arange(n, device=ids.device)
        see_source = (source_positions < lengths[:, None])[:, None, :].expand(-1, t, -1)  # [R, t, n]
        see_own = (slot >= self.pad[:, None])[:, None, :] & (slot[first:, None] >= slot[None, :])  # [R, t, s]
        see = torch.cat([see_source, see_own], dim=-1)
        keys_at = torch.cat([source_positions.expand(rows, -1), own_positions], dim=-1)
        near = see & (positions[:, :, None] - keys_at[:, None, :] < window)
        hidden = {
            kind: torch.zeros(mask.shape, device=ids.device).masked_fill_(~mask, _NEGATIVE)
            for kind, mask in ((True, see), (False, near))
        }  # [R, t, n + s]
        gather = _Gather(document)
        x = engine._embed(ids)
        for layer, keys, values, (own_k, own_v) in zip(
            engine.layers, self.encoded.keys, self.encoded.values, self.own, strict=True
        ):
            q, k, v = engine._project(layer, x, rotaries[layer.everywhere])  # [R, t, H or G, d]
            own_k[:, :, first : self.used] = k.transpose(1, 2)
            own_v[:, :, first : self.used] = v.transpose(1, 2)
            groups, d = k.shape[2], k.shape[3]
            share = q.shape[2] // groups
            q = q.unflatten(2, (groups, share)).permute(0, 2, 3, 1, 4) * scale  # [R, G, share, t, d]
            to_source = gather.scores(q, keys)  # [R, G, share, t, n]
            to_own = (q.flatten(2, 3) @ own_k[:, :, : self.used].transpose(-1, -2)).unflatten(2, (share, t))
            scores = torch.cat([to_source, to_own], dim=-1).float() + hidden[layer.everywhere][:, None, None]
            weights = scores.softmax(dim=-1).to(x.dtype)
            from_source, from_own = weights[..., :n], weights[..., n:]
            attended = gather.mix(from_source, values)
            attended = attended + (from_own.flatten(2, 3) @ own_v[:, :, : self.used]).unflatten(2, (share, t))
            x = engine._finish(layer, x, attended.permute(0, 3, 1, 2, 4).reshape(rows, t, groups * share * d))
        return x


class _Gather:
    """Multiplies rows with their documents' keys and values without copying these for each row.

    Rows of a document are neighbours. Each document gets as many places as the document with the most rows has;
    places without a row stay empty.
    """

    def __init__(self, document: Tensor) -> None:
        self.kept, counts = document.unique_consecutive(return_counts=True)
        self.places = int(counts.max())
        self.full = bool((counts == self.places).all())
        self.rows = len(document)
        if not self.full:
            which = torch.repeat_interleave(torch.arange(len(counts), device=document.device), counts)
            starts = counts.cumsum(0) - counts
            self.place = which * self.places + torch.arange(self.rows, device=document.device) - starts[which]

    def _spread(self, rows: Tensor) -> Tensor:
        """``[R, G, share, t, x]`` to ``[B', G, places * share * t, x]``."""
        if not self.full:
            places = rows.new_zeros((len(self.kept) * self.places, *rows.shape[1:]))
            places[self.place] = rows
            rows = places
        return rows.unflatten(0, (len(self.kept), self.places)).transpose(1, 2).flatten(2, 4)

    def _collect(self, product: Tensor, like: Tensor) -> Tensor:
        product = product.unflatten(2, (self.places, *like.shape[2:4])).transpose(1, 2).flatten(0, 1)
        return product if self.full else product[self.place]

    def _documents(self, tensor: Tensor) -> Tensor:
        return tensor if len(self.kept) == len(tensor) else tensor[self.kept]

    def scores(self, q: Tensor, keys: Tensor) -> Tensor:
        """``q [R, G, share, t, d]`` against ``keys [B, G, n, d]``: ``[R, G, share, t, n]``."""
        return self._collect(self._spread(q) @ self._documents(keys).transpose(-1, -2), q)

    def mix(self, weights: Tensor, values: Tensor) -> Tensor:
        """``weights [R, G, share, t, n]`` over ``values [B, G, n, d]``: ``[R, G, share, t, d]``."""
        return self._collect(self._spread(weights) @ self._documents(values), weights)
