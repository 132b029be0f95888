"""The table of literal cases."""

from __future__ import annotations

import importlib.util
from pathlib import Path

import pytest

from summarize.checks import check

_SPEC = importlib.util.spec_from_file_location("checks_cases", Path(__file__).with_name("cases.py"))
assert _SPEC is not None and _SPEC.loader is not None
_MODULE = importlib.util.module_from_spec(_SPEC)
_SPEC.loader.exec_module(_MODULE)
CASES: tuple[tuple[str, str, str], ...] = _MODULE.CASES


def test_there_are_enough_cases() -> None:
    assert len(CASES) >= 200
    assert len({(d, s) for d, s, _ in CASES}) == len(CASES)


@pytest.mark.parametrize(("document", "summary", "alarms"), CASES)
def test_case(document: str, summary: str, alarms: str) -> None:
    verdict = check(document, summary)
    assert " ".join(f"{f.status}:{f.text}" for f in verdict.alarms) == alarms
    for finding in verdict.findings:
        start, end = finding.span
        assert summary[start:end] == finding.text
        if finding.document_span is not None:
            a, b = finding.document_span
            assert document[a:b].strip()
