"""Markdown to text: structure markers go, words stay; code blocks are left out."""

from __future__ import annotations

import re

from ..documents import decode
from ..errors import DocumentError
from .base import ReadDocument, squeeze

_FRONT = re.compile(r"\A---[ \t]*\n(.*?)\n(?:---|\.\.\.)[ \t]*(?:\n|\Z)", re.S)
_FRONT_FIELD = re.compile(r"^(title|date|author)[ \t]*:[ \t]*(.+)$", re.M | re.I)
_FENCE = re.compile(r"^ {0,3}(`{3,}|~{3,})")
_HEADING = re.compile(r"^ {0,3}(#{1,6})[ \t]+(.*?)[ \t]*#*[ \t]*$")
_SETEXT = re.compile(r"^ {0,3}(=+|-{2,})[ \t]*$")
_RULE = re.compile(r"^ {0,3}(?:(?:\*[ \t]*){3,}|(?:-[ \t]*){3,}|(?:_[ \t]*){3,})$")
_QUOTE = re.compile(r"^ {0,3}(?:>[ \t]?)+")
_LIST = re.compile(r"^[ \t]*(?:[-*+]|\d{1,9}[.)])[ \t]+(?:\[[ xX]\][ \t]+)?")
_TABLE_RULE = re.compile(r"^[ \t]*\|?[ \t]*:?-+:?[ \t]*(?:\|[ \t]*:?-+:?[ \t]*)*\|?[ \t]*$")
_DEFINITION = re.compile(r"^ {0,3}\[[^\]]+\]:[ \t]*\S")
_NOTE = re.compile(r"^ {0,3}\[\^[^\]]+\]:[ \t]*")
_ESCAPE = re.compile(r"\\([\\`*_{}\[\]()#+\-.!|<>~$])")
_INLINE: tuple[tuple[re.Pattern[str], str], ...] = (
    (re.compile(r"!\[[^\]]*\](?:\([^()]*(?:\([^()]*\)[^()]*)*\)|\[[^\]]*\])"), ""),  # images
    (re.compile(r"\[\^[^\]]+\]"), ""),  # footnote marks
    (re.compile(r"\[([^\[\]]+)\]\([^()]*(?:\([^()]*\)[^()]*)*\)"), r"\1"),  # [text](address)
    (re.compile(r"\[([^\[\]]+)\] ?\[[^\]]*\]"), r"\1"),  # [text][reference]
    (re.compile(r"<(?:https?://|mailto:)([^>\s]+)>"), r"\1"),
    (re.compile(r"</?[A-Za-z][^<>]*>"), ""),
    # Spans of at most a thousand characters, so that marks that nothing closes cost little.
    (re.compile(r"(`{1,9})[ ]?(.{1,1000}?)[ ]?\1(?!`)"), r"\2"),
    (re.compile(r"(\*\*\*|\*\*|\*)(?=\S)(.{1,1000}?)(?<=\S)\1"), r"\2"),
    (re.compile(r"(?<!\w)(___|__|_)(?=\S)(.{1,1000}?)(?<=\S)\1(?!\w)"), r"\2"),
    (re.compile(r"~~(?=\S)(.{1,1000}?)(?<=\S)~~"), r"\1"),
)


def read_markdown(data: bytes, source: str, charset: str | None = None) -> ReadDocument:
    """Markdown (CommonMark, with GitHub's tables, task lists and strikethrough); ``title`` is the first heading."""
    document = decode(data, source)
    text, title, date, author = markdown_text(document.text)
    if not text:
        raise DocumentError(f"{source}: no text outside headings, images and code blocks; give a text to summarise")
    return ReadDocument(text, source, document.encoding, document.warnings, title, date, author, "markdown")


def markdown_text(markdown: str) -> tuple[str, str, str, str]:
    """(text, title, date, author) of a Markdown source.

    >>> markdown_text("# Rain\\n\\nIt *rained* in [Sanaa](https://example.org).\\n\\n- all day\\n")
    ('It rained in Sanaa.\\n\\nall day', 'Rain', '', '')
    """
    markdown = markdown.replace("\r\n", "\n").lstrip("\ufeff")
    fields: dict[str, str] = {}
    if front := _FRONT.match(markdown):
        fields = {k.lower(): v.strip().strip("\"'") for k, v in _FRONT_FIELD.findall(front.group(1))}
        markdown = markdown[front.end() :]
    title, paragraphs = _blocks(_without_comments(markdown))
    first = fields.get("title") or title
    if title and first != title:
        paragraphs.insert(0, title)
    return "\n\n".join(p for p in paragraphs if p), first, fields.get("date", ""), fields.get("author", "")


def _without_comments(markdown: str) -> str:
    """``markdown`` less its HTML comments; one that is not closed is no comment."""
    parts = []
    at = 0
    while (start := markdown.find("<!--", at)) >= 0 and (end := markdown.find("-->", start + 4)) >= 0:
        parts.append(markdown[at:start])
        at = end + 3
    return "".join([*parts, markdown[at:]])


def _blocks(markdown: str) -> tuple[str, list[str]]:
    title = fence = ""
    paragraphs: list[str] = []
    lines: list[str] = []
    in_list = after_blank = False

    def close() -> None:
        if lines:
            paragraphs.append(inline(" ".join(lines)))
            lines.clear()

    for raw in markdown.split("\n"):
        if fence:
            mark = _FENCE.match(raw)
            if mark and mark.group(1).startswith(fence) and not raw.strip().strip(fence[0]):
                fence = ""
            continue
        if mark := _FENCE.match(raw):
            close()
            fence = mark.group(1)
            in_list = in_list and raw[:1] in " \t"
            continue
        if not raw.strip():
            close()
            after_blank = True
            continue
        if re.match(r"(?: {4}|\t)", raw) and not lines and not in_list:
            continue  # an indented code block
        line = _QUOTE.sub("", raw)
        heading = _HEADING.match(line)
        setext = _SETEXT.match(line) if lines and not after_blank else None
        if heading or setext:
            if setext:
                text, level = inline(" ".join(lines)), 1 if setext.group(1)[0] == "=" else 2
                lines.clear()
            elif heading:
                close()
                text, level = inline(heading.group(2)), len(heading.group(1))
            if level == 1 and not title and not paragraphs:
                title = text
            else:
                paragraphs.append(text)
            in_list = False
        elif _RULE.match(line) or (_TABLE_RULE.match(line) and "|" in line):
            close()
        elif _NOTE.match(line):
            close()
            lines.append(_NOTE.sub("", line))
        elif _DEFINITION.match(line):
            close()
        elif item := _LIST.match(line):
            close()
            in_list = True
            lines.append(line[item.end() :])
        elif line.strip().startswith("|") and line.strip().endswith("|") and len(line.strip()) > 1:
            close()
            paragraphs.append(inline(" | ".join(c.strip() for c in line.strip().strip("|").split("|"))))
        else:
            in_list = in_list and (bool(lines) or raw[:1] in " \t")
            lines.append(line.strip())
        after_blank = False
    close()
    return title, paragraphs


def inline(text: str) -> str:
    """A paragraph without its inline marks."""
    kept: list[str] = []

    def hide(match: re.Match[str]) -> str:
        kept.append(match.group(1))
        return f"\ue000{len(kept) - 1}\ue001"

    text = _ESCAPE.sub(hide, text)
    for pattern, replacement in _INLINE:
        text = pattern.sub(replacement, text)
    text = re.sub("\ue000(\\d+)\ue001", lambda m: kept[int(m.group(1))], text)
    return squeeze(text.replace("\u00a0", " "))
