"""Learning how names are spelt from pairs of names."""

from __future__ import annotations

import gzip
import json
from pathlib import Path

import pytest

from summarize.errors import DataError
from summarize.models.khulasa import letters as use
from summarize.models.khulasa.recipe import letters

TABLE = {"b": "ب", "t": "ت", "sh": "ش", "d": "د", "r": "ر", "z": "ز", "f": "ف", "k": "ك", "m": "م", "n": "ن"}
VOWELS = {"a": "ا", "i": "ي", "u": "و"}


def made() -> list[tuple[str, str]]:
    pairs = []
    for one, first in TABLE.items():
        for other, last in TABLE.items():
            for vowel, long in VOWELS.items():
                pairs.append((one + vowel + other, first + long + last))
    return pairs


def test_alignment_finds_the_units():
    likely = letters.learn(made(), (3, 2))
    found = letters.aligned("shum", "شوم", likely, (3, 2))
    assert found[0] == ("sh", "ش") and ["".join(side) for side in zip(*found, strict=True)] == ["shum", "شوم"]
    assert likely["sh", "ش"] > 100 * likely.get(("s", "ش"), 0.0)
    assert letters.aligned("x", "ش", likely, (3, 2)) is None
    assert sum(likely.values()) == pytest.approx(1.0, abs=0.01)


def test_build(tmp_path: Path, monkeypatch):
    (tmp_path / "parallel").mkdir()
    rows = [{"en": e.capitalize(), "ar": a, "kind": "person", "src": "x"} for e, a in made()]
    rows += [{"en": "Facts", "ar": "فاكتس", "kind": "organization", "src": "x"}, {"en": "Two Words", "ar": "كلمتان"}]
    lines = [json.dumps(row, ensure_ascii=False) for row in rows]
    (tmp_path / "parallel/names-mixed.jsonl").write_text("\n".join(lines), encoding="utf-8")
    bitext = [{"id": str(i), "ar": "كتبت رسالة", "en": "She wrote letters"} for i in range(letters.SEEN)]
    bitext.append({"id": "x", "ar": "مرة", "en": "Once"})
    (tmp_path / "parallel/tatoeba_train.jsonl").write_text("\n".join(map(json.dumps, bitext)), encoding="utf-8")
    assert len(letters.pairs(tmp_path)) == len(made()) and letters.pairs(tmp_path) == letters.pairs(tmp_path)
    out = tmp_path / "letters.txt.gz"
    letters.write(letters.build(tmp_path), out)
    again = out.read_bytes()
    letters.write(letters.build(tmp_path), out)
    assert out.read_bytes() == again
    assert "facts" not in gzip.decompress(again).decode()
    monkeypatch.setattr(use, "FILE", out)
    use.load.cache_clear()
    try:
        found = use.load()
        assert found.spell("shirk", "en") == "شيرك" and found.spell("ناشد", "ar") == "nashd"
        assert found.known["en"] == {"she", "wrot", "letter"} and not found.unseen("كتبت", "ar")
        assert found.looks_foreign("نيف") and not found.looks_foreign("رسالة".replace("ة", "ه"))
    finally:
        use.load.cache_clear()
    with pytest.raises(DataError, match="names-mixed.jsonl.gz is not there"):
        letters.pairs(tmp_path / "parallel")
