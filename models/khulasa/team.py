"""Threads that run one compiled function together, each with its own number."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable
from queue import SimpleQueue
from typing import Any

import numpy as np
import torch

_MOST_THREADS = 16


class Team:
    """As many threads as torch computes with, the caller's included; they wait for work and cost nothing meanwhile."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._jobs: list[SimpleQueue[Any]] = []
        self._pid = 0

    @property
    def size(self) -> int:
        return max(1, min(torch.get_num_threads(), _MOST_THREADS))

    def run(self, function: Callable[..., None], threads: int, *arguments: Any) -> None:
        """``function(rank, threads, sync, *arguments)`` for every rank, all at once, until all are done.

        The function must not need the interpreter's lock, and ends with ``kernel.meet``, where the ranks wait for
        each other; ``sync`` is for that.
        """
        with self._lock:
            self._gather(threads)
            everything = (threads, np.zeros(1, np.int64), *arguments)
            for rank, jobs in enumerate(self._jobs[: threads - 1], 1):
                jobs.put((function, rank, everything))
            function(0, *everything)

    def _gather(self, threads: int) -> None:
        """Sees to it that there are ``threads - 1`` others in this process."""
        if self._pid != os.getpid():  # threads do not survive a fork
            self._jobs, self._pid = [], os.getpid()
        while len(self._jobs) < threads - 1:
            jobs: SimpleQueue[Any] = SimpleQueue()
            threading.Thread(target=_serve, args=(jobs,), daemon=True, name="khulasa").start()
            self._jobs.append(jobs)


def _serve(jobs: SimpleQueue[Any]) -> None:
    while True:
        function, rank, arguments = jobs.get()
        function(rank, *arguments)
