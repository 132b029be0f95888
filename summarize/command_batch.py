"""``summarize batch INPUT... OUTPUT``: thousands of documents, resumable."""

from __future__ import annotations

import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING, Any

import click

from .errors import UsageError
from .languages import parse_languages
from .options import CONTEXT, check_model, shared

if TYPE_CHECKING:
    from .batch.journal import Journal, Pipe
    from .batch.run import Plan, Report

_STOPPED: dict[int, int] = {signal.SIGINT: 130, signal.SIGTERM: 143}
_NAMES: dict[int, str] = {signal.SIGINT: "interrupted", signal.SIGTERM: "ended by SIGTERM"}
_GO_ON = "the same command goes on from there"


@click.command(context_settings=CONTEXT)
@click.argument("inputs", nargs=-1, required=True, metavar="INPUT...")
@click.argument("output", metavar="OUTPUT.jsonl")
@click.option(
    "--text-field", metavar="NAME", help="Field of the text.  [default: document, text, article, body, content]"
)
@click.option("--id-field", metavar="NAME", help="Field of the id.  [default: id, else file and line]")
@click.option("--keep", multiple=True, metavar="NAME", help="Field to carry through; may be given several times.")
@shared("to", "length", "headline", "model", "device", "dtype", "num_beams", "source", "faithful")
@shared("strategy", "evidence", "quality", "route")
@click.option("--check/--no-check", default=True, help="Check numbers and names; what is found goes into the record.")
@shared("strict")
@click.option(
    "--workers",
    type=click.IntRange(1),
    help="Processes, each with a model of its own.  [default: as many as processors, memory and input suggest]",
)
@click.option(
    "--threads",
    type=click.IntRange(1),
    default=1,
    show_default=True,
    help="Of each worker. With the same number, the output is the same for any number of workers.",
)
@click.option("--resume/--overwrite", default=True, help="Go on with an OUTPUT that is there, or begin anew.  [resume]")
@click.option("--unordered", is_flag=True, help="Write records as they are done, not in the input's order.")
@click.option(
    "--window", type=click.IntRange(1), default=1024, show_default=True, help="Records that are sorted together."
)
@click.option("--batch-tokens", type=click.IntRange(1), help="Tokens of a batch.  [default: 8192, on a GPU 65536]")
@click.option("--engine", type=click.Choice(["local", "ray"]), default="local", show_default=True, help="What runs it.")
@shared("offline", "quiet")
def batch(
    inputs: tuple[str, ...], output: str, text_field: str | None, id_field: str | None, keep: tuple[str, ...],
    model: str, device: str, dtype: str, strict: bool, workers: int | None, threads: int, resume: bool,
    unordered: bool, window: int, batch_tokens: int | None, engine: str, offline: bool, quiet: bool, **options: Any,
) -> int:  # fmt: skip
    """Summarise many documents into OUTPUT.jsonl, one JSON object per document and line.

    INPUT is a JSON Lines file (.jsonl, .json, also .gz or .zst), a .csv, .tsv or .parquet file, any document that
    `summarize` reads, a folder of such files, or - for JSON Lines on standard input. OUTPUT may be - for standard
    output.

    A document that fails is a record with an error, and the exit code is 1. Killed or interrupted, the same command
    goes on where it was; OUTPUT.journal, which lies beside the output, is what it needs for that.
    """
    from .batch.records import Fields
    from .batch.run import Plan
    from .batch.work import Asked, Load

    options["check"] = options["check"] or strict
    options["to"] = None if options["to"] is None else list(parse_languages(options["to"]))
    _check_output(inputs, output, engine)
    languages, headline = options["to"] or (), options["headline"]
    check_model(model, languages, headline, options["source"], dtype, offline, quiet, options["quality"])
    plan = Plan(
        inputs=inputs,
        fields=Fields(text_field, id_field, keep),
        load=Load(model, device, dtype, offline),
        asked=Asked(options, strict, batch_tokens),
        workers=workers or 0,
        threads=threads,
        window=window,
    )
    run = _run_on_ray if engine == "ray" else _run
    with _signals():
        try:
            return run(plan, output, resume, unordered, quiet)
        except KeyboardInterrupt as stop:  # before there was anything to keep
            return _say_stopped(stop, "")


def _check_output(inputs: tuple[str, ...], output: str, engine: str) -> None:
    """The last argument must be meant as an output: a forgotten one would be an input to write over."""
    if output == "-" and engine == "local":
        return
    path = Path(output)
    if engine == "ray" and output.endswith("/"):
        return
    if engine == "local" and "://" in output:
        raise UsageError(f"{output}: one machine writes to its own disks: give a file there, or --engine ray")
    if path.suffix not in (".jsonl", ".ndjson"):
        raise UsageError(f"OUTPUT, the last argument, must end in .jsonl (or be -): {output!r} does not")
    if engine == "ray" and "://" in output:
        return
    if path.is_dir():
        raise UsageError(f"{output}: a folder; give a .jsonl file in it")
    if not path.resolve().parent.is_dir():
        raise UsageError(f"{output}: the folder {path.parent} does not exist; make it first")
    for given in inputs:
        if given != "-" and Path(given).exists() and path.exists() and Path(given).samefile(path):
            raise UsageError(f"{output} is an input too; give another OUTPUT, as the last argument")


def _run(plan: Plan, output: str, resume: bool, unordered: bool, quiet: bool) -> int:
    from .batch.inputs import check_inputs
    from .batch.journal import Journal, Pipe, journal_path
    from .batch.machine import choose_workers
    from .batch.progress import Progress
    from .batch.run import BatchRun
    from .batch.settings import settings_of

    ours = () if output == "-" else (Path(output), journal_path(Path(output)))
    size = check_inputs(plan.inputs, plan.fields, ours)
    workers = plan.workers or choose_workers(plan.load, plan.threads, size)
    plan = replace(plan, leave_out=ours, size=size, workers=workers)
    progress = Progress(quiet)

    def tell(line: str) -> None:
        if not quiet:
            progress.say(f"summarize: note: {line}")

    keeper: Journal | Pipe
    if output == "-":
        if hasattr(sys.stdout, "reconfigure"):
            sys.stdout.reconfigure(encoding="utf-8")
        keeper = Pipe(sys.stdout, ordered=not unordered)
    else:
        settings = settings_of(plan) | {"unordered": unordered}
        try:
            keeper = Journal(Path(output), settings, ordered=not unordered, overwrite=not resume)
        except PermissionError:
            raise UsageError(f"{output}: permission denied") from None
    before = keeper.done
    if before and not keeper.state.complete:
        tell(f"{output} holds {before:,} records already; going on from there")
    try:
        report = BatchRun(plan, keeper, progress, tell).run()
    except KeyboardInterrupt as stop:
        return _say_stopped(stop, "" if output == "-" else f": {keeper.done:,} records are kept; {_GO_ON}")
    finally:
        keeper.close()
    if not quiet:
        _say_done(report, output, nothing_new=before == report.records and keeper.state.complete)
    return 1 if report.failed else 0


def _run_on_ray(plan: Plan, output: str, resume: bool, unordered: bool, quiet: bool) -> int:
    from .batch.journal import journal_path
    from .batch.parts import Parts
    from .batch.progress import Progress
    from .batch.ray_data import run_on_ray

    if unordered:
        raise UsageError("--unordered is not for --engine ray, whose machines do not wait for each other anyway")
    if "://" not in output and not output.endswith("/"):
        path = Path(output)
        plan = replace(plan, leave_out=(path, journal_path(path), Path(f"{output}.parts")))
    progress = Progress(quiet)

    def tell(line: str) -> None:
        if not quiet:
            progress.say(f"summarize: note: {line}")

    try:
        report = run_on_ray(plan, output, not resume, progress, tell)
    except KeyboardInterrupt as stop:
        kept = sum(part.records for part in Parts(output).there())
        return _say_stopped(stop, f": {kept:,} records are kept; {_GO_ON}")
    if not quiet:
        _say_done(report, output, nothing_new=not report.seconds)
    return 1 if report.failed else 0


def _say_stopped(stop: KeyboardInterrupt, kept: str) -> int:
    """Says so, and gives the exit code."""
    number = stop.args[0] if stop.args else signal.SIGINT
    print(f"summarize: {_NAMES[number]}{kept}", file=sys.stderr)
    return _STOPPED[number]


def _say_done(report: Report, output: str, nothing_new: bool) -> None:
    where = "standard output" if output == "-" else output
    good = report.records - report.failed
    line = f"{good:,} of {report.records:,} records summarised in {where}"
    if report.failed:
        line += f"; {report.failed:,} failed: their lines have an error"
    if nothing_new and report.records:
        line += " (complete already: nothing was left to do)"
    elif report.summarised:
        rate = report.summarised / max(report.seconds, 1e-9)
        line += f"; {rate:,.2f} documents a second, {100 * report.padding:.1f}% padding"
    print(f"summarize: {line}", file=sys.stderr)


@contextmanager
def _signals() -> Iterator[None]:
    """SIGTERM stops a run as Ctrl-C does; both raise a ``KeyboardInterrupt`` that holds the signal's number."""

    def stop(number: int, frame: FrameType | None) -> None:
        for known in _STOPPED:  # a second one must not disturb the end
            signal.signal(known, signal.SIG_IGN)
        raise KeyboardInterrupt(number)

    before = {number: signal.signal(number, stop) for number in _STOPPED}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
