"""ROUGE for training loops: ``compute_metrics`` of transformers' ``Seq2SeqTrainer``, and ``datasets.map``."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from .rouge import Rouge
from .rouge_config import RougeConfig


def rouge_metrics(tokenizer: Any, config: RougeConfig | None = None) -> Callable[[Any], dict[str, float]]:
    """A ``compute_metrics`` for ``Seq2SeqTrainer`` with ``predict_with_generate=True``.

    Args:
        tokenizer: has ``batch_decode`` and ``pad_token_id``.
        config: ROUGE's configuration; by default the language is told for each reference.

    Returns:
        A function of ``EvalPrediction`` that gives mean F1 in percent by type, and ``gen_len``, tokens per output.
    """
    rouge = Rouge(config=config or RougeConfig(types=("rouge1", "rouge2", "rougeL", "rougeLsum")))

    def compute(prediction: Any) -> dict[str, float]:
        outputs = prediction.predictions
        outputs = np.asarray(outputs[0] if isinstance(outputs, tuple) else outputs)
        labels = np.asarray(prediction.label_ids)
        pad = tokenizer.pad_token_id
        # -100 marks what the loss leaves out, on either side.
        outputs, labels = np.where(outputs < 0, pad, outputs), np.where(labels < 0, pad, labels)
        hypotheses = tokenizer.batch_decode(outputs, skip_special_tokens=True)
        references = tokenizer.batch_decode(labels, skip_special_tokens=True)
        scores = rouge.corpus(hypotheses, references)
        metrics = {name: 100 * scores.mean(name).f1 for name in scores.types}
        metrics["gen_len"] = float((outputs != pad).sum(axis=1).mean())
        return metrics

    return compute


def rouge_columns(
    hypothesis: str = "prediction", references: str = "summary", config: RougeConfig | None = None
) -> Callable[[Mapping[str, Sequence[Any]]], dict[str, list[float]]]:
    """A function for ``dataset.map(..., batched=True)`` that adds a column of F1 (0 to 1) for each type.

    Args:
        hypothesis, references: names of the columns with the summary, and with a reference or a list of them.
    """
    rouge = Rouge(config=config or RougeConfig())

    def add(batch: Mapping[str, Sequence[Any]]) -> dict[str, list[float]]:
        scores = rouge.corpus(batch[hypothesis], batch[references])
        return {name: scores.f1(name).tolist() for name in scores.types}

    return add
