"""Which pieces of the vocabulary hold letters of which script."""

from __future__ import annotations

import unicodedata
from typing import Any

# Scripts of which an output in that language has no need. Quoted Latin names may stand in Arabic text: there the mask
# is used only to decode again what came out in the wrong language.
_FOREIGN = {"ar": "LATIN", "en": "ARABIC"}


def foreign_pieces(sp: Any, language: str) -> list[int]:
    """Ids of the pieces with a letter of the other language's script."""
    pieces = sp.id_to_piece(list(range(sp.get_piece_size())))
    foreign = _FOREIGN[language]
    letters = {c for c in set().union(*pieces) if c.isalpha() and unicodedata.name(c, "").startswith(foreign)}

    def is_text(index: int) -> bool:
        return not (sp.is_control(index) or sp.is_unknown(index) or sp.is_byte(index))

    found = (index for index, piece in enumerate(pieces) if not letters.isdisjoint(piece))
    return [index for index in found if pieces[index][0] != "<" or is_text(index)]
