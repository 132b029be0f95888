"""The table of formats, text, Markdown, HTML, DOCX, EPUB, and the same article through all of them."""

from __future__ import annotations

import random
from pathlib import Path
from typing import Any

import pytest

from summarize.documents import Document
from summarize.errors import DocumentError, MissingExtraError, UsageError
from summarize.readers import FORMATS, base, format_names, is_url, read, read_bytes
from summarize.readers.boilerplate import without_boilerplate
from summarize.readers.markdown import inline, markdown_text

from .archives import make_docx, make_epub, saved, zipped
from .article import ALSO, HTML, PARAGRAPHS, TEXT, TITLE
from .pdfs import arabic_page, make_pdf

EPUB = make_epub(
    {"b": "".join(f"<p>{p}</p>" for p in PARAGRAPHS[:2]), "a": "".join(f"<div>{p}</div>" for p in PARAGRAPHS[2:])}
)
MARKDOWN = f"# {TITLE}\n\n" + "\n\n".join(PARAGRAPHS) + "\n"
ALL = {
    "article.txt": TEXT.encode(),
    "article.md": MARKDOWN.encode(),
    "article.html": HTML.encode(),
    "article.pdf": make_pdf([arabic_page(PARAGRAPHS[:2], "forms"), arabic_page(PARAGRAPHS[2:], "forms")], TITLE),
    "article.docx": saved(make_docx()),
    "article.epub": EPUB,
}


@pytest.mark.parametrize("name", ALL)
def test_the_same_article_in_every_format_is_the_same_text(name: str, tmp_path: Path) -> None:
    (tmp_path / name).write_bytes(ALL[name])
    document = read(str(tmp_path / name))
    assert document.text == TEXT
    assert isinstance(document, Document) and document.warnings == ()
    assert document.format == {"txt": "text", "md": "markdown"}.get(name[8:], name[8:])
    assert document.title == ("" if name.endswith("txt") else TITLE)
    if name[8:] in ("html", "docx", "epub"):
        assert document.author == "سالم الحداد"
    if name[8:] in ("html", "epub", "pdf"):
        assert document.date == "2023-03-12"


@pytest.mark.parametrize("name", ["article.html", "article.pdf", "article.docx", "article.epub"])
def test_content_goes_before_names(name: str) -> None:
    assert read_bytes(ALL[name], "wrong.txt").format == name[8:]
    assert read_bytes(ALL[name], "<stdin>").text == TEXT


def test_format_can_be_said() -> None:
    assert read_bytes(b"# A title\n\nSome *words* here.", "<stdin>", format="markdown").text == "Some words here."
    assert read_bytes(b"# A title\n\nSome *words* here.", "<stdin>").text == "# A title\n\nSome *words* here."
    assert read_bytes(b"<html><p>kept as it is</p>", "a.html", format="text").text == "<html><p>kept as it is</p>"
    assert format_names() == ["auto", *(row.name for row in FORMATS)]
    with pytest.raises(UsageError, match="^'word' is not a document format; choose from auto, pdf, docx, epub, html"):
        read("a.txt", format="word")


def test_urls_and_paths() -> None:
    assert is_url("https://example.org/a") and is_url("ftp://x")
    assert not any(map(is_url, ("a.txt", "/a/b.txt", r"C:\a.txt", "C:/a.txt", "-")))


@pytest.mark.parametrize(
    ("data", "name", "message"),
    [
        (b"", "a.txt", "empty"),
        (b"  \n ", "a.html", "empty"),
        (b"no pdf at all", "a.pdf", "named PDF, but its content is not"),
        (b"no docx at all", "a.docx", "named DOCX, but its content is not"),
        (ALL["article.docx"][:3000], "a.docx", "a ZIP archive (DOCX and EPUB are such) that is damaged"),
        (zipped("a.txt"), "a.zip", "a ZIP archive, neither DOCX nor EPUB; unpack it and give the files in it"),
        (zipped("xl/workbook.xml"), "a.xlsx", "a spreadsheet; save it as DOCX or PDF"),
        (zipped("content.xml", "mimetype"), "a.odt", "an OpenDocument file; save it as DOCX or PDF"),
        (b"{\\rtf1 words}", "a.rtf", "an RTF file; save it as DOCX, PDF or plain text"),
        (bytes(range(256)) * 4, "a.md", "a binary file"),
        (b"```\ncode only\n```\n", "a.md", "no text outside"),
        (b"<html><body><img src=a></body></html>", "a.html", "a page without text"),
        (saved(make_docx([], "")), "a.docx", "a DOCX without text"),
        (make_epub({"a": "<img/>"}), "a.epub", "an EPUB without text"),
        (
            make_epub({"a": "x"}, more={"META-INF/encryption.xml": b'<CipherReference URI="OPS/a.xhtml"/>'}),
            "a.epub",
            "DRM",
        ),
        (make_epub({"a": "x"}, spine="<broken"), "a.epub", "a damaged EPUB"),
    ],
)
def test_what_cannot_be_read(data: bytes, name: str, message: str) -> None:
    with pytest.raises(DocumentError) as caught:
        read_bytes(data, name)
    assert message in str(caught.value) and str(caught.value).startswith(f"{name}: ") and "\n" not in str(caught.value)


def test_paths_that_cannot_be_read(tmp_path: Path) -> None:
    with pytest.raises(DocumentError, match="no such file"):
        read(str(tmp_path / "none.txt"))
    with pytest.raises(DocumentError, match="a folder"):
        read(tmp_path)


@pytest.mark.parametrize(
    ("name", "module", "package"),
    [("article.html", "trafilatura", "trafilatura"), ("article.docx", "docx", "python-docx")],
)
def test_a_missing_extra_is_named(monkeypatch: pytest.MonkeyPatch, name: str, module: str, package: str) -> None:
    real = base.import_module

    def missing(wanted: str, *rest: Any) -> Any:
        if wanted == module:
            raise ImportError(wanted)
        return real(wanted, *rest)

    monkeypatch.setattr(base, "import_module", missing)
    with pytest.raises(MissingExtraError, match=rf"needs {package}; .*pip install 'khulasa\[documents\]'$"):
        read_bytes(ALL[name], name)
    assert read_bytes(ALL["article.epub"], "a.epub").text == TEXT  # needs none


def test_other_encodings() -> None:
    assert read_bytes(TEXT.encode("cp1256"), "a.txt").encoding == "windows-1256"
    assert read_bytes(TEXT.encode("utf-16"), "a.txt").text == TEXT
    assert read_bytes(HTML.encode("utf-16"), "a.html").text == TEXT
    document = read_bytes(HTML.replace("utf-8", "windows-1256").encode("cp1256"), "a.html")
    assert (document.text, document.encoding) == (TEXT, "cp1256")
    assert document.warnings == ("not UTF-8; read as cp1256, as it declares",)


@pytest.mark.parametrize(
    ("source", "text"),
    [
        ("**bold** and *it* and __b__ and _i_ and ~~gone~~", "bold and it and b and i and gone"),
        ('[words](http://a.b/c_(d) "title") stay', "words stay"),
        ("[words][ref] and <https://a.org/x>", "words and a.org/x"),
        ("an ![image](a.png) goes", "an goes"),
        ("`code` in a line", "code in a line"),
        (r"2 \* 3 and snake_case_name and 2 * 3 * 4", "2 * 3 and snake_case_name and 2 * 3 * 4"),
        ("a note[^1] here", "a note here"),
        ("a <b>tag</b> and 1 < 2 > 0", "a tag and 1 < 2 > 0"),
        ("*open " * 20_000, ("*open " * 20_000).strip()),  # nothing closes it, and that is soon seen
    ],
)
def test_markdown_inline(source: str, text: str) -> None:
    assert inline(source) == text


def test_markdown_blocks() -> None:
    source = """---
title: "From the front"
date: 2023-03-12
author: S. Haddad
---
Intro line one
goes on.

Second head
-----------

> quoted words
> go on

- one
- [ ] two
  continued

1. first

```python
x = 1
```

    indented_code()

| a | b |
|---|:-:|
| c | d |

***
<!-- hidden -->
[ref]: http://example.org
العنوان **مهم** هنا.
"""
    text, title, date, author = markdown_text(source)
    assert (title, date, author) == ("From the front", "2023-03-12", "S. Haddad")
    assert text.split("\n\n") == [
        "Intro line one goes on.",
        "Second head",
        "quoted words go on",
        "one",
        "two continued",
        "first",
        "a | b",
        "c | d",
        "العنوان مهم هنا.",
    ]


def test_markdown_comments() -> None:
    assert markdown_text("one <!-- gone\n\n--> two <!-- open")[0] == "one two <!-- open"
    assert markdown_text("a <!-- " * 20_000)[0].startswith("a <!-- a")


def test_a_page_all_of_whose_parts_are_named_after_sharing_is_read() -> None:
    page = "".join(f'<div class="share">{paragraph}</div>' for paragraph in PARAGRAPHS)
    assert read_bytes(f"<html><body>{page}</body></html>".encode(), "a.html").text == TEXT


def test_a_page_inside_a_form_is_read() -> None:
    page = f"<html><body><form><p>{PARAGRAPHS[0][:60]}</p></form></body></html>"
    assert read_bytes(page.encode(), "a.html").text == PARAGRAPHS[0][:60]


def test_html_leaves_out_what_stands_around() -> None:
    english = [
        "The river rose on Sunday after a week of rain, and the town moved its market to the hill above the bridge.",
        "Officials said 45.5% of the fields (about 1,200) were flooded, and that cookies and bread were handed out.",
        "Engineers expect the water to fall by the end of the month, when the bridge will be opened to traffic again.",
    ]
    page = f"""<html lang=en><head><title>River rises | News</title><meta property="og:title" content="River rises">
    </head><body><nav><a href=/>Home</a> <a href=/w>World</a></nav>
    <div class="consent-box"><p>We use cookies to improve our site. Accept all cookies.</p></div>
    <article><h1>River rises</h1><p>By Jane Smith</p><p>Published 12 March 2023</p><p>{english[0]}</p>
    <p>Read more: <a href=/1>Rain in the north</a></p><p>{english[1]}</p>
    <p>Read also</p><ul><li><a href=/2>Markets fall in Asia</a></li><li><a href=/3>A new bridge</a></li></ul>
    <p>{english[2]}</p><p>Share this article</p></article>
    <p>This website uses cookies. By continuing you agree.</p><footer>All rights reserved</footer></body></html>"""
    document = read_bytes(page.encode(), "a.html")
    assert document.text.split("\n\n") == english
    assert document.title == "River rises"
    assert ALSO not in read_bytes(HTML.encode(), "a.html").text


@pytest.mark.parametrize(
    "line",
    [
        "اقرأ أيضا: أسعار الدواء ترتفع",
        "اقرأ أيضاً | أسعار الدواء ترتفع",
        "إقرأ المزيد: خبر آخر",
        "شاهد أيضا: صور من الحفل",
        "للمزيد: أخبار الطقس",
        "أخبار ذات صلة",
        "قد يهمك أيضا: وصفة جديدة",
        "بقلم: سالم الحداد",
        "تحرير: منى علي",
        "آخر تحديث: 12 مارس 2023",
        "تابعونا على تويتر",
        "يستخدم هذا الموقع ملفات تعريف الارتباط لتحسين تجربتك.",
        "READ MORE: Rain in the north",
        "See also: A new bridge",
        "You may also like",
        "By Jane Smith",
        "Updated: 12 March 2023",
        "Advertisement",
        "Our site uses cookies; by continuing you accept them.",
    ],
)
def test_boilerplate_lines_go(line: str) -> None:
    assert without_boilerplate(["A first sentence.", line, "A last one."]) == ["A first sentence.", "A last one."]


@pytest.mark.parametrize(
    "line",
    [
        "By Monday the water had fallen by a metre.",
        "Related companies were not named in the report.",
        "The court said cookies on such pages need consent, and fined the company two million.",
        "كتب الرئيس على صفحته أن المحادثات تقدمت.",
        "للمزيد من الدعم، وعدت الحكومة بصرف مبلغ جديد.",
        "قال الخبير إن ملفات تعريف الارتباط تتبع المستخدمين.",
        "تحرير المدينة استغرق ثلاثة أشهر.",
        "المزيد من الأمطار متوقع هذا الأسبوع في الشمال.",
    ],
)
def test_sentences_of_an_article_stay(line: str) -> None:
    assert without_boilerplate(["A first sentence.", line, "A last one."])[1] == line


@pytest.mark.parametrize("name", ALL)
def test_random_damage_is_read_or_refused_in_one_line(name: str) -> None:
    random_ = random.Random(0)
    read_anyway = 0
    for _ in range(50):
        data = bytearray(ALL[name])
        for _ in range(random_.randint(1, 20)):
            data[random_.randrange(len(data))] = random_.randrange(256)
        if random_.random() < 0.3:
            del data[random_.randrange(1, len(data)) :]
        try:
            assert read_bytes(bytes(data), name).text
            read_anyway += 1
        except DocumentError as error:
            assert str(error).startswith(name) and "\n" not in str(error)
    if name.endswith("html"):
        assert read_anyway > 25  # a page survives a few wrong bytes


def test_a_few_broken_bytes_in_a_page_are_said() -> None:
    document = read_bytes(HTML.encode().replace("المجاورة".encode(), b"\xff\xfe"), "a.html")
    assert document.text.startswith(PARAGRAPHS[0])
    assert document.warnings == ("2 broken characters in its UTF-8, read as U+FFFD",)
