"""Which sentences of a document say what the whole of it says: LexRank without the square matrix.

Erkan and Radev (2004), "LexRank", continuous form: sentences are vectors of their word stems, weighted by rarity,
and a random walk goes from sentence to sentence in proportion to their cosine. The walk multiplies by the sparse
matrix of sentences and stems and its transpose, and never by their product, so that its cost grows with the text.

Shapes: n sentences, m stems, z entries (a stem in a sentence).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]
    Integers = NDArray[np.int64]

_DAMPING = 0.85
_STEPS = 30


def stems(text: str) -> list[str]:
    """Light stems of the words and numbers of ``text``, Arabic and English alike, in order.

    >>> stems("The ministers of 2 countries")
    ['the', 'minister', 'of', '2', 'country']
    """
    from ..checks.text import arabic_light, english_light, fold, tokenize

    found = []
    for token in tokenize(fold(text)):
        if token.kind == "a":
            found.append(arabic_light(token.lower))
        elif token.kind != "s":
            found.append(english_light(token.lower) if token.kind == "w" else token.lower)
    return found


@dataclass(frozen=True)
class Sentences:
    """Sentences as unit vectors of weighted stems: row, column and weight of each of the ``z`` entries."""

    rows: Integers
    columns: Integers
    weights: Floats
    shape: tuple[int, int]

    @classmethod
    def of(cls, texts: Sequence[str]) -> Sentences:
        """The vectors of ``texts``: (1 + log(times in the sentence)) * log(1 + n / sentences with the stem)."""
        import numpy as np

        counts = [Counter(stems(text)) for text in texts]
        known: dict[str, int] = {}
        columns = [known.setdefault(stem, len(known)) for count in counts for stem in count]
        times = np.array([times for count in counts for times in count.values()], dtype=np.float64)
        rows = np.repeat(np.arange(len(counts)), [len(count) for count in counts])
        at = np.array(columns, dtype=np.int64)
        spread = np.bincount(at, minlength=len(known))
        weights = (1 + np.log(times)) * np.log1p(len(counts) / spread[at])
        norms = np.sqrt(np.bincount(rows, weights**2, minlength=len(counts)))
        return cls(rows, at, weights / norms[rows], (len(counts), len(known)))

    def onto_stems(self, values: Floats) -> Floats:
        """``[n]`` to ``[m]``: the weighted sum of the sentences' vectors."""
        import numpy as np

        sums = np.bincount(self.columns, self.weights * values[self.rows], minlength=self.shape[1])
        return sums.astype(np.float64, copy=False)

    def onto_sentences(self, vector: Floats) -> Floats:
        """``[m]`` to ``[n]``: each sentence's product with ``vector``."""
        import numpy as np

        sums = np.bincount(self.rows, self.weights * vector[self.columns], minlength=self.shape[0])
        return sums.astype(np.float64, copy=False)

    def cosine(self, row: int) -> Floats:
        """``[n]``: each sentence's cosine with sentence ``row``."""
        import numpy as np

        vector = np.zeros(self.shape[1])
        mine = slice(*np.searchsorted(self.rows, [row, row + 1]))
        vector[self.columns[mine]] = self.weights[mine]
        return self.onto_sentences(vector)

    def centrality(self) -> Floats:
        """``[n]``: where a random walk from sentence to similar sentence spends its time; sums to 1.

        A sentence is not similar to itself here: else one that resembles no other would keep all that it has.
        """
        import numpy as np

        n = self.shape[0]

        def others(values: Floats) -> Floats:
            return np.maximum(self.onto_sentences(self.onto_stems(values)) - values, 0)

        degree = np.maximum(others(np.ones(n)), 1e-9)
        walk = np.full(n, 1 / n)
        for _ in range(_STEPS):
            walk = (1 - _DAMPING) / n + _DAMPING * others(walk / degree)
            walk /= walk.sum()
        return walk
