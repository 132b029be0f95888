"""The commands ``summarize evaluate`` and ``summarize score``."""

from __future__ import annotations

import json
import math
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from summarize.errors import UsageError
from summarize.languages import parse_languages
from summarize.options import shared

if TYPE_CHECKING:
    from .rouge_config import RougeConfig

_RESAMPLES = "KHULASA_RESAMPLES"
_STATISTICS = "Of intervals and tests."


def _rouge_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Options that both commands share: ROUGE's parts."""
    from .metrics import METRICS
    from .parts import NORMALIZERS, SPLITTERS, STEMMERS, TOKENIZERS
    from .rouge_config import MULTI

    metric_help = f"Metric; may be given several times. Choose from {', '.join(METRICS)}."
    level = click.FloatRange(0, 1, min_open=True, max_open=True)
    shown: dict[str, Any] = {"show_default": True}
    for option in (
        click.option("--norm", type=click.Choice(list(NORMALIZERS)), help="Normaliser; by default the language's."),
        click.option("--tok", type=click.Choice(list(TOKENIZERS)), help="Tokenizer; by default the language's."),
        click.option("--stem", type=click.Choice(list(STEMMERS)), help="Stemmer; by default none."),
        click.option("--split", type=click.Choice(list(SPLITTERS)), help="Sentence splitter for ROUGE-Lsum."),
        click.option(
            "--refs", type=click.Choice(list(MULTI)), default="best", help="What several references come to.", **shown
        ),
        click.option("--signature", help="Take all settings of ROUGE from this signature."),
        click.option(
            "--metric", "metrics", multiple=True, type=click.Choice(list(METRICS)), metavar="NAME", help=metric_help
        ),
        click.option("--resamples", type=click.IntRange(1), default=1000, envvar=_RESAMPLES, help=_STATISTICS, **shown),
        click.option("--seed", type=int, default=12345, help=_STATISTICS, **shown),
        click.option("--level", type=level, default=0.95, help="Coverage of intervals.", **shown),
        click.option("--skip-empty", is_flag=True, help="Leave out documents without text or reference."),
        click.option("-q", "--quiet", is_flag=True, help="No progress and no notes; of `score`, ROUGE's numbers only."),
    ):
        command = option(command)
    return command


def _config(lang: str, signature: str | None, **parts: Any) -> RougeConfig:
    from .rouge_config import TYPES, RougeConfig

    return RougeConfig.from_signature(signature) if signature else RougeConfig(TYPES, lang, **parts)


def _fields(values: tuple[str, ...]) -> dict[str, str]:
    fields = {}
    for value in values:
        ours, equals, theirs = value.partition("=")
        if not equals or not theirs:
            raise UsageError(f"--field {value!r} is not OURS=THEIRS, as in --field document=article")
        fields[ours] = theirs
    return fields


class _Progress:
    """A bar on a terminal; nothing elsewhere."""

    def __init__(self, quiet: bool) -> None:
        self.quiet = quiet or not sys.stderr.isatty()
        self._bars: dict[str, Any] = {}

    def __call__(self, name: str, done: int, total: int) -> None:
        if self.quiet:
            return
        from tqdm import tqdm

        if name not in self._bars:
            self._bars[name] = tqdm(total=total, desc=name, unit="doc", file=sys.stderr)
        bar = self._bars[name]
        bar.update(max(0, done - bar.n))
        if done >= total:
            bar.close()
            del self._bars[name]


@click.command()
@click.argument("data")
@click.option(
    "--system",
    "systems",
    multiple=True,
    metavar="SPEC",
    help="What to evaluate: a model, a predictions file, lead-N; may be given several times. A model takes options: "
    "khulasa:length=medium,num_beams=4.  [default: khulasa]",
)
@click.option(
    "--to", default=None, help="Languages of the summaries: ar, en or ar,en; by default those with references."
)
@click.option(
    "--report",
    "out",
    type=click.Path(path_type=Path),
    default=None,
    help="Folder for outputs, scores.json and report.html; or the page's own path, if it ends in .html.",
)
@click.option(
    "--field",
    "fields",
    multiple=True,
    metavar="OURS=THEIRS",
    help="Field names of the data, as document=article, summary=highlights.",
)
@click.option(
    "--layout", default="auto", show_default=True, help="Layout of the data: auto, khulasa, xlsum, crosssum, cnndm."
)
@click.option("--limit", type=click.IntRange(1), default=None, help="Only the first so many documents.")
@click.option("--no-baselines", is_flag=True, help="Without lead-1, lead-3 and the oracle.")
@shared("device", "offline")
@click.option("--json", "as_json", is_flag=True, help="Scores as JSON on stdout instead of the table.")
@_rouge_options
def evaluate(
    data: str, systems: tuple[str, ...], to: str | None, out: Path | None, fields: tuple[str, ...], layout: str,
    limit: int | None, no_baselines: bool, device: str, offline: bool, as_json: bool, metrics: tuple[str, ...],
    signature: str | None, resamples: int, seed: int, level: float, skip_empty: bool, quiet: bool, **parts: Any,
) -> None:  # fmt: skip
    """Run systems over DATA and score them side by side, with lead-1, lead-3 and the extractive oracle.

    DATA is a .jsonl (also .gz, .zst), .json, .csv, .tsv or .parquet file, hf:NAME, or "sample", the small set that
    comes with Khulasa. With --report, what was generated is kept: killed or not, the same command goes on from there.
    """
    from .evaluation import evaluate as run
    from .report import write_report
    from .tables import evaluation_tables

    page = None
    if out is not None:
        page = out if out.suffix == ".html" else out / "report.html"
        out = page.parent
    evaluation = run(
        data,
        systems or ("khulasa",),
        to=parse_languages(to) if to is not None else None,
        out=out,
        metrics=metrics or None,
        rouge=_config("auto", signature, **parts),
        baselines=not no_baselines,
        resamples=resamples,
        seed=seed,
        level=level,
        progress=_Progress(quiet),
        load={"device": device, "local_files_only": offline},
        fields=_fields(fields),
        layout=layout,
        skip_empty=skip_empty,
        limit=limit,
    )
    if not quiet:
        for note in evaluation.notes:
            click.echo(f"note: {note}", err=True)
    if as_json:
        click.echo(json.dumps(evaluation.to_dict(per_document=False), ensure_ascii=False, indent=1))
    else:
        click.echo(evaluation_tables(evaluation))
    if page is not None:
        write_report(evaluation, page)
        if not quiet:
            click.echo(f"report: {page}", err=True)


@click.command()
@click.argument("hypotheses", metavar="HYP")
@click.argument("references", metavar="REF...", nargs=-1, required=True)
@click.option(
    "--lang",
    type=click.Choice(["ar", "en", "auto"]),
    default="auto",
    show_default=True,
    help="Language of the references; auto tells it for each document.",
)
@click.option(
    "-i",
    "--input",
    "others",
    multiple=True,
    metavar="HYP",
    help="A further system's file; may be given several times. HYP is then the baseline.",
)
@click.option("--hyp-field", default=None, help="Field of the summaries, where the file has rows.")
@click.option("--ref-field", default=None, help="Field of the references, where the file has rows.")
@click.option("--json", "as_json", is_flag=True, help="JSON on stdout instead of the table.")
@click.option("--confidence", is_flag=True, help="Bootstrap intervals of the means.")
@click.option("--paired-bs", is_flag=True, help="Paired bootstrap test of each further system against HYP.")
@click.option("--paired-ar", is_flag=True, help="Approximate randomisation test of each further system against HYP.")
@click.option("--processes", type=click.IntRange(1), default=1, show_default=True, help="Processes that score.")
@_rouge_options
def score(
    hypotheses: str, references: tuple[str, ...], lang: str, others: tuple[str, ...], hyp_field: str | None,
    ref_field: str | None, as_json: bool, confidence: bool, paired_bs: bool, paired_ar: bool, processes: int,
    metrics: tuple[str, ...], signature: str | None, resamples: int, seed: int, level: float, skip_empty: bool,
    quiet: bool, **parts: Any,
) -> None:  # fmt: skip
    """Score summaries that exist already: HYP against one or more REF, line by line, or rows of JSON lines by id.

    Plain text has one summary a line (several REF files are several references; an empty line in one is none). Rows
    have an id, and the text in summary, prediction or the like; a REF file may hold lists in summaries.
    """
    from .scoring import FileScores, read_cases, score_file
    from .stats import small_sample_warning
    from .tables import score_table

    if (paired_bs or paired_ar) and not others:
        raise UsageError("a paired test needs a second system: name its file with -i")
    piped = [hypotheses, *others, *references].count("-")
    if piped > 1 or ("-" in references and others):
        raise UsageError("- (standard input) can be read once; save it to a file, and name that")
    config = _config(lang, signature, **parts)
    keep = confidence or paired_bs or paired_ar
    scores: dict[str, FileScores] = {}
    for path in (hypotheses, *others):
        cases = read_cases(path, references, config.lang, hyp_field, ref_field, skip_empty)
        name = path if path not in scores else f"{path} ({len(scores) + 1})"
        scores[name] = score_file(cases, config, metrics or ("rouge",), keep, processes)
        if not quiet:
            _warn(name, scores[name])
    first = next(iter(scores.values()))
    if keep and not quiet and (warning := small_sample_warning(first.n)):
        click.echo(f"warning: {warning}", err=True)
    intervals = _intervals(scores, resamples, seed, level) if confidence else {}
    tests = _paired(scores, [t for t, on in (("bs", paired_bs), ("ar", paired_ar)) if on], resamples, seed)
    signatures = _with_statistics(first.signatures, confidence or paired_bs, paired_ar, resamples, seed)
    if as_json:
        click.echo(json.dumps(_score_json(scores, intervals, tests, signatures), ensure_ascii=False, indent=1))
        return
    if quiet:
        for result in scores.values():
            click.echo(" ".join(f"{v:.2f}" for k, v in result.means.items() if not k.endswith(("_p", "_r"))))
        return
    click.echo(score_table(scores, intervals))
    for name, column, comparison in tests:
        found = f"{comparison.difference:+.2f}, p = {comparison.p:.4f}"
        click.echo(f"{comparison.test}, {name} against {hypotheses}, {column}: {found}")
    for line in signatures.values():
        click.echo(line)


def _warn(name: str, result: Any) -> None:
    if result.off_language:
        languages = " and ".join(result.languages)
        share = f"{result.off_language} of {result.n} summaries"
        click.echo(f"warning: {name}: {share} are not in the language of their reference ({languages})", err=True)
    if result.empty:
        click.echo(f"warning: {name}: {result.empty} of {result.n} summaries are empty and score 0", err=True)


def _intervals(
    scores: dict[str, Any], resamples: int, seed: int, level: float
) -> dict[str, dict[str, tuple[float, float]]]:
    import numpy as np

    from .stats import bootstrap_intervals

    out = {}
    for system, result in scores.items():
        names = [name for name in result.columns if not np.isnan(result.columns[name]).all()]
        if not names:
            continue
        found = bootstrap_intervals(np.stack([result.columns[n] for n in names], axis=1), resamples, seed, level)
        out[system] = {name: (i.low, i.high) for name, i in zip(names, found, strict=True)}
    return out


def _paired(scores: dict[str, Any], tests: list[str], resamples: int, seed: int) -> list[tuple[str, str, Any]]:
    from .stats import TESTS

    base, *others = scores.values()
    names = list(scores)[1:]
    for name, other in zip(names, others, strict=True):
        if other.n != base.n:
            raise UsageError(
                f"{name} has {other.n} summaries, the baseline {base.n}; a paired test needs the same documents"
            )
    return [
        (name, column, TESTS[test](other.columns[column], base.columns[column], resamples, seed))
        for test in tests
        for name, other in zip(names, others, strict=True)
        for column in base.columns
        if not column.endswith(("_p", "_r"))
    ]


def _with_statistics(
    signatures: dict[str, str], bootstrap: bool, randomised: bool, resamples: int, seed: int
) -> dict[str, str]:
    from .signature import Signature

    extra = {**({"bs": resamples} if bootstrap else {}), **({"ar": resamples} if randomised else {})}
    if extra:
        extra["seed"] = seed
    return {name: str(Signature.parse(text).with_fields(**extra)) for name, text in signatures.items()}


def _number(value: float) -> float | None:
    return None if math.isnan(value) else round(value, 6)


def _score_json(
    scores: dict[str, Any], intervals: dict[str, Any], tests: list[Any], signatures: dict[str, str]
) -> dict[str, Any]:
    systems = {}
    for name, result in scores.items():
        columns: dict[str, Any] = {}
        for column, mean in result.means.items():
            if column.endswith(("_p", "_r")):
                continue
            entry: dict[str, Any] = {"score": _number(mean)}
            if f"{column}_p" in result.means:
                entry["precision"], entry["recall"] = (_number(result.means[column + s]) for s in ("_p", "_r"))
            if column in intervals.get(name, {}):
                entry["low"], entry["high"] = map(_number, intervals[name][column])
            columns[column] = entry
        systems[name] = {
            "n": result.n,
            "languages": dict(result.languages),
            "off_language": result.off_language,
            "empty": result.empty,
            "scores": columns,
        }
    paired = [
        {
            "system": name,
            "column": column,
            "test": c.test,
            "difference": _number(c.difference),
            "p": _number(c.p),
            "n": c.n,
            "resamples": c.resamples,
            "seed": c.seed,
        }
        for name, column, c in tests
    ]
    return {"systems": systems, "tests": paired, "signatures": signatures}
