"""The three ways to import the package: from a wheel, from an editable install, from a checkout's root."""

from __future__ import annotations

import os
import shutil
import site
import subprocess
import sys
import sysconfig
import venv
from pathlib import Path

import pytest

TRY = """
import summarize, summarize.models, summarize.eval, summarize.models.khulasa.weights as weights
weights.Layout(weights.BUNDLED).check()
print(summarize.__file__, summarize.models.__file__, summarize.eval.__file__, sep="\\n")
"""


def test_every_package_is_listed(root):
    """pyproject.toml names the packages one by one: none may be forgotten."""
    text = (root / "pyproject.toml").read_text(encoding="utf-8")
    for top, name in (("summarize", "summarize"), ("models", "summarize.models"), ("eval", "summarize.eval")):
        for init in (root / top).rglob("__init__.py"):
            package = ".".join([name, *init.parent.relative_to(root / top).parts])
            assert f'"{package}"' in text, f"{package} is not in [tool.setuptools] packages"


def sources(root: Path, target: Path) -> Path:
    """A copy of what git would clone, less the tests; weights are linked, not copied."""
    listed = subprocess.run(["git", "ls-files"], cwd=root, capture_output=True, text=True, check=True).stdout
    for name in listed.splitlines():
        if name.startswith("tests/") or not (root / name).is_file():
            continue
        (target / name).parent.mkdir(parents=True, exist_ok=True)
        if name.endswith(".safetensors"):
            (target / name).hardlink_to(root / name) if same_device(root, target) else shutil.copy(
                root / name, target / name
            )
        else:
            shutil.copy(root / name, target / name)
    return target


def same_device(a: Path, b: Path) -> bool:
    return a.stat().st_dev == b.stat().st_dev


@pytest.fixture(scope="module")
def checkout(root, tmp_path_factory):
    return sources(root, tmp_path_factory.mktemp("checkout"))


@pytest.fixture(scope="module")
def bare(tmp_path_factory):
    """A virtual environment's python that sees this one's packages, less any installed Khulasa."""
    folder = tmp_path_factory.mktemp("venv")
    venv.create(folder, with_pip=False, symlinks=True)
    python = folder / ("Scripts" if os.name == "nt" else "bin") / "python"
    purelib = subprocess.run(
        [python, "-c", "import sysconfig; print(sysconfig.get_path('purelib'))"],
        capture_output=True,
        text=True,
        check=True,
    ).stdout.strip()
    links = folder / "links"
    links.mkdir()
    for place in {sysconfig.get_path("purelib"), *site.getsitepackages()}:
        for entry in Path(place).iterdir():
            ours = entry.name.startswith(("summarize", "khulasa", "__editable__"))
            if not ours and entry.suffix != ".pth" and not (links / entry.name).exists():
                (links / entry.name).symlink_to(entry)
    (Path(purelib) / "parent.pth").write_text(f"{links}\n")
    return python


def call(*command: object, cwd: Path, **env: str) -> str:
    clean = {k: v for k, v in os.environ.items() if k not in ("PYTHONPATH", "PYTHONHOME")}
    done = subprocess.run(
        [str(part) for part in command], cwd=cwd, capture_output=True, text=True, env={**clean, **env}, timeout=600
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def pip(python: Path, *arguments: object, cwd: Path) -> None:
    options = ["--no-deps", "--no-build-isolation", "--no-index", "--ignore-installed", "-q"]
    call(sys.executable, "-m", "pip", "--python", python, "install", *options, *arguments, cwd=cwd)


@pytest.mark.skipif(not shutil.which("git"), reason="needs git")
def test_wheel(checkout, bare, tmp_path):
    call(sys.executable, "-m", "build", "--wheel", "--no-isolation", "-o", tmp_path / "dist", checkout, cwd=tmp_path)
    (wheel,) = (tmp_path / "dist").glob("khulasa-*.whl")
    empty = tmp_path / "empty"
    empty.mkdir()
    pip(bare, wheel, cwd=empty)
    places = call(bare, "-c", TRY, cwd=empty).splitlines()
    inside = bare.parent.parent
    assert all(inside in Path(place).parents for place in places), places
    assert places[1].endswith("summarize/models/__init__.py")
    assert call(bare.parent / "summarize", "--version", cwd=empty).startswith("khulasa ")
    # What a user's folder holds does not get in the way.
    (empty / "models.py").write_text("raise SystemExit('shadowed')")
    (empty / "eval").mkdir()
    call(bare, "-c", TRY, cwd=empty)
    call(sys.executable, "-m", "pip", "--python", bare, "uninstall", "-y", "-q", "khulasa", cwd=empty)


@pytest.mark.skipif(not shutil.which("git"), reason="needs git")
def test_editable(checkout, bare, tmp_path):
    pip(bare, "-e", checkout, cwd=tmp_path)
    places = call(bare, "-c", TRY, cwd=tmp_path).splitlines()
    assert [Path(place).parent for place in places] == [checkout / "summarize", checkout / "models", checkout / "eval"]
    call(sys.executable, "-m", "pip", "--python", bare, "uninstall", "-y", "-q", "khulasa", cwd=tmp_path)


@pytest.mark.skipif(not shutil.which("git"), reason="needs git")
def test_checkout_root(checkout, bare):
    places = call(bare, "-c", TRY, cwd=checkout).splitlines()
    assert [Path(place).parent for place in places] == [checkout / "summarize", checkout / "models", checkout / "eval"]
    assert call(bare, "-m", "summarize", "--version", cwd=checkout).startswith("khulasa ")
