"""What a compute format costs in quality: its greedy summaries beside float32's, on the documents of a data set."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path

from .text import clean


def shared_tokens(one: Sequence[int], other: Sequence[int]) -> float:
    """Share of the longer output's tokens that both outputs begin with.

    >>> shared_tokens([5, 6, 7, 8], [5, 6, 9])
    0.5
    """
    most = max(len(one), len(other))
    same = next((i for i, (a, b) in enumerate(zip(one, other, strict=False)) if a != b), min(len(one), len(other)))
    return same / most if most else 1.0


def compare(path: Path, documents: int, format: str | None = None) -> dict[str, float | int | str]:
    """Agreement and ROUGE-L F1 (normalised; points) on the first ``documents`` rows of a data set.

    Args:
        format: None is what ``dtype="auto"`` chooses on this machine.

    Raises:
        DataError: the file is no data set, or holds no example.
    """
    from .eval import Rouge, load_examples
    from .models.engine import Decoding, Task
    from .models.khulasa.engine import KhulasaEngine
    from .models.khulasa.prompts import length_of
    from .models.khulasa.weights import BUNDLED, Layout

    engines = [KhulasaEngine(Layout(BUNDLED), dtype=name) for name in ("float32", format)]
    shares: list[float] = []
    scores: list[list[float]] = []
    equal = 0
    for number, example in enumerate(load_examples(path)[:documents], 1):
        language, references = next(iter(example.references.items()))
        task = Task("summary", language, length_of(len(references[0].split())))
        rouge = Rouge(lang=language)
        outputs = []
        for engine in engines:
            memory = engine.encode([clean(example.document)])
            outputs.append(engine.decode(memory, [task], Decoding(max_new_tokens=176))[0][0])
        shares.append(shared_tokens(outputs[0].ids, outputs[1].ids))
        equal += outputs[0].ids == outputs[1].ids
        scores.append([100 * rouge.score(output.text, references)["rougeL"].f1 for output in outputs])
        if number % 10 == 0:
            print(f"summarize bench: {number} documents", file=sys.stderr)
    count = len(shares)
    exact, other = (sum(column) / count for column in zip(*scores, strict=True))
    return {
        "documents": count,
        "formats": f"{engines[0].stack.format}, {engines[1].stack.format}",
        "outputs that are equal": round(equal / count, 4),
        "tokens before the first difference": round(sum(shares) / count, 4),
        "ROUGE-L, float32": round(exact, 2),
        f"ROUGE-L, {engines[1].stack.format}": round(other, 2),
        "difference": round(other - exact, 2),
    }
