"""DOCX and EPUB: what stands where in them, and archives that are made to harm."""

from __future__ import annotations

import io
import zipfile

import pytest

from summarize.errors import DocumentError
from summarize.readers import read_bytes

from .archives import make_docx, make_epub, saved


def test_archives_that_unpack_without_end(monkeypatch: pytest.MonkeyPatch) -> None:
    from summarize.readers import epub

    monkeypatch.setattr(epub, "MAX_UNPACKED", 2**20)
    big = make_epub({"a": "<p>words</p>"}, more={"OPS/zeros": bytes(2**21)})
    assert len(big) < 2**16
    with pytest.raises(DocumentError, match="unpacks to more than 1 MB"):
        read_bytes(big, "a.epub")
    out = io.BytesIO(saved(make_docx()))
    with zipfile.ZipFile(out, "a") as archive:
        archive.writestr("word/zeros", bytes(2**21), zipfile.ZIP_DEFLATED)
    with pytest.raises(DocumentError, match="unpacks to more than 1 MB"):
        read_bytes(out.getvalue(), "a.docx")


def test_docx_tables_tracked_changes_and_notes() -> None:
    from docx.oxml import parse_xml
    from docx.oxml.ns import nsdecls

    document = make_docx(["Before the table."], "")
    table = document.add_table(rows=2, cols=2)
    for cell, words in zip(table._cells, ["City", "People", "Sanaa", "2,957,000"], strict=True):
        cell.text = words
    body = document.element.body
    for inner in (
        "<w:p><w:r><w:t>Kept </w:t></w:r><w:ins><w:r><w:t>and added</w:t></w:r></w:ins><w:del><w:r>"
        "<w:delText>and deleted</w:delText></w:r></w:del><w:r><w:t>.</w:t></w:r></w:p>",
        "<w:sdt><w:sdtContent><w:p><w:r><w:t>In a control.</w:t></w:r></w:p></w:sdtContent></w:sdt>",
        "<w:p><w:hyperlink><w:r><w:t>A link</w:t></w:r></w:hyperlink><w:r><w:br/><w:t>and a break.</w:t></w:r></w:p>",
    ):
        body.insert(len(body) - 1, parse_xml(inner.replace(">", f" {nsdecls('w')}>", 1)))
    data = io.BytesIO(saved(document))
    namespace = 'xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"'
    with zipfile.ZipFile(data) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    parts["word/footnotes.xml"] = (
        f'<w:footnotes {namespace}><w:footnote w:type="separator" w:id="0"><w:p/></w:footnote>'
        '<w:footnote w:id="1"><w:p><w:r><w:t>A note.</w:t></w:r></w:p></w:footnote></w:footnotes>'
    ).encode()
    parts["word/_rels/document.xml.rels"] = parts["word/_rels/document.xml.rels"].replace(
        b"</Relationships>",
        b'<Relationship Id="rId99" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/footnotes"'
        b' Target="footnotes.xml"/></Relationships>',
    )
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for name, part in parts.items():
            archive.writestr(name, part)
    read_back = read_bytes(out.getvalue(), "a.docx")
    assert read_back.text.split("\n\n") == [
        "Before the table.",
        "City | People",
        "Sanaa | 2,957,000",
        "Kept and added.",
        "In a control.",
        "A link and a break.",
    ]
    assert read_back.warnings == ("1 footnotes or endnotes left out",)


def test_epub_follows_the_spine() -> None:
    book = make_epub(
        {
            "one": "<h1>One</h1><p>First&#160;words.</p><script>no()</script>",
            "two": "<p>Second<br/>words.</p>",
            "x": "<p>no</p>",
        },
        spine='<itemref idref="two"/><itemref idref="one"/><itemref idref="x" linear="no"/>',
    )
    assert read_bytes(book, "a.epub").text == "Second words.\n\nOne\n\nFirst words."


def test_docx_tables_inside_tables_and_cells_in_controls() -> None:
    from docx.oxml import parse_xml
    from docx.oxml.ns import nsdecls

    document = make_docx([], "")
    inner = "<w:tbl><w:tr><w:tc><w:p><w:r><w:t>inner</w:t></w:r></w:p></w:tc></w:tr></w:tbl>"
    row = (
        f"<w:tr><w:tc><w:p><w:r><w:t>outer</w:t></w:r></w:p>{inner}</w:tc>"
        "<w:sdt><w:sdtContent><w:tc><w:p><w:r><w:t>controlled</w:t></w:r></w:p></w:tc></w:sdtContent></w:sdt></w:tr>"
    )
    document.element.body.insert(0, parse_xml(f"<w:tbl {nsdecls('w')}>{row}</w:tbl>"))
    assert read_bytes(saved(document), "a.docx").text == "outer inner | controlled"


def test_a_docx_whose_notes_are_damaged_is_one_line() -> None:
    parts = {}
    with zipfile.ZipFile(io.BytesIO(saved(make_docx()))) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    relation = (
        b'<Relationship Id="rId99" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/footnotes"'
        b' Target="footnotes.xml"/></Relationships>'
    )
    name = "word/_rels/document.xml.rels"
    parts |= {"word/footnotes.xml": b"<broken", name: parts[name].replace(b"</Relationships>", relation)}
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for name, part in parts.items():
            archive.writestr(name, part)
    with pytest.raises(DocumentError, match="^a.docx: a damaged DOCX [^\\n]*$"):
        read_bytes(out.getvalue(), "a.docx")


def test_an_epub_whose_chapters_are_encrypted_says_so_first() -> None:
    locked = b'<CipherReference URI="OPS/a.html"/>'
    book = make_epub({"a": "x"}, more={"META-INF/encryption.xml": locked})
    with pytest.raises(DocumentError, match="DRM"):
        read_bytes(book, "a.epub")
    fonts = b'<CipherReference URI="OPS/fonts/a.otf"/>'
    book = make_epub({"a": "<p>Words stay.</p>"}, more={"META-INF/encryption.xml": fonts})
    assert read_bytes(book, "a.epub").text == "Words stay."
