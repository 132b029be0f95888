"""Reading a document from a file or a stream: bytes to text, with the encoding found out."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from .errors import DocumentError

READABLE = "PDF, DOCX, EPUB, HTML, Markdown and plain text are read, some with pip install 'khulasa[documents]'"
"""What messages say of the formats."""
_SAVE = "save it as DOCX, PDF or plain text, which are read"
_LOOK = "run OCR on it first, or give its text"
# What a file that is not text begins with: what to call it, and what to do.
_SIGNATURES = {
    b"%PDF-": ("a PDF, not plain text", "let its format be found out (pip install 'khulasa[documents]' for PDF)"),
    b"PK\x03\x04": ("a ZIP archive or an Office file, not plain text", READABLE),
    b"\xd0\xcf\x11\xe0": ("an old Office file (DOC, XLS, PPT)", _SAVE),
    b"{\\rtf": ("an RTF file", _SAVE),
    b"\x89PNG": ("a PNG image", _LOOK),
    b"\xff\xd8\xff": ("a JPEG image", _LOOK),
    b"GIF8": ("a GIF image", _LOOK),
    b"\x1f\x8b": ("a gzip archive", "unpack it first"),
    b"\x7fELF": ("a program", READABLE),
    b"SQLite format 3": ("an SQLite database", "export its texts first, for example as JSON lines"),
}
_BOMS = ((b"\xef\xbb\xbf", "utf-8-sig"), (b"\xff\xfe", "utf-16"), (b"\xfe\xff", "utf-16"))
_ARABIC_RUN = re.compile("[\u0621-\u064a]{2,}")
_CONTROL = bytes(byte for byte in range(32) if byte not in b"\t\n\r\f\v\x1b")
_HIGH = bytes(range(128, 256))
_BROKEN = "\ufffd"


@dataclass(frozen=True)
class Document:
    """A document as it was read.

    text: its text; source: the path, or ``<stdin>``; encoding: how its bytes were decoded; warnings: one line each.
    """

    text: str
    source: str
    encoding: str = "utf-8"
    warnings: tuple[str, ...] = ()


def read_bytes_of(path: str | Path) -> bytes:
    """A file's bytes.

    Raises:
        DocumentError: no such file, a folder, or not readable.
    """
    name = str(path)
    try:
        return Path(path).read_bytes()
    except FileNotFoundError:
        raise DocumentError(f"{name}: no such file") from None
    except IsADirectoryError:
        raise DocumentError(f"{name}: a folder; give the files in it, for example {name.rstrip('/')}/*.txt") from None
    except PermissionError:
        raise DocumentError(f"{name}: permission denied") from None
    except (OSError, ValueError) as error:
        raise DocumentError(f"{name}: cannot be read ({getattr(error, 'strerror', None) or error})") from None


def read_file(path: str | Path) -> Document:
    """Reads a text file; errors as for ``read_bytes_of`` and ``decode``."""
    return decode(read_bytes_of(path), str(path))


def read_stream(stream: BinaryIO, source: str = "<stdin>") -> Document:
    """Reads a text from a binary stream; errors as for ``read_file``."""
    return decode(stream.read(), source)


def decode(data: bytes, source: str) -> Document:
    """Bytes to text: UTF-8, UTF-16, else Windows-1256 (Arabic) or Windows-1252, said so.

    In UTF-8 up to one byte in a thousand may be broken; what is left of such characters is U+FFFD, and a warning.

    Raises:
        DocumentError: empty, binary, or in none of these encodings.
    """
    if not data.strip():
        raise DocumentError(f"{source}: empty; give a text in Arabic or English")
    for signature, (kind, advice) in _SIGNATURES.items():
        if data.startswith(signature):
            raise DocumentError(f"{source}: {kind}; {advice}")
    for bom, encoding in _BOMS:
        if data.startswith(bom):
            return _with_bom(data, encoding, source)
    if b"\x00" in data:
        return _wide(data, source)
    try:
        return _checked(data.decode("utf-8"), source, "utf-8")
    except UnicodeDecodeError:
        pass
    found = damaged_utf8(data)
    if found is None:
        return _legacy(data, source)
    text, broken = found
    return _checked(text, source, "utf-8", (broken_warning(broken),))


def damaged_utf8(data: bytes, most: float = 0.001, beside: int = 10) -> tuple[str, int] | None:
    """(text, how many characters are broken) of UTF-8 with a few broken bytes; None where it is something else.

    Args:
        most: share of the bytes that may be broken; one always may.
        beside: whole characters outside ASCII that must stand there for each broken one. A text in a one-byte encoding
            has no such characters, however few of its own it has.
    """
    text = data.decode("utf-8", errors="replace")
    broken = text.count(_BROKEN) - data.count(_BROKEN.encode())
    whole = len(text) - len(text.encode("ascii", errors="ignore")) - text.count(_BROKEN)
    return (text, broken) if broken <= max(1.0, most * len(data)) and whole >= beside * broken else None


def broken_warning(broken: int) -> str:
    """What is said of a text with broken characters."""
    return f"{broken} broken {'character' if broken == 1 else 'characters'} in its UTF-8, read as U+FFFD"


def _binary(source: str) -> DocumentError:
    return DocumentError(f"{source}: a binary file; give a text file in UTF-8 ({READABLE})")


def _with_bom(data: bytes, encoding: str, source: str) -> Document:
    try:
        text = data.decode(encoding)
    except UnicodeDecodeError:
        raise DocumentError(f"{source}: begins as {encoding[:6].upper()} and goes on as something else") from None
    warnings = () if encoding == "utf-8-sig" else ("not UTF-8; read as UTF-16, by its byte order mark",)
    return _checked(text, source, encoding.removesuffix("-sig"), warnings)


def _wide(data: bytes, source: str) -> Document:
    """UTF-16 that has no byte order mark, told by what its characters are; other bytes with zeros are called binary."""
    for encoding in ("utf-16-le", "utf-16-be") if len(data) % 2 == 0 else ():
        text = data.decode(encoding, errors="replace")
        if sum(c in "\t\n\r" or " " <= c <= "~" or "\u0600" <= c <= "\u06ff" for c in text) > 0.8 * len(text):
            return _checked(text, source, encoding, ("not UTF-8; read as UTF-16, which has no byte order mark",))
    raise _binary(source)


def _checked(text: str, source: str, encoding: str, warnings: tuple[str, ...] = ()) -> Document:
    control = sum(c < " " and c not in "\t\n\r\f\v\x1b" for c in text[:65536])
    if control > 0.02 * min(len(text), 65536):
        raise _binary(source)
    if not text.strip("\ufeff \t\r\n\f\v\u200b\u200e\u200f"):
        raise DocumentError(f"{source}: empty; give a text in Arabic or English")
    return Document(text, source, encoding, warnings)


def _legacy(data: bytes, source: str) -> Document:
    """Text in a one-byte encoding of Arabic or Western Europe; other bytes are called binary."""
    if len(data) - len(data.translate(None, _CONTROL)) > 0.005 * len(data):
        raise _binary(source)
    high = len(data) - len(data.translate(None, _HIGH))
    arabic = data.decode("cp1256")
    in_words = sum(len(run) for run in _ARABIC_RUN.findall(arabic))
    # Other one-byte alphabets also decode to Arabic letters; but alef and lam are a quarter of real Arabic ones.
    usual = sum(arabic.count(letter) for letter in "ال")
    if in_words > 0.6 * high and usual > 0.12 * in_words:
        return _checked(arabic, source, "windows-1256", ("not UTF-8; read as Windows-1256",))
    if high < 0.25 * len(data):
        western = data.decode("cp1252", errors="replace")
        return _checked(western, source, "windows-1252", ("not UTF-8; read as Windows-1252",))
    raise DocumentError(
        f"{source}: neither UTF-8, UTF-16 with a byte order mark nor Windows-1256; convert it, "
        f"for example with `iconv -f ENCODING -t UTF-8`"
    )
