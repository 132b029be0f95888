"""What a summary and a summarised document come to: ``Summary`` and ``Result``."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any

from .errors import UsageError

if TYPE_CHECKING:
    from .checks import Finding
    from .long.evidence import Evidence

ALARMS = ("unsupported", "contradicted")


@dataclass(frozen=True)
class Summary:
    """A summary in one language.

    text: one line, or one for each part of a document that was summarised in parts (``length="auto"``); tokens: of the
    model's output; complete: whether the model ended it by itself; seconds: share of the batch's decoding time;
    headline: where one was asked for; warnings: one line each; findings: every number, date and name in the text, with
    its place in text and document, and whether the document supports it; evidence: for every sentence of the text,
    those of the document that it rests on, where that was asked for.
    """

    text: str
    language: str
    length: str
    tokens: int
    complete: bool
    seconds: float
    headline: str | None = None
    warnings: tuple[str, ...] = ()
    findings: tuple[Finding, ...] = ()
    evidence: tuple[Evidence, ...] = ()

    @property
    def supported(self) -> bool:
        """Whether the document supports every number, date and name that the checks found in the text."""
        return not any(finding.status in ALARMS for finding in self.findings)


@dataclass(frozen=True)
class Result:
    """What came of one document: ``result["ar"]`` is its Arabic summary.

    source_language: "ar" or "en"; source_tokens: tokens that the encoder read; truncated: whether the document was
    longer than that and the rest left out; seconds: encoding and decoding, as a share of the batch; warnings: of the
    document as a whole; chunks: parts of the document, or selections from it, that the encoder read.
    """

    summaries: dict[str, Summary] = field(repr=False)
    source_language: str
    source_tokens: int
    truncated: bool
    seconds: float
    model: str
    warnings: tuple[str, ...] = ()
    chunks: int = 1

    def __getitem__(self, language: str) -> Summary:
        try:
            return self.summaries[language]
        except KeyError:
            raise UsageError(f"no summary in {language!r}: this result holds {', '.join(self.summaries)}") from None

    def __iter__(self) -> Any:
        return iter(self.summaries.values())

    @property
    def error(self) -> None:
        """None: a document that fails in a batch is a ``Failure``, whose ``error`` is a text."""
        return None

    def to_dict(self) -> dict[str, Any]:
        """Plain dictionaries and lists, for JSON."""
        plain = asdict(self)
        plain["summaries"] = [asdict(summary) for summary in self.summaries.values()]
        return plain
