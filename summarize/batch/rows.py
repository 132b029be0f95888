"""Rows out of data files, one after the other; a row that is broken says so and does not end the file.

``ROW_FORMATS`` has a reader for each kind of file. What no reader can get past (a gzip stream cut short) is one last
broken row.
"""

from __future__ import annotations

import csv
import gzip
import io
import json
import sys
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Any, BinaryIO

from ..errors import DataError, MissingExtraError
from .storage import is_remote, open_bytes

MAX_LINE = 64_000_000
"""Bytes of a line of JSON, or characters of a CSV field: longer ones are not kept in memory."""


@dataclass(frozen=True)
class Row:
    """One row: its number (line or row, from 1), its values or what is wrong with it, bytes of the file read so far."""

    number: int
    values: dict[str, Any] | None
    error: str | None
    consumed: int


@dataclass(frozen=True)
class DataFile:
    """An open data file: the file as it is stored, the same unpacked, its path, the columns that are wanted."""

    raw: BinaryIO
    stream: BinaryIO
    path: str
    columns: tuple[str, ...] | None


def _zstd(raw: BinaryIO) -> BinaryIO:
    try:
        import zstandard
    except ImportError:
        raise MissingExtraError(".zst files need zstandard: pip install 'khulasa[data]'") from None
    return io.BufferedReader(zstandard.ZstdDecompressor().stream_reader(raw, read_across_frames=True))


def _gzip(raw: BinaryIO) -> BinaryIO:
    return io.BufferedReader(gzip.GzipFile(fileobj=raw))


_PACKED: dict[str, Callable[[BinaryIO], BinaryIO]] = {".gz": _gzip, ".zst": _zstd}


def _json_lines(file: DataFile) -> Iterator[Row]:
    number, inside = 0, False
    while line := file.stream.readline(MAX_LINE):
        whole = line.endswith(b"\n") or len(line) < MAX_LINE
        if inside:  # the rest of a line that was too long
            inside = not whole
            continue
        number += 1
        if number == 1:
            if line.startswith((b"\xff\xfe", b"\xfe\xff")):
                raise DataError(f"{file.path}: UTF-16, not UTF-8; convert it, as with `iconv -f UTF-16 -t UTF-8`")
            line = line.removeprefix(b"\xef\xbb\xbf")
        if not whole:
            inside = True
            yield Row(number, None, f"a line of more than {MAX_LINE // 10**6} MB", file.raw.tell())
        elif line.strip():
            values, error = _parse(line)
            yield Row(number, values, error, file.raw.tell())


def _parse(line: bytes) -> tuple[dict[str, Any] | None, str | None]:
    try:
        values = json.loads(line.decode("utf-8"))
    except UnicodeDecodeError as error:
        return None, f"not UTF-8 (byte {line[error.start]:#04x})"
    except ValueError as error:
        return None, f"not valid JSON: {error}"
    except RecursionError:
        return None, "not valid JSON: nested too deeply"
    if not isinstance(values, dict):
        return None, f"a JSON {type(values).__name__}, not an object with fields"
    return values, None


def _json(file: DataFile) -> Iterator[Row]:
    """JSON lines, or one array of objects, which is read whole."""
    start = file.stream.peek(64).lstrip(b"\xef\xbb\xbf \t\r\n")[:1]  # type: ignore[attr-defined]
    if start != b"[":
        yield from _json_lines(file)
        return
    try:
        values = json.loads(file.stream.read().decode("utf-8-sig"))
    except (ValueError, RecursionError) as broken:
        raise DataError(f"{file.path}: broken JSON: {broken}; one object per line belongs in a .jsonl file") from None
    for number, row in enumerate(values, 1):
        good = isinstance(row, dict)
        error = None if good else f"a JSON {type(row).__name__}, not an object with fields"
        yield Row(number, row if good else None, error, file.raw.tell() * number // len(values))


def _separated(file: DataFile, delimiter: str) -> Iterator[Row]:
    csv.field_size_limit(MAX_LINE)  # the default of 128 kB is shorter than many documents
    # Bytes that are not UTF-8 become lone surrogates, so that they cost the field that they stand in and no other.
    text = io.TextIOWrapper(file.stream, encoding="utf-8-sig", errors="surrogateescape", newline="")
    reader = csv.reader(text, delimiter=delimiter, strict=True)
    header: list[str] | None = None
    while True:
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error as broken:
            if header is None:
                raise DataError(f"{file.path}: the header is broken: {broken}") from None
            yield Row(reader.line_num, None, f"not valid CSV: {broken}", file.raw.tell())
            continue
        if header is None:
            header = cells
        elif len(cells) > len(header):
            error = f"{len(cells)} columns, the header has {len(header)}; quote fields with separators"
            yield Row(reader.line_num, None, error, file.raw.tell())
        elif cells:
            values = dict(zip(header, [*cells, *[None] * (len(header) - len(cells))], strict=True))
            yield Row(reader.line_num, values, None, file.raw.tell())


def _csv(file: DataFile) -> Iterator[Row]:
    yield from _separated(file, ",")


def _tsv(file: DataFile) -> Iterator[Row]:
    yield from _separated(file, "\t")


def _parquet(file: DataFile) -> Iterator[Row]:
    try:
        import pyarrow.parquet
    except ImportError:
        raise MissingExtraError(f"{file.path}: Parquet files need pyarrow: pip install 'khulasa[data]'") from None
    try:
        table = pyarrow.parquet.ParquetFile(file.raw)
    except (pyarrow.ArrowException, OSError) as broken:
        raise DataError(f"{file.path}: not a Parquet file: {' '.join(str(broken).split())}") from None
    size, total = file.raw.seek(0, io.SEEK_END), max(table.metadata.num_rows, 1)
    names = table.schema_arrow.names
    wanted = file.columns if file.columns and file.columns[0] in names else names
    columns = [name for name in names if name in wanted]
    number = 0
    for batch in table.iter_batches(batch_size=64, columns=columns):
        for values, error in _rows_of(batch):
            number += 1
            yield Row(number, values, error, size * number // total)


def _rows_of(batch: Any) -> Iterator[tuple[dict[str, Any] | None, str | None]]:
    try:
        rows = batch.to_pylist()
    except UnicodeDecodeError:  # of one value, at least: the others are good
        for i in range(batch.num_rows):
            try:
                yield batch.slice(i, 1).to_pylist()[0], None
            except UnicodeDecodeError:
                yield None, "not UTF-8"
        return
    for row in rows:
        yield row, None


ROW_FORMATS: dict[str, Callable[[DataFile], Iterator[Row]]] = {
    ".jsonl": _json_lines,
    ".ndjson": _json_lines,
    ".json": _json,
    ".csv": _csv,
    ".tsv": _tsv,
    ".parquet": _parquet,
}


def row_format(name: str) -> str:
    """The suffix that tells a data file's kind, "" for every other file.

    >>> row_format("news/Part-1.JSONL.gz"), row_format("report.pdf")
    ('.jsonl', '')
    """
    path = PurePosixPath(name.lower().replace("\\", "/"))
    suffix = PurePosixPath(path.stem).suffix if path.suffix in _PACKED else path.suffix
    return suffix if suffix in ROW_FORMATS else ""


def read_rows(path: str, columns: tuple[str, ...] | None = None) -> Iterator[Row]:
    """The rows of a data file; ``-`` is JSON lines from standard input.

    Args:
        columns: fields that are wanted, the text's first, None for all: a Parquet file leaves the others on disk.

    Raises:
        DataError: the file as a whole is not what its name says, or cannot be read now.
        MissingExtraError: its kind needs a package that is not installed.
    """
    if path == "-":
        source: BinaryIO = sys.stdin.buffer
        yield from _guarded(_json_lines(DataFile(_Uncounted(source), source, "<stdin>", None)), "<stdin>")
        return
    kind = row_format(path)
    packed = PurePosixPath(path.lower()).suffix
    with open_bytes(path) as raw:
        if packed in _PACKED:
            try:
                stream = _PACKED[packed](raw)
            except MissingExtraError as error:
                raise MissingExtraError(f"{path}: {error}") from None
        else:
            stream = raw
        yield from _guarded(ROW_FORMATS[kind](DataFile(raw, stream, path, columns)), path)


class _Uncounted(io.BytesIO):
    """Stands for a stream that cannot say where it is."""

    def __init__(self, stream: BinaryIO) -> None:
        super().__init__()


def _guarded(rows: Iterator[Row], path: str) -> Iterator[Row]:
    """``rows``, with damage to the packing made a broken row; a disk or a network that fails ends the run."""
    last = Row(0, None, None, 0)
    try:
        for last in rows:
            yield last
    except (DataError, MissingExtraError, GeneratorExit):
        raise
    except Exception as error:
        said = " ".join(str(error).split()) or type(error).__name__
        if not _is_damage(error, path):
            raise DataError(f"{path}: cannot be read on ({said})") from None
        message = f"the file is damaged or cut short here, and was not read on ({said})"
        yield Row(last.number + 1, None, message, last.consumed)


def _is_damage(error: Exception, path: str) -> bool:
    names = {kind.__name__ for kind in type(error).__mro__}
    if isinstance(error, (EOFError, gzip.BadGzipFile, zlib.error)) or names & {"ZstdError", "ArrowException"}:
        return True
    # Of a file on this machine, pyarrow's errors without a number are about the content.
    return isinstance(error, OSError) and error.errno is None and not is_remote(path)
