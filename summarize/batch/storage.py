"""Files on this machine, and on cloud storage through pyarrow: opening, listing, writing whole files."""

from __future__ import annotations

import io
import os
import re
import shutil
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

from ..errors import DataError, MissingExtraError, UsageError

_OBJECT_STORES = ("s3", "gcs", "abfs")  # as pyarrow names them
_SCHEME = re.compile(r"([A-Za-z][A-Za-z0-9+.-]+)://")


@dataclass(frozen=True)
class Found:
    """A file: its path, its path below the folder that was asked for, its size in bytes."""

    path: str
    name: str
    size: int


def is_remote(path: str) -> bool:
    """Whether ``path`` is an address as ``s3://bucket/part.jsonl``."""
    return _SCHEME.match(path) is not None


def _remote(path: str) -> tuple[Any, str]:
    """pyarrow's file system for an address, and the path on it."""
    scheme = path.split("://", 1)[0].lower()
    if scheme in ("http", "https"):
        raise UsageError(f"{path}: web addresses are not read in batches; save the pages, and give their folder")
    try:
        from pyarrow import ArrowInvalid, fs
    except ImportError:
        raise MissingExtraError(f"{path}: cloud storage needs pyarrow: pip install 'khulasa[data]'") from None
    try:
        system, inner = fs.FileSystem.from_uri(path)
    except (ArrowInvalid, OSError) as error:
        raise UsageError(f"{path}: not an address of cloud storage, as s3:// or gs:// ({_line(error)})") from None
    return system, inner


def _line(error: Exception) -> str:
    return " ".join(str(error).split())[:200]


def find(path: str) -> Found | None:
    """A file with its size; None for a folder.

    Raises:
        DataError: there is nothing.
    """
    name = path.rstrip("/").rsplit("/", 1)[-1]
    if not is_remote(path):
        place = Path(path)
        if place.is_dir():
            return None
        if not place.exists():
            raise DataError(f"{path}: no such file or folder")
        return Found(path, place.name, place.stat().st_size)
    system, inner = _remote(path)
    info = _asked(lambda: system.get_file_info(inner), path)
    if not info.is_file:
        if info.type.name == "NotFound":
            raise DataError(f"{path}: no such file or folder")
        return None
    return Found(path, name, info.size)


def walk(folder: str) -> Iterator[Found]:
    """All files of a folder and of the folders in it, by name; those whose names begin with a dot are left out."""
    if not is_remote(folder):
        yield from _walk_local(Path(folder), "")
        return
    from pyarrow import fs

    system, inner = _remote(folder)
    found = _asked(lambda: system.get_file_info(fs.FileSelector(inner, recursive=True)), folder)
    for info in sorted(found, key=lambda info: info.path.split("/")):
        name = info.path[len(inner.rstrip("/")) + 1 :]
        if info.is_file and not any(part.startswith(".") for part in name.split("/")):
            yield Found(f"{folder.rstrip('/')}/{name}", name, info.size)


def _walk_local(folder: Path, prefix: str) -> Iterator[Found]:
    try:
        entries = sorted((entry for entry in os.scandir(folder)), key=lambda entry: entry.name)
    except OSError as error:
        raise DataError(f"{folder}: cannot be listed ({error.strerror or error})") from None
    for entry in entries:
        if entry.name.startswith("."):
            continue
        if entry.is_dir(follow_symlinks=False):
            yield from _walk_local(Path(entry.path), f"{prefix}{entry.name}/")
        elif entry.is_file():
            yield Found(entry.path, prefix + entry.name, entry.stat().st_size)


def open_bytes(path: str) -> BinaryIO:
    """Opens a file for reading.

    Raises:
        DataError: it cannot be read.
    """
    if not is_remote(path):
        try:
            return open(path, "rb")
        except OSError as error:
            raise DataError(f"{path}: cannot be read ({error.strerror or error})") from None
    system, inner = _remote(path)
    return io.BufferedReader(_asked(lambda: system.open_input_file(inner), path), 1 << 20)


def exists(path: str) -> bool:
    """Whether there is a file or a folder."""
    try:
        find(path)
    except DataError:
        return False
    return True


def read_bytes(path: str) -> bytes:
    """The whole of a file; errors as for ``open_bytes``."""
    with open_bytes(path) as file:
        return bytes(_asked(file.read, path))


def write_bytes(path: str, data: bytes) -> None:
    """Writes a file that appears whole or not at all; its folder is made.

    Raises:
        DataError: it cannot be written.
    """
    write_stream(path, [data])


def write_stream(path: str, pieces: Iterable[bytes]) -> int:
    """As ``write_bytes``, of any number of pieces; gives the file's size."""
    if is_remote(path):
        return int(_asked(lambda: _put(*_remote(path), pieces), path))
    target = Path(path)
    target.parent.mkdir(parents=True, exist_ok=True)
    partial = target.with_name(f".{target.name}.{os.getpid()}.partial")
    try:
        with partial.open("wb") as file:
            size = _copied(pieces, file)
            file.flush()
            os.fsync(file.fileno())
        partial.replace(target)
        sync_folder(target.parent)
    finally:
        partial.unlink(missing_ok=True)
    return size


def _put(system: Any, inner: str, pieces: Iterable[bytes]) -> int:
    """On an object store a file appears when its stream is closed, and there are no folders to make."""
    folder, _, name = inner.rpartition("/")
    objects = system.type_name in _OBJECT_STORES
    if not objects:
        system.create_dir(folder, recursive=True)
    place = inner if objects else f"{folder}/.{name}.partial"
    with system.open_output_stream(place) as stream:
        size = _copied(pieces, stream)
    if not objects:
        system.move(place, inner)
    return size


def _copied(pieces: Iterable[bytes], file: Any) -> int:
    size = 0
    for piece in pieces:
        file.write(piece)
        size += len(piece)
    return size


def remove_folder(path: str) -> None:
    """Removes a folder and all that is in it, where it is there."""
    if not is_remote(path):
        shutil.rmtree(path, ignore_errors=True)
        return
    system, inner = _remote(path)
    if exists(path):
        _asked(lambda: system.delete_dir(inner), path)


def sync_folder(folder: Path) -> None:
    """Makes names in a folder outlast a loss of power, where the system can."""
    if os.name == "nt":
        return
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _asked(call: Any, path: str) -> Any:
    try:
        return call()
    except OSError as error:
        raise DataError(f"{path}: {_line(error)}") from None
