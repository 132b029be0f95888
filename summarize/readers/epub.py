"""EPUB with the standard library: the chapters of the spine, in reading order."""

from __future__ import annotations

import io
import posixpath
import re
import zipfile
import zlib
from urllib.parse import unquote
from xml.etree import ElementTree

from ..errors import DocumentError
from .base import ReadDocument, squeeze
from .html import declared_text
from .markup import block_text

MAX_UNPACKED = 200 * 2**20
"""Bytes that an archive's parts may come to, unpacked: a bound against archives made to fill the memory."""
_LOCKED = re.compile(rb"\.x?html?\b", re.I)
_DAMAGE = (
    zipfile.BadZipFile,
    zlib.error,
    ElementTree.ParseError,
    LookupError,
    RuntimeError,
    ValueError,
    OSError,
    EOFError,
    StopIteration,
)
"""What the standard library raises on a damaged archive or part."""


def read_epub(data: bytes, source: str, charset: str | None = None) -> ReadDocument:
    """EPUB 2 and 3: text of the spine's documents, navigation and non-linear ones left out.

    Raises:
        DocumentError: damaged, encrypted (DRM), over ``MAX_UNPACKED`` bytes unpacked, or without text.
    """
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            check_size(archive, source)
            return _book(archive, source)
    except DocumentError:
        raise
    except _DAMAGE:
        raise DocumentError(f"{source}: a damaged EPUB; its chapters cannot be read") from None


def check_size(archive: zipfile.ZipFile, source: str) -> None:
    """Refuses an archive that unpacks to more than ``MAX_UNPACKED`` bytes."""
    if sum(part.file_size for part in archive.infolist()) > MAX_UNPACKED:
        raise DocumentError(f"{source}: unpacks to more than {MAX_UNPACKED // 2**20} MB; split it first")


def _book(archive: zipfile.ZipFile, source: str) -> ReadDocument:
    container = _xml(archive.read("META-INF/container.xml"))
    root = next(e for e in container.iter() if _name(e) == "rootfile").get("full-path", "")
    package = _xml(archive.read(root))
    folder = posixpath.dirname(root)
    items = {e.get("id", ""): e for e in package.iter() if _name(e) == "item"}
    # Fonts may be obscured; chapters that are cannot be read.
    if "META-INF/encryption.xml" in archive.namelist() and _LOCKED.search(archive.read("META-INF/encryption.xml")):
        raise DocumentError(f"{source}: an encrypted EPUB (DRM); give a copy without protection")
    chapters = []
    for reference in (e for e in package.iter() if _name(e) == "itemref"):
        item = items.get(reference.get("idref", ""))
        if item is None or reference.get("linear") == "no" or "nav" in item.get("properties", "").split():
            continue
        if "html" not in item.get("media-type", ""):
            continue
        path = posixpath.normpath(posixpath.join(folder, unquote(item.get("href", ""))))
        text = block_text(declared_text(archive.read(path), source, None)[0])
        if text:
            chapters.append(text)
    if not chapters:
        raise DocumentError(f"{source}: an EPUB without text, perhaps of images only; give one with text")
    title, author, date = (_metadata(package, field) for field in ("title", "creator", "date"))
    if dated := re.match(r"\d{4}(?:-\d\d(?:-\d\d)?)?", date):
        date = dated.group()
    return ReadDocument("\n\n".join(chapters), source, "utf-8", (), title, date, author, "epub")


def _metadata(package: ElementTree.Element, field: str) -> str:
    return next((squeeze(e.text) for e in package.iter() if _name(e) == field and squeeze(e.text)), "")


def _name(element: ElementTree.Element) -> str:
    return element.tag.rpartition("}")[2] if isinstance(element.tag, str) else ""


def _xml(data: bytes) -> ElementTree.Element:
    if b"<!ENTITY" in data:  # nothing in these files needs entities of their own, which can expand without end
        raise ElementTree.ParseError("entities")
    return ElementTree.fromstring(data)
