"""Rows out of files: JSON lines (plain, gz, zst), JSON, CSV, TSV, Parquet, and Hugging Face datasets.

Each reader yields ``(where, row)``: a place for error messages ("line 17"), and a dictionary. Files are read as they
are used, never whole (but for ``.json``, one array).
"""

from __future__ import annotations

import csv
import gzip
import io
import json
import sys
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import IO, Any

from summarize.errors import DataError, MissingExtraError, UsageError

Row = dict[str, Any]
Rows = Iterator[tuple[str, Row]]


def _zstd(path: Path) -> IO[bytes]:
    try:
        from compression import zstd  # type: ignore[import-not-found,unused-ignore]  # Python 3.14 and later

        return zstd.open(path, "rb")  # type: ignore[no-any-return,unused-ignore]
    except ImportError:
        pass
    try:
        import zstandard
    except ImportError:
        raise MissingExtraError(f"{path}: .zst files need zstandard: pip install 'khulasa[data]'") from None
    return io.BufferedReader(_ZstdFile(path, zstandard.ZstdDecompressor()))


class _ZstdFile(io.RawIOBase):
    """The unpacked bytes of a file; unlike zstandard's own reader it notices that the file was cut short."""

    def __init__(self, path: Path, decompressor: Any) -> None:
        super().__init__()
        self._source = path.open("rb")
        self._decompressor = decompressor
        self._frame: Any = None
        self._ready = b""

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        while not self._ready:
            packed = self._frame.unused_data if self._frame is not None and self._frame.eof else b""
            packed = packed or self._source.read(1 << 16)
            if not packed:
                if self._frame is not None and not self._frame.eof:
                    raise EOFError("the file ends inside a frame")
                return 0
            if self._frame is None or self._frame.eof:
                self._frame = self._decompressor.decompressobj()
            self._ready = self._frame.decompress(packed)
        size = min(len(buffer), len(self._ready))
        buffer[:size], self._ready = self._ready[:size], self._ready[size:]
        return size

    def close(self) -> None:
        self._source.close()
        super().close()


def _gzip(path: Path) -> IO[bytes]:
    return gzip.open(path, "rb")  # type: ignore[return-value]


def _unpacking_errors() -> tuple[type[Exception], ...]:
    """What the unpackers raise at broken files."""
    errors: list[type[Exception]] = [EOFError, gzip.BadGzipFile, zlib.error]
    for name in ("zstandard", "compression.zstd"):
        module = sys.modules.get(name)
        if module is not None:
            errors.append(module.ZstdError)
    return tuple(errors)


_PACKED: dict[str, Callable[[Path], IO[bytes]]] = {".gz": _gzip, ".zst": _zstd}


def open_bytes(path: str | Path) -> IO[bytes]:
    """The file's bytes, unpacked where its name ends in .gz or .zst; "-" is standard input.

    Raises:
        DataError: there is no such file, or it is a folder.
    """
    if str(path) == "-":
        return sys.stdin.buffer
    path = Path(path)
    if not path.exists():
        raise DataError(f"{path}: no such file")
    if path.is_dir():
        raise DataError(f"{path} is a folder; give a file")
    return _PACKED[path.suffix](path) if path.suffix in _PACKED else path.open("rb")


def read_lines(path: str | Path) -> Iterator[tuple[int, str]]:
    """Numbered lines without their line ends, from UTF-8; a byte order mark is dropped."""
    try:
        with open_bytes(path) as source:
            for number, raw in enumerate(source, 1):
                try:
                    line = raw.decode("utf-8")
                except UnicodeDecodeError as error:
                    raise DataError(
                        f"{path} line {number}: not UTF-8 (byte {raw[error.start]:#04x}); convert the file"
                    ) from None
                if number == 1:
                    line = line.removeprefix("\ufeff")
                yield number, line.rstrip("\r\n")
    except _unpacking_errors() as error:
        raise _cut_short(path, error) from None


def _cut_short(path: str | Path, error: Exception) -> DataError:
    return DataError(f"{path}: cut short, or not what its name says ({error}); fetch or pack it again")


def _json_lines(path: str | Path) -> Rows:
    for number, line in read_lines(path):
        if not line.strip():
            continue
        try:
            row = json.loads(line)
        except ValueError as error:
            raise DataError(f"{path} line {number}: broken JSON: {error}") from None
        if not isinstance(row, dict):
            raise DataError(f"{path} line {number}: a JSON {type(row).__name__}, not an object with fields")
        yield f"line {number}", row


def _json(path: str | Path) -> Rows:
    with open_bytes(path) as source:
        try:
            rows = json.loads(source.read().decode("utf-8-sig"))
        except ValueError as error:
            raise DataError(f"{path}: broken JSON: {error}; one object per line belongs in a .jsonl file") from None
    if isinstance(rows, dict):  # {"data": [...]}
        lists = [value for value in rows.values() if isinstance(value, list)]
        rows = lists[0] if len(lists) == 1 else [rows]
    if not isinstance(rows, list):
        raise DataError(f"{path}: holds a {type(rows).__name__}; give a list of objects with fields")
    for number, row in enumerate(rows, 1):
        if not isinstance(row, dict):
            raise DataError(f"{path} row {number}: a {type(row).__name__}, not an object with fields")
        yield f"row {number}", row


def _separated(path: str | Path, delimiter: str) -> Rows:
    csv.field_size_limit(2**31 - 1)  # the default of 128 kB is shorter than many documents
    with open_bytes(path) as raw, io.TextIOWrapper(raw, encoding="utf-8-sig", newline="") as source:
        reader = csv.DictReader(source, delimiter=delimiter, strict=True)
        try:
            for row in reader:
                where = f"line {reader.line_num}"
                if None in row:
                    raise DataError(f"{path} {where}: more columns than the header has; quote fields with separators")
                yield where, row
        except csv.Error as error:
            raise DataError(f"{path} line {reader.line_num}: {error}") from None
        except UnicodeDecodeError:
            raise DataError(f"{path} after line {reader.line_num}: not UTF-8; convert the file") from None


def _csv(path: str | Path) -> Rows:
    yield from _separated(path, ",")


def _tsv(path: str | Path) -> Rows:
    yield from _separated(path, "\t")


def _parquet(path: str | Path) -> Rows:
    try:
        import pyarrow.parquet
    except ImportError:
        raise MissingExtraError(f"{path}: Parquet files need pyarrow: pip install 'khulasa[data]'") from None
    open_bytes(path).close()
    number = 0
    try:
        with pyarrow.parquet.ParquetFile(path) as file:
            for batch in file.iter_batches(batch_size=512):
                for row in batch.to_pylist():
                    number += 1
                    yield f"row {number}", row
    except (pyarrow.ArrowException, OSError) as error:
        reason = " ".join(str(error).split()) + (f", after row {number}" if number else "")
        raise DataError(f"{path}: not a Parquet file, or a damaged one: {reason}") from None


def _hugging_face(spec: str) -> Rows:
    """``hf:name``, ``hf:name:configuration``, ``hf:name:configuration:split``, or a folder from save_to_disk."""
    try:
        import datasets
    except ImportError:
        raise MissingExtraError(f"{spec}: needs datasets: pip install 'khulasa[data]'") from None
    name, *rest = spec.removeprefix("hf:").split(":")
    config = rest[0] if rest and rest[0] else None
    split = rest[1] if len(rest) > 1 else "test"
    try:
        if Path(name).is_dir() and (Path(name) / "dataset_info.json").exists():
            rows: Any = datasets.load_from_disk(name)
        elif Path(name).is_dir() and (Path(name) / "dataset_dict.json").exists():
            rows = datasets.load_from_disk(name)[split]
        else:
            rows = datasets.load_dataset(name, config, split=split)
    except (OSError, ValueError, KeyError, RuntimeError) as error:
        raise DataError(f"{spec}: cannot be loaded: {' '.join(str(error).split())}") from None
    for number, row in enumerate(rows, 1):
        yield f"row {number}", dict(row)


READERS: dict[str, Callable[[str | Path], Rows]] = {
    ".jsonl": _json_lines,
    ".ndjson": _json_lines,
    ".json": _json,
    ".csv": _csv,
    ".tsv": _tsv,
    ".parquet": _parquet,
}


def file_format(path: str | Path) -> str:
    """The suffix that tells the format, ".jsonl" for standard input; "" where it is not in :data:`READERS`."""
    if str(path) == "-":
        return ".jsonl"
    path = Path(path)
    suffix = Path(path.stem).suffix if path.suffix in _PACKED else path.suffix
    return suffix.lower() if suffix.lower() in READERS else ""


def read_rows(path: str | Path) -> Rows:
    """Rows of a data file or of ``hf:...``.

    Raises:
        UsageError: the format is not known.
        DataError: the file is missing or broken; the message names the line.
        MissingExtraError: the format needs a package that is not installed.
    """
    if str(path).startswith("hf:"):
        return _hugging_face(str(path))
    suffix = file_format(path)
    if not suffix:
        allowed = ", ".join([*READERS, *(f".jsonl{packed}" for packed in _PACKED)])
        raise UsageError(f"{path}: not a known format; choose from {allowed}, or hf:NAME")
    return _unpacked(path, READERS[suffix](path))


def _unpacked(path: str | Path, rows: Rows) -> Rows:
    try:
        yield from rows
    except _unpacking_errors() as error:
        raise _cut_short(path, error) from None
