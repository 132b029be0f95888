"""The evaluation's report: one HTML file that needs nothing else, read from right to left where it is Arabic."""

from __future__ import annotations

import html
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from .cache import write_atomically
from .metrics import COLUMNS, tokens
from .outcome import Direction, Evaluation, SystemScores, shown_columns
from .report_marks import mark
from .report_plots import Series, forest, ridges, trend
from .report_style import CSS
from .rouge_config import RougeConfig
from .systems import BASELINES

MAIN = (
    "rouge1",
    "rouge2",
    "rougeL",
    "rougeLsum",
    "chrf",
    "sim_ref",
    "number_precision",
    "name_precision",
    "in_language",
    "words",
)
_EXAMPLES = 5
_LANGUAGE = {"ar": "Arabic", "en": "English"}
_DIRECTION = {"ar": "rtl", "en": "ltr"}
_SOURCE_LIMIT = 6000


def _e(text: object) -> str:
    return html.escape(str(text))


def _colours(direction: Direction) -> dict[str, int]:
    return {name: i for i, name in enumerate(direction.systems)}


def _value(value: float, unit: str) -> str:
    return f"{value:.1f}{unit if unit == '×' else ''}"


def _signed(value: float) -> str:
    return f"{value:+.1f}".replace("-", "\u2212")


def _scroll(head: str, rows: Sequence[str]) -> str:
    body = f"<thead><tr>{head}</tr></thead><tbody>{''.join(rows)}</tbody>"
    return f'<div class="scroll"><table>{body}</table></div>'


def _table(direction: Direction, columns: Sequence[str]) -> str:
    best: dict[str, float] = {}
    for name in columns:
        means = [s.intervals[name].mean for n, s in direction.systems.items() if name in s.intervals and n != "oracle"]
        if COLUMNS[name].better and means:
            best[name] = max(means) if COLUMNS[name].better == "higher" else min(means)
    head = "".join(f'<th scope="col">{_e(COLUMNS[name].label)}</th>' for name in columns)
    rows = []
    for system, scores in direction.systems.items():
        cells = []
        for name in columns:
            interval = scores.intervals.get(name)
            if interval is None:
                cells.append('<td class="na">–</td>')
                continue
            is_best = system != "oracle" and f"{interval.mean:.1f}" == f"{best.get(name, float('nan')):.1f}"
            cells.append(
                f"<td{' class=best' if is_best else ''}>{_value(interval.mean, COLUMNS[name].unit)}"
                f'<span class="ci">{interval.low:.1f} – {interval.high:.1f}</span></td>'
            )
        base = ' class="base"' if system in BASELINES else ""
        swatch = f'<span class="sw c{_colours(direction)[system] % 8}"></span> '
        rows.append(f'<tr{base}><th scope="row" title="{_e(system)}">{swatch}{_e(system)}</th>{"".join(cells)}</tr>')
    return _scroll(f'<th scope="col">System</th>{head}', rows)


def _legend(direction: Direction) -> str:
    chips = [
        f'<span class="chip"><span class="sw c{i % 8}"></span>{_e(name)}</span>'
        for name, i in _colours(direction).items()
    ]
    return f'<div class="chips">{"".join(chips)}</div>'


def _figure(svg: str, caption: str) -> str:
    return f"<figure><figcaption>{caption}</figcaption>{svg}</figure>"


def _plots(direction: Direction) -> str:
    colours = _colours(direction)
    figures = []
    for name in ("rouge1", "rouge2", "rougeL"):
        rows = [(n, colours[n], s.intervals[name]) for n, s in direction.systems.items() if name in s.intervals]
        if rows:
            label = COLUMNS[name].label
            figures.append(_figure(forest(rows, f"{label} F1, %"), f"{label}: mean and interval"))
    scored = {n: s for n, s in direction.systems.items() if "rougeL" in s.intervals}
    if scored:
        series = [Series(n, s.columns["rougeL"][~np.isnan(s.columns["rougeL"])], colours[n]) for n, s in scored.items()]
        figures.append(
            _figure(ridges(series, "ROUGE-L F1, %", 100), "How ROUGE-L is spread over documents; dashed: median")
        )
    lengths = np.array([len(tokens(e.document, e.source_lang)) for e in direction.examples], dtype=float)
    if scored and len(lengths) >= 10:
        lines = [Series(n, s.columns["rougeL"], colours[n]) for n, s in scored.items()]
        first = next(iter(scored))
        caption = f"ROUGE-L against the document's length: means of equal groups; dots are documents of {_e(first)}"
        figures.append(_figure(trend(lengths, lines, "words in the document", "ROUGE-L F1, %"), caption))
    words = [
        Series(n, s.columns["words"][~np.isnan(s.columns["words"])], colours[n])
        for n, s in direction.systems.items()
        if "words" in s.intervals
    ]
    references = [
        len(tokens(r, direction.target)) for e in direction.examples for r in e.for_language(direction.target)
    ]
    if words:
        every = [Series("reference", np.array(references, dtype=float), -1), *words]
        figures.append(_figure(ridges(every, "words in the summary"), "Lengths of summaries; dashed: median"))
    return f'<div class="grid2">{"".join(figures)}</div>'


def _significance(direction: Direction, level: float) -> str:
    if not direction.pairs:
        return ""
    blocks = []
    names = list(direction.systems)
    for column in dict.fromkeys(pair.column for pair in direction.pairs):
        cells = {(p.first, p.second): p for p in direction.pairs if p.column == column}
        rows = []
        for row in names:
            line = []
            for other in names:
                pair = cells.get((row, other)) or cells.get((other, row))
                if row == other or pair is None:
                    line.append('<td class="na">·</td>')
                    continue
                difference = pair.randomisation.difference * (1 if (row, other) in cells else -1)
                sure = pair.adjusted_p < 1 - level
                kind = ("sig-hi" if difference > 0 else "sig-lo") if sure else "na"
                line.append(
                    f'<td class="{kind}">{_signed(difference)}<span class="ci">AR {pair.randomisation.p:.3f}<br>'
                    f"Holm {pair.adjusted_p:.3f}<br>BS {pair.bootstrap.p:.3f}</span></td>"
                )
            rows.append(f'<tr><th scope="row">{_e(row)}</th>{"".join(line)}</tr>')
        head = "".join(f'<th scope="col">− {_e(name)}</th>' for name in names)
        label = COLUMNS[column].label
        table = _scroll(f'<th scope="col">{_e(label)}</th>{head}', rows)
        opened = " open" if column == "rougeL" else ""
        blocks.append(f'<details{opened}><summary>{_e(label)}</summary><div class="in">{table}</div></details>')
    intro = (
        "<p class='soft'>Difference of means, row minus column, with two-sided p-values: approximate randomisation "
        "(AR), the same adjusted for the number of pairs (Holm), paired bootstrap (BS). Coloured where Holm's p is "
        f"under {1 - level:.2g}.</p>"
    )
    return f"<h3>Are the differences real?</h3>{intro}{''.join(blocks)}"


def _main_system(direction: Direction) -> SystemScores | None:
    own = [s for n, s in direction.systems.items() if n not in BASELINES]
    return next((s for s in [*own, *direction.systems.values()] if "rougeL" in s.intervals), None)


def _document(direction: Direction, index: int, main: SystemScores, config: RougeConfig) -> str:
    example = direction.examples[index]
    target, source = direction.target, direction.source
    attributes = f'lang="{target}" dir="{_DIRECTION[target]}"'
    references = example.for_language(target)
    cells = []
    for number, reference in enumerate(references, 1):
        title = "Reference" if len(references) == 1 else f"Reference {number}"
        marked = mark(reference, [main.texts[index] or ""], config)
        cells.append(
            f'<div class="cell r"><h4>{title}<span class="v">marked: in {_e(main.name)}</span></h4>'
            f"<p {attributes}>{marked}</p></div>"
        )
    for name, system in direction.systems.items():
        text = system.texts[index]
        if text is None:
            continue
        scores = [
            f"{label} {system.columns[column][index]:.0f}"
            for column, label in (("rouge1", "R1"), ("rouge2", "R2"), ("rougeL", "RL"))
            if column in system.columns
        ]
        shown = mark(text, references, config) if text.strip() else "<i>(empty)</i>"
        cells.append(
            f'<div class="cell"><h4><span class="sw c{_colours(direction)[name] % 8}"></span>{_e(name)}'
            f'<span class="v">{" · ".join(scores)}</span></h4><p {attributes}>{shown}</p></div>'
        )
    document = example.document[:_SOURCE_LIMIT]
    cut = " …" if len(example.document) > _SOURCE_LIMIT else ""
    # Copies of three words and more: shorter ones are in any text.
    body = mark(document, [main.texts[index] or ""], config, 3) if source == target else html.escape(document)
    title = f'<b lang="{source}" dir="{_DIRECTION[source]}">{_e(example.title)}</b>' if example.title else ""
    return (
        f'<article class="doc"><header>{title}<span class="id">{_e(example.id)}</span></header>'
        f'<div class="cells">{"".join(cells)}</div><details><summary>Source text</summary>'
        f'<div class="src" lang="{source}" dir="{_DIRECTION[source]}">{body}{cut}</div></details></article>'
    )


def _documents(direction: Direction, config: RougeConfig) -> str:
    main = _main_system(direction)
    if main is None:
        return ""
    values = main.columns["rougeL"]
    order = [int(i) for i in np.argsort(-values, kind="stable") if not np.isnan(values[i])]
    count = min(_EXAMPLES, max(1, len(order) // 2))
    parts = [
        "<h3>Documents, best and worst</h3>"
        f'<p class="soft key">By ROUGE-L of {_e(main.name)}. Marked are words in common with the reference: '
        '<mark class="n1">one word</mark><mark class="n2">two in a row</mark><mark class="n3">three</mark>'
        '<mark class="n4">four and more</mark></p>'
    ]
    for label, chosen in (("Best", order[:count]), ("Worst", order[::-1][:count])):
        if label == "Worst" and len(order) < 2:
            continue
        cards = "".join(_document(direction, i, main, config) for i in chosen)
        opened = " open" if label == "Best" else ""
        parts.append(
            f"<details{opened}><summary>{label} {len(chosen)}</summary><div class='in'>{cards}</div></details>"
        )
    return "".join(parts)


def _section(direction: Direction, settings: dict[str, object]) -> str:
    config = RougeConfig(lang=direction.target)
    if "rouge" in direction.signatures:
        config = RougeConfig.from_signature(direction.signatures["rouge"])
        config = config.for_language(direction.target) if config.lang == "auto" else config
    columns = shown_columns(direction)
    main = [name for name in MAIN if name in columns]
    level = float(settings["level"])  # type: ignore[arg-type]
    source, target = _LANGUAGE[direction.source], _LANGUAGE[direction.target]
    warnings = "".join(f'<div class="warn">{_e(w)}</div>' for w in direction.warnings)
    signatures = "".join(f"<code>{_e(text)}</code>" for text in direction.signatures.values())
    rest = [name for name in columns if name not in main]
    more = (
        f'<details><summary>All other metrics</summary><div class="in">{_table(direction, rest)}</div></details>'
        if rest
        else ""
    )
    return (
        f'<section id="{direction.source}-{direction.target}"><h2>{source} documents, {target} summaries</h2>'
        f'<p class="soft">{len(direction.examples)} documents. Means over documents with {level:.0%} bootstrap '
        f"intervals ({settings['resamples']} resamples, seed {settings['seed']}); the best mean is bold, the oracle "
        f"aside, which has seen the reference.</p>{warnings}"
        f"<h3>Scores</h3>{_table(direction, main)}{more}"
        f"<h3>At a glance</h3>{_legend(direction)}{_plots(direction)}"
        f"{_significance(direction, level)}{_documents(direction, config)}"
        f'<h3>Signatures</h3><div class="sig">{signatures}</div></section>'
    )


def report_html(evaluation: Evaluation) -> str:
    """The page, as text."""
    settings = evaluation.settings
    links = "".join(
        f'<a href="#{d.source}-{d.target}">{_LANGUAGE[d.source]} → {_LANGUAGE[d.target]}</a>'
        for d in evaluation.directions
    )
    nav = f"<nav>{links}</nav>" if len(evaluation.directions) > 1 else ""
    notes = "".join(f'<div class="warn">{_e(note)}</div>' for note in evaluation.notes)
    name = Path(str(settings["data"])).name
    title = f"Summaries of {name}"
    body = "".join(_section(direction, settings) for direction in evaluation.directions)
    return (
        f'<!doctype html>\n<html lang="en"><head><meta charset="utf-8"><title>{_e(title)}</title>'
        '<meta name="viewport" content="width=device-width,initial-scale=1">'
        f'<meta name="generator" content="Khulasa {_e(settings["khulasa"])}"><style>{CSS}</style></head><body><main>'
        f"<h1>{_e(title)}</h1>"
        f'<p class="soft">{settings["documents"]} documents · Khulasa {_e(settings["khulasa"])}</p>{nav}{notes}{body}'
        "</main></body></html>\n"
    )


def write_report(evaluation: Evaluation, path: str | Path) -> None:
    """Writes the page; an earlier one is replaced as a whole."""
    write_atomically(Path(path), report_html(evaluation))
