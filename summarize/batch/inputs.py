"""From what was given on the command line to records: files, shards of files, and windows of records.

A shard is what can be read by itself: one data file, or a run of document files. It is cut into windows, which are
sorted by length and batched each on its own. Windows depend on the input alone, so that a run that goes on after a
kill, or that is spread over machines, forms the same batches as an unbroken one.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import chain, islice
from pathlib import Path

from ..errors import DataError, UsageError
from .records import MAX_FILE, Fields, Record, record_of
from .rows import ROW_FORMATS, Row, read_rows, row_format
from .storage import find, is_remote, open_bytes, walk

WINDOW = 1024
"""Records of a window, unless said otherwise."""
_WINDOW_BYTES = 32_000_000
_LOOK = 100  # rows without the text field before the file is called a wrong one
_PROBED = 1000  # data files that are looked into before the model is loaded


@dataclass(frozen=True)
class Source:
    """One file: its path, the name its records go by, its size in bytes, whether it holds rows."""

    path: str
    name: str
    size: int
    rows: bool


@dataclass(frozen=True)
class Shard:
    """Sources that are read as one: a data file alone, or document files whose records make one window."""

    sources: tuple[Source, ...]

    @property
    def size(self) -> int:
        return sum(source.size for source in self.sources)


@dataclass(frozen=True)
class Window:
    """Records that are sorted and batched together; consumed: bytes of its shard read up to its end."""

    records: tuple[Record, ...]
    consumed: int

    def digest(self) -> str:
        """A hash of the records, in hexadecimal."""
        total = hashlib.sha256()
        for record in self.records:
            total.update(record.digest())
        return total.hexdigest()[:32]


def find_sources(inputs: Sequence[str], leave_out: Sequence[Path] = ()) -> Iterator[Source]:
    """The files that the inputs name, folders walked by name.

    Args:
        leave_out: files and folders that are not taken from a folder: the output, where it lies in it.

    Raises:
        DataError: an input is not there, or a folder holds nothing.
    """
    ours = {path.resolve() for path in leave_out}
    for given in inputs:
        if given == "-":
            yield Source("-", "<stdin>", 0, True)
            continue
        found = find(given)
        if found is not None:
            yield Source(given, found.name, found.size, bool(row_format(given)))
            continue
        empty = True
        for file in walk(given):
            if ours and not is_remote(file.path):
                place = Path(file.path).resolve()
                if not ours.isdisjoint((place, *place.parents)):
                    continue
            empty = False
            yield Source(file.path, file.name, file.size, bool(row_format(file.path)))
        if empty:
            raise DataError(f"{given}: the folder holds no files; give a folder of documents or of data files")


def cut_shards(sources: Iterable[Source], window: int) -> Iterator[Shard]:
    """Shards in the order of their sources."""
    run: list[Source] = []
    size = 0
    for source in sources:
        if run and (source.rows or len(run) == window or size >= _WINDOW_BYTES):
            yield Shard(tuple(run))
            run, size = [], 0
        if source.rows:
            yield Shard((source,))
        else:
            run.append(source)
            size += source.size
    if run:
        yield Shard(tuple(run))


def read_windows(shard: Shard, fields: Fields, window: int) -> Iterator[Window]:
    """The windows of a shard.

    Raises:
        DataError: a data file is not what its name says, or none of its first rows has a text field.
    """
    if not shard.sources[0].rows:
        yield Window(tuple(map(_read_document, shard.sources)), shard.size)
        return
    records: list[Record] = []
    size, consumed = 0, 0
    for record, consumed in read_records(shard.sources[0], fields):
        records.append(record)
        size += record.size
        if len(records) == window or size >= _WINDOW_BYTES:
            yield Window(tuple(records), consumed)
            records, size = [], 0
    if records:
        yield Window(tuple(records), consumed)


def read_records(source: Source, fields: Fields) -> Iterator[tuple[Record, int]]:
    """The records of a data file, each with the bytes read so far; errors as for ``read_windows``."""
    rows = read_rows(source.path, _columns(source, fields))
    first: list[Row] = []
    name = None
    for row in islice(rows, _LOOK):
        first.append(row)
        if row.values is not None and (name := fields.find_text(row.values)):
            break
    if name is None:
        _refuse(source, first, fields)
    for row in chain(first, rows):
        yield _record(row, name, fields, source), row.consumed


def _columns(source: Source, fields: Fields) -> tuple[str, ...] | None:
    """What to read of a file that stores its columns apart; all of them where the names would be wanted in an error."""
    if fields.text is None:
        return None
    return (fields.text, fields.id or "id", *fields.keep)


def _refuse(source: Source, rows: Sequence[Row], fields: Fields) -> None:
    """A file none of whose first rows has a text: the fields were named wrong, or it is another file."""
    row = next((row for row in rows if row.values is not None), None)
    if row is not None and row.values is not None:
        place = source.path if source.path != "-" else source.name
        raise DataError(f"{place}: {fields.lacking(row.values)}; name the text's with --text-field")


def _record(row: Row, name: str | None, fields: Fields, source: Source) -> Record:
    place = f"{source.name}:{row.number}"
    if row.values is None:
        kept = dict.fromkeys(fields.keep) if fields.keep else None
        return Record(place, None, source.path, row.error, kept)
    if name is not None and name not in row.values:  # another file's worth of rows may follow in other words
        name = fields.find_text(row.values)
    return record_of(row.values, name, fields, place, source.path)


def _read_document(source: Source) -> Record:
    if source.size > MAX_FILE:
        message = f"{source.size / 1e6:.0f} MB; files of more than {MAX_FILE // 10**6} MB are not read"
        return Record(source.name, None, source.path, message)
    try:
        with open_bytes(source.path) as file:
            return Record(source.name, file.read(), source.path)
    except DataError as error:
        return Record(source.name, None, source.path, str(error).removeprefix(f"{source.path}: "))
    except OSError as error:
        return Record(source.name, None, source.path, f"cannot be read ({error.strerror or error})")


def check_inputs(inputs: Sequence[str], fields: Fields, leave_out: Sequence[Path] = ()) -> int:
    """Looks at all inputs before anything is loaded; gives their size in bytes (0 where one is standard input).

    Raises:
        UsageError: nothing to read, or standard input twice.
        DataError: an input is missing, or is not what its name says.
    """
    if inputs.count("-") > 1:
        raise UsageError("- (standard input) was given twice; it can be read once")
    total, probed = 0, 0
    for source in find_sources(inputs, leave_out):
        total += source.size
        if source.rows and source.path != "-" and probed < _PROBED:
            probed += 1
            next(read_records(source, fields), None)
    return 0 if "-" in inputs else total


def kinds() -> str:
    """The data files that are read, for messages."""
    return ", ".join(ROW_FORMATS)
