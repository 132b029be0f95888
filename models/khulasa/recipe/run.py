"""Sets a training run up: mix, base, starting adapter, worker processes."""

from __future__ import annotations

import json
import random
import sys
from collections.abc import Mapping
from dataclasses import asdict, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..weights import Layout, iterate_base, merged_tensors
from .config import TrainConfig
from .mix import Example, find, load_mix, read_rows, with_names

if TYPE_CHECKING:
    import torch


def save_examples(parts: Mapping[str, list[Example]], path: Path) -> None:
    """One JSON line per example: part, document, targets, candidates."""
    beside = path.with_name(path.name + ".tmp")
    with beside.open("w", encoding="utf-8") as file:
        for part, examples in parts.items():
            for e in examples:
                file.write(json.dumps([part, e.document, e.targets, e.candidates], ensure_ascii=False) + "\n")
    beside.replace(path)


def load_examples(path: Path) -> dict[str, list[Example]]:
    """What ``save_examples`` wrote."""
    parts: dict[str, list[Example]] = {}
    with path.open(encoding="utf-8") as file:
        for line in file:
            part, document, targets, *more = json.loads(line)  # older files have no candidates
            candidates = tuple((text, reward) for some in more for text, reward in some)
            example = Example(document, tuple((k, to, text) for k, to, text in targets), candidates)
            parts.setdefault(part, []).append(example)
    return parts


def validation_examples(data: Path, items: int) -> dict[str, list[Example]]:
    """The first ``items`` of every dev set, by task and direction; sets that are not there are left out."""
    sets: dict[str, list[Example]] = {}
    for name, file in (("ar>ar", "ar/dev_nolead"), ("en>en", "en/dev_xsum"), ("en>en long", "en/dev_cnndm")):
        path = find(data, file)
        if path is None:
            continue
        rows = [r for r in read_rows(path) if r.get("summary")][:items]
        sets[f"sum {name}"] = [Example(r["document"], (("summary", r["target_lang"], r["summary"]),)) for r in rows]
        titled = [Example(r["document"], (("headline", r["target_lang"], r["title"]),)) for r in rows if r.get("title")]
        if titled:
            sets[f"head {name}"] = titled
    path = find(data, "parallel/flores200_dev")
    if path is not None:
        rows = list(read_rows(path))[:: max(1, 997 // (2 * items))][: 2 * items]
        sets["tr ar>en"] = [Example(r["ar"], (("translation", "en", r["en"]),)) for r in rows]
        sets["tr en>ar"] = [Example(r["en"], (("translation", "ar", r["ar"]),)) for r in rows]
        for source, to in (("ar", "en"), ("en", "ar")):
            plain = [Example(r[source], (("translation", to, r[to]),)) for r in read_rows(path)]
            both = zip(plain, with_names(plain, random.Random(0), share=1.0), strict=True)
            named = [new for old, new in both if new != old][:items]
            if named:
                sets[f"tr {source}>{to} named"] = named
    return sets


def first_tensors(weights: Path, merged: Path | None = None) -> dict[str, torch.Tensor]:
    """The dequantised base, for training against it as it will be loaded; with an adapter ``merged`` into it."""
    layout = Layout(weights)
    return dict(iterate_base(layout) if merged is None else merged_tensors(layout, merged))


def _worker(
    rank: int,
    config: TrainConfig,
    weights: str,
    out: str,
    start: str | None,
    minutes: float | None,
    data: str,
) -> None:
    from safetensors.torch import load_file

    from ..configuration_khulasa import KhulasaConfig
    from .loop import train

    layout = Layout(Path(weights))
    parts = load_examples(Path(out) / "mix.jsonl")
    measure = None
    if config.measure_every and rank == 0:
        from .measure import measure_adapter, show

        def measure(folder: Path) -> dict[str, Any]:
            found = measure_adapter(folder / "adapter.safetensors", Path(data), Path(weights), config.measure_items)
            with (folder / "samples.txt").open("a", encoding="utf-8") as file:
                file.write(show("averaged weights", found) + "\n\n")
            return found.scores

    train(
        rank,
        config,
        first_tensors(Path(weights), Path(start) if start is not None and not config.rank else None),
        KhulasaConfig.from_pretrained(weights),
        parts,
        validation_examples(Path(data), config.validate_items),
        str(layout.tokenizer),
        Path(out),
        load_file(start) if start is not None and config.rank else None,
        minutes,
        measure,
    )


def run_training(
    config: TrainConfig,
    data: Path,
    out: Path,
    weights: Path,
    start: Path | None,
    silver: Path | None,
    minutes: float | None,
    back: Path | None = None,
    candidates: Path | None = None,
) -> None:
    """Trains in ``out``. The filtered mix is kept there, so that a resumed run sees the same examples."""
    out.mkdir(parents=True, exist_ok=True)
    if not (out / "mix.jsonl").is_file():
        parts = load_mix(
            data,
            config.seed,
            silver=silver,
            back=back,
            candidates=candidates,
            report=lambda line: print(line, file=sys.stderr),
        )
        save_examples(parts, out / "mix.jsonl")
    (out / "config.json").write_text(json.dumps(asdict(config), indent=1), encoding="utf-8")
    arguments = (config, str(weights), str(out), str(start) if start else None, minutes, str(data))
    for stale in out.glob(".meet-*"):  # where a killed run's workers met
        stale.unlink()
    if config.workers > 1:
        import torch.multiprocessing as mp

        mp.start_processes(_worker, arguments, nprocs=config.workers, start_method="spawn")
    else:
        _worker(0, replace(config, workers=1), *arguments[1:])
