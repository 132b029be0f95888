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
    c = engine.config
    encoded = memory.state
    n = int(encoded.lengths[document])
    start = engine.sp.encode(prompt(task.kind, task.language, task.length))
    tokens = torch.tensor([[*start, *ids]], device=engine.device)
    t = tokens.shape[1]
    positions = torch.arange(n, n + t, device=engine.device)[None]
    rotaries = engine._rotaries(positions)
    at = torch.arange(n + t, device=engine.device)
    see = at[None, :] <= positions[0][:, None]  # [t, n + t]
    near = see & (positions[0][:, None] - at[None, :] < c["window"])
    share = c["num_attention_heads"] // c["num_key_value_heads"]
    x = engine._embed(tokens)
    found = []
    for layer, keys, values in zip(engine.layers, encoded.keys, encoded.values, strict=True):
        q, k, v = engine._project(layer, x, rotaries[layer.everywhere])  # [1, t, H or G, d]
        keys = torch.cat([keys[document, :, :n], k[0].transpose(0, 1)], dim=1)  # [G, n + t, d]
        values = torch.cat([values[document, :, :n], v[0].transpose(0, 1)], dim=1)
        q = q[0].transpose(0, 1).unflatten(0, (-1, share)) * c["query_pre_attn_scalar"] ** -0.5  # [G, share, t, d]
        scores = (q @ keys[:, None].transpose(-1, -2)).float()  # [G, share, t, n + t]
        weights = scores.masked_fill_(~(see if layer.everywhere else near), float("-inf")).softmax(dim=-1)
        if layer.everywhere:
            found.append(weights.flatten(0, 1)[:, len(start) :, :n])
        attended = (weights.to(x.dtype) @ values[:, None]).flatten(0, 1)  # [H, t, d]
        x = engine._finish(layer, x, attended.transpose(0, 1).flatten(1)[None])
    return torch.stack(found)
