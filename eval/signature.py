"""Signatures: one line that says how a score was made, and that can be read back into its configuration.

``rouge2|lang:ar|norm:v1|tok:uni|stem:no|split:khulasa|refs:best|v:0.1.0`` in the manner of sacreBLEU (Post 2018, "A
call for clarity in reporting BLEU scores"). Fields after the metric's name are ``key:value``; ``v`` is Khulasa's
version.
"""

from __future__ import annotations

from dataclasses import dataclass

from summarize.errors import UsageError


@dataclass(frozen=True)
class Signature:
    """A metric's name and its settings, in the order in which they are printed."""

    metric: str
    fields: tuple[tuple[str, str], ...]

    def __str__(self) -> str:
        return "|".join([self.metric, *(f"{key}:{value}" for key, value in self.fields)])

    def with_fields(self, **more: object) -> Signature:
        """A copy with further fields before the version, as ``bs:1000``."""
        extra = tuple((key, str(value)) for key, value in more.items())
        version = tuple(field for field in self.fields if field[0] == "v")
        rest = tuple(field for field in self.fields if field[0] != "v")
        return Signature(self.metric, rest + extra + version)

    def get(self, key: str, default: str = "") -> str:
        """Value of a field."""
        return dict(self.fields).get(key, default)

    @classmethod
    def parse(cls, text: str) -> Signature:
        """The signature that :meth:`__str__` printed; :class:`UsageError` for anything else."""
        metric, *fields = text.strip().split("|")
        pairs = []
        for field in fields:
            key, colon, value = field.partition(":")
            if not (key and colon and value):
                raise UsageError(f"{field!r} in the signature {text!r} is not key:value")
            pairs.append((key, value))
        if not metric or len(dict(pairs)) != len(pairs):
            raise UsageError(f"{text!r} is not a signature: it starts with a metric's name, and no key comes twice")
        return cls(metric, tuple(pairs))
