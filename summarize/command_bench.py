"""``summarize bench``: how fast the bundled model is on this machine, and what that costs in quality."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path
from tempfile import TemporaryDirectory

import click

from .bench import MEASURES

_FILE = click.Path(exists=True, dir_okay=False, path_type=Path)


@click.command(context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.argument("document", required=False, type=_FILE)
@click.option("--only", multiple=True, type=click.Choice(list(MEASURES)), help="Only these measures.")
@click.option("--runs", default=3, show_default=True, type=click.IntRange(1, 100), help="Repetitions of each.")
@click.option("--documents", default=64, show_default=True, type=click.IntRange(8, 160), help="Size of the batch.")
@click.option(
    "--agreement",
    type=_FILE,
    metavar="DATA.jsonl",
    help="Instead: greedy outputs beside float32's, and ROUGE-L of both, on a data set's first documents.",
)
@click.option("--json", "as_json", is_flag=True, help="One JSON object a line.")
def bench(
    document: Path | None, only: tuple[str, ...], runs: int, documents: int, agreement: Path | None, as_json: bool
) -> None:
    """Measure the bundled model on this machine: medians, with every run behind them.

    DOCUMENT is what the single runs summarise [default: the longest Arabic one that comes with the package].
    """
    from .bench import Bench, Row, machine, mixed, samples
    from .languages import detect
    from .readers import read
    from .text import clean

    def show(row: Row | dict[str, object]) -> None:
        if isinstance(row, Row):
            click.echo(json.dumps({**asdict(row), "median": row.median}, ensure_ascii=False) if as_json else str(row))
        else:
            click.echo(json.dumps(row) if as_json else "\n".join(f"{key}: {value}" for key, value in row.items()))

    show(machine())
    if agreement is not None:
        from .bench_agreement import compare

        show({**compare(agreement, documents)})
        return
    texts = samples()
    with TemporaryDirectory() as folder:
        if document is None:
            document = Path(folder) / "document.txt"
            document.write_text(max((t for t in texts if detect(t).language == "ar"), key=len), encoding="utf-8")
        chosen = Bench(clean(read(str(document)).text), document, mixed(texts, documents), runs)
        for name in only or MEASURES:
            for row in MEASURES[name](chosen):
                show(row)
