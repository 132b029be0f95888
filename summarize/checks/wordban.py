"""Keep a decoder from writing certain words: names and dates that a check has found to be unsupported.

A word is stopped before it is whole: forbidding its last piece alone would leave a garbled name ("Afghanista..."), so
no piece may follow that takes what is written of it past its first letters. Arabic words are forbidden with every
particle that is written onto them.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

from .text import arabic_stems, fold_word

_LEADS = ("", "و", "ف", "ب", "ل", "ك", "ال", "وال", "بال", "لل", "كال", "فال")
_FEWEST = 3  # letters that may stand of a forbidden word: fewer begin too many others


def _letters(text: str) -> bool:
    """Whether a piece has nothing but letters, their marks and apostrophes."""
    return bool(text) and all(ch.isalpha() or not ch.isprintable() or ch in "'\u2019" or ord(ch) > 0x300 for ch in text)


@dataclass(frozen=True)
class WordVocabulary:
    """A vocabulary's pieces of letters by their folded text: ``fresh`` ones open a word, ``inside`` ones go on."""

    text: tuple[str, ...]

    @cached_property
    def _pieces(self) -> tuple[Mapping[str, Sequence[int]], Mapping[str, Sequence[int]]]:
        fresh: dict[str, list[int]] = defaultdict(list)
        inside: dict[str, list[int]] = defaultdict(list)
        for i, piece in enumerate(self.text):
            bare = piece.removeprefix(" ")
            if _letters(bare):
                (inside if bare == piece else fresh)[fold_word(bare)].append(i)
        return dict(fresh), dict(inside)

    @property
    def fresh(self) -> Mapping[str, Sequence[int]]:
        """Ids of the pieces that open a word after a space."""
        return self._pieces[0]

    @property
    def inside(self) -> Mapping[str, Sequence[int]]:
        """Ids of the pieces without a space before them."""
        return self._pieces[1]

    def under_way(self, ids: Sequence[int]) -> str:
        """The folded letters after the last space or sign."""
        parts: list[str] = []
        for i in reversed(ids[-16:]):
            piece = self.text[i] if 0 <= i < len(self.text) else ""
            bare = piece.removeprefix(" ")
            if not _letters(bare):
                tail = len(bare)
                while tail and _letters(bare[tail - 1]):
                    tail -= 1
                parts.append(bare[tail:])
                break
            parts.append(bare)
            if bare != piece:
                break
        return fold_word("".join(reversed(parts)))


def stop_after(word: str, lead: int = 0) -> int:
    """Letters of a word that may stand: half of it, and at least three beside the particle of ``lead`` letters.

    >>> stop_after("afghanistan"), stop_after("iran"), stop_after("oman")
    (6, 3, 3)
    """
    return min(len(word), lead + max(_FEWEST, (len(word) - lead + 1) // 2))


class WordBan:
    """Which pieces may not come next, where these words must not be written.

    Args:
        words: as a summary has them, any spelling; those under three letters are left alone.
        vocabulary: of the decoder.
    """

    def __init__(self, words: Iterable[str], vocabulary: WordVocabulary) -> None:
        self.vocabulary = vocabulary
        self.words = tuple(dict.fromkeys(w for w in map(fold_word, words) if len(w) >= _FEWEST))
        after: dict[str, set[int]] = defaultdict(set)  # what stands of a word -> ids; "" where none is begun
        always: set[int] = set()
        for word in self.words:
            stem = arabic_stems(word)[-1] if word[0] > "\u0600" else word
            leads = _LEADS if word[0] > "\u0600" else ("",)
            for form in dict.fromkeys((word, *(lead + stem for lead in leads))):
                least = stop_after(form, max(0, len(form) - len(stem)))
                for end in range(least, len(form) + 1):
                    always.update(vocabulary.fresh.get(form[:end], ()))
                    for start in range(end):
                        after[form[:start]].update(vocabulary.inside.get(form[start:end], ()))
        self._always = tuple(sorted(always))
        self._after = {key: (*self._always, *sorted(ids)) for key, ids in after.items() if ids}

    def forbidden(self, ids: Sequence[int]) -> tuple[int, ...]:
        """Ids that would spell one of the words after ``ids``."""
        return self._after.get(self.vocabulary.under_way(ids), self._always)
