"""Who works: this process, or worker processes that each hold a model. Both take tasks and give what came of them."""

from __future__ import annotations

import multiprocessing
import os
import signal
import threading
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field, replace
from multiprocessing.connection import Connection, wait
from typing import Any, Protocol

from ..errors import KhulasaError, ModelError
from .machine import device_of, use_threads
from .work import Asked, Facts, Load, Worker

# Times that a task may be under way in a process that dies before the task is to blame.
_MOST_DEATHS = 2
_MOST_FAILED_STARTS = 3


@dataclass(frozen=True)
class Task:
    """kind: "prepare" or "run"; window: which one it is of; payload: the arguments for each of its records."""

    kind: str
    window: int
    payload: tuple[Any, ...] = field(repr=False)
    deaths: int = 0


@dataclass(frozen=True)
class Died:
    """The process died whenever it was at this task; how: as people know it, "signal 9"."""

    how: str


def perform(worker: Worker, task: Task) -> list[Any]:
    """What the worker gives for each part of the task's payload."""
    if task.kind == "prepare":
        return [worker.prepare(*arguments) for arguments in task.payload]
    return list(worker.run(task.payload))


class Pool(Protocol):
    """Takes tasks, and gives each back with its results, in any order."""

    size: int

    def facts(self) -> Facts:
        """Of the loaded model; waits for it."""
        ...

    def submit(self, task: Task) -> None: ...

    def waiting(self) -> int:
        """Tasks that nobody has begun."""
        ...

    def next(self) -> tuple[Task, list[Any] | Died]:
        """A finished task."""
        ...

    def close(self) -> None: ...


class Inline:
    """This process does the work, a task each time it is asked for one."""

    size = 1

    def __init__(self, load: Load, asked: Asked, threads: int) -> None:
        self._undo = use_threads(threads)
        self._worker = _make(load, asked)
        self._tasks: deque[Task] = deque()

    def facts(self) -> Facts:
        return self._worker.facts

    def submit(self, task: Task) -> None:
        self._tasks.append(task)

    def waiting(self) -> int:
        return len(self._tasks)

    def next(self) -> tuple[Task, list[Any] | Died]:
        task = self._tasks.popleft()
        return task, perform(self._worker, task)

    def close(self) -> None:
        self._tasks.clear()
        self._undo()


def _make(load: Load, asked: Asked) -> Worker:
    from ..summarizer import Summarizer

    return Worker(Summarizer(load.model, load.device, load.dtype, load.local_files_only), asked)


class Processes:
    """``size`` worker processes. One that dies is replaced, and what it was at is done again.

    Args:
        threads: of torch, in each process. Products of bfloat16 matrices are summed in an order that depends on it, so
            that only with the same number do workers write what one process writes.
        tell: is called with one line when a process had to be replaced.
    """

    def __init__(self, load: Load, asked: Asked, threads: int, size: int, tell: Callable[[str], None]) -> None:
        self.size = size
        self._load, self._asked, self._threads, self._tell = load, asked, threads, tell
        self._tasks: deque[Task] = deque()
        self._given_up: deque[tuple[Task, Died]] = deque()
        self._facts: Facts | None = None
        self._failed_starts = 0
        self._members = [self._start(i) for i in range(size)]

    def _start(self, number: int) -> _Member:
        context = multiprocessing.get_context("spawn")
        ours, theirs = context.Pipe()
        arguments = (theirs, number, self._load, self._asked, self._threads)
        process = context.Process(target=_serve, args=arguments, daemon=True, name=f"khulasa-{number}")
        process.start()
        theirs.close()  # the other end is the process's alone: its death is the end of the pipe
        return _Member(number, process, ours)

    def facts(self) -> Facts:
        while self._facts is None:
            self._listen()
        return self._facts

    def submit(self, task: Task) -> None:
        self._tasks.append(task)

    def waiting(self) -> int:
        return len(self._tasks)

    def next(self) -> tuple[Task, list[Any] | Died]:
        while not self._given_up:
            for member in self._members:
                if member.ready and member.task is None and self._tasks:
                    member.task = self._tasks.popleft()
                    with suppress(OSError):  # it has just died, which is noticed below
                        member.pipe.send(member.task)
            if done := self._listen():
                return done
        return self._given_up.popleft()

    def _listen(self) -> tuple[Task, list[Any]] | None:
        """Waits for a word from a process, and for no longer."""
        (first, *_) = wait([member.pipe for member in self._members])
        member = next(member for member in self._members if member.pipe is first)
        try:
            word, value = member.pipe.recv()
        except (EOFError, OSError):
            self._bury(member)
            return None
        if word == "ready":
            self._facts, member.ready, self._failed_starts = self._facts or value, True, 0
        elif word == "failed":
            raise value
        elif member.task is not None:
            task, member.task = member.task, None
            return task, value
        return None

    def _bury(self, member: _Member) -> None:
        member.process.join()
        member.pipe.close()
        code = member.process.exitcode or 0
        how = f"signal {-code}" if code < 0 else f"exit code {code}"
        if not member.ready:
            self._failed_starts += 1
            if self._failed_starts >= _MOST_FAILED_STARTS:
                raise ModelError(
                    f"worker processes die while they load the model ({how}): is there memory for {self.size}? try "
                    f"fewer --workers"
                )
        if member.task is not None:
            task = replace(member.task, deaths=member.task.deaths + 1)
            if task.deaths >= _MOST_DEATHS:
                self._given_up.append((task, Died(how)))
            else:
                self._tasks.appendleft(task)
        self._tell(f"a worker process died ({how}) and is replaced; nothing is lost")
        self._members[self._members.index(member)] = self._start(member.number)

    def close(self) -> None:
        for member in self._members:
            member.process.terminate()
        for member in self._members:
            member.process.join(2)
            if member.process.is_alive():
                member.process.kill()
                member.process.join()
            member.pipe.close()


@dataclass
class _Member:
    number: int
    process: Any
    pipe: Connection
    ready: bool = False
    task: Task | None = None


def _serve(pipe: Connection, number: int, load: Load, asked: Asked, threads: int) -> None:
    """A worker process's life: load the model, then a task at a time until the pipe ends."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C reaches the whole group; the parent sees to the end
    threading.Thread(target=_die_with_parent, daemon=True).start()
    use_threads(threads)
    try:
        worker = _make(replace(load, device=device_of(number, load.device)), asked)
        pipe.send(("ready", worker.facts))
        while True:
            task = pipe.recv()
            pipe.send(("done", perform(worker, task)))
    except (EOFError, BrokenPipeError, ConnectionResetError):
        return
    except KhulasaError as error:
        pipe.send(("failed", error))
    except Exception as error:
        pipe.send(("failed", ModelError(f"a worker process failed: {type(error).__name__}: {error}")))


def _die_with_parent() -> None:
    parent = multiprocessing.parent_process()
    if parent is not None:
        wait([parent.sentinel])
        os._exit(1)
