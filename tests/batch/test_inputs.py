"""Every kind of input to records; what is broken says so and ends nothing."""

from __future__ import annotations

import gzip
import io
import json
import sys

import pytest

from summarize import DataError, MissingExtraError, UsageError
from summarize.batch import inputs, rows
from summarize.batch.inputs import check_inputs, cut_shards, find_sources, read_records, read_windows
from summarize.batch.records import MAX_TEXT, Fields, Record

from .conftest import write_lines

GOOD = "The government said so."


def records(*paths: object, fields: Fields | None = None, window: int = 1024) -> list[Record]:
    found, fields = [], fields or Fields()
    for shard in cut_shards(find_sources([str(path) for path in paths]), window):
        for part in read_windows(shard, fields, window):
            found += part.records
    return found


def told(*paths: object, **options) -> list[tuple]:
    return [(r.id, r.payload if r.error is None else r.error) for r in records(*paths, **options)]


def test_json_lines(tmp_path):
    path = write_lines(tmp_path / "a.jsonl", [{"id": "x", "text": "A."}, b"", {"id": 7, "text": "B."}, {"text": "C."}])
    assert told(path) == [("x", "A."), (7, "B."), ("a.jsonl:4", "C.")]


def test_the_text_field_is_guessed_in_order_or_named(tmp_path):
    path = write_lines(tmp_path / "a.jsonl", [{"body": "body", "article": "article", "titel": "title"}])
    assert told(path) == [("a.jsonl:1", "article")]
    assert told(path, fields=Fields("titel")) == [("a.jsonl:1", "title")]
    with pytest.raises(DataError, match="no field 'nix'; the fields are body, article, titel; name the text's with"):
        records(path, fields=Fields("nix"))
    write_lines(path, [{"a": 1, "b": 2}] * 3)
    with pytest.raises(DataError, match="no field 'document' or 'text' or .* the fields are a, b"):
        check_inputs([str(path)], Fields())


def test_one_row_without_the_field_is_only_that_row(tmp_path):
    path = write_lines(tmp_path / "a.jsonl", [{"x": 1}, {"text": "A."}, {"article": "B."}, {"y": 1}])
    first, second, third, fourth = told(path)
    assert "no field 'document'" in first[1] and second[1] == "A." and third[1] == "B." and "no field" in fourth[1]


def test_ids(tmp_path):
    given = [{"id": "", "text": "A."}, {"id": None, "text": "A."}, {"id": [1], "text": "A."}, {"id": 1.5, "text": "A."}]
    path = write_lines(tmp_path / "a.jsonl", given)
    assert [r.id for r in records(path)] == ["a.jsonl:1", "a.jsonl:2", "a.jsonl:3", 1.5]
    wrong = told(path, fields=Fields(id="id"))
    assert wrong[2] == ("a.jsonl:3", "field 'id' is a list, not an id") and wrong[3] == (1.5, "A.")
    (missing, *_) = told(path, fields=Fields(id="key"))
    assert missing == ("a.jsonl:1", "no field 'key' for the id; the fields are id, text")


BAD = {
    b'{"text": "cut sho': "not valid JSON",
    b'{"text": "caf\xe9"}': "not UTF-8 (byte 0xe9)",
    b"[1, 2]": "a JSON list, not an object",
    b'{"text": null}': "field 'text' is null",
    b'{"text": NaN}': "field 'text' is null",
    b'{"text": "  "}': "field 'text' is empty",
    b'{"text": 5}': "field 'text' is a number, not a text",
    b'{"text": ["a"]}': "field 'text' is a list, not a text",
    b'{"text": true}': "field 'text' is true or false, not a text",
    b'{"text": "\\u0000\\u0001\\u0002 PNG"}': "field 'text' holds binary data",
    '{"text": "��������"}'.encode(): "field 'text' holds binary data",
    b'{"text": "half \\ud83d of a pair"}': "field 'text' is not valid UTF-8",
    b'{"other": "A."}': "no field",
    b'{"text": ' + b"[" * 100_000: "nested too deeply",
    b'{"text": "' + b"word " * (MAX_TEXT // 5) + b'"}': "field 'text' holds 10 MB; texts of 10 MB or more are not read",
}


@pytest.mark.parametrize("bad", BAD, ids=list(BAD.values()))
def test_broken_lines(tmp_path, bad):
    path = write_lines(tmp_path / "a.jsonl", [{"text": GOOD}, bad, {"text": GOOD}])
    first, broken, last = records(path)
    assert first.payload == last.payload == GOOD and last.id == "a.jsonl:3"
    assert BAD[bad] in broken.error and broken.payload is None and "\n" not in broken.error


def test_a_text_just_under_the_limit_is_read(tmp_path):
    path = write_lines(tmp_path / "a.jsonl", [{"text": "w" * (MAX_TEXT - 1)}, {"text": "ش" * (MAX_TEXT // 2)}])
    first, second = records(path)
    assert first.error is None and first.size == MAX_TEXT - 1
    assert "10 MB" in second.error


def test_endless_lines_do_not_stay_in_memory(tmp_path, monkeypatch):
    monkeypatch.setattr(rows, "MAX_LINE", 100)
    path = write_lines(tmp_path / "a.jsonl", [{"text": "A."}, b'{"text": "' + b"x" * 950 + b'"}', {"text": "B."}])
    assert [(r.id, r.payload) for r in records(path)] == [("a.jsonl:1", "A."), ("a.jsonl:2", None), ("a.jsonl:3", "B.")]


def test_packed_files(tmp_path):
    zstandard = pytest.importorskip("zstandard")
    plain = b"".join(json.dumps({"text": f"Number {i}."}).encode() + b"\n" for i in range(2000))
    (tmp_path / "a.jsonl.gz").write_bytes(gzip.compress(plain))
    (tmp_path / "b.jsonl.zst").write_bytes(zstandard.compress(plain))
    for name in ("a.jsonl.gz", "b.jsonl.zst"):
        found = records(tmp_path / name)
        assert len(found) == 2000 and found[-1].payload == "Number 1999." and found[-1].id == f"{name}:2000"
    data = (tmp_path / "a.jsonl.gz").read_bytes()
    (tmp_path / "a.jsonl.gz").write_bytes(data[: len(data) // 2])
    *good, last = records(tmp_path / "a.jsonl.gz")
    assert len(good) > 10 and all(r.error is None for r in good)
    assert "is damaged or cut short here" in last.error and last.id == f"a.jsonl.gz:{len(good) + 1}"


def test_byte_order_marks(tmp_path):
    path = tmp_path / "a.jsonl"
    path.write_bytes(b"\xef\xbb\xbf" + b'{"text": "A."}\n')
    assert told(path) == [("a.jsonl:1", "A.")]
    path.write_bytes('{"text": "A."}\n'.encode("utf-16"))
    with pytest.raises(DataError, match="UTF-16, not UTF-8; convert it"):
        records(path)


def test_a_json_array(tmp_path):
    path = tmp_path / "a.json"
    path.write_text('\n[{"id": "x", "text": "A."},\n 5, {"text": "B."}]')
    assert told(path) == [("x", "A."), ("a.json:2", "a JSON int, not an object with fields"), ("a.json:3", "B.")]
    path.write_text('{"text": "A."}\n{"text": "B."}\n')
    assert told(path) == [("a.json:1", "A."), ("a.json:2", "B.")]
    path.write_text('[{"id": "x"')
    with pytest.raises(DataError, match="broken JSON"):
        records(path)


@pytest.mark.parametrize(("name", "mark"), [("a.csv", ","), ("a.tsv", "\t")])
def test_separated_values(tmp_path, name, mark):
    rows = b'\xef\xbb\xbfid|text\n1|"One%s with\n""two"" lines"\n2|caf\xe9\n3|a|b\n4\n5|Five.\n' % mark.encode()
    (tmp_path / name).write_bytes(rows.replace(b"|", mark.encode()))
    one, latin, wide, short, five = told(tmp_path / name)
    assert one == ("1", f'One{mark} with\n"two" lines') and five == ("5", "Five.")
    assert latin == ("2", "field 'text' is not valid UTF-8")
    assert wide == (f"{name}:5", "3 columns, the header has 2; quote fields with separators")
    assert short == ("4", "field 'text' is null; give a text in Arabic or English")


def test_an_open_quote_is_an_error_not_a_swallowed_rest(tmp_path):
    (tmp_path / "a.csv").write_text('id,text\n1,"never closed\n2,Two.\n')
    (only,) = records(tmp_path / "a.csv")
    assert only.error.startswith("not valid CSV")


def test_parquet(tmp_path, monkeypatch):
    pyarrow = pytest.importorskip("pyarrow")
    parquet = pytest.importorskip("pyarrow.parquet")
    table = pyarrow.table({"key": [1, 2, 3], "body": ["A.", None, "C."], "big": [b"x", b"y", b"z"]})
    parquet.write_table(table, tmp_path / "a.parquet")
    null = "field 'body' is null; give a text in Arabic or English"
    assert told(tmp_path / "a.parquet") == [("a.parquet:1", "A."), ("a.parquet:2", null), ("a.parquet:3", "C.")]
    named = records(tmp_path / "a.parquet", fields=Fields("body", "key", ("key",)))
    assert [(r.id, r.fields) for r in named] == [(1, {"key": 1}), (2, {"key": 2}), (3, {"key": 3})]
    with pytest.raises(DataError, match="no field 'text'; the fields are key, body, big"):
        records(tmp_path / "a.parquet", fields=Fields("text"))
    latin = pyarrow.Array.from_buffers(pyarrow.string(), 2, [None, *_buffers(b"A.", b"\xe9\xff")])
    parquet.write_table(pyarrow.table({"text": latin}), tmp_path / "b.parquet")
    assert told(tmp_path / "b.parquet") == [("b.parquet:1", "A."), ("b.parquet:2", "not UTF-8")]
    (tmp_path / "c.parquet").write_bytes(b"PAR1 nothing")
    with pytest.raises(DataError, match="not a Parquet file"):
        records(tmp_path / "c.parquet")
    monkeypatch.setitem(sys.modules, "pyarrow.parquet", None)
    with pytest.raises(MissingExtraError, match=r"Parquet files need pyarrow: pip install 'khulasa\[data\]'"):
        records(tmp_path / "a.parquet")


def _buffers(*values: bytes) -> list:
    """Offsets and bytes of a string array that holds what no string may."""
    import pyarrow

    ends = [0]
    for value in values:
        ends.append(ends[-1] + len(value))
    offsets = b"".join(end.to_bytes(4, "little") for end in ends)
    return [pyarrow.py_buffer(offsets), pyarrow.py_buffer(b"".join(values))]


def test_a_folder(tmp_path):
    (tmp_path / "news" / "b").mkdir(parents=True)
    (tmp_path / "news" / "z.txt").write_text(GOOD)
    (tmp_path / "news" / "b" / "page.html").write_text(f"<html><body><p>{GOOD}</p></body></html>")
    (tmp_path / "news" / ".hidden.txt").write_text("x")
    write_lines(tmp_path / "news" / "part.jsonl", [{"text": "A."}, {"text": "B."}])
    (tmp_path / "news" / "out.jsonl").write_text("{}")
    ours = [tmp_path / "news" / "out.jsonl"]
    found = list(find_sources([str(tmp_path / "news")], ours))
    assert [(s.name, s.rows) for s in found] == [("b/page.html", False), ("part.jsonl", True), ("z.txt", False)]
    ids = [r.id for shard in cut_shards(found, 9) for w in read_windows(shard, Fields(), 9) for r in w.records]
    assert ids == ["b/page.html", "part.jsonl:1", "part.jsonl:2", "z.txt"]
    (tmp_path / "empty").mkdir()
    with pytest.raises(DataError, match="empty: the folder holds no files"):
        list(find_sources([str(tmp_path / "empty")]))
    with pytest.raises(DataError, match="nothing.jsonl: no such file or folder"):
        list(find_sources([str(tmp_path / "nothing.jsonl")]))


def test_windows_depend_on_the_file_and_shards_on_the_list(tmp_path, monkeypatch):
    path = write_lines(tmp_path / "a.jsonl", [{"text": f"{i}."} for i in range(25)])
    for i in range(7):
        (tmp_path / f"{i}.txt").write_text(GOOD)
    sources = list(find_sources([str(tmp_path / f"{i}.txt") for i in range(7)] + [str(path)]))
    shards = list(cut_shards(sources, 3))
    assert [len(s.sources) for s in shards] == [3, 3, 1, 1]
    windows = list(read_windows(shards[3], Fields(), 10))
    assert [len(w.records) for w in windows] == [10, 10, 5]
    assert [w.consumed for w in windows][-1] == path.stat().st_size
    again = list(read_windows(shards[3], Fields(), 10))
    assert [w.digest() for w in again] == [w.digest() for w in windows] and len({w.digest() for w in windows}) == 3
    monkeypatch.setattr(inputs, "_WINDOW_BYTES", 8)
    assert [len(w.records) for w in read_windows(shards[3], Fields(), 10)][:4] == [4, 4, 4, 3]


def test_standard_input(monkeypatch):
    class Stdin:
        buffer = io.BytesIO(b'{"text": "A."}\n{"text": "B."}\n')

    monkeypatch.setattr(sys, "stdin", Stdin)
    assert told("-") == [("<stdin>:1", "A."), ("<stdin>:2", "B.")]
    with pytest.raises(UsageError, match="given twice"):
        check_inputs(["-", "-"], Fields())


def test_addresses(tmp_path):
    pytest.importorskip("pyarrow")
    (tmp_path / "d").mkdir()
    write_lines(tmp_path / "d" / "a.jsonl", [{"text": "A."}])
    (tmp_path / "d" / "b.txt").write_text(GOOD)
    folder = (tmp_path / "d").as_uri()
    assert told(folder) == [("a.jsonl:1", "A."), ("b.txt", GOOD.encode())]
    assert told(f"{folder}/a.jsonl") == [("a.jsonl:1", "A.")]
    with pytest.raises(DataError, match="no such file or folder"):
        records(f"{folder}/c.jsonl")
    with pytest.raises(UsageError, match="web addresses are not read in batches"):
        records("https://example.org/a.jsonl")
    with pytest.raises(UsageError, match="not an address of cloud storage"):
        records("nix://example/a.jsonl")


def test_kept_fields(tmp_path):
    path = write_lines(tmp_path / "a.jsonl", [{"text": "A.", "url": "u", "n": [1]}, {"text": "B."}, b"{"])
    kept = [r.fields for r in records(path, fields=Fields(keep=("url", "n")))]
    assert kept == [{"url": "u", "n": [1]}, {"url": None, "n": None}, {"url": None, "n": None}]


def test_too_large_files_are_not_opened(tmp_path, monkeypatch):
    monkeypatch.setattr(inputs, "MAX_FILE", 10)
    (tmp_path / "a.txt").write_text(GOOD)
    assert "files of more than" in records(tmp_path / "a.txt")[0].error


def test_rows_that_were_looked_into_are_not_lost(tmp_path):
    path = write_lines(tmp_path / "a.jsonl", [b"{"] * 150)
    (source,) = find_sources([str(path)])
    assert len(list(read_records(source, Fields()))) == 150
