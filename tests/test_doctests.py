"""Every example in a docstring is run."""

from __future__ import annotations

import doctest
import importlib
import pkgutil

import pytest

import summarize
import summarize.eval
import summarize.models

SKIP = {"summarize.__main__", "summarize.tests"}


def modules() -> list[str]:
    names = set()
    for package in (summarize, summarize.models, summarize.eval):
        # In a checkout the package's path holds the checkout's root too; only its own folder is walked.
        own = [package.__path__[0]]
        names.update(m.name for m in pkgutil.walk_packages(own, package.__name__ + "."))
    return sorted(names - SKIP)


@pytest.mark.parametrize("name", modules())
def test_examples(name):
    try:
        module = importlib.import_module(name)
    except ImportError as error:
        if (error.name or "").startswith("summarize"):
            raise
        pytest.skip(f"{error.name} is not installed")
    result = doctest.testmod(module)
    assert result.failed == 0
