"""The command as processes: killed, interrupted, with workers, with workers that die."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time

import pytest

from .conftest import read_lines, texts, write_lines

if os.name == "nt":
    pytest.skip("signals of POSIX", allow_module_level=True)

SMALL = ("--window", "256", "--batch-tokens", "1024", "--no-check", "--to", "en")


def finish(process: subprocess.Popen) -> tuple[int, str]:
    _, err = process.communicate(timeout=240)
    return process.returncode, err


def wait_for(path, size: int) -> None:
    """Until a file has so many bytes."""
    for _ in range(2400):
        if path.exists() and path.stat().st_size >= size:
            return
        time.sleep(0.05)
    raise AssertionError(f"{path} did not grow to {size} bytes")


@pytest.fixture(scope="module")
def many(tmp_path_factory):
    """2,000 documents, a broken one among every hundred."""
    rows: list = [{"id": f"n{i}", "text": text} for i, text in enumerate(texts(2000, longest=60))]
    rows[50::100] = [{"id": f"n{i}", "text": None} for i in range(50, 2000, 100)]
    return write_lines(tmp_path_factory.mktemp("many") / "in.jsonl", rows)


@pytest.fixture(scope="module")
def whole(many):
    """The output of a run that nothing disturbs."""
    from . import fakes

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("summarize.models.catalogue.load_engine", fakes.load_engine)
        from summarize.cli import run

        output = many.with_name("whole.jsonl")
        assert run(["batch", str(many), str(output), "--quiet", "--workers", "1", *SMALL]) == 1
    return output.read_bytes()


WORKERS = [("--workers", "1"), ("--workers", "2")]


@pytest.mark.parametrize("more", WORKERS, ids=["one process", "two workers"])
def test_five_kills_lose_nothing(start, many, whole, tmp_path, more):
    chance = random.Random(3)
    output, journal = tmp_path / "out.jsonl", tmp_path / "out.jsonl.journal"
    for _ in range(5):
        process = start(many, "out.jsonl", *SMALL, *more, sleep=0.1)
        while not journal.exists() and process.poll() is None:
            time.sleep(0.01)
        time.sleep(chance.uniform(0.0, 2.5))
        process.send_signal(signal.SIGKILL)
        process.communicate()
        assert process.returncode == -signal.SIGKILL, "the run was over before it could be killed five times"
        assert whole.startswith(output.read_bytes())
    code, err = finish(start(many, "out.jsonl", *SMALL, *more))
    assert code == 1 and "1,980 of 2,000 records summarised in out.jsonl; 20 failed" in err
    assert output.read_bytes() == whole


STOPS = [(signal.SIGINT, 130, "interrupted"), (signal.SIGTERM, 143, "ended by SIGTERM")]


@pytest.mark.parametrize(("number", "code", "word"), STOPS)
@pytest.mark.parametrize("more", WORKERS, ids=["one process", "two workers"])
def test_signals_end_cleanly_and_say_how_to_go_on(start, many, whole, tmp_path, number, code, word, more):
    process = start(many, "out.jsonl", *SMALL, *more, sleep=0.05, start_new_session=True)
    wait_for(tmp_path / "out.jsonl", 1)
    os.killpg(process.pid, number)  # as a terminal does: the workers get it too
    found, err = finish(process)
    assert found == code, err
    last = err.strip().splitlines()[-1]
    assert word in last and "records are kept; the same command goes on from there" in last
    assert "Traceback" not in err and len(err.strip().splitlines()) == 1
    assert sorted(path.name for path in tmp_path.iterdir()) == ["out.jsonl", "out.jsonl.journal"]
    assert finish(start(many, "out.jsonl", *SMALL))[0] == 1
    assert (tmp_path / "out.jsonl").read_bytes() == whole


def test_workers_write_what_one_process_writes(start, many, whole, tmp_path):
    code, err = finish(start(many, "out.jsonl", "--workers", "2", *SMALL))
    assert code == 1, err
    assert (tmp_path / "out.jsonl").read_bytes() == whole


def test_a_worker_that_dies_is_replaced(start, tmp_path):
    good = texts(60, longest=40)
    rows = [{"id": i, "text": text} for i, text in enumerate(good)]
    rows[30]["text"] = "suicide " + rows[30]["text"]  # kills the first process that reads it, and no other
    write_lines(tmp_path / "in.jsonl", rows)
    code, err = finish(start("in.jsonl", "out.jsonl", "--workers", "2"))
    assert code == 0, err
    assert "a worker process died (signal 9) and is replaced; nothing is lost" in err
    assert "60 of 60 records" in err and len(read_lines(tmp_path / "out.jsonl")) == 60


def test_a_document_that_kills_every_worker_costs_only_itself(start, tmp_path):
    rows = [{"id": i, "text": text} for i, text in enumerate(texts(60, longest=40))]
    rows[30]["text"] = "suicide always " + rows[30]["text"]
    write_lines(tmp_path / "in.jsonl", rows)
    code, err = finish(start("in.jsonl", "out.jsonl", "--workers", "2", "--quiet"))
    assert (code, err) == (1, "")
    lines = read_lines(tmp_path / "out.jsonl")
    assert [line["id"] for line in lines if line["error"]] == [30] and len(lines) == 60
    assert lines[30]["error"] == "the worker process died (signal 9) at this document, again and again"


def test_workers_do_not_outlive_a_killed_parent(start, many, tmp_path):
    process = start(many, "out.jsonl", *SMALL, "--workers", "2", sleep=0.05)
    wait_for(tmp_path / "out.jsonl.journal", 1500)  # they are at work
    workers = children(process.pid)
    assert len(workers) >= 2
    process.kill()
    process.communicate()
    for _ in range(200):
        if not any(alive(worker) for worker in workers):
            return
        time.sleep(0.05)
    raise AssertionError("workers are still there")


def children(pid: int) -> list[int]:
    if not os.path.isdir("/proc/self"):
        pytest.skip("needs /proc")
    found = []
    for name in filter(str.isdigit, os.listdir("/proc")):
        try:
            with open(f"/proc/{name}/stat") as file:
                if int(file.read().rsplit(")", 1)[1].split()[1]) == pid:
                    found.append(int(name))
        except OSError:
            continue
    return found


def alive(pid: int) -> bool:
    try:
        with open(f"/proc/{pid}/stat") as file:
            return file.read().rsplit(")", 1)[1].split()[0] != "Z"
    except OSError:
        return False


def test_progress_on_a_terminal(many, tmp_path, start):
    pty = pytest.importorskip("pty")
    from . import fakes

    pid, master = pty.fork()
    if pid == 0:
        os.chdir(tmp_path)
        os.environ[fakes.SLEEP] = "0.02"
        arguments = [sys.executable, fakes.__file__, "batch", str(many), "out.jsonl", *SMALL]
        os.execv(sys.executable, arguments)
    shown = b""
    try:
        while part := os.read(master, 65536):
            shown += part
    except OSError:  # the other end is closed
        pass
    assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 1
    text = shown.decode()
    assert "tok/s" in text and "documents" in text and " 20 failed" in text
    assert "100%" in text and text.strip().splitlines()[-1].startswith("summarize: 1,980 of 2,000 records")
