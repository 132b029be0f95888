"""A folder of parts, one file per finished window, which workers on many machines fill and an output is made of.

A part's name holds its place, a hash of its records, and its counts: ``000003-000012-<digest>-1024-7.jsonl`` are 1,024
records, 7 of them failed. The folder may lie on cloud storage; a part appears whole or not at all.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from ..errors import DataError, UsageError
from .journal import State, compare, header_of
from .run import chained
from .storage import exists, read_bytes, remove_folder, walk, write_bytes, write_stream

_NAME = re.compile(r"(\d{6,})-(\d{6,})-([0-9a-f]{32})-(\d+)-(\d+)\.jsonl")
_SETTINGS, _MODEL = "settings.json", "model.json"
_TRIES = "tries"


@dataclass(frozen=True, order=True)
class Part:
    """A finished window: the shard it is of, its number there, a hash of its records, how many, how many failed."""

    shard: int
    window: int
    digest: str
    records: int
    failed: int

    @property
    def name(self) -> str:
        """The name of its file."""
        return f"{self.shard:06d}-{self.window:06d}-{self.digest}-{self.records}-{self.failed}.jsonl"

    @classmethod
    def of(cls, name: str) -> Part | None:
        """What a file's name says; None where it is not a part's.

        >>> Part.of("000003-000012-" + "a" * 32 + "-1024-7.jsonl").records
        1024
        """
        match = _NAME.fullmatch(name)
        return match and cls(int(match[1]), int(match[2]), match[3], int(match[4]), int(match[5]))


class Parts:
    """The parts beside an output, or instead of one.

    Args:
        output: a file, whose parts lie in ``OUTPUT.parts`` until it is made of them; or an address or path that ends
            in ``/``, a folder of parts that is the output.
    """

    def __init__(self, output: str) -> None:
        self.output = output
        self.stays = output.endswith("/")
        self.folder = output.rstrip("/") if self.stays else f"{output}.parts"

    # ---- before and after ----------------------------------------------------------------------------------------

    def begin(self, settings: Mapping[str, Any], inputs: str, overwrite: bool) -> dict[tuple[int, int], Part]:
        """The parts that earlier runs left, by place.

        Args:
            settings: what the lines depend on; inputs: a hash of the files that are read.

        Raises:
            UsageError: they were made with other settings or from other files.
            DataError: the folder cannot be read.
        """
        plain = {**json.loads(json.dumps(settings)), "input files": inputs}
        if overwrite:
            remove_folder(self.folder)
        known = f"{self.folder}/{_SETTINGS}"
        if exists(known):
            compare(json.loads(read_bytes(known)), plain, self.output)
        else:
            if exists(self.folder) and any(True for _ in walk(self.folder)):
                raise UsageError(f"{self.folder} holds files that are not ours: give --overwrite, or another OUTPUT")
            write_bytes(known, json.dumps(plain, ensure_ascii=False).encode("utf-8"))
        return {(part.shard, part.window): part for part in self.there()}

    def there(self) -> list[Part]:
        """All parts in the folder, in the order of the input."""
        if not exists(self.folder):
            return []
        return sorted(part for file in walk(self.folder) if (part := Part.of(file.name)) is not None)

    def finish(self, parts: Sequence[Part], settings: Mapping[str, Any], facts: Mapping[str, Any] | None) -> None:
        """Makes the output of its parts, all of which are there; the folder goes, unless it is the output."""
        if self.stays:
            return
        size = write_stream(self.output, (read_bytes(f"{self.folder}/{part.name}") for part in parts))
        chain = ""
        for part in parts:
            chain = chained(chain, part.digest)
        records, failed = sum(part.records for part in parts), sum(part.failed for part in parts)
        state = State(len(parts), records, failed, 0, size, chain, True)
        header = json.dumps(header_of(settings, facts, state), ensure_ascii=False)
        write_bytes(f"{self.output}.journal", header.encode("utf-8") + b"\n")
        remove_folder(self.folder)

    def check_model(self, facts: Mapping[str, Any]) -> None:
        """Holds the loaded model's facts against those of earlier runs.

        Raises:
            UsageError: they differ.
        """
        known = f"{self.folder}/{_MODEL}"
        if exists(known):
            compare(json.loads(read_bytes(known)), facts, self.output)
        else:
            write_bytes(known, json.dumps(facts).encode("utf-8"))

    # ---- one window ----------------------------------------------------------------------------------------------

    def tried(self, shard: int, window: int) -> int:
        """Notes that somebody is about to work on a window; gives how often somebody was before."""
        place = f"{self.folder}/{_TRIES}/{shard:06d}-{window:06d}"
        number = 0
        while exists(f"{place}.{number}"):
            number += 1
        write_bytes(f"{place}.{number}", b"")
        return number

    def write(self, part: Part, text: str) -> None:
        """Keeps a part's lines."""
        write_bytes(f"{self.folder}/{part.name}", text.encode("utf-8"))


def check_part(part: Part | None, digest: str, output: str) -> None:
    """Holds a window against the part that an earlier run made of it.

    Raises:
        DataError: it was another window.
    """
    if part is not None and part.digest != digest:
        raise DataError(f"the input is not the one that {output} was begun from: give --overwrite, or another OUTPUT")


def state_of(output: str) -> tuple[dict[str, Any], State] | None:
    """Settings and counts of an output that is there; None where there is none.

    Raises:
        UsageError: it did not come from here.
    """
    if output.endswith("/") or not exists(output):
        return None
    with suppress(ValueError, KeyError, TypeError, IndexError, DataError):
        header = json.loads(read_bytes(f"{output}.journal").splitlines()[0])
        return header["settings"], State(**header["state"])
    raise UsageError(f"{output} exists, and no journal says how it came about: give --overwrite, or another OUTPUT")
