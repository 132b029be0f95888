"""The table of formats, and how a document finds its row."""

from __future__ import annotations

import io
import re
import zipfile
from pathlib import Path, PurePosixPath
from urllib.parse import urlsplit

from ..documents import decode, read_bytes_of
from ..errors import DocumentError, UsageError
from .base import Format, ReadDocument
from .docx import read_docx
from .epub import read_epub
from .html import read_html
from .markdown import read_markdown
from .pdf import read_pdf

_HTML_START = re.compile(
    rb"\A(?:\xef\xbb\xbf)?\s*(?:<\?xml[^>]*>\s*|<!--.*?-->\s*)*<(?:!doctype\s+html|html|head|body)\b", re.I | re.S
)
_TAG = re.compile(rb"</?(?:p|div|span|a|article|h[1-6]|br|ul|li|table|title|meta|script)\b[^>]{0,500}>", re.I)
_SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+.-]+://")


def _zip_names(data: bytes) -> frozenset[str]:
    if not data.startswith(b"PK"):
        return frozenset()
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            return frozenset(archive.namelist())
    except (zipfile.BadZipFile, ValueError, OSError, NotImplementedError, EOFError):
        return frozenset()


def _is_html(data: bytes) -> bool:
    head = data[:4096]
    for bom, encoding in ((b"\xff\xfe", "utf-16-le"), (b"\xfe\xff", "utf-16-be")):
        if head.startswith(bom):
            head = head[2:].decode(encoding, errors="ignore").encode("utf-8")
    return _HTML_START.match(head) is not None


def _read_text(data: bytes, source: str, charset: str | None) -> ReadDocument:
    document = decode(data, source)
    return ReadDocument(document.text, document.source, document.encoding, document.warnings)


FORMATS: tuple[Format, ...] = (
    Format("pdf", (".pdf",), ("application/pdf",), lambda data: b"%PDF-" in data[:1024], read_pdf),
    Format(
        "docx",
        (".docx", ".docm"),
        ("application/vnd.openxmlformats-officedocument.wordprocessingml.document",),
        lambda data: "word/document.xml" in _zip_names(data),
        read_docx,
    ),
    Format(
        "epub",
        (".epub",),
        ("application/epub+zip",),
        lambda data: "META-INF/container.xml" in _zip_names(data),
        read_epub,
    ),
    Format("html", (".html", ".htm", ".xhtml"), ("text/html", "application/xhtml+xml"), _is_html, read_html),
    Format("markdown", (".md", ".markdown"), ("text/markdown", "text/x-markdown"), lambda data: False, read_markdown),
    Format("text", (".txt", ".text"), ("text/plain",), lambda data: False, _read_text),
)
"""Order matters: the first row whose ``sniff`` says yes is taken."""
_BY_NAME = {row.name: row for row in FORMATS}


def format_names() -> list[str]:
    """What ``format=`` may be."""
    return ["auto", *_BY_NAME]


def is_url(source: str) -> bool:
    """Whether ``source`` is a web address rather than a path."""
    return _SCHEME.match(source) is not None


def read(source: str | Path, *, allow_private: bool = False, format: str = "auto") -> ReadDocument:
    """Reads a file or an http(s) address.

    allow_private: let an address lead to a private, loopback or link-local host.

    Raises:
        UsageError: no such ``format``.
        DocumentError: not readable, empty, encrypted, without text, or of a kind that is not read.
        MissingExtraError: its kind needs the extra ``documents``.
    """
    _check(format)
    name = str(source)
    if is_url(name):
        from .web import fetch

        page = fetch(name, allow_private=allow_private)
        return read_bytes(page.data, page.url, page.content_type, format=format)
    return read_bytes(read_bytes_of(name), name, format=format)


def read_bytes(data: bytes, source: str, content_type: str | None = None, *, format: str = "auto") -> ReadDocument:
    """A document from its bytes; errors as for ``read``.

    source: its path, address or ``<stdin>``; content_type: as in HTTP (``text/html; charset=windows-1256``).
    """
    _check(format)
    if not data.strip():
        raise DocumentError(f"{source}: empty; give a text in Arabic or English")
    kind, charset = _parse_content_type(content_type)
    row = _BY_NAME[format] if format != "auto" else _detect(data, source, kind)
    return row.read(data, source, charset)


def _check(format: str) -> None:
    if format != "auto" and format not in _BY_NAME:
        raise UsageError(f"{format!r} is not a document format; choose from {', '.join(format_names())}")


def _detect(data: bytes, source: str, content_type: str) -> Format:
    """The row of the table for ``data``: by content, by content type, by name; plain text if nothing tells."""
    for row in FORMATS:
        if row.sniff(data):
            return row
    if data.startswith(b"PK\x03\x04"):
        raise _zip_refused(data, source)
    path = urlsplit(source).path if is_url(source) else source
    extension = PurePosixPath(path.replace("\\", "/")).suffix.lower()
    for row in FORMATS:
        if content_type in row.content_types and row.name != "text":
            return _text_only(row, source)
    for row in FORMATS:
        if extension in row.extensions:
            return _text_only(row, source)
    if content_type and not content_type.startswith("text/") and not _may_hold_text(content_type):
        raise DocumentError(f"{source}: {content_type}, not a document; give a page, PDF, DOCX, EPUB or text")
    # A fragment of HTML without its head: only where nothing says that it is something else.
    if content_type != "text/plain" and data.lstrip()[:1] == b"<" and len(_TAG.findall(data[:65536])) >= 3:
        return _BY_NAME["html"]
    return _BY_NAME["text"]


# What the parts of other packed formats are called.
_OTHER_ZIPS = (("ppt/", "a presentation"), ("xl/", "a spreadsheet"), ("content.xml", "an OpenDocument file"))


def _zip_refused(data: bytes, source: str) -> DocumentError:
    names = _zip_names(data)
    for start, kind in _OTHER_ZIPS:
        if any(name.startswith(start) for name in names):
            return DocumentError(f"{source}: {kind}; save it as DOCX or PDF, which are read")
    if names:
        return DocumentError(f"{source}: a ZIP archive, neither DOCX nor EPUB; unpack it and give the files in it")
    return DocumentError(f"{source}: a ZIP archive (DOCX and EPUB are such) that is damaged; fetch or save it again")


def _text_only(row: Format, source: str) -> Format:
    """A binary kind that its own content does not bear out is damaged, whatever its name says."""
    if row.name in ("pdf", "docx", "epub"):
        raise DocumentError(f"{source}: named {row.name.upper()}, but its content is not; the file may be damaged")
    return row


def _may_hold_text(content_type: str) -> bool:
    return content_type in (
        "application/octet-stream",
        "binary/octet-stream",
        "application/xml",
        "application/json",
        "application/x-download",
        "application/force-download",
    )


def _parse_content_type(value: str | None) -> tuple[str, str | None]:
    kind, _, rest = (value or "").partition(";")
    charset = re.search(r"charset\s*=\s*[\"']?([\w.:-]+)", rest, re.I)
    return kind.strip().lower(), charset.group(1) if charset else None
