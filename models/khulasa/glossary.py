"""Names and rare words in both languages, put before a text that is to be translated.

A small model cannot know how tens of thousands of clubs, towns and people are called in the other language; it can
copy. Names of the text that the glossary has are written before it, ``(Leicester City = ليستر سيتي; ...)`` and a line
break, and the model was trained to take them up (Dinu et al. 2019, "Training neural machine translation to apply
terminology constraints", put them within the sentence). A name that the glossary reads wrongly does little harm:
training had such ones, too.

Rare words of the text come after its names: their likeliest translations in the bitext, which so small a model does not
remember (``recipe/lexicon.py``), or in a dictionary. Names that are in no list are spelt by ``letters``.

The lists are ``glossary.txt.gz`` and ``words.txt.gz``, made by ``recipe/glossary.py``, which names their sources and
licences.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import NamedTuple

from summarize.checks import gazetteer
from summarize.checks.text import Token, arabic_stems, fold, tokenize

from . import letters
from .letters import KIND, LIGHT

FILE = Path(__file__).resolve().parent / "glossary.txt.gz"
WORDS = FILE.with_name("words.txt.gz")
MOST = 8  # names before one text
_NAMES = re.compile(r"^\s*\([^()=]* = [^()]*\)\s*")
MOST_WORDS = 6
_ENDINGS = re.compile("(s|ed|ly|ing|tion)$")
_STOPS = frozenset('.!?:"“”')


class Name(NamedTuple):
    """A name as a text has it (without what Arabic writes on to it), in the other language, and its folded words."""

    here: str
    other: str
    key: str


def key(name: str) -> str:
    """A name's folded words, a space between them.

    >>> key("Al-Ahly")
    'al - ahly'
    """
    return " ".join(token.lower for token in tokenize(fold(name)))


@dataclass(frozen=True)
class Glossary:
    """names: per language of a text, its names' folded words to how they are called in the other language.

    common: words of either language that are no names by themselves. words: per language of a text, light stems, and
    folded words behind a "=", to words of the other language, the rarest first.
    """

    names: dict[str, dict[str, str]]
    common: frozenset[str] = frozenset()
    words: dict[str, dict[str, str]] = field(default_factory=dict)
    _ranks: dict[str, dict[str, int]] = field(init=False, repr=False, compare=False)
    _widths: dict[str, dict[str, int]] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        widths: dict[str, dict[str, int]] = {}
        for language, names in self.names.items():
            longest = widths.setdefault(language, {})
            for words in names:
                first, width = words.partition(" ")[0], words.count(" ") + 1
                if width > longest.get(first, 0):
                    longest[first] = width
        object.__setattr__(self, "_widths", widths)
        ranks = {language: {stem: i for i, stem in enumerate(words)} for language, words in self.words.items()}
        object.__setattr__(self, "_ranks", ranks)

    def find(self, text: str, language: str) -> list[Name]:
        """The names in ``text`` that are known, each once, in order.

        The longest name wins. Of single words, those that are also common ones are left out, and English ones
        without a capital.
        """
        folded = fold(text)
        tokens = tokenize(folded)
        found: dict[str, Name] = {}
        i = 0
        while i < len(tokens):
            hit = self._at(tokens, i, language)
            if hit is None:
                i += 1
                continue
            words, skipped = hit
            width = words.count(" ") + 1
            first, last = folded.span(tokens[i].start, tokens[i + width - 1].end)
            here = text[first + skipped : last]
            if language == "en":
                here = here.removesuffix("'s").removesuffix("’s")
            found.setdefault(words, Name(here, self.names[language][words], words))
            i += width
        return list(found.values())

    def find_words(self, text: str, language: str, names: Sequence[Name] = ()) -> list[Name]:
        """The rarest words of ``text`` that are known, MOST_WORDS at most, in order; none that is part of ``names``."""
        ranks = self._ranks.get(language, {})
        taken = {word for name in names for word in name.key.split()}
        folded = fold(text)
        found: dict[str, Name] = {}
        for token in tokenize(folded):
            if token.kind != KIND[language] or token.lower in taken:
                continue
            stem = LIGHT[language](token.lower)
            # The very word, its stem, the word without what is written on to it.
            written = arabic_stems(token.lower) if language == "ar" else ()
            forms = ("=" + token.lower, stem, *("=" + one for one in written))
            word = next((form for form in forms if form in ranks), "")
            if word and self.words[language][word] and stem not in found:
                first, last = folded.span(token.start, token.end)
                found[stem] = Name(text[first:last], self.words[language][word], word)
        rarest = sorted(found.values(), key=lambda name: ranks[name.key])[:MOST_WORDS]
        return [name for name in found.values() if name in rarest]

    def find_strange(self, text: str, language: str, names: Sequence[Name] = ()) -> list[Name]:
        """Names in ``text`` that no list has, spelt letter by letter, in order.

        English words with a capital (at the beginning of a sentence none that ends as many words do, unless another
        capital follows), Arabic ones that look foreign, which are no word of ``words`` or of the model's own bitext,
        nor part of ``names``.
        """
        taken = {word for name in names for word in name.key.split()}
        words = self.words.get(language, {})
        folded = fold(text)
        found: dict[str, Name] = {}
        tokens = tokenize(folded)
        titled = [token.kind == "w" and token.text.removesuffix("'s").istitle() for token in tokens] + [False]
        for i, token in enumerate(tokens):
            word = token.lower.removesuffix("'s")
            if token.kind != KIND[language] or len(word) < 4 or word in taken or word in found:
                continue
            if language == "en":
                doubtful = (i == 0 or tokens[i - 1].text in _STOPS) and _ENDINGS.search(word) and not titled[i + 1]
                if not titled[i] or not word.isascii() or doubtful:
                    continue
            if word in self.common or "=" + word in words or LIGHT[language](word) in words:
                continue
            known = letters.load()
            if known.unseen(word, language) and (language == "en" or known.looks_foreign(word)):
                spelt = letters.spell(word, language)
                if spelt:
                    first, last = folded.span(token.start, token.end)
                    found[word] = Name(text[first:last].removesuffix("'s"), spelt, word)
        return list(found.values())

    def hints(self, text: str, language: str, words: bool = True) -> list[Name]:
        """What is put before ``text``: names, those that are only spelt, then rare words."""
        names = self.find(text, language)
        if not words:
            return names[:MOST]
        names = (names + self.find_strange(text, language, names))[:MOST]
        return names + self.find_words(text, language, names)

    def _at(self, tokens: Sequence[Token], i: int, language: str) -> tuple[str, int] | None:
        """The words of the longest name at ``i``, and how many letters are written on to it in front."""
        token = tokens[i]
        names, widths = self.names.get(language, {}), self._widths.get(language, {})
        if language == "ar" and token.kind == "a":
            heads: Iterable[str] = arabic_stems(token.lower)
        elif language == "en" and token.kind == "w" and token.text[0].isupper():
            heads = (token.lower, token.lower.removesuffix("'s"))
        else:
            return None
        best: tuple[str, int] | None = None
        longest = 0
        for head in dict.fromkeys(heads):
            for width in range(min(widths.get(head, 0), len(tokens) - i), 0, -1):
                if width <= longest:
                    break
                words = " ".join((head, *(t.lower.removesuffix("'s") for t in tokens[i + 1 : i + width])))
                if words in names and (width > 1 or self._alone(token.lower, head, language)):
                    best, longest = (words, len(token.lower) - len(head) if language == "ar" else 0), width
                    break
        return best

    def _alone(self, word: str, head: str, language: str) -> bool:
        """Whether a single word is a name by itself; of Arabic ones with something written before, only long ones."""
        if head in self.common or word in self.common or len(head) < 3:
            return False
        return language == "en" or len(head) > (3 if word == head else 4)


def add_names(text: str, names: Sequence[Name]) -> str:
    """``text`` with the names (and words) before it; without any as it is.

    >>> add_names("Leicester won.", [Name("Leicester", "ليستر", "leicester")])
    '(Leicester = ليستر)\\nLeicester won.'
    """
    if not names:
        return text
    return f"({'; '.join(f'{name.here} = {name.other}' for name in names)})\n{text}"


def drop_names(text: str) -> str:
    """An output without the names before its source, where the model translated them, too.

    >>> drop_names("(Chicago = شيكاغو)\\n(Then) he won.")
    '(Then) he won.'
    """
    return _NAMES.sub("", text)


@lru_cache(maxsize=1)
def load() -> Glossary:
    """The glossary of the package, read once."""
    return Glossary(_read(FILE), common(), _read(WORDS))


def _read(file: Path) -> dict[str, dict[str, str]]:
    pairs = {name: (line.partition("\t") for line in lines) for name, lines in letters.read_sections(file).items()}
    return {name: {here: other for here, _, other in some} for name, some in pairs.items()}


def common() -> frozenset[str]:
    """Words that are no names by themselves, of both languages."""
    words = gazetteer.load()
    return words.english | words.arabic
