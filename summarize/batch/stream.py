"""``Summarizer.batch``: documents in, results out, a window of them in memory at a time."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from itertools import islice
from typing import TYPE_CHECKING, Any

from .records import Failure, Fields, Record, record_of, text_of
from .work import Asked, Ready, Worker, plan_window

if TYPE_CHECKING:
    from ..results import Result
    from ..summarizer import Summarizer


def summarize_all(
    summarizer: Summarizer, documents: Iterable[str | Mapping[str, Any]], asked: Asked, fields: Fields, window: int
) -> Iterator[Result | Failure]:
    """See ``Summarizer.batch``; errors in the options are raised at once, not with the first result."""
    worker = Worker(summarizer, asked)

    def results() -> Iterator[Result | Failure]:
        remaining = iter(documents)
        first = 0
        while part := list(islice(remaining, window)):
            yield from _window([_record(one, fields, first + i) for i, one in enumerate(part)], worker, first)
            first += len(part)

    return results()


def _record(document: Any, fields: Fields, index: int) -> Record:
    if isinstance(document, Mapping):
        return record_of(document, fields.find_text(document), fields, str(index), "")
    text, error = text_of(document, "document")
    return Record(str(index), text, "", error.replace("field 'document'", "the document") if error else None)


def _window(records: list[Record], worker: Worker, first: int) -> Iterator[Result | Failure]:
    outcomes: dict[int, Result | str] = {}
    ready: dict[int, Ready] = {}
    for offset, record in enumerate(records):
        one = worker.prepare(offset, record)
        if isinstance(one, Ready):
            ready[offset] = one
        else:
            outcomes[offset] = one
    for batch in plan_window(list(ready.values()), worker.facts):
        outcomes.update(zip(batch.offsets, worker.run([ready[offset] for offset in batch.offsets]), strict=True))
    for offset, record in enumerate(records):
        outcome = outcomes[offset]
        if isinstance(outcome, str):
            index = first + offset
            yield Failure(index, None if record.id == str(index) else record.id, outcome)
        else:
            yield outcome
