"""The bundled model itself: a handful of short documents, in one process and in two."""

from __future__ import annotations

from summarize.languages import script_share

from .conftest import read_lines, write_lines

DOCUMENTS = [
    "The ministry of health said on Monday that 25 people were hurt when a bus overturned on the road between Mosul "
    "and Erbil. All of them were taken to hospitals in both cities, and the driver is being questioned by the police.",
    "أعلنت وزارة الصحة يوم الاثنين إصابة 25 شخصا إثر انقلاب حافلة على الطريق بين الموصل وأربيل، ونقل الجرحى جميعا إلى "
    "مستشفيات المدينتين، بينما تستجوب الشرطة سائق الحافلة لمعرفة أسباب الحادث الذي وقع صباحا.",
    "The city council voted on Tuesday to close the old bridge for two years, because engineers found cracks in three "
    "of its five pillars. Buses will cross the river by the new bridge, and a ferry will carry people on foot.",
    "The minister resigned today.",
]


def test_two_processes_write_what_one_writes(tmp_path, monkeypatch, capsys):
    from summarize.cli import run

    monkeypatch.chdir(tmp_path)
    write_lines(tmp_path / "in.jsonl", [*({"id": i, "text": text} for i, text in enumerate(DOCUMENTS)), {"text": None}])
    assert run(["batch", "in.jsonl", "one.jsonl", "--workers", "1", "--headline"]) == 1
    assert "4 of 5 records summarised in one.jsonl; 1 failed" in capsys.readouterr().err
    *good, bad = read_lines(tmp_path / "one.jsonl")
    assert "null" in bad["error"] and [line["id"] for line in good] == [0, 1, 2, 3]
    assert [line["source_language"] for line in good] == ["en", "ar", "en", "en"]
    for line in good:
        assert line["model"] == "khulasa" and not line["truncated"]
        for summary in line["summaries"]:
            assert len(summary["text"]) > 10 and script_share(summary["text"], summary["language"]) > 0.5
    assert all(summary["headline"] for line in good[:3] for summary in line["summaries"])
    assert run(["batch", "in.jsonl", "two.jsonl", "--workers", "2", "--headline"]) == 1
    assert (tmp_path / "two.jsonl").read_bytes() == (tmp_path / "one.jsonl").read_bytes()
