"""A map over processes that keeps order and holds only a few chunks at a time, so that memory stays flat."""

from __future__ import annotations

import multiprocessing
import sys
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ProcessPoolExecutor
from itertools import islice
from typing import TypeVar

Item = TypeVar("Item")
Result = TypeVar("Result")

_AHEAD = 3  # chunks per process that wait in line


def chunked(items: Iterable[Item], size: int) -> Iterator[list[Item]]:
    """Lists of ``size`` consecutive items, the last one shorter."""
    iterator = iter(items)
    while chunk := list(islice(iterator, size)):
        yield chunk


def ordered_map(
    function: Callable[[list[Item]], Result], items: Iterable[Item], processes: int = 1, chunk: int = 500
) -> Iterator[Result]:
    """``function`` over chunks of ``items``, in order; with more than one process it must be picklable."""
    if processes <= 1:
        yield from map(function, chunked(items, chunk))
        return
    # A fork is quick, but not safe beside the threads that torch starts.
    fork = "fork" in multiprocessing.get_all_start_methods() and sys.platform == "linux" and "torch" not in sys.modules
    context = multiprocessing.get_context("fork" if fork else "spawn")
    waiting: deque[Future[Result]] = deque()
    with ProcessPoolExecutor(processes, mp_context=context) as pool:
        try:
            for part in chunked(items, chunk):
                waiting.append(pool.submit(function, part))
                if len(waiting) >= processes * _AHEAD:
                    yield waiting.popleft().result()
            while waiting:
                yield waiting.popleft().result()
        finally:
            for future in waiting:
                future.cancel()
