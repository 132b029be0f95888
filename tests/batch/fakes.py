"""A small deterministic engine in place of a model; as a program, the command with that engine.

What it writes depends on the whole batch, as the roundings of a real model may: an output that comes out the same
after a kill shows that the batches were the same.
"""

from __future__ import annotations

import hashlib
import os
import sys
import time
from pathlib import Path

import summarize.models.catalogue as catalogue
from summarize.models.engine import Memory, Output

SLEEP = "KHULASA_TEST_SLEEP"  # seconds for a batch
DIE = "KHULASA_TEST_DIE"  # a file: the process dies at "suicide" where there is none, and makes it
LIMIT = 64


class Fake:
    """Counts words as tokens; some words in a text make it raise, or kill its process."""

    name, limit, device, dtype = "fake", LIMIT, "cpu", "float32"

    def count(self, text):
        return len(text.split()) + 1

    def encode(self, documents):
        time.sleep(float(os.environ.get(SLEEP, "0")))
        for text in documents:
            if "explode" in text:
                raise RuntimeError("a tensor\nis broken")
            if "suicide" in text:
                self._die(text)
        counts = [self.count(text) for text in documents]
        return Memory(tuple(min(c, LIMIT) for c in counts), tuple(c > LIMIT for c in counts), list(documents))

    def _die(self, text):
        mark = Path(os.environ[DIE])
        if "always" in text or not mark.exists():
            mark.touch()
            os.kill(os.getpid(), 9)

    def decode(self, memory, tasks, decoding, constraint=None):
        texts = memory.state
        batch = hashlib.sha256("\0".join(texts).encode()).hexdigest()[:6]
        letters = {"ar": "".join("ابتثجحخدذرزسشصضط"[int(c, 16)] for c in batch), "en": batch.translate(_LETTERS)}
        words = {"ar": "ملخص رقم", "en": "Summary of words"}
        return [
            [Output((1, 2, 3), f"{words[t.language]} {len(text)} {letters[t.language]}.", True, -1.0) for t in tasks]
            for text in texts
        ]


_LETTERS = str.maketrans("0123456789", "ghijklmnop")


def load_engine(*arguments, **options):
    """In place of the catalogue's."""
    return Fake()


if __name__ in ("__main__", "__mp_main__"):  # the program, and the worker processes that it starts
    catalogue.load_engine = load_engine
if __name__ == "__main__":
    from summarize.cli import main

    main(sys.argv[1:])
