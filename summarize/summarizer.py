"""The Python API: ``Summarizer``."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cached_property
from typing import TYPE_CHECKING, Any, overload

from .decode import LENGTHS, ROUTES, Decoder
from .errors import DocumentError, UsageError
from .job import Job, prepare
from .languages import parse_languages
from .long import DEFAULT_STRATEGY, check_strategy
from .rerank import QUALITIES
from .results import Result, Summary

if TYPE_CHECKING:
    from .batch import Failure
    from .checks.constraint import NumberVocabulary
    from .models.engine import Engine

__all__ = ["LENGTHS", "Result", "Summarizer", "Summary"]

_BATCH = 16


class Summarizer:
    """Summaries of Arabic and English documents.

    Args:
        model: an alias of the catalogue (``summarize models``), or a folder with weights.
        device: "auto" (a GPU where there is one), "cpu", "cuda", "cuda:0", "mps".
        dtype: "auto" (khulasa: int8 weights on a CPU; else bfloat16 where the device has it), "float32", ...
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
        strategy: str = ...,
        evidence: bool = ...,
        quality: str = ...,
        route: str = ...,
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
        strategy: str = ...,
        evidence: bool = ...,
        quality: str = ...,
        route: str = ...,
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
        strategy: str = DEFAULT_STRATEGY,
        evidence: bool = False,
        quality: str = QUALITIES[0],
        route: str = ROUTES[0],
    ) -> Result | list[Result]:
        """Summarises a text, or each of a list of texts.

        Args:
            documents: a text, or texts.
            to: languages of the summaries, "ar" and "en": a list, or one string with commas; None takes all that the
                model writes of a document, both for the bundled one.
            length: "short" (to 30 words), "medium" (31 to 60), "long", or "auto": short to 150 words of document,
                medium to 600, then long. Of a document longer than the model reads at once, a medium summary has a
                passage for each half, a long one for each quarter, and "auto" for each of up to 8 parts.
            headline: whether to write a headline in each language, too.
            num_beams: beams of the search; 1 is greedy; None searches as the model's authors do, the bundled one
                with 4 beams.
            source: the documents' language, "ar" or "en"; "auto" tells it by their letters.
            faithful: whether to forbid, while decoding, numbers that the document does not support, and to take, of
                what the beams find, the likeliest of those with the fewest unsupported numbers and names.
            check: whether to look for numbers and names that the document does not support.
            strategy: how to read a document that is longer than the model reads at once: "select" (its first and most
                central sentences), "reduce" (summaries of its chunks are summarised) or "truncate" (its beginning).
            evidence: whether to find, for every sentence of a summary, the document's sentences that it rests on.
            quality: "fast" hands over what the search finds. "best", of the bundled model, writes 16 more candidates of
                each summary and hands over the one that agrees most with the others, and whose numbers and names the
                document supports, unless it is sure of what the search found (``summarize.rerank``), and chooses
                translations among 32; it takes several times as long.
            route: how a summary in another language than the document's is written: "direct", out of the document;
                "translate": the summary in the document's own language is translated by the same model, which takes
                a second, short pass; "auto": what measured better with the model in that direction.

        Returns:
            A ``Result`` for a text, a list of them for a list, in its order.

        Raises:
            UsageError: an option's value is not among its choices.
            DocumentError: a text is empty or in neither language, or the model does not write what was asked for of it.
        """
        job = self.job(
            to,
            length=length,
            headline=headline,
            num_beams=num_beams,
            source=source,
            faithful=faithful,
            check=check,
            strategy=strategy,
            evidence=evidence,
            quality=quality,
            route=route,
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

    def batch(
        self,
        documents: Iterable[str | Mapping[str, Any]],
        to: str | Sequence[str] | None = None,
        *,
        text_field: str | None = None,
        id_field: str | None = None,
        window: int = 1024,
        batch_tokens: int | None = None,
        **options: Any,
    ) -> Iterator[Result | Failure]:
        """Results of any number of documents, in their order, as they come; memory does not grow with their number.

        Args:
            documents: texts, or rows with a text and possibly an id.
            text_field: the row's text; by default its document, text, article, body or content.
            id_field: the row's id, which a failure tells; by default "id".
            window: documents that are read ahead and sorted by length, so that neighbours share a batch.
            batch_tokens: tokens of a batch at most, padding included; None takes what suits the device.
            options: those of a call.

        Returns:
            For each document its ``Result``, or a ``Failure`` whose ``error`` says what is wrong with it (a result's
            ``error`` is None).

        Raises:
            UsageError: an option's value is not among its choices.
            ModelError: document after document fails, so that the model must be broken.
        """
        from .batch.records import Fields
        from .batch.stream import summarize_all
        from .batch.work import Asked

        if window < 1 or (batch_tokens is not None and batch_tokens < 1):
            raise UsageError(f"window={window}, batch_tokens={batch_tokens}: give whole numbers from 1")
        asked = Asked({"to": to, **options}, budget=batch_tokens)
        return summarize_all(self, documents, asked, Fields(text_field, id_field), window)

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
        strategy: str = DEFAULT_STRATEGY,
        evidence: bool = False,
        quality: str = QUALITIES[0],
        route: str = ROUTES[0],
    ) -> Job:
        """The way from prepared texts to results; options and errors are those of a call."""
        languages = None if to is None else parse_languages(to if isinstance(to, str) else list(to))
        if length not in LENGTHS:
            raise UsageError(f"{length!r} is not a length: choose from {', '.join(LENGTHS)}")
        check_strategy(strategy)
        if source not in ("auto", "ar", "en"):
            raise UsageError(f"{source!r} is not a source language: choose from auto, ar, en")
        if num_beams is not None and (not isinstance(num_beams, int) or not 1 <= num_beams <= 32):
            raise UsageError(f"num_beams={num_beams!r} is not a number of beams: choose from 1 to 32")
        if quality not in QUALITIES:
            raise UsageError(f"{quality!r} is not a quality: choose from {', '.join(QUALITIES)}")
        if quality == "best" and not hasattr(self.engine, "candidates"):
            raise UsageError(f"{self.engine.name!r} gives no candidates to choose among: quality 'best' is for khulasa")
        if route not in ROUTES:
            raise UsageError(f"{route!r} is not a route: choose from {', '.join(ROUTES)}")
        kinds = getattr(self.engine, "kinds", ("headline", "translation"))
        if route == "translate" and "translation" not in kinds:
            raise UsageError(f"{self.engine.name!r} does not translate: route 'translate' is for khulasa")
        if headline and "headline" not in kinds:
            raise UsageError(f"{self.engine.name!r} writes no headline: it writes {', '.join(kinds)}")
        vocabulary = self._vocabulary if faithful else None
        decoder = Decoder(self.engine, num_beams, vocabulary, faithful, quality, route)
        return Job(decoder, languages, length, headline, check, strategy, evidence)
