"""The command as a person runs it: a process of its own, in another folder, on the bundled weights."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from summarize import __version__
from summarize.cli import COMMANDS

# Stands in front of the command and makes every attempt to reach the network an error.
NO_NETWORK = """
import socket, sys
def refuse(*args, **kwargs): raise RuntimeError("the network was asked for")
for name in ("connect", "connect_ex", "sendto", "bind"): setattr(socket.socket, name, refuse)
socket.getaddrinfo = socket.create_connection = refuse
from summarize.cli import main
main(sys.argv[1:])
"""


@pytest.fixture
def run(root, tmp_path):
    def call(*arguments: str, stdin: bytes | None = b"", code: str | None = None, **more):
        start = ["-c", code] if code else ["-m", "summarize"]
        env = {**os.environ, "PYTHONPATH": str(root), **more.pop("env", {})}
        return subprocess.run(
            [sys.executable, *start, *arguments], input=stdin, capture_output=True, cwd=tmp_path, env=env, timeout=300
        )

    return call


def one_line(result, code: int, *parts: str) -> None:
    message = result.stderr.decode()
    assert result.returncode == code, message
    assert result.stdout == b""
    assert len(message.strip().splitlines()) == 1, message
    assert message.startswith("summarize: error: ") and "Traceback" not in message
    for part in parts:
        assert part in message


def test_the_seed_in_both_languages_without_a_network(run, root):
    seed = root / "tests" / "data" / "iraq-coalition.ar.txt"
    result = run(str(seed), code=NO_NETWORK)
    assert result.returncode == 0, result.stderr.decode()
    text = result.stdout.decode()
    arabic, english = text.split("English summary\n")
    assert arabic.startswith("الملخص بالعربية\n") and "العراق" in arabic and "التحالف" in arabic
    assert sum(c.isascii() and c.isalpha() for c in english) > 0.9 * sum(c.isalpha() for c in english) > 40
    assert b"Traceback" not in result.stderr and b"error" not in result.stderr


def test_json_of_piped_text_and_files(run, root, tmp_path):
    seed = root / "tests" / "data" / "iraq-coalition.ar.txt"
    result = run("-", "missing.txt", "--json", "--to", "ar", "--headline", stdin=seed.read_bytes())
    assert result.returncode == 1
    good, bad = (json.loads(line) for line in result.stdout.decode().splitlines())
    assert bad == {"version": 1, "source": "missing.txt", "error": "missing.txt: no such file"}
    assert good["source"] == "<stdin>" and good["error"] is None and good["source_language"] == "ar"
    assert good["truncated"] is False and good["source_tokens"] == 699
    (summary,) = good["summaries"]
    assert summary["language"] == "ar" and summary["direction"] == "rtl" and summary["headline"] and summary["text"]
    assert "missing.txt: no such file" in result.stderr.decode()


def test_output_file(run, tmp_path):
    result = run("--to", "en", "-o", "out.txt", "--quiet", stdin=b"The minister resigned today.")
    assert (result.returncode, result.stdout, result.stderr) == (0, b"", b"")
    assert (tmp_path / "out.txt").read_text(encoding="utf-8") == "English summary\nThe minister resigned today.\n"
    assert [p.name for p in tmp_path.iterdir()] == ["out.txt"]


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs /dev/full")
def test_a_full_disk_is_one_line(run):
    one_line(run("--to", "en", "-o", "/dev/full", "-q", stdin=b"The minister resigned today."), 1, "No space left")


@pytest.mark.parametrize(
    ("arguments", "stdin", "code", "parts"),
    [
        (["missing.txt"], b"", 1, ["missing.txt: no such file"]),
        (["."], b"", 1, [".: a folder"]),
        ([], b"", 1, ["<stdin>: empty"]),
        (["-"], b"\x89PNG\r\n\x1a\n", 1, ["PNG image"]),
        (["-"], "政府表示无法实现目标。".encode(), 1, ["<stdin>: the text is in neither Arabic nor English"]),
        (["--to", "fr"], b"x", 2, ["'fr' is not a language", "ar, en"]),
        (["--length", "huge"], b"x", 2, ["'huge' is not one of 'short', 'medium', 'long'"]),
        (["--model", "gpt"], b"The text.", 2, ["'gpt' is not a known model", "khulasa"]),
        (["--device", "tpu9"], b"The text.", 2, ["'tpu9' is not a device"]),
        (["--num-beams", "0"], b"x", 2, ["0 is not in the range"]),
        (["--nonsense"], b"x", 2, ["--nonsense"]),
        (["-", "-"], b"x", 2, ["given twice"]),
        (["-o", "no/such/folder/x"], b"The text.", 2, ["no/such/folder does not exist"]),
        (["models", "extra"], b"", 2, ["extra"]),
    ],
)
def test_errors_are_one_line(run, arguments, stdin, code, parts):
    one_line(run(*arguments, stdin=stdin), code, *parts)


def test_legacy_encodings_are_told(run):
    result = run("--to", "ar", stdin="قال الوزير إن الحكومة انتهت من العمل.".encode("cp1256"))
    assert result.returncode == 0
    assert "قال الوزير" in result.stdout.decode() and "read as Windows-1256" in result.stderr.decode()


def test_models_version_help(run):
    first, *others = (json.loads(line) for line in run("models", "--json").stdout.decode().splitlines())
    assert first["alias"] == "khulasa" and first["on_disk"] and len(others) >= 5
    assert b"khulasa (default)" in run("models").stdout
    assert run("--version").stdout.decode().strip() == f"khulasa {__version__}"
    text = run("--help").stdout.decode()
    assert all(name in text for name in COMMANDS)


def test_help_imports_nothing_heavy(root):
    code = (
        "import sys; from summarize.cli import run; run(['--help'])\n"
        "print(sorted({'torch', 'transformers', 'numpy'} & set(sys.modules)))"
    )
    out = subprocess.run([sys.executable, "-c", code], cwd=root, capture_output=True, text=True, check=True).stdout
    assert out.splitlines()[-1] == "[]"


def test_environment_variables_are_defaults(run):
    result = run(stdin=b"The minister resigned today.", env={"KHULASA_TO": "en", "KHULASA_QUIET": "1"})
    assert result.stdout.decode() == "English summary\nThe minister resigned today.\n" and result.stderr == b""


def test_ctrl_c(root, tmp_path):
    process = subprocess.Popen(
        [sys.executable, "-m", "summarize", "-"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env={**os.environ, "PYTHONPATH": str(root)},
        cwd=tmp_path,
        # Ignored signals are handed down: a shell starts what it runs in the background without SIGINT.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    )
    time.sleep(2.0)  # it waits for its standard input by now
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=60)
    assert process.returncode == 130
    assert out == b"" and err.decode().strip().splitlines()[-1] == "summarize: interrupted"
