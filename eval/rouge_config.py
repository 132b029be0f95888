"""What decides a ROUGE score, and its signature."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from summarize.errors import UsageError

from .parts import NORMALIZERS, SPLITTERS, STEMMERS, TOKENIZERS, part
from .signature import Signature

TYPES = ("rouge1", "rouge2", "rouge3", "rougeL", "rougeLsum")
_TYPE = re.compile(r"rouge(?:[1-9]|L|Lsum)")

# language -> normaliser, tokenizer, stemmer, splitter
PRESETS: dict[str, tuple[str, str, str, str]] = {
    "ar": ("v1", "uni", "no", "khulasa"),
    "en": ("lower", "rouge", "no", "khulasa"),  # the scores in print; accents and other scripts are dropped
}
LANGUAGES = (*PRESETS, "auto")
MULTI = ("best", "mean")


@dataclass(frozen=True)
class RougeConfig:
    """What decides a ROUGE score.

    ``None`` for a part means the language's own (:data:`PRESETS`); it is filled in at once, except under
    ``lang="auto"``, where each document's language (that of its first reference) decides and the part reads "auto".
    ``refs`` says what several references come to: the one with the highest F1 (as in rouge-score), or their mean.

    Raises:
        UsageError: a name is not in its table.
    """

    types: tuple[str, ...] = TYPES
    lang: str = "auto"
    norm: str | None = None
    tok: str | None = None
    stem: str | None = None
    split: str | None = None
    refs: str = "best"

    def __post_init__(self) -> None:
        object.__setattr__(self, "types", tuple(self.types))
        for name in self.types:
            if not _TYPE.fullmatch(name):
                raise UsageError(f"{name!r} is not a ROUGE type; choose from rouge1 to rouge9, rougeL, rougeLsum")
        if not self.types:
            raise UsageError("no ROUGE type given; choose from rouge1 to rouge9, rougeL, rougeLsum")
        for value, choices, kind in ((self.lang, LANGUAGES, "language"), (self.refs, MULTI, "way with references")):
            if value not in choices:
                raise UsageError(f"{value!r} is not a known {kind}; choose from {', '.join(choices)}")
        preset = PRESETS.get(self.lang, ("auto",) * 4)
        tables: tuple[tuple[str, Mapping[str, object], str, str], ...] = (
            ("norm", NORMALIZERS, "normaliser", preset[0]),
            ("tok", TOKENIZERS, "tokenizer", preset[1]),
            ("stem", STEMMERS, "stemmer", preset[2]),
            ("split", SPLITTERS, "sentence splitter", preset[3]),
        )
        for key, table, kind, default in tables:
            value = getattr(self, key)
            if value is None or (value == "auto" and self.lang != "auto"):
                object.__setattr__(self, key, default)
            elif value != "auto":
                part(table, kind, value)

    def for_language(self, lang: str) -> RougeConfig:
        """The configuration under ``lang`` "ar" or "en"; parts that are given by name stay."""
        return replace(self, lang=lang)

    def signature(self, metric: str, nrefs: int | str | None = None) -> Signature:
        """Signature of one of the types; ``nrefs`` as a number, or "var" where it varies."""
        from summarize import __version__

        keys = ("lang", "norm", "tok", "stem", "split", "refs")
        fields = [(key, str(getattr(self, key))) for key in keys if key != "split" or metric == "rougeLsum"]
        if nrefs is not None:
            fields.append(("nrefs", str(nrefs)))
        return Signature(metric, (*fields, ("v", __version__)))

    @classmethod
    def from_signature(cls, text: str | Signature) -> RougeConfig:
        """The configuration that printed this signature; the splitter is the default where it does not matter."""
        signature = text if isinstance(text, Signature) else Signature.parse(text)
        known = ("lang", "norm", "tok", "stem", "split", "refs")
        for key, _ in signature.fields:
            if key not in (*known, "nrefs", "bs", "ar", "seed", "level", "v"):
                raise UsageError(f"{key!r} in the signature {str(signature)!r} is not a setting of ROUGE")
        settings: dict[str, Any] = {key: value for key, value in signature.fields if key in known}
        return cls(types=tuple(signature.metric.split("+")), **settings)
