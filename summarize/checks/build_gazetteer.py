"""Build ``gazetteer.txt.gz`` from free sources and from the facts beside this script.

::

    python -m summarize.checks.build_gazetteer DATA_FOLDER

``DATA_FOLDER`` holds gzip JSON lines (``parallel/NAME.jsonl.gz``, objects with ``ar`` and ``en``, some with ``kind``
and ``src``). What is taken, and under what licence:

* **concepts**: ``gazetteer_facts.txt`` beside this script, ours (Apache-2.0); country and city names of CLDR
  (``terms-cldr-covid``, rows whose src is CLDR), Unicode licence v3, unicode.org/license.txt, copyright Unicode, Inc.
* **weights**: numbers learned from ``names-arwiki`` (ArWikiCats, labels of the Arabic Wikipedia); no name is kept.
* **english, arabic**: words that are common in lower case, light stems that are common; only the words are kept. From
  Tatoeba (CC BY 2.0 FR), TICO-19 (CC0), UN documents (free use with attribution) and SDG texts (MIT).
* **names-en, names-ar**: name parts of google/transliteration, Apache-2.0, copyright Google LLC.

The UNBIS Thesaurus is left out: the library's terms of use allow non-commercial use only. ANETAC and the lists without
a licence are left out too.
"""

from __future__ import annotations

import gzip
import json
import sys
from collections import Counter
from pathlib import Path

from .build_translit import held_out, learn, read_names, report, word_pairs
from .text import arabic_light, fold, fold_word, tokenize

HERE = Path(__file__).resolve().parent
CORPORA = ("tatoeba_train", "unpc-political-keepitlocal", "tico19_test", "un-sdg-udhr")
_SKIP = {"world", "Unknown Region", "Pseudo-Accents", "Pseudo-Bidi", "Unknown City", "Center", "Eurozone"}


def rows(folder: Path, name: str) -> list[dict[str, str]]:
    """All objects of one parallel file."""
    with gzip.open(folder / "parallel" / f"{name}.jsonl.gz", "rt", encoding="utf-8") as lines:
        return [json.loads(line) for line in lines]


def _aliases(text: str) -> list[str]:
    """Comma list; '?' at either end of an alias becomes a leading '?'."""
    out = []
    for alias in (a.strip() for a in text.split(",")):
        if alias:
            unsure = alias[0] == "?" or alias[-1] == "?" or alias.startswith("~?")
            bare = alias.strip("?").replace("~?", "~")
            out.append(("?" if unsure else "") + bare)
    return out


def concepts(folder: Path) -> list[str]:
    """Lines ``id<TAB>class<TAB>parent<TAB>English aliases|..<TAB>Arabic aliases|..``."""
    cldr = [r for r in rows(folder, "terms-cldr-covid") if r["src"] == "CLDR" and r["en"] not in _SKIP]
    countries = {r["en"]: r["ar"] for r in cldr if r["kind"] == "country"}
    lines: list[str] = []
    known: set[str] = set()
    section = ""

    def add(name: str, kind: str, parent: str, english: list[str], arabic: list[str]) -> None:
        lines.append("\t".join((name, kind, parent, "|".join(dict.fromkeys(english)), "|".join(dict.fromkeys(arabic)))))
        known.update(fold_word(a.strip("?")) for a in english)

    for line in (HERE / "gazetteer_facts.txt").read_text(encoding="utf-8").splitlines():
        if line.startswith("#") or not line.strip():
            continue
        if line.startswith("["):
            section = line.strip("[]")
            continue
        cells = [*line.split("|"), "", "", "", ""]
        name = cells[0].strip("?")
        unsure = "?" if cells[0].endswith("?") else ""
        english = _aliases(cells[1])
        arabic = _aliases(cells[2])
        if section == "countries":
            marked = {fold_word(a[1:]) for a in english + arabic if a[0] == "?"}
            own = [w for w in (name, countries.pop(name, "")) if w]
            own = [
                ("?" if fold_word(w) in marked else "") + w.replace(" (Burma)", "").replace(" (بورما)", "") for w in own
            ]
            add(name, "country", "", [own[0], *english], [*own[1:], *arabic])
            if cells[3]:
                capital = _aliases(cells[3])
                add(capital[0].strip("?"), "capital", name, capital, _aliases(cells[4]))
        elif section == "regions":
            add(name, "region", cells[3].strip(), [unsure + name, *english], arabic)
            countries.pop(name, None)
        else:
            add(name, "organisation", "", [unsure + name, *english], arabic)
            countries.pop(name, None)
    for name, arabic_name in countries.items():
        if fold_word(name) not in known:
            add(name, "region", "", ["?" + name], ["?" + arabic_name])  # they support, but raise no alarm
    for r in cldr:  # exemplar cities support a claim, but many are also other words
        if r["kind"] == "city" and fold_word(r["en"]) not in known:
            add(r["en"], "city", "", ["?" + r["en"].split(",")[0]], ["?" + r["ar"].split("،")[0].split("(")[0].strip()])
    return lines


def lexicons(folder: Path) -> tuple[list[str], list[str]]:
    """English words common in lower case, and common light stems of Arabic."""
    english: Counter = Counter()
    capital: Counter = Counter()
    arabic: Counter = Counter()
    for name in CORPORA:
        for row in rows(folder, name):
            previous = "."
            for token in tokenize(fold(row["en"])):
                if token.kind == "w":
                    word = token.lower.removesuffix("'s")
                    if token.text[0].islower():
                        english[word] += 1
                    elif previous not in '.!?":':
                        capital[word] += 1
                previous = token.text
            arabic.update(arabic_light(t.lower) for t in tokenize(fold(row["ar"])) if t.kind == "a")
    return (
        sorted(w for w, k in english.items() if k >= 2 and k > capital[w] and w.isascii() and len(w) > 1),
        sorted(w for w, k in arabic.items() if k >= 3 and len(w) > 1),
    )


def name_parts(folder: Path, english: set[str], arabic: set[str]) -> tuple[list[str], list[str]]:
    """Single-word name parts of both scripts that are not common words."""
    parts = [r for r in rows(folder, "names-mixed") if r["src"].startswith("google")]
    latin = {fold_word(r["en"]) for r in parts if r["en"].isascii() and r["en"].isalpha() and len(r["en"]) > 3}
    script = {fold_word(r["ar"]) for r in parts if r["ar"].isalpha() and len(r["ar"]) > 3}
    return (
        sorted(w for w in latin if w not in english),
        sorted(w for w in script if w not in arabic and arabic_light(w) not in arabic),
    )


def main() -> None:
    """Write the file beside this module; the held-out measurement of the weights goes to standard error."""
    if len(sys.argv) != 2:
        raise SystemExit("usage: python -m summarize.checks.build_gazetteer DATA_FOLDER")
    folder = Path(sys.argv[1])
    weights = learn(list(word_pairs(r for r in read_names(folder) if not held_out(r))))
    print(report(weights, folder), file=sys.stderr)
    english, arabic = lexicons(folder)
    latin_names, arabic_names = name_parts(folder, set(english), set(arabic))
    head = "\n".join("# " + line for line in (__doc__ or "").splitlines())
    packed = {"edits": weights.edits, "insertions": weights.insertions, "letters": weights.letters}
    body = "\n".join([
        head, "[concepts]", *concepts(folder),
        "[weights]", json.dumps(packed, ensure_ascii=False, separators=(",", ":")),
        "[english]", *english, "[arabic]", *arabic, "[names-en]", *latin_names, "[names-ar]", *arabic_names,
    ])  # fmt: skip
    target = HERE / "gazetteer.txt.gz"
    target.write_bytes(gzip.compress(body.encode(), compresslevel=9, mtime=0))
    print(f"{target.name}: {target.stat().st_size} bytes, {len(body)} characters", file=sys.stderr)


if __name__ == "__main__":
    main()
