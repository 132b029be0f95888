"""What every reader returns and needs: the document with its metadata, and the extra's error."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from importlib import import_module
from typing import Any

from ..documents import Document
from ..errors import MissingExtraError


@dataclass(frozen=True)
class ReadDocument(Document):
    """A document with what its file says about it.

    title, author: as stored, or empty; date: ISO 8601 (``2023-03-12``), or empty; format: a name of ``FORMATS``. The
    title is not repeated in ``text``, whose paragraphs are parted by one empty line (plain text stays as it is).
    """

    title: str = ""
    date: str = ""
    author: str = ""
    format: str = "text"


@dataclass(frozen=True)
class Format:
    """One kind of document.

    name: what ``format=`` calls it; extensions: lower case, with the dot; content_types: as HTTP names them;
    sniff: whether the first bytes are this kind for certain; read: bytes, source and declared charset to document.
    """

    name: str
    extensions: tuple[str, ...]
    content_types: tuple[str, ...]
    sniff: Callable[[bytes], bool]
    read: Callable[[bytes, str, str | None], ReadDocument]


def load(module: str, package: str, what: str) -> Any:
    """Module ``module`` of the extra ``documents``.

    Raises:
        MissingExtraError: ``package`` is not installed.
    """
    try:
        return import_module(module)
    except ImportError:
        raise MissingExtraError(f"{what} needs {package}; install it with: pip install 'khulasa[documents]'") from None


def squeeze(text: str | None) -> str:
    """``text`` on one line; an absent one is empty."""
    return " ".join((text or "").split())


def without_title(paragraphs: list[str], title: str) -> list[str]:
    """Paragraphs less a first one that only repeats the title."""
    if len(paragraphs) > 1 and title and _letters(paragraphs[0]) == _letters(title):
        return paragraphs[1:]
    return paragraphs


def _letters(text: str) -> str:
    return re.sub(r"[\W_]+", "", text).casefold()
