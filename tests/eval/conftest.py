"""Shared by the tests of the evaluation: the command in this process, and a system without a model."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import pytest

from summarize.eval.data import Example


class FakeSystem:
    """Says the document's last ``n`` words; counts what it was asked."""

    cached, uses_references, batch_size = True, False, 3

    def __init__(self, name: str = "fake", n: int = 6) -> None:
        self.name, self.n = name, n
        self.asked: list[str] = []

    def fingerprint(self) -> Mapping[str, Any]:
        return {"system": "fake", "n": self.n}

    def __call__(self, examples: Sequence[Example], to: str) -> list[str | None]:
        self.asked += [e.id for e in examples]
        return [" ".join(e.document.split()[-self.n :]) for e in examples]


@pytest.fixture
def command(monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]) -> Callable[..., tuple[int, str, str]]:
    """Runs ``summarize ARGUMENTS``; gives exit code, stdout and stderr."""
    from summarize import cli

    for name in ("evaluate", "score"):
        monkeypatch.setitem(cli.COMMANDS, name, ("summarize.eval.commands", name, ""))

    def run(*arguments: object) -> tuple[int, str, str]:
        capfd.readouterr()
        code = cli.run([str(a) for a in arguments])
        out, err = capfd.readouterr()
        return code, out, err

    return run


@pytest.fixture
def rows() -> list[dict[str, str]]:
    """Twelve documents of numbered words, so that scores are easy to foresee."""
    return [
        {
            "id": f"d{i}",
            "document": f"Opening words number {i} come here. Then "
            + " ".join(f"word{j}" for j in range(i, i + 10))
            + ".",
            "summary": f"Opening words number {i} come here.",
            "source_lang": "en",
        }
        for i in range(12)
    ]
