"""Runs ``kernel.advance`` on the decoder's buffers: its weights side by side, its working memory, its threads."""

from __future__ import annotations

import importlib
import threading
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from torch import Tensor

from .matrices import Int8
from .team import Team

if TYPE_CHECKING:
    from .stack import Stack

# Up to so many rows a step of the kernel takes less time than one of torch's products in bfloat16.
MOST_ROWS = 16
# Up to so many, it takes hardly more than for one.
FEW_ROWS = 4
_TILE, _PIECE = 4, 16  # rows and columns of the weights that lie together: see ``kernel``


def prepare() -> None:
    """Has another thread import what is compiled: that takes some tenths of a second, and seconds the first time."""
    threading.Thread(target=importlib.import_module, args=(f"{__package__}.passes",), daemon=True).start()


def suits(stack: Stack) -> bool:
    """Whether the kernel can compute a stack's steps: int8 on CPU, sizes in whole tiles."""
    c = stack.config
    sizes = (c["hidden_size"], c["intermediate_size"], c["vocab_size"])
    if not isinstance(stack.embedding, Int8) or stack.device.type != "cpu":
        return False
    return all(size % 16 == 0 for size in sizes) and c["head_dim"] % 64 == 0


def _taken(matrices: Sequence[Any]) -> tuple[np.ndarray[Any, Any], np.ndarray[Any, Any]]:
    """Equal matrices' int8 weights ``[L, N / 4, K / 16, 4, 16]`` and scales ``[L, N]``, which they keep no longer."""
    rows, columns = matrices[0].weight.shape
    # numpy asks for large pages.
    packed = np.empty((len(matrices), rows // _TILE, columns // _PIECE, _TILE, _PIECE), np.int8)
    scales = np.empty((len(matrices), rows), np.float32)
    for i, matrix in enumerate(matrices):
        weights, scale = matrix.take()
        packed[i] = weights.numpy().reshape(rows // _TILE, _TILE, columns // _PIECE, _PIECE).transpose(0, 2, 1, 3)
        scales[i] = scale.numpy()
    return packed, scales


class Steps:
    """Steps of a stack; it takes the int8 weights of its layers into arrays of its own, which they then share."""

    def __init__(self, stack: Stack, team: Team) -> None:
        self.stack, self._team = stack, team
        c = stack.config
        self._weights = self._arrays(stack)
        self._eps, self._window = np.float32(c["rms_norm_eps"]), int(c["window"])
        self._tables: dict[bool, Tensor] = {}
        self._lock = threading.Lock()  # on the working memory
        self._room: tuple[int, int, int] = (0, 0, 0)

    def _arrays(self, stack: Stack) -> list[np.ndarray[Any, Any]]:
        """The kernel's arguments from ``embedding`` to ``down_scale``."""
        layers = stack.layers
        norms = [
            torch.stack([n.before_attention, n.after_attention, n.before_feedforward, n.after_feedforward])
            for n in layers
        ]
        found: list[np.ndarray[Any, Any]] = [part[0] for part in _taken([stack.embedding])]
        for tensor in (
            stack.norm,
            torch.stack(norms),
            torch.stack([layer.qk_norm for layer in layers]),
            torch.tensor([int(layer.everywhere) for layer in layers]),
        ):
            found.append(tensor.contiguous().numpy())
        for name in ("qkv", "out", "gate_up", "down"):
            found += _taken([getattr(layer, name) for layer in layers])
        return found

    # ---- working memory --------------------------------------------------------------------------------------------

    def _make_room(self, rows: int, columns: int, threads: int) -> None:
        if self._room[0] >= rows and self._room[1] >= columns and self._room[2] == threads:
            return
        c = self.stack.config
        rows, columns = -(-max(rows, _TILE) // _TILE) * _TILE, -(-columns // 256) * 256
        heads, groups, d = c["num_attention_heads"], c["num_key_value_heads"], c["head_dim"]
        size, inner = c["hidden_size"], c["intermediate_size"]
        shapes = (
            (threads, rows, size),
            (threads, rows, size),
            (threads, heads, d),
            (threads, rows, heads * d),
            (threads, heads, columns),
            (threads, rows, heads, d),
            (threads, rows, heads),
            (threads, rows, heads),
            (rows, (heads + 2 * groups) * d),
            (rows, size),
            (rows, 2 * inner),
            (rows, inner),
        )
        self._memory = [np.zeros(shape, np.float32) for shape in shapes]
        self._room = (rows, columns, threads)

    def _rotations(self, most: int) -> np.ndarray[Any, Any]:
        tables = self.stack.tables(most)
        if self._tables is not tables:
            self._tables = tables
            pairs = [torch.view_as_real(tables[kind]).flatten(1) for kind in (False, True)]
            self._rotated = torch.stack(pairs).contiguous().numpy()
        return self._rotated

    # ---- a step ----------------------------------------------------------------------------------------------------

    def __call__(self, ids: Sequence[int], rows: Sequence[Sequence[int]], keys: Tensor, values: Tensor) -> Tensor:
        """Logits ``[M, V]`` after each of ``ids [M]``; their keys and values are written into the buffers.

        Args:
            rows: ``[M, 5]``; ``kernel`` has its columns.
            keys, values: ``[L, B, G, N, d]``, bfloat16.
        """
        from . import kernel  # prepared, or waited for

        threads = self._team.size
        about = np.array(rows, np.int64)
        with self._lock:
            self._make_room(len(ids), keys.shape[3], threads)
            logits = torch.empty((self._room[0], self.stack.config["vocab_size"]))
            self._team.run(
                kernel.advance,
                threads,
                np.asarray(ids, np.int64),
                about,
                keys.view(torch.int16).numpy(),
                values.view(torch.int16).numpy(),
                self._rotations(int(about[:, kernel.POSITION].max()) + 1),
                self._eps,
                self._window,
                *self._weights,
                *self._memory,
                logits.numpy(),
            )
        return logits[: len(ids)]
