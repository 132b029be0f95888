"""Text hygiene: what is done to a document before it is read, and to a summary before it is handed over."""

from __future__ import annotations

import re
import unicodedata

# Bidi marks and embeddings, zero-width characters, soft hyphen, byte order mark, interlinear annotations; and halves of
# surrogate pairs, which JSON can hold and no tokenizer takes.
_INVISIBLE = re.compile(
    "[\u00ad\u061c\u180e\u200b-\u200f\u202a-\u202e\u2060-\u2064\u2066-\u206f\ud800-\udfff\ufeff\ufff9-\ufffb]"
)
_CONTROL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f]")
_PRESENTATION = re.compile("[\ufb50-\ufdff\ufe70-\ufefc]+")
_TATWEEL = re.compile("\u0640+")
_BREAK = re.compile("\r\n?|\u2028|\u0085")
_SPACE = re.compile(r"[^\S\n]+")
_PARAGRAPHS = re.compile(r" ?\n(?: ?\n)+ ?")
_LINE_EDGE = re.compile(r" ?\n ?")


def clean(text: str) -> str:
    """``text`` as the model should read it.

    Unicode NFC; Arabic presentation forms as ordinary letters in the same (logical) order; bidi controls, zero-width
    and control characters and tatweel removed; every run of white space within a line one space; paragraphs kept,
    one empty line between them at most.

    >>> clean("ﺍﻟﻌـــراق\\u200f  بلد\\r\\n\\r\\n\\r\\nثانٍ")
    'العراق بلد\\n\\nثانٍ'
    """
    text = _BREAK.sub("\n", text).replace("\u2029", "\n\n").replace("\f", "\n").replace("\v", "\n")
    text = _PRESENTATION.sub(lambda m: unicodedata.normalize("NFKC", m.group()), text)
    text = unicodedata.normalize("NFC", text)
    text = _CONTROL.sub("", _INVISIBLE.sub("", text))
    text = _SPACE.sub(" ", _TATWEEL.sub("", text))
    text = _PARAGRAPHS.sub("\n\n", text)
    return _LINE_EDGE.sub("\n", text).strip()


_LINE_END = re.compile(r"[.!?؟…:؛][\"'»”’)\]]*$")


def unwrap(text: str) -> str:
    """Cleaned ``text`` with the lines of paragraphs joined where all of it was broken at a line width.

    Files of old books and mail are: paragraphs of lines about equally long, most of them ending within a sentence.
    Short lines (verse, lists, headings) stay lines, and so does any text whose lines are sentences or paragraphs.
    """
    blocks = [block.split("\n") for block in text.split("\n\n")]
    inner = [line for lines in blocks if len(lines) > 2 for line in lines[:-1]]
    if len(inner) < 5:
        return text
    width = sorted(map(len, inner))[int(0.95 * len(inner))]
    full = sum(len(line) > 0.7 * width for line in inner)
    ended = sum(_LINE_END.search(line) is not None for line in inner)
    if not (40 <= width <= 120 and full > 0.7 * len(inner) and ended < 0.4 * len(inner)):
        return text
    joined = ((" " if all(len(line) > 0.6 * width for line in lines[:-1]) else "\n").join(lines) for lines in blocks)
    return "\n\n".join(joined)


def count_words(text: str) -> int:
    """Words of ``text``: what stands between white space and holds a letter or a digit.

    >>> count_words("قال: نعم - 5 مرات.")
    4
    """
    return sum(any(c.isalnum() for c in word) for word in text.split())


_DIGIT_SPACE = re.compile(r"\s+([،؛؟,;:!?.…»)\]])")


def tidy(text: str) -> str:
    """A generated text on one line: white space single, none before closing punctuation.

    >>> tidy(" قال الرئيس ، اليوم  إن ")
    'قال الرئيس، اليوم إن'
    """
    return _DIGIT_SPACE.sub(r"\1", " ".join(clean(text).split()))
