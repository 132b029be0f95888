"""PDF: pypdfium2 with each character's place on the page, or pypdf where that fails."""

from __future__ import annotations

import io
import re
import unicodedata
from itertools import groupby
from typing import Any

from ..errors import DocumentError, MissingExtraError
from .base import ReadDocument, load, squeeze, without_title
from .bidi import arabic_letters, is_rtl, looks_reversed, plain_letters, to_logical, with_right_brackets
from .paragraphs import Line, join, without_running_heads

_LAM_ALEF = {"لا", "لأ", "لإ", "لآ"}
_TURNED_LAM_ALEF = {pair[::-1]: pair for pair in _LAM_ALEF}
_SPACE_GAP = 0.17  # of the type size: wider gaps between characters are spaces

Char = tuple[str, float, float, float, float, float]
"""A character as drawn: itself, left, right, baseline, type size, origin (points)."""


def read_pdf(data: bytes, source: str, charset: str | None = None) -> ReadDocument:
    """Text of a PDF in reading order, in paragraphs; running heads and page numbers left out.

    Raises:
        DocumentError: encrypted with a password, damaged, or of images only.
        MissingExtraError: neither pypdfium2 nor pypdf is installed.
    """
    warnings: tuple[str, ...] = ()
    try:
        pages, info = _with_pdfium(data, source)
    except (MissingExtraError, ValueError, RuntimeError) as error:
        if isinstance(error, DocumentError):
            raise
        pages, info = _with_pypdf(data, source)
        warnings = ("read with pypdf, which knows less of the page; check the order of lines",)
    pages = without_running_heads(pages) if len(pages) > 1 else pages
    text = "\n".join(line.text for page in pages for line in page)
    title = squeeze(info.get("Title"))
    paragraphs = without_title(join(pages, is_rtl(text)), title)
    if not any(c.isalnum() for c in text):
        raise DocumentError(f"{source}: no text in this PDF, only images (a scan?); run OCR on it first")
    date = re.match(r"D:(\d{4})(\d\d)?(\d\d)?", info.get("CreationDate") or "")
    iso = "-".join(part for part in date.groups() if part) if date else ""
    body = unicodedata.normalize("NFC", plain_letters("\n\n".join(paragraphs)))
    return ReadDocument(body, source, "utf-8", warnings, title, iso, squeeze(info.get("Author")), "pdf")


def _with_pdfium(data: bytes, source: str) -> tuple[list[list[Line]], dict[str, str]]:
    pdfium = load("pypdfium2", "pypdfium2", "PDF")
    try:
        document = pdfium.PdfDocument(data)
    except pdfium.PdfiumError as error:
        if "password" in str(error).lower():
            raise _encrypted(source) from None
        raise
    try:
        pages = []
        for number in range(len(document)):
            page = document[number]
            textpage = page.get_textpage()
            pages.append(page_lines(_chars(textpage)))
            textpage.close()
            page.close()
        return pages, document.get_metadata_dict(skip_empty=True)
    finally:
        document.close()


def _encrypted(source: str) -> DocumentError:
    return DocumentError(f"{source}: encrypted with a password; save a copy without one first")


def _chars(textpage: Any) -> list[list[Char]]:
    """The lines of a page as pdfium parts them, each a list of characters as it orders them."""
    import ctypes

    raw = load("pypdfium2.raw", "pypdfium2", "PDF")
    box, x, y = raw.FS_RECTF(), ctypes.c_double(), ctypes.c_double()
    lines: list[list[Char]] = [[]]
    for at in range(textpage.count_chars()):
        code = raw.FPDFText_GetUnicode(textpage, at)
        if code in (10, 13):
            if code == 10:
                lines.append([])
            continue
        if 0xD800 <= code <= 0xDFFF:
            continue
        char = "\u00ad" if code in (2, 0xFFFE) else chr(code)
        raw.FPDFText_GetLooseCharBox(textpage, at, box)
        left, right = box.left, box.right
        if unicodedata.combining(char):  # a mark has no width of its own: its ink tells what it stands on
            edges = [ctypes.c_double() for _ in range(4)]
            if raw.FPDFText_GetCharBox(textpage, at, *edges):
                left, right = edges[0].value, edges[1].value
        raw.FPDFText_GetCharOrigin(textpage, at, x, y)
        size = max(abs(box.top - box.bottom), 0.01) / 1.17  # the height of most fonts' boxes, in type sizes
        lines[-1].append((char, left, right, y.value, size, x.value))
    return [line for line in lines if any(not c[0].isspace() for c in line)]


def page_lines(lines: list[list[Char]]) -> list[Line]:
    """The lines of a page in reading order; only those that hold Arabic are ordered anew."""
    lines = _merged(lines)
    stored = ["".join(c[0] for c in line) for line in lines]
    page_rtl = is_rtl("".join(stored))
    ordered: list[tuple[str, str]] = []
    for line, text in zip(lines, stored, strict=True):
        if arabic_letters(text):
            clusters = _clusters(line)
            ordered.append((to_logical(clusters, page_rtl or is_rtl(text)), "".join(clusters)))
        else:
            ordered.append((text, text))
    # Some producers draw Arabic from left to right, wrong to the eye; the order drawn is then the order meant.
    backwards = looks_reversed(" ".join(turned for turned, _ in ordered))
    result = []
    for line, pair in zip(lines, ordered, strict=True):
        text = squeeze(with_right_brackets(pair[1]) if backwards else pair[0])
        if text:
            result.append(Line(text, *_extent(line)))
    return result


def _merged(lines: list[list[Char]]) -> list[list[Char]]:
    """Lines with what pdfium took for lines of their own put back: marks are drawn above and below the baseline."""
    merged: list[list[Char]] = []
    for line in lines:
        home = next((m for m in reversed(merged[-4:]) if _same_line(m, line)), None)
        if home is None:
            merged.append(list(line))
        else:
            home += line
    return merged


def _same_line(one: list[Char], other: list[Char]) -> bool:
    if not (arabic_letters("".join(c[0] for c in one)) or arabic_letters("".join(c[0] for c in other))):
        return False
    (left, right, y, size), (left2, right2, y2, size2) = _extent(one), _extent(other)
    size = max(size, size2)
    return abs(y - y2) < 0.6 * size and max(left, left2) - min(right, right2) < 1.5 * size


def _extent(line: list[Char]) -> tuple[float, float, float, float]:
    """Left, right, baseline and type size of a line."""
    drawn = [c for c in line if not c[0].isspace()]
    middle = len(drawn) // 2
    y, size = sorted(c[3] for c in drawn)[middle], sorted(c[4] for c in drawn)[middle]
    return min(c[1] for c in drawn), max(c[2] for c in drawn), y, size


def _glyphs(line: list[Char]) -> tuple[list[tuple[str, float, float]], list[Char]]:
    """(letters and ligatures with the marks that are of their glyph, lone marks) of a line."""
    glyphs: list[tuple[str, float, float]] = []
    marks: list[Char] = []
    # Characters of one glyph share one origin, in the order that the file's map or pdfium's reordering gives.
    for _, same in groupby(line, key=lambda c: (round(c[5], 2), round(c[3], 2), c[0].isspace())):
        group = list(same)
        left, right = min(c[1] for c in group), max(c[2] for c in group)
        bases = "".join(c[0] for c in group if not unicodedata.combining(c[0]))
        own = "".join(c[0] for c in group if unicodedata.combining(c[0]))
        if not bases:
            marks += group
            continue
        text = unicodedata.normalize("NFC", _ligature(plain_letters(bases)) + own)
        twin = next((g for g in glyphs if _bare(g[0]) == _bare(text) and _overlap(g, left, right)), None)
        if twin and (own or any("\u064b" <= c <= "\u0652" for c in twin[0])):
            # Some maps give a letter and its mark, two glyphs, the text of both: it counts once.
            glyphs.remove(twin)
            marked = max(text, twin[0], key=len)
            wider = twin[1:] if twin[2] - twin[1] > right - left else (left, right)
            glyphs.append((marked, *wider))
        else:
            glyphs.append((text, left, right))
    return sorted(glyphs, key=lambda g: g[1] + g[2]), marks


def _bare(text: str) -> str:
    return "".join(c for c in unicodedata.normalize("NFD", text) if not "\u064b" <= c <= "\u0652")


def _overlap(glyph: tuple[str, float, float], left: float, right: float) -> bool:
    shared = min(glyph[2], right) - max(glyph[1], left)
    return shared > 0.3 * min(glyph[2] - glyph[1], right - left)


def _clusters(line: list[Char]) -> list[str]:
    """What a line draws from left to right: letters with their marks, ligatures whole, spaces by the gaps too."""
    # Spaces without width are pdfium's own guesses, wrong where marks made it go back and forth; gaps tell better.
    glyphs, marks = _glyphs([c for c in line if not (c[0].isspace() and c[2] - c[1] < 0.01)])
    texts = [g[0] for g in glyphs]
    for mark, left, right, *_ in marks:
        places = [at for at in range(len(glyphs)) if not texts[at].isspace()]
        if places:
            middle = left + right
            texts[min(places, key=lambda at: abs(glyphs[at][1] + glyphs[at][2] - middle))] += mark
    size = sorted(c[4] for c in line if not c[0].isspace())[-1]
    result: list[str] = []
    end: float | None = None
    for text, (_, left, right) in zip(texts, glyphs, strict=True):
        if end is not None and left - end > _SPACE_GAP * size and not text.isspace() and not result[-1].isspace():
            result.append(" ")
        result.append(text)
        end = right if end is None else max(end, right)
    return result


def _ligature(text: str) -> str:
    """Lam-alef in reading order, however the file's character map gives it."""
    return _TURNED_LAM_ALEF.get(text, text)


def _with_pypdf(data: bytes, source: str) -> tuple[list[list[Line]], dict[str, str]]:
    import logging

    pypdf = load("pypdf", "pypdfium2", "PDF")
    logger = logging.getLogger("pypdf")
    was, logger.disabled = logger.disabled, True  # it logs each oddity of a damaged file; the error says enough
    try:
        reader = pypdf.PdfReader(io.BytesIO(data))
        if reader.is_encrypted and not reader.decrypt(""):
            raise _encrypted(source)
        texts = [page.extract_text() for page in reader.pages]
        info = {key.lstrip("/"): str(value) for key, value in (reader.metadata or {}).items()}
    except DocumentError:
        raise
    except Exception as error:  # pypdf raises nearly anything on a damaged file
        reason = squeeze(str(error))[:80]
        raise DocumentError(f"{source}: a damaged PDF ({reason}); open it and save it again") from None
    finally:
        logger.disabled = was
    return [_text_lines(text) for text in texts], info


def _text_lines(text: str) -> list[Line]:
    lines = [squeeze(plain_letters(line)) for line in text.splitlines()]
    if looks_reversed(text):
        rtl = is_rtl(text)
        lines = [to_logical(list(line), rtl or is_rtl(line)) if arabic_letters(line) else line for line in lines]
    return [Line(line) for line in lines if line]
