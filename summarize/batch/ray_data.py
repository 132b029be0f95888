"""A batch on Ray Data: windows are read by tasks, worked on by actors that each hold a model, and kept as parts.

The driver hands out shards and hears of finished windows; texts and summaries do not pass through it. Windows,
batches and threads are those of a run on one machine, and so is the output.
"""

from __future__ import annotations

import hashlib
import io
import json
import logging
import os
import pickle
import time
from collections.abc import Callable, Iterator
from dataclasses import asdict, replace
from functools import cached_property
from typing import Any, cast

from .. import errors
from ..errors import DataError, KhulasaError, MissingExtraError, ModelError, UsageError
from .inputs import Shard, Window, check_inputs, cut_shards, find_sources, read_windows
from .journal import Pipe, compare
from .parts import Part, Parts, check_part, state_of
from .pool import Inline, Pool, Processes
from .progress import Progress
from .run import BatchRun, Plan, Report
from .settings import settings_of
from .storage import is_remote

_READERS = 4  # tasks that read shards at the same time
# Times that actors may have died at a window before its documents are given to a process that may die.
_DEATHS = 2


def run_on_ray(plan: Plan, output: str, overwrite: bool, progress: Progress, tell: Callable[[str], None]) -> Report:
    """Runs a batch; what is finished is kept in parts whenever it stops.

    Raises:
        MissingExtraError: Ray is not installed.
        KhulasaError: as a run on one machine.
    """
    try:
        import ray
        import ray.data
    except ImportError:
        raise MissingExtraError("--engine ray needs Ray: pip install 'khulasa[ray]'") from None
    if "-" in plan.inputs:
        raise UsageError("--engine ray reads files and folders, not standard input")
    plan = replace(plan, size=check_inputs(plan.inputs, plan.fields, plan.leave_out))
    settings = settings_of(plan) | {"unordered": False}
    done = None if overwrite else state_of(output)
    if done is not None:
        return _already(done, settings, output)
    parts = Parts(_everywhere(output))
    sources = find_sources(plan.inputs, plan.leave_out)
    shards = list(cut_shards((replace(one, path=_everywhere(one.path)) for one in sources), plan.window))
    kept = parts.begin(settings, _hash_of(shards), overwrite)
    if kept:
        tell(f"{output} has {sum(part.records for part in kept.values()):,} records already; going on from there")
    started = not ray.is_initialized()
    if started:
        os.environ.setdefault("RAY_BACKEND_LOG_LEVEL", "fatal")  # what matters is raised, too
        # A running cluster (RAY_ADDRESS, or on this machine), else one of this machine's own.
        ray.init(logging_level=logging.ERROR, log_to_driver=False, include_dashboard=False)
    try:
        return _Driver(plan, parts, kept, progress).run(shards, settings)
    finally:
        progress.close()
        if started:
            ray.shutdown()


def _already(done: tuple[dict[str, Any], Any], settings: dict[str, Any], output: str) -> Report:
    before, state = done
    compare(before, json.loads(json.dumps(settings)), output)
    if not state.complete:
        raise UsageError(f"{output} was begun on one machine: go on without --engine ray, or give --overwrite")
    return Report(state.records, state.failed, 0, 0.0, 0, 0)


def _everywhere(path: str) -> str:
    """A path that means the same to other processes, whose working folders may be others."""
    slash = "/" if path.endswith("/") else ""
    return path if is_remote(path) else os.path.abspath(path) + slash


def _hash_of(shards: list[Shard]) -> str:
    total = hashlib.sha256()
    for shard in shards:
        for source in shard.sources:
            total.update(f"{source.name}\0{source.size}\n".encode("utf-8", "replace"))
    return total.hexdigest()[:16]


class _Driver:
    """Hands out the shards and counts what comes back."""

    def __init__(self, plan: Plan, parts: Parts, kept: dict[tuple[int, int], Part], progress: Progress) -> None:
        self.plan, self.parts, self.kept, self.progress = plan, parts, kept, progress

    def run(self, shards: list[Shard], settings: dict[str, Any]) -> Report:
        began = time.perf_counter()
        found: list[Part] = []
        facts: dict[str, Any] | None = None
        summarised = tokens = area = consumed = 0
        self.progress.begin(0)
        for row in self._rows(shards):
            if row["trouble"]:
                raise _unpacked(row["trouble"])
            part = Part.of(row["part"])
            assert part is not None
            found.append(part)
            consumed += row["consumed"]
            if not row["facts"]:
                continue
            facts = self._same(facts, json.loads(row["facts"]))
            tokens, area, summarised = tokens + row["tokens"], area + row["area"], summarised + row["summarised"]
            self.progress.expect(round(tokens * max(1.0, self.plan.size / max(consumed, 1))))
            self.progress.step(row["tokens"], part.records, part.failed)
        found.sort()
        records, failed = sum(part.records for part in found), sum(part.failed for part in found)
        self.parts.finish(found, settings, facts)
        return Report(records, failed, summarised, time.perf_counter() - began, tokens, area)

    def _same(self, before: dict[str, Any] | None, now: dict[str, Any]) -> dict[str, Any]:
        """All actors must compute alike, or a document's summary would depend on where it was made."""
        if before is None:
            self.parts.check_model(now)
        elif before != now:
            name = next(name for name in now if now[name] != before.get(name))
            raise DataError(
                f"the machines differ: {name} is {before.get(name)} on one, {now[name]} on another; name the --device, "
                f"--dtype and --batch-tokens that all of them have"
            )
        return now

    def _rows(self, shards: list[Shard]) -> Iterator[dict[str, Any]]:
        import ray
        from ray.data import DataContext

        plan = self.plan
        context = DataContext.get_current()
        context.enable_progress_bars = False
        context.target_max_block_size = 1  # each window a block, so that any actor may take it
        logging.getLogger("ray.data").setLevel(logging.CRITICAL)  # what is raised is said once, by us
        resources = ray.cluster_resources()
        gpu = plan.load.device == "cuda" or (plan.load.device == "auto" and resources.get("GPU", 0) >= 1)
        room = resources.get("GPU", 0) if gpu else resources.get("CPU", 1) // plan.threads
        workers = plan.workers or max(1, int(room))
        items = [{"shard": number, "sources": pickle.dumps(shard)} for number, shard in enumerate(shards)]
        if not items:
            return
        windows = ray.data.from_items(items, override_num_blocks=len(items)).flat_map(
            cast(Any, _read),
            fn_args=(plan, self.kept, self.parts.output),
            num_cpus=0,
            concurrency=min(_READERS, len(items)),
        )
        finished = windows.map_batches(
            _Actor,
            fn_constructor_args=(plan, self.parts.output),
            batch_size=1,
            batch_format="numpy",
            concurrency=workers,
            num_cpus=0 if gpu else plan.threads,
            num_gpus=1 if gpu else 0,
        )
        try:
            yield from finished.iter_rows()
        except ray.exceptions.RayError as error:
            raise ModelError(f"Ray: {type(error).__name__}: {' '.join(str(error).split())[-300:]}") from None


def _packed(error: KhulasaError) -> str:
    """An error of ours as a row holds it: Ray makes strings of what tasks raise, tracebacks included."""
    return json.dumps([type(error).__name__, str(error)])


def _unpacked(trouble: str) -> KhulasaError:
    name, message = json.loads(trouble)
    return cast(KhulasaError, getattr(errors, name)(message))


def _read(row: dict[str, Any], plan: Plan, kept: dict[tuple[int, int], Part], output: str) -> Iterator[dict[str, Any]]:
    """The windows of a shard, those that are parts already without their records."""
    shard: Shard = pickle.loads(row["sources"])
    empty = {"shard": row["shard"], "window": 0, "digest": "", "consumed": 0, "part": "", "records": b"", "trouble": ""}
    before = 0
    try:
        for number, window in enumerate(read_windows(shard, plan.fields, plan.window)):
            part = kept.get((row["shard"], number))
            digest = window.digest()
            check_part(part, digest, output)
            yield {
                **empty,
                "window": number,
                "digest": digest,
                "consumed": window.consumed - before,
                "part": part.name if part else "",
                "records": b"" if part else pickle.dumps(window.records),
            }
            before = window.consumed
    except KhulasaError as error:
        yield {**empty, "trouble": _packed(error)}


class _Actor:
    """A model at work on windows; each becomes a part before it is told of."""

    def __init__(self, plan: Plan, output: str) -> None:
        os.environ["GOMP_SPINCOUNT"] = os.environ.get("GOMP_SPINCOUNT", "30000")
        self.plan, self.parts = plan, Parts(output)

    @cached_property
    def pool(self) -> Pool:
        """The model, loaded with the first window."""
        return Inline(self.plan.load, self.plan.asked, self.plan.threads)

    def __call__(self, batch: dict[str, Any]) -> dict[str, list[Any]]:
        row = {name: values[0] for name, values in batch.items()}
        if row["part"] or row["trouble"]:
            return _row(row["part"], int(row["consumed"]), trouble=row["trouble"])
        shard, number = int(row["shard"]), int(row["window"])
        window = Window(pickle.loads(row["records"]), int(row["consumed"]))
        try:
            facts = json.dumps(asdict(self.pool.facts()))
            text, report = self._work(window, self.parts.tried(shard, number))
            part = Part(shard, number, str(row["digest"]), report.records, report.failed)
            self.parts.write(part, text)
        except KhulasaError as error:
            return _row("", 0, trouble=_packed(error))
        return _row(part.name, window.consumed, facts, report)

    def _work(self, window: Window, deaths: int) -> tuple[str, Report]:
        lines = io.StringIO()
        pool = self.pool
        if deaths >= _DEATHS:  # a document in it kills whoever reads it: let that be a process that can be replaced
            pool = Processes(self.plan.load, self.plan.asked, self.plan.threads, 1, lambda line: None)
        try:
            report = BatchRun(self.plan, Pipe(lines), Progress(quiet=True), lambda line: None, [window], pool).run()
        finally:
            if pool is not self.pool:
                pool.close()
        return lines.getvalue(), report


def _row(
    part: str, consumed: int, facts: str = "", report: Report | None = None, trouble: str = ""
) -> dict[str, list[Any]]:
    return {
        "part": [part],
        "trouble": [trouble],
        "consumed": [consumed],
        "facts": [facts],
        "summarised": [report.summarised if report else 0],
        "tokens": [report.tokens if report else 0],
        "area": [report.area if report else 0],
    }
