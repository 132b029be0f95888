"""ROUGE in training loops: ``Seq2SeqTrainer`` on a tiny model that the test builds, and ``datasets.map``."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from summarize.eval.rouge import RougeConfig
from summarize.eval.trainer import rouge_columns, rouge_metrics

WORDS = ["<pad>", "<s>", "</s>", *"أعلن الوزير القرار اليوم the cat sat mat".split()]


class WordTokenizer:
    """A word is a token; what Seq2SeqTrainer and rouge_metrics ask of a tokenizer, and no more."""

    pad_token_id, bos_token_id, eos_token_id = 0, 1, 2
    padding_side = "right"

    def batch_decode(self, ids: np.ndarray, skip_special_tokens: bool) -> list[str]:
        assert skip_special_tokens
        return [" ".join(WORDS[i] for i in row if i > 2) for row in np.asarray(ids).tolist()]


def test_compute_metrics_by_hand() -> None:
    compute = rouge_metrics(WordTokenizer())
    # أعلن الوزير against أعلن الوزير القرار اليوم: F1 2/3; the cat sat twice the same: 1
    predictions = np.array([[3, 4, 2, 0, -100], [7, 8, 9, 2, 0]])
    labels = np.array([[3, 4, 5, 6, 2, -100], [7, 8, 9, 2, -100, -100]])
    found = compute(SimpleNamespace(predictions=predictions, label_ids=labels))
    assert found["rouge1"] == pytest.approx(100 * (2 / 3 + 1) / 2)
    assert found["rougeL"] == found["rouge1"]
    assert found["rouge2"] == pytest.approx(100 * (1 / 2 + 1) / 2)
    assert found["gen_len"] == 3.5
    assert set(found) == {"rouge1", "rouge2", "rougeL", "rougeLsum", "gen_len"}


def test_seq2seq_trainer(tmp_path: Path) -> None:
    pytest.importorskip("accelerate")
    import torch
    from transformers import BartConfig, BartForConditionalGeneration, Seq2SeqTrainer, Seq2SeqTrainingArguments

    threads = torch.get_num_threads()
    torch.set_num_threads(1)  # a model this small only waits for its threads
    torch.manual_seed(0)
    config = BartConfig(
        vocab_size=len(WORDS), d_model=16, encoder_layers=1, decoder_layers=1, encoder_attention_heads=2,
        decoder_attention_heads=2, encoder_ffn_dim=32, decoder_ffn_dim=32, max_position_embeddings=32,
        pad_token_id=0, bos_token_id=1, eos_token_id=2, decoder_start_token_id=2, forced_eos_token_id=2,
    )  # fmt: skip
    model = BartForConditionalGeneration(config)
    rows = [{"input_ids": [1, *ids, 2], "labels": [*ids, 2]} for ids in ([3, 4, 5], [7, 8, 9])]

    def collate(items: list[dict[str, list[int]]]) -> dict[str, torch.Tensor]:
        return {key: torch.tensor([item[key] for item in items]) for key in ("input_ids", "labels")}

    arguments = Seq2SeqTrainingArguments(
        output_dir=str(tmp_path), predict_with_generate=True, generation_max_length=6, max_steps=40, learning_rate=2e-2,
        per_device_train_batch_size=2, per_device_eval_batch_size=2, report_to=[], use_cpu=True, logging_strategy="no",
        save_strategy="no", disable_tqdm=True, seed=0,
    )  # fmt: skip
    tokenizer: Any = WordTokenizer()
    trainer = Seq2SeqTrainer(
        model=model, args=arguments, train_dataset=rows, eval_dataset=rows, data_collator=collate,
        compute_metrics=rouge_metrics(tokenizer),
    )  # fmt: skip
    before = trainer.evaluate()
    trainer.train()
    after = trainer.evaluate()
    torch.set_num_threads(threads)
    assert 0 <= before["eval_rouge1"] < after["eval_rouge1"] <= 100
    assert after["eval_rouge1"] > 60  # two texts, learned by heart
    assert after["eval_gen_len"] > 0


ROWS = {
    "prediction": ["اعلن الوزير", "the cat"],
    "summary": ["أعلن الوزير", "the dog"],
    "references": [["x", "أعلن الوزير"], ["the cat"]],
}


def test_columns_of_a_batch() -> None:
    assert rouge_columns()(ROWS)["rouge1"] == [1.0, 0.5]
    several = rouge_columns(references="references", config=RougeConfig(("rouge1",), "ar"))(ROWS)
    assert several == {"rouge1": [1.0, 1.0]}


def test_datasets_map() -> None:
    datasets = pytest.importorskip("datasets")
    scored = datasets.Dataset.from_dict(ROWS).map(rouge_columns(), batched=True)
    assert scored["rouge1"][:] == [1.0, 0.5]
