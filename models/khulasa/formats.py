"""What each compute format costs: ``python -m summarize.models.khulasa.formats DATA.jsonl.gz ...``

The loss per target token of the reference summaries, by the inference engine itself, in float32 and bfloat16, over the
first documents of each data set.
"""

from __future__ import annotations

import gzip
import json
from pathlib import Path
from typing import Any

import click

from ..engine import Task
from .prompts import length_of
from .weights import BUNDLED, Layout

FORMATS = ("float32", "bfloat16")


def references(path: Path, most: int) -> list[tuple[str, Task, str]]:
    """The first ``most`` rows of a data set in our JSONL layout: document, task, reference summary."""
    found: list[tuple[str, Task, str]] = []
    opener: Any = gzip.open if path.suffix == ".gz" else open
    with opener(path, "rt", encoding="utf-8") as lines:
        for line in lines:
            row = json.loads(line)
            if row.get("summary"):
                task = Task("summary", row["target_lang"], length_of(len(row["summary"].split())))
                found.append((row["document"], task, row["summary"]))
            if len(found) == most:
                break
    return found


@click.command()
@click.argument("data", nargs=-1, required=True, type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--documents", default=50, show_default=True, help="Documents of each set.")
def main(data: tuple[Path, ...], documents: int) -> None:
    """Loss in nats per target token, by compute format, and its difference to float32."""
    import torch

    from .engine import KhulasaEngine

    click.echo(f"{'set':24} {'tokens':>7} " + " ".join(f"{name:>10}" for name in FORMATS) + f" {'difference':>11}")
    engines = {name: KhulasaEngine(Layout(BUNDLED), dtype=getattr(torch, name)) for name in FORMATS}
    for path in data:
        rows = references(path, documents)
        losses, count = {}, 0
        for name, engine in engines.items():
            scored = [engine.score(document, task, summary) for document, task, summary in rows]
            count = sum(tokens for _, tokens in scored)
            losses[name] = -sum(total for total, _ in scored) / count
        figures = " ".join(f"{losses[name]:10.4f}" for name in FORMATS)
        click.echo(f"{path.name:24} {count:7} {figures} {losses['bfloat16'] - losses['float32']:+11.4f}")


if __name__ == "__main__":
    main()
