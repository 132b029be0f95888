"""Downloading from a hub on this machine: what is fetched, and what each failure says."""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

COMMIT = "a" * 40


@pytest.fixture
def hub(build, tmp_path):
    """Serves the BART checkpoint as org/tiny (and rubbish beside it); org/gated is gated; nothing else is there."""
    folder = build.copy("bart", tmp_path / "served")
    (folder / "tf_model.h5").write_bytes(b"not wanted")
    asked: list[str] = []

    class Handler(BaseHTTPRequestHandler):
        def log_message(self, *_):
            pass

        def answer(self, code: int, body: bytes = b"{}", **headers: str) -> None:
            self.send_response(code)
            for name, value in headers.items():
                self.send_header(name.replace("_", "-"), value)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            if self.command != "HEAD":
                self.wfile.write(body)

        def do_GET(self):
            path = self.path.split("?")[0]
            asked.append(path)
            if "org/gated" in path:
                self.answer(403, X_Error_Code="GatedRepo")
            elif "org/tiny" not in path:
                self.answer(404, X_Error_Code="RepoNotFound")
            elif "/resolve/" in path:
                content = (folder / path.rsplit("/", 1)[1]).read_bytes()
                self.answer(200, content, ETag=f'"{hashlib.sha1(content).hexdigest()}"', X_Repo_Commit=COMMIT)
            elif "/tree/" in path:
                files = [
                    {"type": "file", "path": file.name, "size": file.stat().st_size, "oid": "0" * 40}
                    for file in folder.iterdir()
                ]
                self.answer(200, json.dumps(files).encode(), Content_Type="application/json")
            else:
                about = {"id": "org/tiny", "sha": COMMIT, "siblings": [{"rfilename": f.name} for f in folder.iterdir()]}
                self.answer(200, json.dumps(about).encode(), Content_Type="application/json")

        do_HEAD = do_GET

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}", asked
    server.shutdown()


@pytest.fixture
def command(root, tmp_path):
    def run(endpoint: str, *arguments: str, offline: bool = False) -> subprocess.CompletedProcess:
        dropped = ("HF_HUB_CACHE", "HUGGINGFACE_HUB_CACHE", "TRANSFORMERS_OFFLINE")
        environment = {name: value for name, value in os.environ.items() if name not in dropped}
        environment |= {"HF_HOME": str(tmp_path / "home"), "HF_ENDPOINT": endpoint, "HF_HUB_OFFLINE": str(int(offline))}
        return subprocess.run(
            [sys.executable, "-m", "summarize", *arguments],
            cwd=root,
            env=environment,
            capture_output=True,
            encoding="utf-8",
            timeout=120,
        )

    return run


def test_download_then_summarize_offline(hub, command, tmp_path):
    endpoint, asked = hub
    result = command(endpoint, "models", "download", "org/tiny")
    assert result.returncode == 0, result.stderr
    folder = tmp_path / "home" / "hub" / "models--org--tiny" / "snapshots" / COMMIT
    assert result.stdout == f"{folder}\n"
    names = {path.name for path in folder.iterdir()}
    assert {"config.json", "model.safetensors", "generation_config.json", "vocab.json", "merges.txt"} <= names
    assert "tf_model.h5" not in names and not any("tf_model" in path for path in asked)

    document = tmp_path / "document.txt"
    document.write_text("The minister said on Tuesday that the government would build new schools. " * 5)
    asked.clear()
    result = command(endpoint, "--model", "org/tiny", "--to", "en", str(document), offline=True)
    assert result.returncode == 0 and result.stdout.strip(), result.stderr
    assert not asked and "Traceback" not in result.stderr


@pytest.mark.parametrize(
    ("repo", "message"),
    [
        ("org/none", "org/none: the hub has no repository 'org/none', or it is private: check the name"),
        ("org/gated", "org/gated: org/gated is gated: accept its licence at https://huggingface.co/org/gated"),
    ],
)
def test_refusals_of_the_hub(hub, command, repo, message):
    result = command(hub[0], "models", "download", repo)
    assert result.returncode == 1 and f"summarize: error: {message}" in result.stderr
    assert "Traceback" not in result.stderr and not result.stdout


def test_no_network(command):
    result = command("http://127.0.0.1:9", "models", "download", "bart-cnn")
    assert result.returncode == 1 and not result.stdout
    (line,) = result.stderr.splitlines()
    assert line.startswith("summarize: error: bart-cnn: facebook/bart-large-cnn cannot be downloaded (")
    assert line.endswith("check the network, then run `summarize models download bart-cnn`")
