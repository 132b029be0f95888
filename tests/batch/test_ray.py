"""The same batch on a real Ray of two processors on this machine; the small engine of the other tests in its actors."""

from __future__ import annotations

import importlib.util
import logging
import os
import sys
from pathlib import Path

import pytest

from summarize.batch.inputs import Window
from summarize.batch.records import Record
from summarize.batch.run import Plan
from summarize.batch.work import Asked, Load

from . import fakes
from .conftest import read_lines, texts, write_lines

SMALL = ("--window", "40", "--to", "en", "--no-check", "--workers", "2")


def test_without_ray_its_extra_is_named(batch, tmp_path, monkeypatch):
    write_lines(tmp_path / "in.jsonl", [{"text": "The minister resigned today."}])
    monkeypatch.setitem(sys.modules, "ray", None)
    code, _, err = batch("in.jsonl", "out.jsonl", "--engine", "ray")
    assert (code, err) == (1, "summarize: error: --engine ray needs Ray: pip install 'khulasa[ray]'\n")


def small_engine() -> None:
    """Run in every process of Ray as it starts."""
    import summarize.models.catalogue as catalogue

    spec = importlib.util.spec_from_file_location("khulasa_test_fakes", os.environ["KHULASA_TEST_FAKES"])
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    catalogue.load_engine = module.load_engine


@pytest.fixture(scope="module")
def cluster(tmp_path_factory):
    ray = pytest.importorskip("ray", reason="Ray is not installed: pip install 'khulasa[ray]'")
    import summarize

    small_engine.__module__ = "__main__"  # sent by value: Ray's processes cannot import the tests
    folder = tmp_path_factory.mktemp("ray")
    place = str(Path(summarize.__file__).resolve().parent.parent)
    env = {"PYTHONPATH": place, fakes.DIE: str(folder / "died"), "KHULASA_TEST_FAKES": fakes.__file__}
    os.environ["RAY_BACKEND_LOG_LEVEL"] = "fatal"
    os.environ["RAY_raylet_start_wait_time_s"] = "120"  # noqa: SIM112 - on a machine that is busy with other things
    ray.init(
        num_cpus=2,
        include_dashboard=False,
        logging_level=logging.ERROR,
        log_to_driver=False,
        object_store_memory=100 * 2**20,
        runtime_env={"worker_process_setup_hook": small_engine, "env_vars": env},
    )
    yield folder
    ray.shutdown()


@pytest.fixture
def inputs(tmp_path):
    """Two data files and a folder of documents, with a broken record and a text that kills a worker once."""
    rows: list = [{"id": f"n{i}", "text": text} for i, text in enumerate(texts(150, longest=50))]
    rows[7] = {"id": "null", "text": None}
    rows[60]["text"] = "suicide " + rows[60]["text"]
    write_lines(tmp_path / "a.jsonl", rows)
    write_lines(tmp_path / "b.jsonl", [{"id": f"m{i}", "text": text} for i, text in enumerate(texts(30, seed=2))])
    (tmp_path / "docs").mkdir()
    for i, text in enumerate(texts(5, seed=3)):
        (tmp_path / "docs" / f"{i}.txt").write_text(text)
    return ("a.jsonl", "docs", "b.jsonl")


def test_the_output_is_that_of_one_machine(cluster, batch, inputs, tmp_path, monkeypatch):
    code, _, err = batch(*inputs, "ray.jsonl", "--engine", "ray", *SMALL)
    assert code == 1, err
    assert "184 of 185 records summarised in ray.jsonl; 1 failed" in err
    assert (cluster / "died").exists()  # a worker was killed on the way
    assert not (tmp_path / "ray.jsonl.parts").exists()
    monkeypatch.setenv(fakes.DIE, str(cluster / "died"))
    one = (*SMALL[:-1], "1")
    code, _, _ = batch(*inputs, "one.jsonl", *one)
    assert code == 1 and (tmp_path / "one.jsonl").read_bytes() == (tmp_path / "ray.jsonl").read_bytes()
    # a finished output is one, whoever made it
    for arguments in (("--engine", "ray", *SMALL), one):
        code, _, err = batch(*inputs, "ray.jsonl", *arguments)
        assert code == 1 and "complete already" in err
    code, _, err = batch(*inputs, "ray.jsonl", "--engine", "ray", *SMALL, "--length", "long")
    assert code == 2 and "begun with --length short, now it is long" in err


def test_a_stopped_run_goes_on_by_parts(cluster, batch, inputs, tmp_path):
    (cluster / "died").touch()
    folder = tmp_path / "out"
    first = batch(*inputs, f"{folder}/", "--engine", "ray", *SMALL)
    assert first[0] == 1
    parts = sorted(folder.glob("0*.jsonl"))
    assert [part.name[:13] for part in parts] == [
        "000000-000000", "000000-000001", "000000-000002", "000000-000003", "000001-000000", "000002-000000",
    ]  # fmt: skip
    whole = {part.name: part.read_bytes() for part in parts}
    for part in parts[1::2]:  # as if it had been stopped before these
        part.unlink()
    parts[0].write_text("kept as it is\n")
    code, _, err = batch(*inputs, f"{folder}/", "--engine", "ray", *SMALL)
    assert code == 1 and "records already; going on from there" in err
    assert parts[0].read_text() == "kept as it is\n"
    assert [part.read_bytes() for part in parts[1:]] == list(whole.values())[1:]
    # another input of the same size
    text = (tmp_path / "b.jsonl").read_text()
    (tmp_path / "b.jsonl").write_text(text.replace('"m1"', '"x1"'))
    code, _, err = batch(*inputs, f"{folder}/", "--engine", "ray", *SMALL)
    assert code == 1 and "summarize: error: the input is not the one that" in err and err.count("error") == 1


def test_errors_come_through_unwrapped(cluster, batch, tmp_path):
    write_lines(tmp_path / "in.jsonl", [{"text": f"explode {text}"} for text in texts(60)])
    code, _, err = batch("in.jsonl", "out.jsonl", "--engine", "ray", "--window", "100", "--workers", "1")
    assert code == 1 and err.splitlines()[-1].startswith("summarize: error: 20 documents in a row could not be"), err


def test_a_window_that_killed_actors_is_read_in_a_process_of_its_own(fake, tmp_path, monkeypatch):
    from summarize.batch import ray_data

    made = []

    class Replaceable(ray_data.Inline):
        def __init__(self, load, asked, threads, size, tell):
            super().__init__(load, asked, threads)
            made.append(size)

    monkeypatch.setattr(ray_data, "Processes", Replaceable)
    from summarize.batch.records import Fields

    plan = Plan((), Fields(), Load(), Asked({"to": ["en"]}))
    actor = ray_data._Actor(plan, str(tmp_path / "out.jsonl"))
    window = Window(tuple(Record(i, text) for i, text in enumerate(texts(9))), 100)
    row = {
        "shard": [0],
        "window": [0],
        "digest": ["d" * 32],
        "consumed": [100],
        "part": [""],
        "records": [None],
        "trouble": [""],
    }
    monkeypatch.setattr(ray_data.pickle, "loads", lambda data: window.records)
    written = []
    for expected in ([], [], [1]):
        (name,) = actor(row)["part"]
        written.append((tmp_path / "out.jsonl.parts" / name).read_bytes())
        assert made == expected
    assert len(set(written)) == 1 and len(written[0].splitlines()) == 9
    assert actor.pool.facts().name == "fake"
    actor.pool.close()
    assert len(read_lines(next((tmp_path / "out.jsonl.parts").glob("*.jsonl")))) == 9
