"""PDF files made by hand, in the ways that producers of Arabic ones do it."""

from __future__ import annotations

import re
import unicodedata

_NO_JOIN_AFTER = set("اأإآدذرزوؤءةى")
_RUN = re.compile(r"[A-Za-z0-9]+(?:[ .,:/]+[A-Za-z0-9]+)*")
_MIRROR = str.maketrans("()[]«»", ")(][»«")


def _forms() -> dict[tuple[str, str], str]:
    table = {}
    for code in range(0xFE70, 0xFEFD):
        parts = unicodedata.decomposition(chr(code)).split()
        if parts:
            table["".join(chr(int(p, 16)) for p in parts[1:]), parts[0]] = chr(code)
    return table


FORMS = _forms()


def _is_letter(char: str) -> bool:
    return "\u0621" <= char <= "\u064a"


def shape(text: str) -> list[str]:
    """``text`` in reading order as presentation forms, lam-alef as one."""
    units = re.findall("ل[اأإآ]|.", text)
    shaped = []
    for at, unit in enumerate(units):
        if not _is_letter(unit[0]):
            shaped.append(unit)
            continue
        before = units[at - 1][-1] if at else " "
        after = units[at + 1][0] if at + 1 < len(units) else " "
        joins_before = _is_letter(before) and before not in _NO_JOIN_AFTER and unit != "ء"
        joins_after = _is_letter(after) and unit[-1] not in _NO_JOIN_AFTER and after != "ء"
        form = {
            (True, True): "<medial>",
            (True, False): "<final>",
            (False, True): "<initial>",
            (False, False): "<isolated>",
        }[joins_before, joins_after]
        shaped.append(FORMS.get((unit, form)) or FORMS[unit, "<isolated>"])
    return shaped


def drawn(units: list[str]) -> list[str]:
    """Units of a right-to-left line, in reading order, as they stand from left to right."""
    text = "".join(u if len(u) == 1 else "\ue000" for u in units)
    whole = [u for u in units if len(u) > 1]
    result: list[str] = []
    at = 0
    for match in _RUN.finditer(text):
        result += [c.translate(_MIRROR) for c in text[at : match.start()]]
        result += list(match.group())[::-1]
        at = match.end()
    result += [c.translate(_MIRROR) for c in text[at:]]
    filled = iter(whole)
    return [next(filled) if c == "\ue000" else c for c in result][::-1]


def make_pdf(
    pages: list[list[tuple[float, float, float, list[str]]]], title: str = "", one_by_one: bool = False
) -> bytes:
    """A PDF of lines (x, y, type size, units as they are drawn from left to right), half an em a unit.

    one_by_one: each unit is placed on its own, from the right: the order stored is then the order read.
    """
    units = sorted({u for page in pages for line in page for u in line[3]})
    code = {u: at for at, u in enumerate(units, 33)}  # 32 is a space to readers, whatever the map says
    contents = []
    for page in pages:
        parts = ["BT"]
        for x, y, size, line in page:
            parts.append(f"/F1 {size} Tf")
            if one_by_one:
                at = x + sum(_width(u) for u in line) * size / 1000
                for unit in reversed(line):
                    at -= _width(unit) * size / 1000
                    parts.append(f"1 0 0 1 {at:.2f} {y} Tm <{code[unit]:02x}> Tj")
            else:
                parts.append(f"1 0 0 1 {x} {y} Tm <{''.join(f'{code[u]:02x}' for u in line)}> Tj")
        contents.append("\n".join([*parts, "ET"]).encode())
    cmap = "\n".join(f"<{code[u]:02x}> <{u.encode('utf-16-be').hex()}>" for u in units)
    assert len(units) < 256 - 33
    widths = " ".join(str(_width(u)) for u in units)
    names = " ".join(f"/g{code[u]}" for u in units)
    # A Type 3 font, whose glyphs are boxes: it needs no font file, and pdfium passes over glyphs without extent.
    glyphs = " ".join(f"/g{code[u]} {8 + 2 * len(pages) + at} 0 R" for at, u in enumerate(units))
    to_unicode = (
        "/CIDInit /ProcSet findresource begin 12 dict begin begincmap /CMapName /X def /CMapType 2 def\n"
        f"1 begincodespacerange <00> <ff> endcodespacerange\n{len(units)} beginbfchar\n{cmap}\nendbfchar\n"
        "endcmap end end"
    ).encode()
    kids = " ".join(f"{8 + 2 * n} 0 R" for n in range(len(pages)))
    objects = [
        b"<< /Type /Catalog /Pages 2 0 R >>",
        f"<< /Type /Pages /Kids [{kids}] /Count {len(pages)} >>".encode(),
        b"<< /Type /Font /Subtype /Type3 /FontBBox [0 0 1000 1000] /FontMatrix [0.001 0 0 0.001 0 0] /FirstChar 33"
        b" /LastChar %d /CharProcs 4 0 R /Encoding 6 0 R /Widths [%s] /ToUnicode 5 0 R /Resources << >> >>"
        % (32 + len(units), widths.encode()),
        f"<< {glyphs} >>".encode(),
        b"<< /Length %d >>\nstream\n" % len(to_unicode) + to_unicode + b"\nendstream",
        f"<< /Type /Encoding /Differences [33 {names}] >>".encode(),
        b"<< /Title <feff" + title.encode("utf-16-be").hex().encode() + b"> /CreationDate (D:20230312100000Z) >>",
    ]
    for number, content in enumerate(contents):
        objects.append(
            b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Resources << /Font << /F1 3 0 R >> >>"
            b" /Contents %d 0 R >>" % (9 + 2 * number)
        )
        objects.append(b"<< /Length %d >>\nstream\n" % len(content) + content + b"\nendstream")
    for unit in units:
        width = _width(unit)
        drawing = b"%d 0 0 0 %d 700 d1 0 0 %d 700 re f" % (width, max(width, 200), max(width, 200))
        objects.append(b"<< /Length %d >>\nstream\n" % len(drawing) + drawing + b"\nendstream")
    return assemble(objects)


def _width(unit: str) -> int:
    return 0 if unicodedata.combining(unit[0]) else 280 if unit == " " else 500


def assemble(objects: list[bytes], extra: bytes = b"/Info 7 0 R") -> bytes:
    """A PDF file of numbered objects, the first its catalogue."""
    out = bytearray(b"%PDF-1.7\n")
    places = []
    for number, body in enumerate(objects, 1):
        places.append(len(out))
        out += b"%d 0 obj\n" % number + body + b"\nendobj\n"
    table = len(out)
    out += b"xref\n0 %d\n0000000000 65535 f \n" % (len(objects) + 1)
    out += b"".join(b"%010d 00000 n \n" % place for place in places)
    out += b"trailer << /Size %d /Root 1 0 R %s >>\nstartxref\n%d\n%%%%EOF\n" % (len(objects) + 1, extra, table)
    return bytes(out)


def wrap(text: str, width: int) -> list[str]:
    lines, line = [], ""
    for word in text.split():
        if line and len(line) + 1 + len(word) > width:
            lines.append(line)
            line = word
        else:
            line = f"{line} {word}".strip()
    return [*lines, line]


def arabic_page(paragraphs: list[str], how: str, size: float = 10.0, top: float = 780.0) -> list:
    """Paragraphs set right-aligned. how: ``drawn`` or ``backwards`` letters, ``forms``, or ``ligatures``."""
    page, y = [], top
    for paragraph in paragraphs:
        for line in wrap(paragraph, 70):
            units = {
                "forms": lambda line: shape(line),
                "ligatures": lambda line: re.findall("ل[اأإآ]|.", line),
            }.get(how, list)(line)
            row = units if how == "backwards" else drawn(units)
            x = 560 - sum(_width(u) for u in row) * size / 1000
            page.append((x if how != "backwards" else 40.0, y, size, row))
            y -= 1.3 * size
        y -= size
    return page


def latin_page(lines: list[str], size: float = 10.0, top: float = 780.0, step: float = 13.0) -> list:
    return [(40.0, top - at * step, size, list(line)) for at, line in enumerate(lines) if line]
