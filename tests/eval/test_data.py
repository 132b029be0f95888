"""Data sets: formats, layouts, field mapping, and what is wrong with files."""

from __future__ import annotations

import gzip
import json
import sys
from pathlib import Path

import pytest

from summarize.errors import DataError, MissingExtraError, UsageError
from summarize.eval.data import load_examples, read_examples, read_predictions
from summarize.eval.readers import read_rows

ROWS = [
    {"id": "a", "document": "The cat sat on the mat.", "summary": "Cat sits."},
    {"id": "b", "document": "أعلن الوزير القرار اليوم.", "summary": "قرار الوزير"},
]


def write(folder: Path, kind: str) -> Path:
    path = folder / f"data{kind}"
    lines = "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in ROWS).encode()
    if kind == ".jsonl":
        path.write_bytes(b"\xef\xbb\xbf" + lines)
    elif kind == ".jsonl.gz":
        path.write_bytes(gzip.compress(lines))
    elif kind == ".jsonl.zst":
        path.write_bytes(pytest.importorskip("zstandard").compress(lines))
    elif kind == ".json":
        path.write_text(json.dumps({"data": ROWS}, ensure_ascii=False), encoding="utf-8")
    elif kind in (".csv", ".tsv"):
        separator = "," if kind == ".csv" else "\t"
        cells = [["id", "document", "summary"], *[[f'"{value}"' for value in row.values()] for row in ROWS]]
        path.write_text("\r\n".join(separator.join(row) for row in cells), encoding="utf-8")
    else:
        pq = pytest.importorskip("pyarrow.parquet")
        import pyarrow

        pq.write_table(pyarrow.Table.from_pylist(ROWS), path)
    return path


@pytest.mark.parametrize("kind", [".jsonl", ".jsonl.gz", ".jsonl.zst", ".json", ".csv", ".tsv", ".parquet"])
def test_formats(tmp_path: Path, kind: str) -> None:
    examples = load_examples(write(tmp_path, kind))
    assert [e.id for e in examples] == ["a", "b"]
    assert examples[1].document == ROWS[1]["document"]
    assert [dict(e.references) for e in examples] == [{"en": ("Cat sits.",)}, {"ar": ("قرار الوزير",)}]
    assert [e.source_lang for e in examples] == ["en", "ar"]


def test_hugging_face_data_set(tmp_path: Path) -> None:
    datasets = pytest.importorskip("datasets")
    datasets.Dataset.from_list(ROWS).save_to_disk(tmp_path / "saved")
    assert [e.id for e in load_examples(f"hf:{tmp_path / 'saved'}")] == ["a", "b"]
    datasets.DatasetDict({"test": datasets.Dataset.from_list(ROWS)}).save_to_disk(tmp_path / "dict")
    assert len(load_examples(f"hf:{tmp_path / 'dict'}")) == 2
    with pytest.raises(DataError, match="cannot be loaded"):
        load_examples(f"hf:{tmp_path / 'dict'}::train")


LAYOUTS = [
    ("xlsum", {"id": "1", "url": "u", "title": "t", "summary": "قرار", "text": "أعلن الوزير القرار."}, "1"),
    ("crosssum", {"source_url": "s", "target_url": "t", "summary": "Decision", "text": "أعلن الوزير القرار."}, "s > t"),
    ("cnndm", {"id": "9", "article": "Long text here.", "highlights": "Text."}, "9"),
]


@pytest.mark.parametrize(("layout", "row", "identity"), LAYOUTS, ids=[x[0] for x in LAYOUTS])
def test_layouts_are_told_by_their_fields(write_jsonl, layout: str, row: dict, identity: str) -> None:
    path = write_jsonl("x.jsonl", [row])
    for choice in ("auto", layout):
        (example,) = load_examples(path, layout=choice)
        assert example.id == identity
        assert example.document == row.get("text", row.get("article"))


def test_one_source_may_have_several_targets_in_crosssum(write_jsonl) -> None:
    rows = [{"source_url": "s", "target_url": t, "summary": "x y", "text": "long text"} for t in ("1", "2")]
    assert len(load_examples(write_jsonl("x.jsonl", rows))) == 2


def test_fields_by_name(write_jsonl) -> None:
    path = write_jsonl("x.jsonl", [{"nr": 7, "body": "Some text.", "gist": "Text."}])
    (example,) = load_examples(path, fields={"id": "nr", "document": "body", "summary": "gist"})
    assert (example.id, example.document, example.for_language("en")) == ("7", "Some text.", ("Text.",))


def test_several_references_and_both_languages(write_jsonl) -> None:
    rows = [
        {"document": "Some text.", "summaries": ["One.", "Two."], "summary": "One."},
        {"document": "Some text.", "summary_ar": "نص", "summary_en": "Text."},
    ]
    first, second = load_examples(write_jsonl("x.jsonl", rows))
    assert first.for_language("en") == ("One.", "Two.")
    assert (second.for_language("ar"), second.for_language("en")) == (("نص",), ("Text.",))
    assert (first.id, second.id) == ("1", "2")


GOOD = json.dumps(ROWS[0])
BAD = [
    ("broken JSON", [GOOD, '{"id": "b", "docu'], "line 2: broken JSON: Unterminated string"),
    ("a list", [GOOD, "[1]"], "line 2: a JSON list, not an object with fields"),
    ("missing field", [GOOD, '{"id": "b", "summary": "x"}'], "line 2: no field 'document'; the fields are id, summary"),
    ("no field at all", ['{"body": "x"}'], "line 1: no field 'document' or 'summary'; the fields are body"),
    ("NaN", [GOOD, '{"id": "b", "document": "x", "summary": NaN}'], "line 2: field 'summary' is NaN"),
    ("nan as text", [GOOD, '{"id": "b", "document": "nan", "summary": "x"}'], "line 2: field 'document' is 'nan'"),
    (
        "number",
        [GOOD, '{"id": "b", "document": 3, "summary": "x"}'],
        "line 2: field 'document' is a int, not a text: 3",
    ),
    (
        "empty reference",
        [GOOD, '{"id": "b", "document": "x", "summary": " "}'],
        "line 2: the reference summary is empty",
    ),
    (
        "null reference",
        [GOOD, '{"id": "b", "document": "x", "summary": null}'],
        "line 2: the reference summary is empty",
    ),
    ("empty document", [GOOD, '{"id": "b", "document": "", "summary": "x"}'], "line 2: the document is empty"),
    ("duplicate id", [GOOD, GOOD], "line 2: the id 'a' was already used at line 1; ids must differ"),
    ("references no list", ['{"document": "x", "summaries": "y"}'], "line 1: field 'summaries' is a str, not a list"),
    ("no rows", [], "no examples in it"),
]


@pytest.mark.parametrize(("lines", "message"), [b[1:] for b in BAD], ids=[b[0] for b in BAD])
def test_errors_name_the_line(tmp_path: Path, lines: list[str], message: str) -> None:
    path = tmp_path / "x.jsonl"
    path.write_text("\n".join(lines), encoding="utf-8")
    with pytest.raises(DataError) as error:
        load_examples(path)
    assert message in str(error.value)
    assert str(path) in str(error.value)
    assert "\n" not in str(error.value)


@pytest.mark.parametrize(
    ("stated", "source"), [("ar", "ar"), ("Arabic", "ar"), ("en_XX", "en"), ("en-GB", "en"), ("", "en"), (None, "en")]
)
def test_stated_languages(write_jsonl, stated: str | None, source: str) -> None:
    (example,) = load_examples(write_jsonl("x.jsonl", [{**ROWS[0], "source_lang": stated}]))
    assert example.source_lang == source


@pytest.mark.parametrize("field", ["source_lang", "target_lang"])
def test_other_languages_are_refused(write_jsonl, field: str) -> None:
    path = write_jsonl("x.jsonl", [{**ROWS[0], field: "french"}])
    with pytest.raises(DataError, match=f"line 1: field '{field}' is 'french'; only Arabic .ar. and English .en."):
        load_examples(path)


def test_half_a_surrogate_pair_is_replaced(tmp_path: Path) -> None:
    path = tmp_path / "x.jsonl"
    path.write_text('{"document": "cut \\ud83d here", "summary": "whole \\ud83d\\ude00"}', encoding="ascii")
    (example,) = load_examples(path)
    assert (example.document, example.for_language("en")) == ("cut \ufffd here", ("whole \U0001f600",))


def test_empty_rows_can_be_left_out(write_jsonl) -> None:
    path = write_jsonl("x.jsonl", [ROWS[0], {"id": "b", "document": "x", "summary": ""}])
    assert [e.id for e in read_examples(path, skip_empty=True)] == ["a"]
    path = write_jsonl("y.jsonl", [{"id": "b", "document": "x", "summary": ""}, ROWS[0]])
    assert [e.number for e in read_examples(path, skip_empty=True)] == [1]


def test_broken_files(tmp_path: Path) -> None:
    (tmp_path / "x.jsonl.gz").write_bytes(gzip.compress(GOOD.encode())[:-9])
    (tmp_path / "y.jsonl").write_bytes(b'{"document": "\xff\xfe"}')
    (tmp_path / "z.csv").write_text("id,document,summary\na,b,c,d\n", encoding="utf-8")
    (tmp_path / "p.parquet").write_bytes(b"not parquet")
    (tmp_path / "c.csv.gz").write_bytes(gzip.compress(b"id,document,summary\n" + b"1,a,b\n" * 9000)[:-20])
    (tmp_path / "j.json.gz").write_bytes(gzip.compress(b'[{"id": 1}]')[:-5])
    (tmp_path / "n.json").write_text("5", encoding="utf-8")
    for name, message in (
        ("x.jsonl.gz", "cut short"),
        ("y.jsonl", "line 1: not UTF-8 (byte 0xff)"),
        ("z.csv", "line 2: more columns than the header has"),
        ("c.csv.gz", "cut short"),
        ("j.json.gz", "cut short"),
        ("n.json", "holds a int; give a list of objects"),
        ("none.jsonl", "no such file"),
    ):
        with pytest.raises(DataError) as error:
            list(read_rows(tmp_path / name))
        assert message in str(error.value)
    pytest.importorskip("pyarrow")
    with pytest.raises(DataError, match="not a Parquet file"):
        list(read_rows(tmp_path / "p.parquet"))


def test_a_zst_file_cut_at_the_end_of_a_line_is_noticed(tmp_path: Path) -> None:
    """zstandard's own reader ends there as if the file did."""
    zstandard = pytest.importorskip("zstandard")
    line = (json.dumps(ROWS[0]) + "\n").encode()
    writer = zstandard.ZstdCompressor().compressobj()
    block = writer.compress(line) + writer.flush(zstandard.COMPRESSOBJ_FLUSH_BLOCK)
    whole = block + writer.compress(line) + writer.flush()
    path = tmp_path / "x.jsonl.zst"
    path.write_bytes(whole + zstandard.compress(line))  # two frames, three lines
    assert len(list(read_rows(path))) == 3
    path.write_bytes(block)
    with pytest.raises(DataError, match="cut short"):
        list(read_rows(path))


def test_unknown_names_list_the_choices(tmp_path: Path, write_jsonl) -> None:
    path = write_jsonl("x.jsonl", ROWS)
    with pytest.raises(UsageError, match="not a known format; choose from .jsonl"):
        read_rows(tmp_path / "x.docx")
    with pytest.raises(UsageError, match="'mine' is not a known layout; choose from auto, khulasa, crosssum"):
        load_examples(path, layout="mine")
    with pytest.raises(UsageError, match="'body' is not a field; choose from id, document"):
        load_examples(path, fields={"body": "x"})
    with pytest.raises(DataError, match=r"no field 'nr' \(for id\)"):
        load_examples(path, fields={"id": "nr"})


def test_limit_reads_no_further(tmp_path: Path) -> None:
    path = tmp_path / "x.jsonl"
    path.write_text(GOOD + "\n{broken", encoding="utf-8")
    assert len(load_examples(path, limit=1)) == 1


def test_predictions_of_any_kind(tmp_path: Path, write_jsonl) -> None:
    text = tmp_path / "p.txt"
    text.write_text("one\n\nthree", encoding="utf-8")
    assert [row[2] for row in read_predictions(text)] == ["one", "", "three"]
    rows = write_jsonl("p.jsonl", [{"id": 1, "output": "x"}])
    assert [row[1:] for row in read_predictions(rows)] == [("1", "x", None)]
    labelled = write_jsonl("l.jsonl", [{"id": 1, "output": "x", "to": "arabic"}])
    assert [row.to for row in read_predictions(labelled)] == ["ar"]
    with pytest.raises(DataError, match="no field 'mine'; the fields are id, output"):
        list(read_predictions(rows, "mine"))


def test_the_sample_serves_all_four_directions() -> None:
    examples = load_examples("sample")
    assert len(examples) >= 40
    for lang in ("ar", "en"):
        assert sum(e.source_lang == lang for e in examples) >= 20
    for example in examples:
        assert example.for_language("ar") and example.for_language("en")


@pytest.mark.parametrize(
    ("name", "module"), [("x.jsonl.zst", "zstandard"), ("x.parquet", "pyarrow.parquet"), ("hf:x", "datasets")]
)
def test_missing_packages_are_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, module: str) -> None:
    monkeypatch.setitem(sys.modules, module, None)
    monkeypatch.setitem(sys.modules, "compression", None)  # Python 3.14 reads .zst by itself
    path = name if name.startswith("hf:") else str(tmp_path / name)
    if not name.startswith("hf:"):
        Path(path).write_bytes(b"x")
    with pytest.raises(MissingExtraError) as error:
        list(read_rows(path))
    assert str(error.value).endswith("pip install 'khulasa[data]'")
