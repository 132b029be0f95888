"""What the decoder is asked for: the first tokens of every output.

``"\\n\\nShort Arabic summary:"``, ``"\\n\\nEnglish headline:"``, ``"\\n\\nArabic translation:"``: training and
inference build them here and nowhere else.
"""

from __future__ import annotations

LANGUAGE_NAMES = {"ar": "Arabic", "en": "English"}
# Words of a summary of each length, bounds included; a target's bucket in training, the wish in use.
LENGTHS = {"short": (1, 30), "medium": (31, 60), "long": (61, 400)}
KINDS = ("summary", "headline", "translation")


def length_of(words: int) -> str:
    """The length bucket that a summary of ``words`` words belongs to.

    >>> length_of(30), length_of(31), length_of(100)
    ('short', 'medium', 'long')
    """
    return next((name for name, (_, most) in LENGTHS.items() if words <= most), "long")


def prompt(kind: str, language: str, length: str = "short") -> str:
    """The decoder's first tokens as text.

    >>> prompt("summary", "ar", "medium")
    '\\n\\nMedium Arabic summary:'
    """
    name = LANGUAGE_NAMES[language]
    if kind == "summary":
        return f"\n\n{length.capitalize()} {name} summary:"
    return f"\n\n{name} {kind}:"
