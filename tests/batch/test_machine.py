"""How many workers a machine is given, from what its files say."""

from __future__ import annotations

import os
import sys

import pytest

from summarize.batch import machine
from summarize.batch.work import Load


@pytest.fixture
def group(tmp_path, monkeypatch):
    """A machine of eight processors whose control group's files the test writes."""
    monkeypatch.setattr(machine, "_CGROUP", tmp_path)
    monkeypatch.setattr(machine.os, "sched_getaffinity", lambda pid: set(range(8)), raising=False)

    def write(**files: str) -> None:
        for name, text in files.items():
            place = tmp_path / name.replace("__", "/").replace("_", ".", 1)
            place.parent.mkdir(exist_ok=True)
            place.write_text(text)

    return write


def test_processors(group):
    assert machine.cores() == 8
    group(cpu_max="max 100000\n")
    assert machine.cores() == 8
    group(cpu_max="250000 100000\n")
    assert machine.cores() == 2
    group(cpu_max="50000 100000\n")
    assert machine.cores() == 1


def test_processors_of_the_older_layout(group):
    group(cpu__cpu_cfs_quota_us="-1\n", cpu__cpu_cfs_period_us="100000\n")
    assert machine.cores() == 8
    group(cpu__cpu_cfs_quota_us="400000\n")
    assert machine.cores() == 4


def test_memory_of_a_container(group):
    group(memory_max="max\n", memory_current="5\n")
    free = machine.free_memory()
    group(memory_max="4000\n", memory_current="1000\n")
    assert machine.free_memory() == 3000
    if sys.platform == "linux":
        assert free is not None and free > 10**6


@pytest.mark.parametrize(
    ("load", "threads", "size", "free", "workers"),
    [
        (Load(), 1, 10**9, 10**11, 8),
        (Load(), 2, 10**9, 10**11, 4),
        (Load(), 1, 0, 10**11, 8),  # standard input
        (Load(), 1, 10**9, None, 8),
        (Load(), 1, 500_000, 10**11, 3),  # little to do
        (Load(), 1, 10**9, 4 * 10**9, 2),  # little memory
        (Load(), 1, 10**9, 10**8, 1),
        (Load("mt5-xlsum"), 1, 10**9, 10**10, 2),  # 2.3 GB to download, twice that to run
        (Load(device="mps"), 1, 10**9, 10**11, 1),
    ],
)
def test_workers(group, monkeypatch, load, threads, size, free, workers):
    monkeypatch.setattr(machine, "free_memory", lambda: free)
    monkeypatch.setattr(machine, "gpus", lambda: 0)
    assert machine.choose_workers(load, threads, size) == workers


def test_gpus_are_dealt_out(monkeypatch):
    monkeypatch.setattr(machine, "gpus", lambda: 2)
    assert [machine.device_of(i, "auto") for i in range(3)] == ["cuda:0", "cuda:1", "cuda:0"]
    assert machine.device_of(1, "cuda:0") == "cuda:0" and machine.device_of(1, "cpu") == "cpu"
    assert machine.choose_workers(Load(), 1, 0) == 2
    monkeypatch.setattr(machine, "gpus", lambda: 1)
    assert machine.device_of(1, "auto") == "auto" and machine.choose_workers(Load(device="cuda"), 1, 0) == 1


def test_threads_are_given_back(monkeypatch):
    import torch

    monkeypatch.setenv("OMP_NUM_THREADS", "7")
    monkeypatch.delenv("MKL_NUM_THREADS", raising=False)
    before = torch.get_num_threads()
    undo = machine.use_threads(1)
    assert torch.get_num_threads() == 1 and os.environ["OMP_NUM_THREADS"] == os.environ["MKL_NUM_THREADS"] == "1"
    undo()
    assert torch.get_num_threads() == before
    assert os.environ["OMP_NUM_THREADS"] == "7" and "MKL_NUM_THREADS" not in os.environ
