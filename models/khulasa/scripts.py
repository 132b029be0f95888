"""Which pieces of the vocabulary hold letters of which script."""

from __future__ import annotations

import unicodedata
from typing import Any

# Scripts of which an output in that language has no need; quoted Latin names may stand in Arabic text, so the mask
# is used only to decode again what came out in the wrong language.
_FOREIGN = {"ar": "LATIN", "en": "ARABIC"}


def foreign_pieces(sp: Any, language: str) -> list[int]:
    """Ids of the pieces with a letter of the other language's script."""
    foreign = _FOREIGN[language]
    found = []
    for index in range(sp.get_piece_size()):
        if sp.is_control(index) or sp.is_unknown(index) or sp.is_byte(index):
            continue
        if any(c.isalpha() and unicodedata.name(c, "").startswith(foreign) for c in sp.id_to_piece(index)):
            found.append(index)
    return found
