"""An engine that reads words: as many as its limit, and writes the first words of what it reads."""

from __future__ import annotations

import pytest

from summarize import Summarizer
from summarize.models.engine import Memory, Output


class Words:
    """A token is a word. A summary is the text's first sentence, a headline its first three words; Arabic is always
    the same."""

    name = "words"

    def __init__(self, limit: int = 60) -> None:
        self.limit = limit
        self.encoded: list[list[str]] = []
        self.tasks: list[tuple] = []

    def count(self, text):
        return len(text.split()) + 1

    def encode(self, documents):
        self.encoded.append(list(documents))
        counts = [self.count(text) for text in documents]
        return Memory(tuple(min(n, self.limit) for n in counts), tuple(n > self.limit for n in counts), list(documents))

    def write(self, text, task):
        if task.language == "ar":
            return "جملة عن ذلك."
        words = text.split()
        if task.kind == "headline":
            return " ".join(words[:3])
        end = next((i for i, word in enumerate(words) if word[-1] in ".؟!"), len(words) - 1)
        return " ".join(words[: end + 1])

    def decode(self, memory, tasks, decoding, constraint=None):
        self.tasks.append(tuple(tasks))
        return [
            [Output((1,), self.write(" ".join(text.split()[: self.limit]), task), True, 0.0) for task in tasks]
            for text in memory.state
        ]


@pytest.fixture
def make():
    """``make(limit)``: a summarizer over such an engine."""

    def build(limit: int = 60, engine=None) -> Summarizer:
        made = Summarizer.__new__(Summarizer)
        made.engine = engine or Words(limit)
        return made

    return build
