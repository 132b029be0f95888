"""What is done with records, whoever does it: this process, a worker process, an actor on another machine."""

from __future__ import annotations

import json
import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from ..errors import DocumentError, KhulasaError, ModelError
from ..job import Prepared, prepare
from ..languages import LANGUAGES
from ..writers import JSON_VERSION
from .plan import Batch, Item, plan_batches
from .records import Id, Record, text_problem

if TYPE_CHECKING:
    from ..results import Result
    from ..summarizer import Summarizer

BUDGETS = {"cpu": 8192, "cuda": 65536}
"""Tokens of a batch, by kind of device, unless said otherwise; others as the processor."""
# Documents in a row that fail for no reason of their own: the model is broken then, not the documents.
_MOST_BROKEN = 20


@dataclass(frozen=True)
class Load:
    """How the summarizer is loaded: the arguments of ``Summarizer``."""

    model: str = "khulasa"
    device: str = "auto"
    dtype: str = "auto"
    local_files_only: bool = False


@dataclass(frozen=True)
class Asked:
    """What is asked of every document.

    options: as for a call of ``Summarizer``, ``to`` among them; strict: whether a summary that its document does not
    support is an error; budget: tokens of a batch, None for the device's own.
    """

    options: Mapping[str, Any]
    strict: bool = False
    budget: int | None = None


@dataclass(frozen=True)
class Ready:
    """A record that can be summarised: its place in the window, its cleaned text, its tokens, its languages."""

    offset: int
    prepared: Prepared = field(repr=False)
    tokens: int
    languages: tuple[str, ...]
    warnings: tuple[str, ...] = ()


@dataclass(frozen=True)
class Facts:
    """What planning has to know of the model that was loaded, and what its outputs depend on."""

    name: str
    limit: int
    device: str
    dtype: str
    budget: int
    outputs: int  # rows that a document takes in the decoder, per language


class Worker:
    """A loaded summarizer at work on records; no record's trouble is another's."""

    def __init__(self, summarizer: Summarizer, asked: Asked) -> None:
        self.job = summarizer.job(**asked.options)
        self.engine = summarizer.engine
        self.source: str = asked.options.get("source", "auto")
        self.asked = asked
        self._broken = 0

    @property
    def facts(self) -> Facts:
        engine, job = self.engine, self.job
        device = str(getattr(engine, "device", "cpu")).split(":")[0]
        return Facts(
            name=engine.name,
            limit=engine.limit,
            device=device,
            dtype=_format(engine),
            budget=self.asked.budget or BUDGETS.get(device, BUDGETS["cpu"]),
            outputs=job.decoder.width * (2 if job.headline else 1),
        )

    def prepare(self, offset: int, record: Record) -> Ready | str:
        """A record ready to be summarised, or why it cannot be."""
        if record.error is not None or record.payload is None:
            return record.error or "there is nothing to read"
        try:
            text, warnings = (
                _read_file(record.payload, record) if isinstance(record.payload, bytes) else (record.payload, ())
            )
            prepared = prepare(text, self.source, None)
            languages = self.job.languages_of(prepared)
            return Ready(offset, prepared, self.engine.count(prepared.text), languages, warnings)
        except KhulasaError as error:
            return _one_line(error).removeprefix(f"{record.source}: ")
        except Exception as error:  # a reader that stumbles over one file
            return f"could not be read: {type(error).__name__}: {_one_line(error)}"

    def run(self, batch: Sequence[Ready]) -> list[Result | str]:
        """A result for each document, or what went wrong with it.

        Raises:
            ModelError: one document after the other fails without a fault of its own.
        """
        try:
            results: list[Result | str] = list(self.job.run([ready.prepared for ready in batch]))
            self._broken = 0
        except Exception as error:
            if len(batch) > 1:
                return [self.run([ready])[0] for ready in batch]
            if isinstance(error, KhulasaError) and not isinstance(error, ModelError):
                return [_one_line(error)]
            return [self._stumbled(error)]
        return [self._judged(result) for result in results]

    def _stumbled(self, error: Exception) -> str:
        message = f"could not be summarised: {type(error).__name__}: {_one_line(error)}"
        self._broken += 1
        if self._broken >= _MOST_BROKEN:
            raise ModelError(f"{self._broken} documents in a row {message}") from error
        return message

    def _judged(self, result: Result | str) -> Result | str:
        if not self.asked.strict or isinstance(result, str):
            return result
        refused = [summary.language for summary in result if not summary.supported]
        return _strict(refused) if refused else result


def _format(engine: Any) -> str:
    """The compute format of an engine, which may be finer than the one that was asked for."""
    named = getattr(engine, "dtype", None) or getattr(getattr(engine, "stack", None), "format", "")
    return str(named).removeprefix("torch.")


def _strict(languages: Sequence[str]) -> str:
    return f"--strict: the document does not support the summary in {', '.join(languages)}"


def _read_file(data: bytes, record: Record) -> tuple[str, tuple[str, ...]]:
    from ..readers import read_bytes

    before = logging.root.manager.disable
    logging.disable(logging.CRITICAL)  # what libraries log about a file is said in its record, where it matters
    try:
        document = read_bytes(data, record.source)
    finally:
        logging.disable(before)
    problem = text_problem(document.text)
    if problem:
        raise DocumentError(f"the text {problem}")
    return document.text, document.warnings


def _one_line(error: Exception) -> str:
    return " ".join(str(error).split())[:500]


def plan_window(ready: Sequence[Ready], facts: Facts) -> list[Batch]:
    """The batches of a window's documents."""
    items = [Item(one.offset, one.tokens, one.languages) for one in ready]
    return plan_batches(items, facts.limit, facts.budget, facts.outputs)


def line_of(identity: Id, fields: Mapping[str, Any] | None, outcome: Result | str, warnings: Sequence[str] = ()) -> str:
    """A record's line of output, without its end. It tells nothing of time, so that every run writes the same."""
    record: dict[str, Any] = {"version": JSON_VERSION, "id": identity}
    if fields is not None:
        record["fields"] = dict(fields)
    if isinstance(outcome, str):
        record["error"] = outcome
    else:
        record["error"] = None
        plain = outcome.to_dict()
        plain.pop("seconds", None)
        plain["warnings"] = [*warnings, *plain["warnings"]]
        for summary in plain["summaries"]:
            summary.pop("seconds", None)
            summary["direction"] = LANGUAGES[summary["language"]].direction
        record |= plain
    line = json.dumps(record, ensure_ascii=False, default=str)
    try:
        line.encode("utf-8")
    except UnicodeEncodeError:  # a lone surrogate in a field that is carried through
        line = json.dumps(record, default=str)
    return line
