"""The Python API: ``Summarizer``."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from typing import TYPE_CHECKING, overload

from .errors import DocumentError, UsageError
from .job import LENGTHS, Job, prepare
from .languages import parse_languages
from .results import Result, Summary

if TYPE_CHECKING:
    from .checks.constraint import NumberVocabulary
    from .models.engine import Engine

__all__ = ["LENGTHS", "Result", "Summarizer", "Summary"]

_BATCH = 8


class Summarizer:
    """Summaries of Arabic and English documents.

    Args:
        model: an alias of the catalogue (``summarize models``), or a folder with weights.
        device: "auto" (a GPU where there is one), "cpu", "cuda", "cuda:0", "mps".
        dtype: "auto" (bfloat16 where the device multiplies it natively), "float32", "bfloat16".
        local_files_only: never ask the network; the bundled model never does.

    Raises:
        UsageError: unknown model, device or dtype.
        ModelError: the model's weights are missing, cut short or altered.
    """

    def __init__(
        self, model: str = "khulasa", device: str = "auto", dtype: str = "auto", local_files_only: bool = False
    ) -> None:
        from .models.catalogue import load_engine

        self.engine: Engine = load_engine(model, device, dtype, local_files_only)

    @cached_property
    def _vocabulary(self) -> NumberVocabulary | None:
        """The pieces of the engine's vocabulary that matter to numbers; None where the engine does not tell them."""
        pieces = getattr(self.engine, "pieces", None)
        if pieces is None:
            return None
        from .checks.constraint import NumberVocabulary

        return NumberVocabulary.from_pieces(pieces)

    @overload
    def __call__(  # type: ignore[overload-overlap] # a str is a Sequence[str], and is taken as one text
        self,
        documents: str,
        to: str | Sequence[str] | None = ...,
        *,
        length: str = ...,
        headline: bool = ...,
        num_beams: int | None = ...,
        source: str = ...,
        faithful: bool = ...,
        check: bool = ...,
    ) -> Result: ...
    @overload
    def __call__(
        self,
        documents: Sequence[str],
        to: str | Sequence[str] | None = ...,
        *,
        length: str = ...,
        headline: bool = ...,
        num_beams: int | None = ...,
        source: str = ...,
        faithful: bool = ...,
        check: bool = ...,
    ) -> list[Result]: ...

    def __call__(
        self,
        documents: str | Sequence[str],
        to: str | Sequence[str] | None = None,
        *,
        length: str = "short",
        headline: bool = False,
        num_beams: int | None = None,
        source: str = "auto",
        faithful: bool = True,
        check: bool = True,
    ) -> Result | list[Result]:
        """Summarises a text, or each of a list of texts.

        Args:
            documents: a text, or texts.
            to: languages of the summaries, "ar" and "en": a list, or one string with commas; None takes all that the
                model writes of a document, both for the bundled one.
            length: "short" (to 30 words), "medium" (31 to 60) or "long".
            headline: whether to write a headline in each language, too.
            num_beams: beams of the search; 1 is greedy; None searches as the model's authors do, the bundled one
                greedily.
            source: the documents' language, "ar" or "en"; "auto" tells it by their letters.
            faithful: whether to forbid, while decoding, numbers that the document does not support.
            check: whether to look for numbers and names that the document does not support.

        Returns:
            A ``Result`` for a text, a list of them for a list, in its order.

        Raises:
            UsageError: an option's value is not among its choices.
            DocumentError: a text is empty or in neither language, or the model does not write what was asked for of it.
        """
        job = self.job(
            to, length=length, headline=headline, num_beams=num_beams, source=source, faithful=faithful, check=check
        )
        if isinstance(documents, str):
            return job.run([prepare(documents, source, None)])[0]
        prepared = [prepare(text, source, i) for i, text in enumerate(documents)]
        for i, document in enumerate(prepared):
            try:
                job.languages_of(document)
            except DocumentError as error:
                raise DocumentError(f"document {i}: {error}") from None
        # Neighbours in length share a batch, so that little of it is padding.
        order = sorted(range(len(prepared)), key=lambda i: len(prepared[i].text))
        results: dict[int, Result] = {}
        for start in range(0, len(order), _BATCH):
            chosen = order[start : start + _BATCH]
            results.update(zip(chosen, job.run([prepared[i] for i in chosen]), strict=True))
        return [results[i] for i in range(len(prepared))]

    def job(
        self,
        to: str | Sequence[str] | None,
        *,
        length: str = "short",
        headline: bool = False,
        num_beams: int | None = None,
        source: str = "auto",
        faithful: bool = True,
        check: bool = True,
    ) -> Job:
        """The way from prepared texts to results; options and errors are those of a call."""
        languages = None if to is None else parse_languages(to if isinstance(to, str) else list(to))
        if length not in LENGTHS:
            raise UsageError(f"{length!r} is not a length: choose from {', '.join(LENGTHS)}")
        if source not in ("auto", "ar", "en"):
            raise UsageError(f"{source!r} is not a source language: choose from auto, ar, en")
        if num_beams is not None and (not isinstance(num_beams, int) or not 1 <= num_beams <= 32):
            raise UsageError(f"num_beams={num_beams!r} is not a number of beams: choose from 1 to 32")
        kinds = getattr(self.engine, "kinds", ("headline",))
        if headline and "headline" not in kinds:
            raise UsageError(f"{self.engine.name!r} writes no headline: it writes {', '.join(kinds)}")
        return Job(self.engine, languages, length, headline, num_beams, self._vocabulary if faithful else None, check)
