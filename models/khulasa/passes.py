"""What stands between the products of a layer, compiled, one pass over the rows each: norms, heads, the gate.

They compute what ``stack.Stack.project`` and ``finish`` compute (a test compares them), take and give the products'
bfloat16, as int16, and share the rows among threads; see ``team.Team.run``. Shapes: M rows, D hidden size, H query
heads, G key-value heads, d head size, I feed-forward size.
"""

from __future__ import annotations

import numpy as np
from numba import njit, types

from . import tiles
from .kernel import OPTIONS, array, gelu, meet, shrink, store

_HEAD = (types.int64, types.int64, array(types.int64, 1))  # rank, threads, sync
_F1, _F2 = array(types.float32, 1), array(types.float32, 2)
_H2, _H3 = (array(types.int16, n) for n in (2, 3))


@njit(**OPTIONS)
def _wide(word):
    """bfloat16 as its bits to float32."""
    return tiles.as_float(np.uint32(np.uint16(word)) << np.uint32(16))


@njit(**OPTIONS)
def _norm(x, weight, eps, row, y):
    by = shrink(x, eps)
    for i in range(x.shape[0]):
        row[i] = x[i] * (weight[i] * by)
    store(row, y)


@njit(types.void(*_HEAD, _F2, _F1, types.float32, _H2), **OPTIONS)
def normed(rank, threads, sync, x, weight, eps, y):
    """RMSNorm of ``x [M, D]`` into y."""
    row = np.empty(x.shape[1], np.float32)
    for m in range(len(x) * rank // threads, len(x) * (rank + 1) // threads):
        _norm(x[m], weight, eps, row, y[m])
    meet(sync, threads, 1)


@njit(types.void(*_HEAD, _F2, _H2, _F1, types.float32, _F2), **OPTIONS)
def added(rank, threads, sync, x, y, weight, eps, z):
    """``z = x + RMSNorm(y)``, all ``[M, D]``."""
    size = x.shape[1]
    row = np.empty(size, np.float32)
    for m in range(len(x) * rank // threads, len(x) * (rank + 1) // threads):
        for i in range(size):
            row[i] = _wide(y[m, i])
        by = shrink(row, eps)
        for i in range(size):
            z[m, i] = x[m, i] + row[i] * (weight[i] * by)
    meet(sync, threads, 1)


@njit(types.void(*_HEAD, _H2, _H2), **OPTIONS)
def gated(rank, threads, sync, both, y):
    """``gelu(gate) * up`` (tanh form) of ``both [M, 2 I]`` into ``y [M, I]``."""
    size = y.shape[1]
    row = np.empty(size, np.float32)
    for m in range(len(y) * rank // threads, len(y) * (rank + 1) // threads):
        for i in range(size):
            row[i] = gelu(_wide(both[m, i])) * _wide(both[m, size + i])
        store(row, y[m])
    meet(sync, threads, 1)


@njit(types.void(*_HEAD, _H2, _F2, types.float32, _F2, array(types.int64, 1), _H3, _H3, _H3), **OPTIONS)
def heads(rank, threads, sync, fused, weights, eps, table, positions, q, k, v):
    """Norms and rotations of ``fused [M, (H + 2 G) d]`` into ``q [M, H, d]``, ``k [M, G, d]``; copies ``v [M, G, d]``.

    Args:
        weights: ``[H + G, d]``.
        table: ``[positions, d]``, cosine and sine of each pair.
    """
    d, queries, groups = q.shape[2], q.shape[1], k.shape[1]
    row, turned = np.empty(d, np.float32), np.empty(d, np.float32)
    for m in range(len(fused) * rank // threads, len(fused) * (rank + 1) // threads):
        angles = table[positions[m]]
        for h in range(queries + groups):
            for i in range(d):
                row[i] = _wide(fused[m, h * d + i])
            by = shrink(row, eps)
            for i in range(d):
                row[i] *= weights[h, i] * by
            for i in range(0, d, 2):
                turned[i] = row[i] * angles[i] - row[i + 1] * angles[i + 1]
                turned[i + 1] = row[i] * angles[i + 1] + row[i + 1] * angles[i]
            if h < queries:
                store(turned, q[m, h])
            else:
                store(turned, k[m, h - queries])
        for g in range(groups):
            for i in range(d):
                v[m, g, i] = fused[m, (queries + groups + g) * d + i]
    meet(sync, threads, 1)
