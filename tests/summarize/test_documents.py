"""Bytes to text, and what is refused."""

from __future__ import annotations

import io

import pytest

from summarize.documents import decode, read_file, read_stream
from summarize.errors import DocumentError

ARABIC = "أعلنت الحكومة العراقية أن المهمة انتهت، وقالت إنها تشكر الجميع."
WESTERN = "The café’s owner said “no” to the fiancé. " * 3


@pytest.mark.parametrize(
    ("data", "text", "encoding", "warning"),
    [
        (ARABIC.encode(), ARABIC, "utf-8", None),
        (ARABIC.encode("utf-8-sig"), ARABIC, "utf-8", None),
        (ARABIC.encode("utf-16"), ARABIC, "utf-16", "UTF-16"),
        (b"\xfe\xff" + ARABIC.encode("utf-16-be"), ARABIC, "utf-16", "UTF-16"),
        (ARABIC.encode("utf-16-le"), ARABIC, "utf-16-le", "no byte order mark"),
        (WESTERN.encode("utf-16-be"), WESTERN, "utf-16-be", "no byte order mark"),
        (ARABIC.encode("cp1256"), ARABIC, "windows-1256", "Windows-1256"),
        (WESTERN.encode("cp1252"), WESTERN, "windows-1252", "Windows-1252"),
    ],
)
def test_encodings(data, text, encoding, warning):
    document = decode(data, "x.txt")
    assert (document.text, document.encoding) == (text, encoding)
    assert (warning in document.warnings[0]) if warning else document.warnings == ()


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"", "empty"),
        (b" \n\t ", "empty"),
        (b"\xef\xbb\xbf", "empty"),
        (b"%PDF-1.7 ...", "a PDF, not plain text; let its format be found out"),
        (b"{\\rtf1 x}", "an RTF file; save it as DOCX, PDF or plain text"),
        (b"\xd0\xcf\x11\xe0\xa1", "an old Office file .*; save it as DOCX, PDF or plain text"),
        (b"\x1f\x8b\x08", "a gzip archive; unpack it first"),
        (b"PK\x03\x04abcd", "ZIP archive"),
        (b"\x89PNG\r\n\x1a\n", "PNG image"),
        (bytes(range(256)) * 8, "binary"),
        (b"abc\x00def", "binary"),
        (b"\x01\x02\x03\x04" * 50, "binary"),
        (b"\xff\xfea", "goes on as something else"),
        ("Правительство".encode("koi8-r") * 9, "neither UTF-8"),
    ],
)
def test_refusals(data, message):
    with pytest.raises(DocumentError, match=message) as caught:
        decode(data, "x.txt")
    assert str(caught.value).startswith("x.txt: ") and "\n" not in str(caught.value)


LONG = (ARABIC + " ") * 20  # 2,340 bytes


@pytest.mark.parametrize(
    ("data", "broken"),
    [
        (LONG.encode()[:-3], 1),  # cut inside a letter, as `head -c` does
        (ARABIC.encode().replace(b"\xd9\x84", b"\xd9", 1), 1),  # one always may be
        (LONG.encode().replace(b"\xd9\x84", b"\xff", 2), 2),
        ((LONG + "\ufffd").encode().replace(b"\xd9\x84", b"\xff", 1), 1),  # one was there before
    ],
)
def test_a_few_broken_bytes_are_read_and_said(data, broken):
    document = decode(data, "x.txt")
    what = "character" if broken == 1 else "characters"
    assert document.warnings == (f"{broken} broken {what} in its UTF-8, read as U+FFFD",)
    assert document.encoding == "utf-8" and ARABIC[-20:-2] in document.text


def test_more_broken_bytes_are_another_encoding():
    with pytest.raises(DocumentError, match="neither UTF-8"):
        decode(LONG.encode().replace(b"\xd9\x84", b"\xff", 40), "x.txt")
    one_accent = ("plain words " * 400 + "caf\xe9 ").encode("cp1252")
    assert decode(one_accent, "x.txt").encoding == "windows-1252"


def test_files(tmp_path):
    path = tmp_path / "نص.txt"
    path.write_text(ARABIC, encoding="utf-8")
    assert read_file(path).text == ARABIC
    with pytest.raises(DocumentError, match="no such file"):
        read_file(tmp_path / "missing.txt")
    with pytest.raises(DocumentError, match="a folder; give the files in it"):
        read_file(tmp_path)
    with pytest.raises(DocumentError, match="cannot be read"):
        read_file("nul\x00byte")
    assert read_stream(io.BytesIO(ARABIC.encode())).source == "<stdin>"
