"""DOCX with python-docx, over the document's own XML, so that insertions and content controls are read too."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Iterator
from typing import Any

from ..errors import DocumentError
from .base import ReadDocument, load, squeeze, without_title
from .epub import check_size

_W = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"
_FALLBACK = "{http://schemas.openxmlformats.org/markup-compatibility/2006}Fallback"
_NOTES = ("footnotes", "endnotes")


def read_docx(data: bytes, source: str, charset: str | None = None) -> ReadDocument:
    """Paragraphs and tables of a DOCX in order; tracked deletions, headers, footers and a contents list left out.

    A table row is one paragraph, its cells parted by `` | ``. Notes are left out, with a warning.

    Raises:
        DocumentError: damaged, or without text.
        MissingExtraError: python-docx is not installed.
    """
    docx = load("docx", "python-docx", "DOCX")
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            check_size(archive, source)
        return _read(docx.Document(io.BytesIO(data)), source)
    except DocumentError:
        raise
    except Exception as error:  # python-docx and lxml raise nearly anything on a damaged file, some of it late
        reason = squeeze(str(error))[:80]
        raise DocumentError(f"{source}: a damaged DOCX ({reason}); open it and save it again") from None


def _read(document: Any, source: str) -> ReadDocument:
    styles = {style.style_id: style.name or "" for style in document.styles}
    title = squeeze(document.core_properties.title)
    paragraphs: list[str] = []
    for name, text in _blocks(document.element.body, styles):
        if name == "Title" and not paragraphs:
            title = title or text
            if text == title:
                continue
        if not name.lower().startswith("toc"):
            paragraphs.append(text)
    paragraphs = without_title(paragraphs, title)
    if not paragraphs:
        raise DocumentError(f"{source}: a DOCX without text; give one with text")
    notes = sum(_count_notes(part) for part in document.part.package.iter_parts())
    warnings = (f"{notes} footnotes or endnotes left out",) if notes else ()
    made = document.core_properties.created
    date = made.date().isoformat() if made else ""
    author = squeeze(document.core_properties.author)
    return ReadDocument("\n\n".join(paragraphs), source, "utf-8", warnings, title, date, author, "docx")


def _blocks(parent: Any, styles: dict[str, str]) -> Iterator[tuple[str, str]]:
    """(style name, text) of each paragraph and table row below ``parent``, in order."""
    for child in parent:
        if child.tag == f"{_W}p":
            style = child.find(f"{_W}pPr/{_W}pStyle")
            name = styles.get(style.get(f"{_W}val"), "") if style is not None else ""
            if text := squeeze("".join(_runs(child))):
                yield name, text
            for box in child.iter(f"{_W}txbxContent"):
                if not any(above.tag == _FALLBACK for above in box.iterancestors()):
                    yield from _blocks(box, styles)
        elif child.tag == f"{_W}tbl":
            yield from _rows(child, styles)
        elif child.tag == f"{_W}sdt":
            content = child.find(f"{_W}sdtContent")
            gallery = child.find(f"{_W}sdtPr/{_W}docPartObj/{_W}docPartGallery")
            if content is not None and (gallery is None or gallery.get(f"{_W}val") != "Table of Contents"):
                yield from _blocks(content, styles)
        elif child.tag in (f"{_W}ins", f"{_W}moveTo", f"{_W}customXml"):
            yield from _blocks(child, styles)


def _rows(table: Any, styles: dict[str, str]) -> Iterator[tuple[str, str]]:
    rows = [[list(_blocks(cell, styles)) for cell in _within(row, "tc")] for row in _within(table, "tr")]
    if max((len(row) for row in rows), default=0) == 1:  # a frame around text, not a table
        for row in rows:
            yield from row[0] if row else ()
        return
    for row in rows:
        cells = [" ".join(text for _, text in cell) for cell in row]
        if any(cells):
            yield "", " | ".join(cell for cell in cells if cell)


def _within(parent: Any, name: str) -> Iterator[Any]:
    """Rows of a table or cells of a row, not those of a table inside: children, or children of a content control."""
    for child in parent:
        if child.tag == f"{_W}{name}":
            yield child
        elif child.tag in (f"{_W}sdt", f"{_W}sdtContent", f"{_W}customXml", f"{_W}ins"):
            yield from _within(child, name)


def _runs(paragraph: Any) -> Iterator[str]:
    """The text of a paragraph's runs: links, insertions and fields included, deletions and text boxes not."""
    for element in paragraph:
        if element.tag == f"{_W}r":
            for piece in element:
                if piece.tag == f"{_W}t":
                    yield piece.text or ""
                elif piece.tag in (f"{_W}tab", f"{_W}br", f"{_W}cr"):
                    yield " "
                elif piece.tag == f"{_W}noBreakHyphen":
                    yield "-"
        elif element.tag not in (f"{_W}del", f"{_W}moveFrom", f"{_W}pPr"):
            yield from _runs(element)


def _count_notes(part: Any) -> int:
    if not any(str(part.partname) == f"/word/{name}.xml" for name in _NOTES):
        return 0
    from lxml import etree

    root = etree.fromstring(part.blob, etree.XMLParser(resolve_entities=False, no_network=True))
    # Word keeps its separator lines there too, as notes with a type.
    return sum(1 for note in root if note.get(f"{_W}type") is None and "".join(note.itertext()).strip())
