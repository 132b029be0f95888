"""Where the decoder looked: attention of an output's tokens over the document's, read from the global layers.

The output is run through the stack once more, all its tokens at once, against the document's keys and values that
the encoder left. Local layers see the document's last tokens alone and say nothing of the rest.

Shapes in the comments: t prompt and output tokens, n source tokens, H query heads, G key-value heads, d head size.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import TYPE_CHECKING

import torch

from ..engine import Attention, Memory, Task
from .decoder import Decoder
from .prompts import prompt

if TYPE_CHECKING:
    from torch import Tensor

    from .engine import KhulasaEngine


_BYTE = re.compile("<0x([0-9A-F]{2})>")


def attention(
    engine: KhulasaEngine, memory: Memory, document: int, task: Task, ids: Sequence[int], text: str
) -> Attention:
    """Where the decoder looked in a document of ``memory`` while it wrote ``ids``; see ``models.engine.Attention``.

    It is the mean over all heads of all global layers but the last. On translations of sentences out of texts of 24
    sentences (FLORES-200), most of it was on the translated sentence 126 times in 128; of the last layer's, 47 times.

    Args:
        text: what was encoded.
    """
    import numpy as np

    weights = head_weights(engine, memory, document, task, ids)
    weights = weights[:-1] if len(weights) > 1 else weights
    source = [(0, 0), *offsets(engine.sp.encode(text, out_type=str))][: weights.shape[-1]]
    output = offsets([engine.sp.id_to_piece(int(i)) for i in ids], stripped=True)
    return Attention(weights.mean(dim=(0, 1)).cpu().numpy().astype(np.float32), tuple(source), tuple(output))


def offsets(pieces: Sequence[str], stripped: bool = False) -> list[tuple[int, int]]:
    """Where each piece of the vocabulary stands in the text that they make together.

    Args:
        stripped: whether white space at the text's start was removed.

    >>> offsets(["▁a", "b", "<0xC3>", "<0xA9>", "c"])
    [(0, 2), (2, 3), (3, 4), (3, 4), (4, 5)]
    """
    spans: list[tuple[int, int]] = []
    at = 0
    missing = 0  # bytes that the current character still lacks
    for piece in pieces:
        byte = _BYTE.fullmatch(piece)
        if byte is None:
            missing = 0
            spans.append((at, at + len(piece)))
        elif missing:  # goes on with the character before
            missing -= 1
            spans.append((at - 1, at))
            continue
        else:
            first = int(byte[1], 16)
            missing = 3 if first >= 0xF0 else 2 if first >= 0xE0 else 1 if first >= 0xC0 else 0
            spans.append((at, at + 1))
        at = spans[-1][1]
    if stripped and pieces:
        lead = next((i for i, c in enumerate("".join(pieces)) if c not in "▁ \n"), 0)
        spans = [(max(0, start - lead), max(0, end - lead)) for start, end in spans]
    return spans


@torch.inference_mode()
def head_weights(engine: KhulasaEngine, memory: Memory, document: int, task: Task, ids: Sequence[int]) -> Tensor:
    """Attention ``[global layers, H, len(ids), n]`` of the output ``ids`` over a document of ``memory``.

    Row ``j`` is of the step whose input is token ``j``; columns do not sum to 1, since a token attends to the
    output's own past, too.
    """
    encoded = memory.state.only([document])
    n = encoded.values[0].shape[2]
    start = engine.sp.encode(prompt(task.kind, task.language, task.length))
    decoder = Decoder(engine.stack, encoded, 1)
    found: list[Tensor] = []
    decoder.forward(
        torch.tensor([[*start, *ids]], device=engine.device),
        watch=lambda _, weights: found.append(weights[0, :, 0, len(start) :, :n]),
    )
    return torch.stack(found)
