"""HTML: the article of a page with trafilatura, without what stands around it."""

from __future__ import annotations

import codecs
import re
from typing import Any

from ..documents import broken_warning, damaged_utf8, decode
from ..errors import DocumentError
from .base import ReadDocument, load, squeeze, without_title
from .boilerplate import without_boilerplate
from .markup import block_text

_META_CHARSET = re.compile(
    rb"""<meta[^>]{0,200}?charset\s*=\s*["']?\s*([\w.:-]+)|<\?xml[^>]*encoding=["']([\w.:-]+)""", re.I
)
_AROUND = re.compile(
    r"(?:^|[\s_-])(?:cookies?|consent|gdpr|newsletter|subscribe|related|read-?(?:also|more|next)|see-?also|"
    r"recommend(?:ed|ations)?|most-?read|share|sharing|social|byline|breadcrumbs?|advert(?:isement)?|promo|comments?)"
    r"(?:[\s_-]|$)",
    re.I,
)
_TAGS_AROUND = ("nav", "footer", "aside", "form", "button", "dialog", "script", "style", "noscript", "template")


def declared_text(data: bytes, source: str, charset: str | None) -> tuple[str, str, tuple[str, ...]]:
    """(text, encoding, warnings) of a page's bytes.

    Valid UTF-8 is UTF-8 whatever the page says, since text in another encoding hardly ever is; else the HTTP
    header's charset, else the page's own, else what ``documents.decode`` finds out.
    """
    bom = data.startswith((codecs.BOM_UTF8, codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE))
    if not bom:
        try:
            return data.decode("utf-8"), "utf-8", ()
        except UnicodeDecodeError:
            pass
        found = _META_CHARSET.search(data[:4096])
        inner = (found.group(1) or found.group(2)).decode("ascii") if found else None
        for name in filter(None, (charset, inner)):
            if _is_utf8(name):  # not valid as a whole; a few broken bytes are no reason to call it something else
                if damaged := damaged_utf8(data, most=0.01, beside=0):
                    return damaged[0], "utf-8", (broken_warning(damaged[1]),)
            elif (text := _decoded(data, name)) is not None:
                encoding = codecs.lookup(_web_name(name)).name
                return text, encoding, (f"not UTF-8; read as {encoding}, as it declares",)
    document = decode(data, source)
    return document.text, document.encoding, document.warnings


def _web_name(name: str) -> str:
    # As the Encoding Standard has it, Latin-1 on the web means Windows-1252.
    return "cp1252" if name.lower() in ("iso-8859-1", "latin1", "latin-1", "us-ascii", "ascii") else name


def _is_utf8(name: str) -> bool:
    """Whether a declared encoding is UTF-8, or one that no page is in and that is best read as UTF-8."""
    try:
        return codecs.lookup(name).name in (
            "utf-8", "utf-7", "idna", "punycode", "unicode_escape", "raw_unicode_escape"
        )  # fmt: skip
    except LookupError:
        return False


def _decoded(data: bytes, name: str) -> str | None:
    """``data`` in a declared encoding, or None where that cannot be right."""
    try:
        text = data.decode(_web_name(name))
    except (LookupError, UnicodeError, ValueError):
        return None
    if _web_name(name) == "cp1252" and sum("\u00a0" <= c <= "\u00ff" for c in text) > 0.25 * len(text):
        return None  # another alphabet, wrongly labelled
    return text


def read_html(data: bytes, source: str, charset: str | None = None) -> ReadDocument:
    """The article of a page: menus, cookie notices, bylines, "read also" lists and comments left out.

    Raises:
        DocumentError: no text in it.
        MissingExtraError: trafilatura is not installed.
    """
    trafilatura = load("trafilatura", "trafilatura", "HTML")
    html, encoding, warnings = declared_text(data, source, charset)
    tree = _pruned(html)
    found = None
    if tree is not None:
        found = trafilatura.bare_extraction(tree, url=_url(source), with_metadata=True, **_OPTIONS)
    body = (found.text or "") if found is not None else ""
    title, date, author = _metadata(html, source, trafilatura)
    paragraphs = [squeeze(line.removeprefix("- ")) for line in body.split("\n")]
    paragraphs = without_boilerplate([p for p in paragraphs if p], author)
    if sum(map(len, paragraphs)) < 80:
        # A page too short or too odd for the judgement of what is its article.
        whole = without_boilerplate(block_text(_source(tree) if tree is not None else html).split("\n\n"), author)
        paragraphs = whole if sum(map(len, whole)) > sum(map(len, paragraphs)) else paragraphs
    paragraphs = [p for p in without_title(paragraphs, title) if p]
    if not paragraphs:
        raise DocumentError(
            f"{source}: a page without text (made by scripts, or behind a wall?); save its text instead"
        )
    return ReadDocument("\n\n".join(paragraphs), source, encoding, warnings, title, date, author, "html")


_OPTIONS: dict[str, Any] = {"include_comments": False, "include_tables": True, "favor_recall": True}


def _url(source: str) -> str | None:
    return source if source.startswith(("http://", "https://")) else None


def _metadata(html: str, source: str, trafilatura: Any) -> tuple[str, str, str]:
    """(title, date, author) as the whole page states them, its head and bylines included."""
    try:
        data = trafilatura.extract_metadata(html, default_url=_url(source))
    except (ValueError, TypeError, AttributeError):
        return "", "", ""
    if data is None:
        return "", "", ""
    return squeeze(data.title), squeeze(data.date)[:10], squeeze(data.author)


def _tree(html: str) -> Any:
    from lxml import etree
    from lxml import html as lxml_html

    parser = lxml_html.HTMLParser(encoding="utf-8", remove_comments=True, remove_pis=True)
    try:
        return lxml_html.document_fromstring(html.encode("utf-8", errors="replace"), parser=parser)
    except (etree.ParserError, etree.XMLSyntaxError, ValueError):
        return None


def _source(tree: Any) -> str:
    from lxml import html as lxml_html

    return str(lxml_html.tostring(tree, encoding="unicode"))


def _pruned(html: str) -> Any:
    """The page's tree less what names itself as standing around the article, or None if it has no tree."""
    tree = _tree(html)
    if tree is None:
        return None
    whole = len(squeeze(tree.text_content()))
    for element in list(tree.iter(*_TAGS_AROUND)):
        if element.getparent() is not None and element.tag != "form":
            element.drop_tree()
        elif element.tag == "form" and len(squeeze(element.text_content())) < 0.3 * whole:
            element.drop_tree()  # some sites wrap the whole page in one form
    parts = []
    for element in tree.iter("*"):
        names = f"{element.get('class', '')} {element.get('id', '')}"
        role = element.get("role", "")
        around = role in ("navigation", "dialog", "complementary", "contentinfo") or _AROUND.search(names)
        if around and element.tag not in ("html", "body", "article", "main") and element.getparent() is not None:
            parts.append(element)
    for element in parts:
        # A name alone is not enough to throw away most of a page.
        if element.getparent() is not None and len(squeeze(element.text_content())) < 0.4 * whole:
            element.drop_tree()
    # Nor are many such names together enough to throw away all of it.
    return tree if len(squeeze(tree.text_content())) >= 0.1 * whole else _tree(html)
