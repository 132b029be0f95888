"""PDF: Arabic however it is stored, paragraphs, and files that cannot be read."""

from __future__ import annotations

import io
import unicodedata
from typing import Any

import pytest

from summarize.errors import DocumentError, MissingExtraError
from summarize.readers import read_bytes

from .article import PARAGRAPHS, TEXT, TITLE
from .pdfs import arabic_page, assemble, drawn, latin_page, make_pdf


@pytest.mark.parametrize("how", ["drawn", "forms", "ligatures", "backwards"])
@pytest.mark.parametrize("one_by_one", [False, True])
def test_arabic_comes_out_in_reading_order(how: str, one_by_one: bool) -> None:
    document = read_bytes(make_pdf([arabic_page(PARAGRAPHS, how)], TITLE, one_by_one), "a.pdf")
    assert document.text == TEXT
    assert (document.title, document.date, document.format, document.warnings) == (TITLE, "2023-03-12", "pdf", ())


def test_marks_stay_with_their_letters() -> None:
    word = "كُتُب مُدرِّسة"
    page = arabic_page(["أعلنت وزارة الصحة افتتاح المدرسة الجديدة."], "drawn")
    page.append((300.0, 600.0, 10.0, drawn(list(word))))
    assert read_bytes(make_pdf([page]), "a.pdf").text.endswith(unicodedata.normalize("NFC", word))


@pytest.mark.parametrize("mapped_with_letter", [False, True])
def test_marks_drawn_off_the_line_stay_in_their_word(mapped_with_letter: bool) -> None:
    """Marks as HarfBuzz places them: after their letters, each with a height of its own."""
    page = arabic_page(["أعلنت وزارة الصحة افتتاح المدرسة الجديدة."], "drawn")
    letters = drawn(list("قال المعلم نعم"))
    page.append((300.0, 600.0, 10.0, letters))
    for letter, mark, height in (("ع", "\u064e", 3.0), ("ق", "\u064f", 4.5), ("ن", "\u0650", -1.0)):
        at = 300.0 + sum(2.8 if u == " " else 5.0 for u in letters[: letters.index(letter)])
        page.append((at, 600.0 + height, 10.0, [letter + mark if mapped_with_letter else mark]))
    document = read_bytes(make_pdf([page]), "a.pdf")
    assert document.text.split("\n\n")[-1] == "قُال المعلم نِعَم"


def test_lines_join_and_hyphens_go() -> None:
    lines = [
        "The ministry of health opened three new hos-",
        "pitals on Sunday, after a well-known engineer",
        "had spent two years there.",
        "",
        "A second paragraph begins here and goes on to",
        "its end.",
    ]
    text = read_bytes(make_pdf([latin_page(lines)]), "a.pdf").text
    assert text == (
        "The ministry of health opened three new hospitals on Sunday, after a well-known engineer had spent two years "
        "there.\n\nA second paragraph begins here and goes on to its end."
    )


def test_a_paragraph_goes_on_over_a_page_and_running_heads_go() -> None:
    bodies = [
        ["It rained over the whole of the north of the", "country for most of the"],
        ["week, and rivers rose."],
        ["Then it was dry."],
    ]
    pages = []
    for number, body in enumerate(bodies, 1):
        pages.append(
            latin_page(["Weather Review 2023"], top=820) + latin_page(body) + latin_page([f"Page {number}"], top=30)
        )
    assert read_bytes(make_pdf(pages), "a.pdf").text == (
        "It rained over the whole of the north of the country for most of the week, and rivers rose."
        "\n\nThen it was dry."
    )


def test_two_columns_are_read_one_after_the_other() -> None:
    left = latin_page(["The left column has its", "own two lines."])
    right = [(320.0, y, size, line) for _, y, size, line in latin_page(["The right one is read", "after it."])]
    text = read_bytes(make_pdf([left + right]), "a.pdf").text
    assert text.split("\n\n") == ["The left column has its own two lines.", "The right one is read after it."]


def test_images_only() -> None:
    objects = [
        b"<< /Type /Catalog /Pages 2 0 R >>",
        b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 100 100] >>",
    ]
    with pytest.raises(DocumentError, match="^scan.pdf: no text in this PDF, only images .*OCR"):
        read_bytes(assemble(objects, b""), "scan.pdf")


def encrypted() -> bytes:
    import pypdf

    writer = pypdf.PdfWriter(clone_from=io.BytesIO(make_pdf([latin_page(["secret words"])])))
    writer.encrypt("password", algorithm="RC4-128")
    out = io.BytesIO()
    writer.write(out)
    return out.getvalue()


def test_encrypted() -> None:
    with pytest.raises(DocumentError, match="^a.pdf: encrypted with a password; [^\n]*$"):
        read_bytes(encrypted(), "a.pdf")


@pytest.mark.parametrize("data", [b"%PDF-1.7\nnothing more", b"%PDF-1.4\n" + bytes(range(256)) * 20])
def test_damaged(data: bytes) -> None:
    with pytest.raises(DocumentError, match="^a.pdf: a damaged PDF [^\n]*$"):
        read_bytes(data, "a.pdf")


def without(monkeypatch: pytest.MonkeyPatch, *names: str) -> None:
    from summarize.readers import base

    real = base.import_module

    def missing(name: str, *rest: Any) -> Any:
        if name.split(".")[0] in names:
            raise ImportError(name)
        return real(name, *rest)

    monkeypatch.setattr(base, "import_module", missing)


@pytest.mark.parametrize("how", ["drawn", "forms"])
def test_pypdf_where_pdfium_is_not(monkeypatch: pytest.MonkeyPatch, how: str) -> None:
    without(monkeypatch, "pypdfium2")
    plain = ["أعلنت وزارة الصحة افتتاح المستشفيات الجديدة في العاصمة بعد عامين من العمل."]
    document = read_bytes(make_pdf([arabic_page(plain, how)]), "a.pdf")
    assert document.text.split() == plain[0].split()
    assert "pypdf" in document.warnings[0]
    with pytest.raises(DocumentError, match="encrypted with a password"):
        read_bytes(encrypted(), "a.pdf")


def test_neither_library(monkeypatch: pytest.MonkeyPatch) -> None:
    without(monkeypatch, "pypdfium2", "pypdf")
    with pytest.raises(MissingExtraError, match=r"^PDF needs pypdfium2; .*pip install 'khulasa\[documents\]'$"):
        read_bytes(make_pdf([latin_page(["words"])]), "a.pdf")
