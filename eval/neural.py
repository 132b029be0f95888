"""Metrics that people run with weights of their own: BERTScore and COMET, through their own packages.

Neither is needed for anything else. Which weights: the environment variables ``KHULASA_BERTSCORE_MODEL`` (a hub name
or a folder; default bert-base-multilingual-cased, layer 9 as its authors chose) and ``KHULASA_COMET_MODEL`` (a
checkpoint's path).
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import TYPE_CHECKING

from summarize.errors import MissingExtraError, ModelError, UsageError

from .extractive import NAN

if TYPE_CHECKING:
    from .metrics import Case, Scorer


def make_bertscore() -> tuple[Scorer, str]:
    """BERTScore F1 (Zhang et al. 2020), best of the references, percent; and the model's name."""
    try:
        from bert_score import BERTScorer
    except ImportError:
        raise MissingExtraError("the metric 'bertscore' needs bert-score: pip install bert-score") from None
    model = os.environ.get("KHULASA_BERTSCORE_MODEL", "bert-base-multilingual-cased")
    try:
        scorer = BERTScorer(model_type=model, num_layers=9)
    except (OSError, ValueError, KeyError) as error:
        raise ModelError(f"BERTScore's model {model!r} cannot be loaded: {' '.join(str(error).split())}") from None

    def score(cases: Sequence[Case]) -> dict[str, list[float]]:
        scored = [i for i, case in enumerate(cases) if case.refs]
        values = [NAN] * len(cases)
        if scored:
            _, _, f1 = scorer.score([cases[i].hyp for i in scored], [list(cases[i].refs) for i in scored])
            for i, value in zip(scored, f1.tolist(), strict=True):
                values[i] = 100 * value
        return {"bertscore": values}

    return score, model


def make_comet() -> tuple[Scorer, str]:
    """A COMET model (Rei et al. 2020) on (document, summary, first reference), times 100; and its path."""
    try:
        from comet import load_from_checkpoint
    except ImportError:
        raise MissingExtraError("the metric 'comet' needs unbabel-comet: pip install unbabel-comet") from None
    path = os.environ.get("KHULASA_COMET_MODEL")
    if not path:
        raise UsageError("the metric 'comet' needs weights: set KHULASA_COMET_MODEL to a checkpoint's path")
    try:
        model = load_from_checkpoint(path)
    except (OSError, ValueError, RuntimeError) as error:
        raise ModelError(f"the COMET model {path!r} cannot be loaded: {' '.join(str(error).split())}") from None

    def score(cases: Sequence[Case]) -> dict[str, list[float]]:
        scored = [i for i, case in enumerate(cases) if case.refs]
        rows = [{"src": cases[i].doc, "mt": cases[i].hyp, "ref": cases[i].refs[0]} for i in scored]
        values = [NAN] * len(cases)
        for i, value in zip(
            scored, model.predict(rows, gpus=0, progress_bar=False).scores if rows else [], strict=True
        ):
            values[i] = 100 * value
        return {"comet": values}

    return score, os.path.basename(path)
