"""Vector products for ``kernel``, in LLVM's terms: numba's own vectorizer leaves half of AVX-512 unused.

Addresses come as integers and strides in elements. Vectors are 16 numbers wide; LLVM splits them on processors with
shorter ones. Each function is made for a count of matrix rows and of vectors that are multiplied at once, so that what
is read and converted once serves them all.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.extending import intrinsic

LANES = 16
_FLOAT, _HALF, _WORD, _BYTE = ir.FloatType(), ir.IntType(16), ir.IntType(32), ir.IntType(8)
_FLOATS = ir.VectorType(_FLOAT, LANES)
_STORED = {"int8": (_BYTE, 1), "bfloat16": (_HALF, 2), "float32": (_FLOAT, 4)}
_AHEAD = ir.Constant(ir.IntType(64), 4096)  # bytes
_LINE = 64
_FAST = ("reassoc", "contract", "nnan", "ninf", "nsz")


def _at(builder: ir.IRBuilder, base: ir.Value, index: ir.Value, element: ir.Type) -> ir.Value:
    """Pointer to a vector of 16 that begins at ``base[index]``."""
    pointer = builder.inttoptr(base, ir.PointerType(element))
    return builder.bitcast(builder.gep(pointer, [index]), ir.PointerType(ir.VectorType(element, LANES)))


def _load(builder: ir.IRBuilder, kind: str, base: ir.Value, index: ir.Value) -> ir.Value:
    """16 stored numbers as float32."""
    element, align = _STORED[kind]
    vector = builder.load(_at(builder, base, index, element), align=align)
    if kind == "int8":
        return builder.sitofp(vector, _FLOATS)
    if kind == "bfloat16":
        words = ir.VectorType(_WORD, LANES)
        return builder.bitcast(builder.shl(builder.zext(vector, words), ir.Constant(words, [16] * LANES)), _FLOATS)
    return vector


def _spread(builder: ir.IRBuilder, number: ir.Value) -> ir.Value:
    one = builder.insert_element(ir.Constant(_FLOATS, ir.Undefined), number, ir.Constant(_WORD, 0))
    lanes = ir.Constant(ir.VectorType(_WORD, LANES), [0] * LANES)
    return builder.shuffle_vector(one, ir.Constant(_FLOATS, ir.Undefined), lanes)


def _number(builder: ir.IRBuilder, base: ir.Value, index: ir.Value) -> ir.Value:
    """Pointer to ``base[index]``, float32."""
    return builder.gep(builder.inttoptr(base, ir.PointerType(_FLOAT)), [index])


def _fma(builder: ir.IRBuilder, a: ir.Value, b: ir.Value, total: ir.Value) -> ir.Value:
    return builder.fadd(total, builder.fmul(a, b, flags=_FAST), flags=_FAST)


def _fetch(builder: ir.IRBuilder, address: ir.Value) -> None:
    """Asks for a line of memory that will be read; an address that nothing lies at does no harm."""
    function = ir.FunctionType(ir.VoidType(), [ir.PointerType(), _WORD, _WORD, _WORD])
    prefetch = cgutils.get_or_insert_function(builder.module, function, "llvm.prefetch.p0")
    read, keep, data = (ir.Constant(_WORD, n) for n in (0, 3, 1))
    builder.call(prefetch, [builder.inttoptr(address, ir.PointerType()), read, keep, data])


def _times(builder: ir.IRBuilder, value: ir.Value, count: int) -> ir.Value:
    return builder.mul(value, ir.Constant(value.type, count))


def _dot(kind: str, rows: int, vectors: int, packed: bool = False) -> Callable[..., Any]:
    """``y[v, r] = w[r] . x[v]`` over ``k`` columns, for ``rows`` rows of a matrix and ``vectors`` vectors.

    Args:
        packed: the rows lie in pieces of 16 columns, ``[k / 16, rows, 16]``, one after the other, and what comes some
            way behind is fetched ahead: memory is read in order, and twice as fast as it is row by row.
    """

    @intrinsic
    def dot(context: Any, w: Any, ws: Any, x: Any, xs: Any, y: Any, ys: Any, k: Any) -> Any:
        def generate(_: Any, builder: ir.IRBuilder, __: Any, args: Any) -> ir.Value:
            w, ws, x, xs, y, ys, k = args
            zero = ir.Constant(_FLOATS, [0.0] * LANES)
            sums = [[cgutils.alloca_once_value(builder, zero) for _ in range(vectors)] for _ in range(rows)]
            none, lanes = ir.Constant(k.type, 0), ir.Constant(k.type, LANES)
            with cgutils.for_range_slice(builder, none, k, lanes, k.type) as (column, _):
                xv = [_load(builder, "float32", x, builder.add(column, _times(builder, xs, v))) for v in range(vectors)]
                # As many bytes as this turn reads, some way behind them: rows lie one after the other.
                size = _STORED[kind][1]
                behind = builder.add(w, builder.add(_times(builder, column, rows * size), _AHEAD))
                for line in range(0, rows * LANES * size, _LINE):
                    _fetch(builder, builder.add(behind, ir.Constant(behind.type, line)))
                for r in range(rows):
                    if packed:
                        at = builder.add(_times(builder, column, rows), ir.Constant(k.type, r * LANES))
                    else:
                        at = builder.add(column, _times(builder, ws, r))
                    wr = _load(builder, kind, w, at)
                    for v in range(vectors):
                        builder.store(_fma(builder, wr, xv[v], builder.load(sums[r][v])), sums[r][v])
            reduce = cgutils.get_or_insert_function(
                builder.module, ir.FunctionType(_FLOAT, [_FLOAT, _FLOATS]), "llvm.vector.reduce.fadd.v16f32"
            )
            for r in range(rows):
                for v in range(vectors):
                    first = ir.Constant(_FLOAT, 0.0)
                    total = builder.call(reduce, [first, builder.load(sums[r][v])], fastmath=("reassoc",))
                    place = builder.add(_times(builder, ys, v), ir.Constant(ys.type, r))
                    builder.store(total, _number(builder, y, place))
            return ir.Constant(ir.IntType(64), 0)

        return types.int64(*[types.intp] * 7), generate

    return dot


def _mix(kind: str, columns: int, vectors: int) -> Callable[..., Any]:
    """``y[v, c] += sum over n rows j of p[v, j] w[j, c]`` for ``16 columns`` columns ``c`` and ``vectors`` ``v``."""

    @intrinsic
    def mix(context: Any, w: Any, ws: Any, p: Any, ps: Any, y: Any, ys: Any, n: Any) -> Any:
        def generate(_: Any, builder: ir.IRBuilder, __: Any, args: Any) -> ir.Value:
            w, ws, p, ps, y, ys, n = args

            def own(v: int, c: int) -> ir.Value:
                return builder.add(_times(builder, ys, v), ir.Constant(ys.type, c * LANES))

            sums = [
                [cgutils.alloca_once_value(builder, _load(builder, "float32", y, own(v, c))) for c in range(columns)]
                for v in range(vectors)
            ]
            one = ir.Constant(n.type, 1)
            with cgutils.for_range_slice(builder, ir.Constant(n.type, 0), n, one, n.type) as (j, _):
                row = builder.mul(ws, j)
                wr = [
                    _load(builder, kind, w, builder.add(row, ir.Constant(row.type, c * LANES))) for c in range(columns)
                ]
                behind = builder.add(w, builder.add(_times(builder, row, _STORED[kind][1]), _AHEAD))
                for line in range(0, columns * LANES * _STORED[kind][1], _LINE):
                    _fetch(builder, builder.add(behind, ir.Constant(behind.type, line)))
                for v in range(vectors):
                    share = builder.load(_number(builder, p, builder.add(_times(builder, ps, v), j)))
                    spread = _spread(builder, share)
                    for c in range(columns):
                        builder.store(_fma(builder, wr[c], spread, builder.load(sums[v][c])), sums[v][c])
            for v in range(vectors):
                for c in range(columns):
                    builder.store(builder.load(sums[v][c]), _at(builder, y, own(v, c), _FLOAT), align=4)
            return ir.Constant(ir.IntType(64), 0)

        return types.int64(*[types.intp] * 7), generate

    return mix


@intrinsic
def as_float(context: Any, word: Any) -> Any:
    """The float32 whose bits are a uint32."""

    def generate(_: Any, builder: ir.IRBuilder, __: Any, args: Any) -> ir.Value:
        return builder.bitcast(args[0], _FLOAT)

    return types.float32(types.uint32), generate


@intrinsic
def as_word(context: Any, number: Any) -> Any:
    """A float32's bits."""

    def generate(_: Any, builder: ir.IRBuilder, __: Any, args: Any) -> ir.Value:
        return builder.bitcast(args[0], _WORD)

    return types.uint32(types.float32), generate


@intrinsic
def add_atomic(context: Any, address: Any, number: Any) -> Any:
    """Adds to the int64 at an address, for all threads to see; gives what was there."""

    def generate(_: Any, builder: ir.IRBuilder, __: Any, args: Any) -> ir.Value:
        pointer = builder.inttoptr(args[0], ir.PointerType(ir.IntType(64)))
        return builder.atomic_rmw("add", pointer, args[1], "seq_cst")

    return types.int64(types.intp, types.int64), generate


@intrinsic
def load_atomic(context: Any, address: Any) -> Any:
    """The int64 at an address as other threads last wrote it."""

    def generate(_: Any, builder: ir.IRBuilder, __: Any, args: Any) -> ir.Value:
        pointer = builder.inttoptr(args[0], ir.PointerType(ir.IntType(64)))
        return builder.load_atomic(pointer, "seq_cst", 8)

    return types.int64(types.intp), generate


# Rows of the matrix, vectors: as many accumulators as registers hold.
dot_int8_1, dot_int8_2, dot_int8_4 = (_dot("int8", 4, v, packed=True) for v in (1, 2, 4))
# Of a key, or four, with one query: the queries of a unit follow each other.
dot_half, dot_half_one = _dot("bfloat16", 4, 1), _dot("bfloat16", 1, 1)
dot_half_2, dot_half_2_one = _dot("bfloat16", 4, 2), _dot("bfloat16", 1, 2)
dot_half_4, dot_half_4_one = _dot("bfloat16", 4, 4), _dot("bfloat16", 1, 4)
mix_half, mix_half_2, mix_half_4 = _mix("bfloat16", 4, 1), _mix("bfloat16", 4, 2), _mix("bfloat16", 4, 4)
