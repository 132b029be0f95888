"""Documents, and the command over a small deterministic engine, in this process or in one of its own."""

from __future__ import annotations

import json
import os
import random
import subprocess
import sys
from pathlib import Path

import pytest

import summarize

from . import fakes

WORDS = "the government said that a minister will report to people in this city on monday about war and peace".split()
ARABIC = "قالت الحكومة إن الوزير سيقدم تقريرا عن المدينة يوم الاثنين بعد عام من العمل في البلاد".split()


def texts(count: int, seed: int = 1, longest: int = 120) -> list[str]:
    """English and Arabic texts of 26 words and more."""
    chance = random.Random(seed)
    made = []
    for i in range(count):
        words = [chance.choice(ARABIC if i % 3 == 0 else WORDS) for _ in range(chance.randint(26, longest))]
        made.append(" ".join(words).capitalize() + ".")
    return made


def write_lines(path: Path, rows: list) -> Path:
    """JSON lines; a row that is bytes already goes in as it is."""
    lines = [row if isinstance(row, bytes) else json.dumps(row, ensure_ascii=False).encode() for row in rows]
    path.write_bytes(b"".join(line + b"\n" for line in lines))
    return path


def read_lines(path: Path) -> list[dict]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


@pytest.fixture
def fake(monkeypatch):
    """The engine of this process."""
    monkeypatch.setattr("summarize.models.catalogue.load_engine", fakes.load_engine)


@pytest.fixture
def batch(fake, tmp_path, monkeypatch, capsys):
    """The command in this process, in the test's folder: exit code, standard output, standard error."""
    from summarize.cli import main

    monkeypatch.chdir(tmp_path)

    def call(*arguments: object) -> tuple[int, str, str]:
        one = () if "--workers" in arguments else ("--workers", "1")
        with pytest.raises(SystemExit) as stop:
            main(["batch", *map(str, arguments), *one])
        said = capsys.readouterr()
        return int(stop.value.code or 0), said.out, said.err

    return call


@pytest.fixture
def start(tmp_path):
    """The command in a process of its own, in the test's folder."""
    started = []

    def call(*arguments: object, sleep: float = 0.0, **more) -> subprocess.Popen:
        place = str(Path(summarize.__file__).resolve().parent.parent)  # wherever this process has the package from
        env = {**os.environ, "PYTHONPATH": place, fakes.SLEEP: str(sleep), fakes.DIE: str(tmp_path / "died")}
        process = subprocess.Popen(
            [sys.executable, fakes.__file__, "batch", *map(str, arguments)],
            cwd=tmp_path,
            env={**env, "OMP_NUM_THREADS": "1"},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            encoding="utf-8",
            **more,
        )
        started.append(process)
        return process

    yield call
    for process in started:
        if process.poll() is None:
            process.kill()
        process.communicate()
