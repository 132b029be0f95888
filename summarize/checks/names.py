"""Names in a text, and whether another text knows them.

English names are runs of capitalised words. Arabic has no capitals: there a name is what the gazetteer knows, what
follows a title (الرئيس, وزير), or a word that is known as a part of names and not as a common word. The document is
evidence and is read generously: every word of it may support a name, in any inflection, with a letter spelled
differently, and across scripts by transliteration.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property, lru_cache

from .gazetteer import Gazetteer, Mention, load
from .namelists import CAPITAL_CONNECTORS, GENERIC_EN, GIVEN_AR, ROLES, TITLES_AR, TITLES_EN
from .numerals import DECADES, ORDINALS, SCALES, VALUES
from .quantities import Numbers, read_numbers
from .text import Token, arabic_light, arabic_stems, english_light
from .units import HIJRI, MONTHS, WEEKDAYS

SAME = 0.30
"""Transliteration similarity from which two words of different scripts are taken for one name (names-arwiki: 99%
precise against 19 distractors, see build_translit)."""
MAYBE = 0.12
"""Below this no reader would take them for one name: only then an alarm is raised."""

_CALENDAR = {w for m in (*MONTHS, *HIJRI) for w in m} | set(WEEKDAYS)
_VERBAL = ("ي", "ت", "س", "ن")  # verbs of the present tense begin so
_INFLECTED = ("ون", "ين", "ات", "ه", "ها", "وا")
_NUMBERS = set(VALUES) | set(SCALES) | set(ORDINALS) | set(DECADES)


@lru_cache(maxsize=65536)
def close(a: str, b: str) -> bool:
    """Whether one word may be a spelling of the other: one edit from 5 letters, two from 9."""
    limit = 0 if min(len(a), len(b)) < 5 else 1 if min(len(a), len(b)) < 9 else 2
    if abs(len(a) - len(b)) > limit:
        return False
    row = list(range(len(b) + 1))
    for i, x in enumerate(a, 1):
        diagonal, row[0] = row[0], i
        for j, y in enumerate(b, 1):
            diagonal, row[j] = row[j], min(row[j] + 1, row[j - 1] + 1, diagonal + (x != y))
        if min(row) > limit:
            return False
    return row[-1] <= limit


@dataclass(frozen=True)
class Name:
    """A candidate name: token positions of the whole, of the words that carry it, and how it was found."""

    first: int
    last: int
    words: tuple[int, ...]
    source: str  # "capital", "gazetteer", "title", "lexicon"
    mention: Mention | None = None
    opening: bool = False  # its first word opens a sentence, where a capital says nothing


class NameReader:
    """A text, its tokens, and what they say about names. Everything derived is computed once, when first asked."""

    def __init__(self, text: str, numbers: Numbers | None = None) -> None:
        self.numbers = numbers or read_numbers(text)
        self.tokens = self.numbers.tokens
        self.arabic = self.numbers.arabic
        self.gazetteer: Gazetteer = load()

    @cached_property
    def lower_case(self) -> bool:
        """Whether capitals say nothing here: none at all, or nearly every word has one (headlines)."""
        words = [t for t in self.tokens if t.kind == "w" and len(t.text) > 1]
        if not words:
            return False
        capital = sum(t.text[0].isupper() for t in words)
        return capital == 0 or (capital > 0.7 * len(words) and len(words) > 5)

    @cached_property
    def mentions(self) -> tuple[Mention, ...]:
        """Gazetteer concepts, in order; outside dates (مارس, May)."""
        in_date = {i for d in self.numbers.dates for i in range(d.first, d.last)}
        return tuple(m for m in self.gazetteer.mentions(self.tokens, self.lower_case) if m.first not in in_date)

    @cached_property
    def concepts(self) -> dict[str, Mention]:
        """Concept to its first mention; a capital stands for its country and the reverse, a city for its country."""
        found: dict[str, Mention] = {}
        for m in self.mentions:
            for name in m.concepts:
                found.setdefault(name, m)
        implied: dict[str, Mention] = {}
        for name, m in found.items():
            parent = self.gazetteer.concepts[name].parent
            while parent:  # Glasgow is in Scotland, Scotland in the United Kingdom
                implied.setdefault(parent, m)
                parent = self.gazetteer.concepts[parent].parent
        for name, concept in self.gazetteer.concepts.items():
            if concept.kind == "capital" and concept.parent in found:
                implied.setdefault(name, found[concept.parent])
        return {**implied, **found}

    @cached_property
    def forms(self) -> frozenset[str]:
        """All words, Arabic ones with and without clitics, English ones without possessive."""
        out: set[str] = set()
        for t in self.tokens:
            if t.kind == "a":
                out.update(arabic_stems(t.lower))
            elif t.kind == "w":
                out.add(t.lower)
                out.add(t.lower.removesuffix("'s").rstrip("'"))
        return frozenset(out)

    @cached_property
    def stems(self) -> frozenset[str]:
        """Light stems of all words."""
        return frozenset(
            arabic_light(t.lower) if t.kind == "a" else english_light(t.lower) for t in self.tokens if t.kind in "aw"
        )

    @cached_property
    def by_initial(self) -> dict[str, tuple[str, ...]]:
        """Words of four letters or more by first letter, for spelling variants."""
        out: dict[str, list[str]] = {}
        for word in sorted(self.forms):
            if len(word) >= 4:
                out.setdefault(word[0], []).append(word)
        return {k: tuple(v) for k, v in out.items()}

    def stands_alone(self, word: str) -> bool:
        """Whether a capitalised word is a name by itself somewhere: City, not the City Council."""
        for i, t in enumerate(self.tokens):
            if t.kind == "w" and t.lower.removesuffix("'s") == word and t.text[0].isupper() and not self._opens(i):
                around = (self.tokens[i - 1], *self.tokens[i + 1 : i + 2])
                if not any(u.kind == "w" and u.text[0].isupper() for u in around):
                    return True
        return False

    @cached_property
    def squeezed(self) -> str:
        """All words written together, for names that are split differently (Abdel Fattah, Abdelfattah)."""
        return "".join(t.lower.replace("'", "") for t in self.tokens if t.kind in "awn")

    @cached_property
    def acronyms(self) -> frozenset[str]:
        """Initials of capitalised runs, of two to six words."""
        out: set[str] = set()
        run = ""
        full = ""
        for t in self.tokens:
            if t.kind == "w" and t.text[0].isupper():
                run += t.lower[0]
                full += t.lower[0]
            elif t.kind == "w" and t.lower in ("of", "for", "the", "and", "in", "on") and run:
                full += t.lower[0]
                continue
            elif t.text in "-&":
                continue
            else:
                run = full = ""
            for start in range(max(0, len(run) - 6), len(run) - 1):
                out.add(run[start:])
            if len(full) > 2:
                out.add(full[-6:])
        return frozenset(out)

    @cached_property
    def latin_names(self) -> tuple[str, ...]:
        """Words of the Latin script that may be names (not common in lower case)."""
        words = {t.lower.removesuffix("'s").rstrip("'") for t in self.tokens if t.kind == "w" and len(t.text) > 1}
        capital = {t.lower.removesuffix("'s") for t in self.tokens if t.kind == "w" and t.text[0].isupper()}
        return tuple(sorted(w for w in words if w in capital or w not in self.gazetteer.english))

    @cached_property
    def arabic_words(self) -> tuple[str, ...]:
        """Arabic words without and with clitics, for transliteration."""
        return tuple(sorted({s for t in self.tokens if t.kind == "a" for s in arabic_stems(t.lower) if len(s) > 1}))

    def transliterated(self, word: str) -> float:
        """Best similarity of a word with this text's words of the other script."""
        weights = self.gazetteer.weights
        best = -1.0
        if word[0] > "\u0600":
            for stem in arabic_stems(word):
                edits = weights.edits.get(stem[0], {})
                for latin in self.latin_names:
                    if latin[0] in edits or latin[:2] in edits or "" in edits:
                        best = max(best, weights.word_similarity(stem, latin))
        else:
            for other in self.arabic_words:
                edits = weights.edits.get(other[0], {})
                if word[0] in edits or word[:2] in edits or word[:3] in edits or other[0] in "اعهوي":
                    best = max(best, weights.word_similarity(other, word))
        return best

    def knows_word(self, token: Token, generous: bool = True) -> bool:
        """Whether this text has the word: same, inflected, spelled slightly differently, or in the other script."""
        word = token.lower.removesuffix("'s").rstrip("'")
        if token.kind == "n":
            return any(t.text == token.text for t in self.tokens if t.kind == "n")
        if token.kind == "a":
            if any(s in self.forms for s in arabic_stems(word)) or arabic_light(word) in self.stems:
                return True
            if any(close(s, w) for s in arabic_stems(word)[-2:] for w in self.by_initial.get(s[0], ())):
                return True
        else:
            if word in self.forms or english_light(word) in self.stems:
                return True
            if any(close(word, w) for w in self.by_initial.get(word[0], ())):
                return True
            if 2 <= len(word) <= 6 and word in self.acronyms:
                return True
            if len(word) >= 4 and any(
                w.startswith((word, word[: max(4, len(word) - 1)] if word.endswith("s") else word))
                or (len(w) > 4 and word.startswith(w))
                for w in self.by_initial.get(word[0], ())
            ):
                return True  # Bieb for Bieber, Londoners for London
        if len(word) >= 6 and word.replace("'", "") in self.squeezed:
            return True
        return generous and self.transliterated(word) >= SAME

    # --- candidates of a summary -------------------------------------------------------------------------------

    def names(self) -> Iterator[Name]:
        """Candidate names, in order."""
        taken: set[int] = set()
        found: list[Name] = []
        for m in self.mentions:
            found.append(Name(m.first, m.last, tuple(range(m.first, m.last)), "gazetteer", m, self._opens(m.first)))
            taken.update(range(m.first, m.last))
        found += self._capital_runs(taken)
        found += self._arabic_names(taken)
        if self.lower_case:
            found += self._lower_names(taken)
        yield from sorted(found, key=lambda n: n.first)

    def _opens(self, i: int) -> bool:
        """Whether token ``i`` opens a sentence, a quotation or a line."""
        if i == 0:
            return True
        before = self.tokens[i - 1]
        text = self.numbers.folded.text[before.end : self.tokens[i].start]
        return before.text in '.!?؟:"…•*-(' or "\n" in text or before.text == "'"

    def _capital_runs(self, taken: set[int]) -> list[Name]:
        if self.lower_case:
            return []
        out: list[Name] = []
        i, n = 0, len(self.tokens)
        while i < n:
            t = self.tokens[i]
            if t.kind != "w" or not t.text[0].isupper():
                i += 1
                continue
            j = i + 1
            while j < n and not self.tokens[j - 1].lower.endswith("'s"):
                u = self.tokens[j]
                if u.kind == "w" and u.text[0].isupper():
                    j += 1
                elif (u.lower in CAPITAL_CONNECTORS or u.text in "-&") and (
                    j + 1 < n and self.tokens[j + 1].kind == "w" and self.tokens[j + 1].text[0].isupper()
                ):
                    j += 2
                else:
                    break
            words = tuple(
                k for k in range(i, j)
                if self.tokens[k].kind == "w" and k not in taken and self._carries(self.tokens[k])
            )  # fmt: skip
            if words:
                out.append(Name(i, j, words, "capital", None, self._opens(i)))
            i = j
        return out

    def _carries(self, token: Token) -> bool:
        low = token.lower.removesuffix("'s")
        return (
            (len(low) > 2 or (len(low) == 2 and token.text.isupper()))
            and low not in TITLES_EN and low not in GENERIC_EN and low not in CAPITAL_CONNECTORS
            and low not in _CALENDAR and low not in _NUMBERS and low != "unk"
        )  # fmt: skip

    def _arabic_names(self, taken: set[int]) -> list[Name]:
        """Words after a title, and words known as parts of names."""
        gaz = self.gazetteer
        marked: dict[int, str] = {}
        for i, t in enumerate(self.tokens):
            if t.kind != "a" or i in taken:
                continue
            stems = arabic_stems(t.lower)
            if t.lower in TITLES_AR or (t.lower[0] == "و" and t.lower[1:] in TITLES_AR):
                continue
            rare = not any(s in gaz.arabic for s in stems) and arabic_light(t.lower) not in gaz.arabic
            rare = rare and not (t.lower.endswith("ا") and t.lower[:-1] in gaz.arabic)  # an accusative: لونا
            if (
                not rare
                or any(s in ROLES for s in stems)
                or t.lower in _CALENDAR
                or t.lower in _NUMBERS
                or len(t.lower) < 4
            ):
                continue
            k = i - 1
            while (
                k >= 0
                and (k in taken or self.tokens[k].lower.endswith("ي"))
                and self.tokens[k].lower.startswith("ال")
                and k > i - 3
            ):
                k -= 1  # الرئيس الأميركي دونالد
            after_title = k >= 0 and self.tokens[k].lower in TITLES_AR
            after_name = i > 0 and any(s in GIVEN_AR for s in arabic_stems(self.tokens[i - 1].lower))
            inflected = t.lower.startswith(_VERBAL) or t.lower.endswith(_INFLECTED)
            if any(s in gaz.names_ar for s in stems[:2]):
                marked[i] = "lexicon"
            elif ((after_title and not t.lower.startswith("ال")) or after_name) and not inflected:
                marked[i] = "title"
        return [Name(i, i + 1, (i,), how) for i, how in marked.items() if how == "title" or self._in_company(i, marked)]

    def _in_company(self, i: int, marked: Mapping[int, str]) -> bool:
        """Whether a title, a given name or another possible name stands beside an Arabic word: alone, it may be any
        rare word."""
        for k in (i - 1, i + 1):
            if k in marked:
                return True
            if 0 <= k < len(self.tokens) and self.tokens[k].kind == "a":
                low = self.tokens[k].lower
                if low in TITLES_AR or any(s in GIVEN_AR for s in arabic_stems(low)[:2]):
                    return True
        return False

    def _lower_names(self, taken: set[int]) -> list[Name]:
        """In text without capitals: words that are known as names and not as common words."""
        gaz = self.gazetteer
        out = []
        for i, t in enumerate(self.tokens):
            if t.kind != "w" or i in taken or not self._carries(t):
                continue
            word = t.lower.removesuffix("'s")
            if word in gaz.names_en and word not in gaz.english and english_light(word) not in gaz.english:
                out.append(Name(i, i + 1, (i,), "lexicon"))
        return out

    # --- slots ---------------------------------------------------------------------------------------------------

    def neighbours(self, first: int, last: int) -> frozenset[str]:
        """Content words right before and after a stretch: roles as concepts of both languages, else light stems."""
        out: set[str] = set()
        for k in (first - 1, last, first - 2):
            if 0 <= k < len(self.tokens):
                t = self.tokens[k]
                if t.kind not in "aw":
                    continue
                if k == first - 2 and self.tokens[first - 1].kind not in "aw":
                    continue
                role = next(
                    (ROLES[s] for s in (arabic_stems(t.lower) if t.kind == "a" else (t.lower,)) if s in ROLES), None
                )
                if role is not None:
                    out.add(role)
        return frozenset(out)

    def text_of(self, first: int, last: int) -> tuple[str, tuple[int, int]]:
        """The original text of a stretch of tokens, and its offsets."""
        span = self.numbers.folded.span(self.tokens[first].start, self.tokens[last - 1].end)
        return self.numbers.folded.source[span[0] : span[1]], span
