"""One decoding step of a few rows as one compiled function: weights are read once, nothing goes back to Python.

It computes what ``decoder.Decoder.forward`` and ``stack.Stack.logits`` compute (a test compares them), out of the int8
weights, in float32. Every thread runs ``advance`` with its own number: they share the rows of each product, do the
short operations between products each for itself, and meet five times a layer.

Shapes in the comments: M tokens that are fed (rows from here on), L layers, D hidden size, H query heads, G key-value
heads, d head size, I feed-forward size, V vocabulary; B documents and N columns of the decoder's buffers.
"""

from __future__ import annotations

import sys
from typing import Any

import numpy as np
from numba import njit, types
from numba.core.caching import FunctionCache

from . import tiles

# What a tile covers: rows of a matrix in a product, columns of the values in attention.
TILE, MIXED = 4, 4 * tiles.LANES
# Columns of ``rows``: the document, the position, the document's length, the first of its place's columns, which of
# them is the token's own.
DOCUMENT, POSITION, LENGTH, FIRST, OWN = range(5)


def _keeps() -> bool:
    """Whether there is a folder that numba can keep compiled functions in: beside this file, or the user's."""
    try:
        FunctionCache(_keeps)
    except (RuntimeError, OSError):
        return False
    return True


OPTIONS: Any = {"nogil": True, "fastmath": True, "boundscheck": False, "error_model": "numpy", "cache": _keeps()}
_SPINS = 20_000  # before a waiting thread offers its processor to others
_LOG2E, _LN2 = np.float32(1.4426950408889634), np.float32(0.6931471805599453)
_LEAST = np.float32(-1e30)
_ROOT = np.float32(0.7978845608028654)  # sqrt(2 / pi)


@njit(**OPTIONS)
def exp(x):
    """e^x in float32, to about 1e-6 of it."""
    y = min(max(x * _LOG2E, np.float32(-125.0)), np.float32(126.0))
    whole = np.int32(y + np.float32(127.5)) - np.int32(127)
    r = (y - np.float32(whole)) * _LN2
    p = r * np.float32(1.0 / 720.0) + np.float32(1.0 / 120.0)
    p = p * r + np.float32(1.0 / 24.0)
    p = p * r + np.float32(1.0 / 6.0)
    p = p * r + np.float32(0.5)
    p = p * r + np.float32(1.0)
    p = p * r + np.float32(1.0)
    return p * tiles.as_float(np.uint32(whole + np.int32(127)) << np.uint32(23))


@njit(**OPTIONS)
def gelu(x):
    """Its tanh approximation, ``x (1 + tanh u) / 2 = x / (1 + exp(-2 u))``."""
    u = _ROOT * (x + np.float32(0.044715) * x * x * x)
    return x / (np.float32(1.0) + exp(np.float32(-2.0) * u))


if sys.platform == "win32":

    @njit(**OPTIONS)
    def _rest():
        """Nothing: Windows' own scheduler takes turns soon enough."""

else:
    _sched_yield = types.ExternalFunction("sched_yield", types.int32())

    @njit(**OPTIONS)
    def _rest():
        """Offers this processor to other threads."""
        _sched_yield()


@njit(**OPTIONS)
def meet(sync, threads, turn):
    """Waits until all threads are here for the ``turn``-th time; gives the next turn."""
    if threads > 1:
        address = sync.ctypes.data
        tiles.add_atomic(address, np.int64(1))
        spins = 0
        while tiles.load_atomic(address) < threads * turn:
            spins += 1
            if spins > _SPINS:
                _rest()
    return turn + 1


@njit(**OPTIONS)
def _shares(size, rank, threads):
    """The part of ``size`` rows that a thread takes, in whole tiles."""
    blocks = size // TILE
    return blocks * rank // threads * TILE, blocks * (rank + 1) // threads * TILE


@njit(**OPTIONS)
def _multiply(w, scale, x, y, count, start, end):
    """``y [M, N] = x [M, K] w^T`` for rows ``start`` to ``end`` of w; x and y have whole tiles of M.

    Args:
        w: ``[N / 4, K / 16, 4, 16]``, so that it is read in order.
    """
    k = w.shape[1] * tiles.LANES
    columns = y.shape[1]
    wa, xa, ya = w.ctypes.data, x.ctypes.data, y.ctypes.data
    for i in range(start, end, TILE):
        for m in range(0, count, TILE):
            at = wa + i * k
            xm, ym = xa + 4 * m * k, ya + 4 * (m * columns + i)
            if count - m > 2:
                tiles.dot_int8_4(at, k, xm, k, ym, columns, k)
            elif count - m == 2:
                tiles.dot_int8_2(at, k, xm, k, ym, columns, k)
            else:
                tiles.dot_int8_1(at, k, xm, k, ym, columns, k)
        for m in range(count):
            for j in range(i, i + TILE):
                y[m, j] *= scale[j]


@njit(**OPTIONS)
def shrink(x, eps):
    """What RMSNorm multiplies ``x [D]`` by, but for the weights and the root of D, which is in them."""
    total = np.float32(0.0)
    for i in range(x.shape[0]):
        total += x[i] * x[i]
    return np.float32(1.0) / np.sqrt(total + x.shape[0] * eps)


@njit(**OPTIONS)
def _normed(x, weight, eps, y, count):
    """RMSNorm of rows of x into y."""
    for m in range(count):
        by = shrink(x[m], eps)
        for i in range(x.shape[1]):
            y[m, i] = x[m, i] * (weight[i] * by)


@njit(**OPTIONS)
def _add_normed(x, y, weight, eps, count):
    """Adds the RMSNorm of rows of y to x."""
    for m in range(count):
        by = shrink(y[m], eps)
        for i in range(x.shape[1]):
            x[m, i] += y[m, i] * (weight[i] * by)


@njit(**OPTIONS)
def _turned(x, weight, eps, table, y):
    """Norm of one head, then its rotation: pairs of neighbours by ``table`` (cosine, sine)."""
    by = shrink(x, eps)
    for i in range(0, x.shape[0], 2):
        a, b = x[i] * weight[i] * by, x[i + 1] * weight[i + 1] * by
        y[i] = a * table[i] - b * table[i + 1]
        y[i + 1] = a * table[i + 1] + b * table[i]


@njit(**OPTIONS)
def store(x, y):
    """float32 as the bits of bfloat16, rounded to the nearest, ties to even."""
    for i in range(x.shape[0]):
        bits = tiles.as_word(x[i])
        y[i] = np.int16((bits + np.uint32(0x7FFF) + ((bits >> np.uint32(16)) & np.uint32(1))) >> np.uint32(16))


@njit(**OPTIONS)
def _score(keys, start, end, q, scores, at, heads):
    """Products of queries ``q [heads, d]`` with keys ``start`` to ``end`` into ``scores [heads, N]`` from ``at`` on."""
    d, columns = keys.shape[1], scores.shape[1]
    ka, qa, sa = keys.ctypes.data, q.ctypes.data, scores.ctypes.data
    j = start
    while j < end:
        many = end - j >= TILE
        key, out = ka + 2 * j * d, sa + 4 * (at + j - start)
        if heads == 4:
            if many:
                tiles.dot_half_4(key, d, qa, d, out, columns, d)
            else:
                tiles.dot_half_4_one(key, d, qa, d, out, columns, d)
        elif heads == 2:
            if many:
                tiles.dot_half_2(key, d, qa, d, out, columns, d)
            else:
                tiles.dot_half_2_one(key, d, qa, d, out, columns, d)
        elif many:
            tiles.dot_half(key, d, qa, d, out, columns, d)
        else:
            tiles.dot_half_one(key, d, qa, d, out, columns, d)
        j += TILE if many else 1


@njit(**OPTIONS)
def _mix(values, start, end, scores, at, heads, y):
    """Adds values ``start`` to ``end``, weighted by ``scores [heads, N]`` from ``at`` on, to ``y [heads, d]``."""
    d, columns = values.shape[1], scores.shape[1]
    va, sa, ya = values.ctypes.data + 2 * start * d, scores.ctypes.data + 4 * at, y.ctypes.data
    for c in range(0, d, MIXED):
        if heads == 4:
            tiles.mix_half_4(va + 2 * c, d, sa, columns, ya + 4 * c, d, end - start)
        elif heads == 2:
            tiles.mix_half_2(va + 2 * c, d, sa, columns, ya + 4 * c, d, end - start)
        else:
            tiles.mix_half(va + 2 * c, d, sa, columns, ya + 4 * c, d, end - start)


@njit(**OPTIONS)
def _exponentials(scores, heads, size, most, totals):
    """Scores to their exponentials, the largest one's 1; their logarithms' offset and sum of each head."""
    for h in range(heads):
        top = _LEAST
        for j in range(size):
            top = max(top, scores[h, j])
        total = np.float32(0.0)
        for j in range(size):
            share = exp(scores[h, j] - top)
            scores[h, j] = share
            total += share
        most[h], totals[h] = top, total


@njit(**OPTIONS)
def _attend(rank, threads, row, window, keys, values, q, scores, y, most, totals):
    """A thread's part of the attention of ``q [heads, d]``, queries of one token that share their keys.

    Every thread takes its share of the keys, so that no key is read twice; ``_merge`` puts their parts together.

    Args:
        row: the token's, see the names of its columns.
        window: positions that it sees, itself included; 0 for all.
        keys, values: ``[N, d]`` of its document.
        y: ``[heads, d]``, the sum of the values, each times its weight; most, totals: ``[heads]``, the largest score
            and the sum of the weights, which are ``exp(score - most)``.
    """
    heads = y.shape[0]
    source, own = 0, 0
    if window > 0:
        source = min(max(0, row[POSITION] - window + 1), row[LENGTH])
        own = max(0, row[OWN] - window + 1)
    width = row[LENGTH] - source
    size = width + row[OWN] + 1 - own
    start, end = size * rank // threads, size * (rank + 1) // threads
    # Of the document, then of the output.
    first, last = source + min(start, width), source + min(end, width)
    behind = row[FIRST] + own - width
    after, until = behind + max(start, width), behind + max(end, width)
    _score(keys, first, last, q, scores, 0, heads)
    _score(keys, after, until, q, scores, last - first, heads)
    _exponentials(scores, heads, end - start, most, totals)
    for h in range(heads):
        y[h, :] = np.float32(0.0)
    _mix(values, first, last, scores, 0, heads, y)
    _mix(values, after, until, scores, last - first, heads, y)


@njit(**OPTIONS)
def _merge(mixed, most, totals, m, y):
    """Row ``m`` of attention ``y [M, H d]`` from the threads' parts."""
    threads, _, heads, d = mixed.shape
    for h in range(heads):
        top, whole = _LEAST, np.float32(0.0)
        for t in range(threads):
            top = max(top, most[t, m, h])
        for t in range(threads):
            whole += totals[t, m, h] * exp(most[t, m, h] - top)
        for t in range(threads):
            by = exp(most[t, m, h] - top) / whole
            for i in range(d):
                part = mixed[t, m, h, i] * by
                y[m, h * d + i] = part if t == 0 else y[m, h * d + i] + part


@njit(**OPTIONS)
def _gated(both, rows, start, end, y):
    """``gelu(gate) * up`` (tanh form) of columns ``start`` to ``end``; both ``[M, 2 I]``."""
    size = y.shape[1]
    for m in range(rows):
        for i in range(start, end):
            y[m, i] = gelu(both[m, i]) * both[m, size + i]


def array(dtype: Any, dimensions: int) -> Any:
    return types.Array(dtype, dimensions, "C")


_SIGNATURE = types.void(
    types.int64, types.int64, *(array(types.int64, n) for n in (1, 1, 2)),
    *[array(types.int16, 5)] * 2, array(types.float32, 3), types.float32, types.int64,
    array(types.int8, 4), *(array(types.float32, n) for n in (1, 1, 3, 3)), array(types.int64, 1),
    *[array(types.int8, 5), array(types.float32, 2)] * 4,
    *[array(types.float32, 3)] * 5, array(types.float32, 4), *[array(types.float32, 3)] * 2,
    *[array(types.float32, 2)] * 5,
)  # fmt: skip


@njit(_SIGNATURE, **OPTIONS)  # compiled, or read from numba's cache, at import
def advance(
    rank, threads, sync, ids, rows, keys, values, tables, eps, window,
    embedding, embedding_scale, last_norm, norms, qk_norms, everywhere,
    qkv, qkv_scale, out, out_scale, gate_up, gate_up_scale, down, down_scale,
    xs, normed, queries, attended, scores, mixed, most, totals, fused, y, both, gated, logits,
):  # fmt: skip
    """Feeds ``ids [M]``: writes their keys and values into the buffers and the logits after each.

    Args:
        sync: one int64, 0 before.
        rows: ``[M, 5]`` int64, see the names of its columns.
        keys, values: ``[L, B, G, N, d]``, bfloat16 as int16.
        tables: ``[2, positions, d]``: cosine and sine of each pair, of local layers and of global ones.
        embedding, qkv, out, gate_up, down: int8, ``[..., N / 4, K / 16, 4, 16]``; their scales ``[..., N]``.
        norms: ``[L, 4, D]``: before and after attention, before and after the feed-forward.
        xs, normed ``[threads, M, D]``, queries ``[threads, H, d]``, attended ``[threads, M, H d]``, scores
            ``[threads, H, N]``: a thread's own.
        mixed ``[threads, M, H, d]``, most, totals ``[threads, M, H]``: each thread's part of the attention.
        fused ``[M, (H + 2 G) d]``, y ``[M, D]``, both ``[M, 2 I]``, gated ``[M, I]``, logits ``[M, V]``: what all see.
            M is padded to whole tiles in all but ``ids`` and ``rows``.
    """
    count, size = len(ids), xs.shape[2]
    layers, _, groups, _, d = keys.shape
    heads = qk_norms.shape[1] - groups
    share = heads // groups
    x, n, q, o, s = xs[rank], normed[rank], queries[rank], attended[rank], scores[rank]
    turn = 1
    root = np.sqrt(np.float32(size))
    for m in range(count):
        by = embedding_scale[ids[m]] * root
        for i in range(size):
            piece, lane = i // tiles.LANES, i % tiles.LANES
            x[m, i] = np.float32(embedding[ids[m] // TILE, piece, ids[m] % TILE, lane]) * by
    unit = 4 if share % 4 == 0 else 2 if share % 2 == 0 else 1  # heads of one key-value head that go together
    for layer in range(layers):
        table = tables[everywhere[layer]]
        _normed(x, norms[layer, 0], eps, n, count)
        start, end = _shares(fused.shape[1], rank, threads)
        _multiply(qkv[layer], qkv_scale[layer], n, fused, count, start, end)
        turn = meet(sync, threads, turn)
        # Every thread writes all rows' keys and values, the same ones: that spares a meeting.
        for m in range(count):
            at = rows[m, FIRST] + rows[m, OWN]
            for g in range(groups):
                _turned(
                    fused[m, (heads + g) * d : (heads + g + 1) * d], qk_norms[layer, heads + g], eps,
                    table[rows[m, POSITION]], q[0],
                )  # fmt: skip
                store(q[0], keys[layer, rows[m, DOCUMENT], g, at])
                store(
                    fused[m, (heads + groups + g) * d : (heads + groups + g + 1) * d],
                    values[layer, rows[m, DOCUMENT], g, at],
                )
        near = 0 if everywhere[layer] else window
        for m in range(count):
            document = rows[m, DOCUMENT]
            for first in range(0, heads, unit):
                last, group = first + unit, first // share
                for h in range(unit):
                    _turned(
                        fused[m, (first + h) * d : (first + h + 1) * d], qk_norms[layer, first + h], eps,
                        table[rows[m, POSITION]], q[h],
                    )  # fmt: skip
                _attend(
                    rank, threads, rows[m], near, keys[layer, document, group], values[layer, document, group], q, s,
                    mixed[rank, m, first:last], most[rank, m, first:last], totals[rank, m, first:last],
                )  # fmt: skip
        turn = meet(sync, threads, turn)
        for m in range(count):
            _merge(mixed, most, totals, m, o)
        start, end = _shares(size, rank, threads)
        _multiply(out[layer], out_scale[layer], o, y, count, start, end)
        turn = meet(sync, threads, turn)
        _add_normed(x, y, norms[layer, 1], eps, count)
        _normed(x, norms[layer, 2], eps, n, count)
        width = gated.shape[1]
        first, last = _shares(width, rank, threads)
        _multiply(gate_up[layer], gate_up_scale[layer], n, both, count, first, last)
        _multiply(gate_up[layer], gate_up_scale[layer], n, both, count, width + first, width + last)
        _gated(both, count, first, last, gated)
        turn = meet(sync, threads, turn)
        _multiply(down[layer], down_scale[layer], gated, y, count, start, end)
        turn = meet(sync, threads, turn)
        _add_normed(x, y, norms[layer, 3], eps, count)
    _normed(x, last_norm, eps, n, count)
    start, end = _shares(logits.shape[1], rank, threads)
    _multiply(embedding, embedding_scale, n, logits, count, start, end)
    meet(sync, threads, turn)
