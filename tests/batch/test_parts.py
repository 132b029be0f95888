"""The folder of parts that many machines fill, and the output that is made of it; on disk, and by address."""

from __future__ import annotations

import json

import pytest

from summarize import DataError, UsageError
from summarize.batch.parts import Part, Parts, check_part, state_of

A, B, C = "a" * 32, "b" * 32, "c" * 32
SETTINGS = {"--length": "short", "--keep": ()}


@pytest.fixture(params=["path", "address"])
def output(request, tmp_path):
    if request.param == "address":
        pytest.importorskip("pyarrow")
        return (tmp_path / "out.jsonl").as_uri()
    return str(tmp_path / "out.jsonl")


def test_an_output_out_of_parts(output, tmp_path):
    parts = Parts(output)
    assert parts.begin(SETTINGS, "inputs", False) == {}
    done = [Part(1, 0, C, 1, 0), Part(0, 1, B, 1, 1), Part(0, 0, A, 2, 0)]
    for part, text in zip(done, ("d\n", "c\n", "a\nb\n"), strict=True):
        parts.write(part, text)
    parts.tried(0, 0)
    again = Parts(output)
    assert again.begin(SETTINGS, "inputs", False) == {(0, 0): done[2], (0, 1): done[1], (1, 0): done[0]}
    again.finish(again.there(), SETTINGS, {"name": "fake"})
    assert (tmp_path / "out.jsonl").read_text() == "a\nb\nc\nd\n"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["out.jsonl", "out.jsonl.journal"]
    settings, state = state_of(output)
    assert settings == {"--length": "short", "--keep": []}
    assert (state.windows, state.records, state.failed, state.bytes, state.complete) == (3, 4, 1, 8, True)


def test_a_folder_of_parts_is_an_output_too(tmp_path):
    output = f"{tmp_path}/out/"
    parts = Parts(output)
    parts.begin(SETTINGS, "inputs", False)
    parts.write(Part(0, 0, A, 1, 0), "a\n")
    parts.finish(parts.there(), SETTINGS, None)
    assert {p.name for p in (tmp_path / "out").iterdir()} == {"settings.json", Part(0, 0, A, 1, 0).name}
    assert state_of(output) is None


def test_other_settings_inputs_and_models(output):
    Parts(output).begin(SETTINGS, "inputs", False)
    with pytest.raises(UsageError, match="was begun with --length short, now it is long"):
        Parts(output).begin({**SETTINGS, "--length": "long"}, "inputs", False)
    with pytest.raises(UsageError, match="was begun with input files inputs, now it is others"):
        Parts(output).begin(SETTINGS, "others", False)
    Parts(output).check_model({"dtype": "int8"})
    Parts(output).check_model({"dtype": "int8"})
    with pytest.raises(UsageError, match="was begun with dtype int8, now it is float32"):
        Parts(output).check_model({"dtype": "float32"})
    with pytest.raises(DataError, match="the input is not the one"):
        check_part(Part(0, 0, A, 1, 0), B, output)
    check_part(None, B, output)
    check_part(Part(0, 0, A, 1, 0), A, output)
    assert Parts(output).begin({**SETTINGS, "--length": "long"}, "others", True) == {}


def test_tries_are_counted(output):
    parts = Parts(output)
    assert [parts.tried(3, 4), parts.tried(3, 4), parts.tried(3, 5)] == [0, 1, 0]
    assert Parts(output).tried(3, 4) == 2


def test_what_is_not_ours_stays(output, tmp_path):
    (tmp_path / "out.jsonl").write_text("precious\n")
    with pytest.raises(UsageError, match="exists, and no journal says how it came about"):
        state_of(output)
    (tmp_path / "out.jsonl.journal").write_text(json.dumps({"nonsense": 1}))
    with pytest.raises(UsageError, match="no journal says"):
        state_of(output)
    (tmp_path / "out.jsonl.parts").mkdir()
    (tmp_path / "out.jsonl.parts" / "x").touch()
    with pytest.raises(UsageError, match="holds files that are not ours"):
        Parts(output).begin(SETTINGS, "inputs", False)
