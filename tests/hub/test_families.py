"""Every family through a tiny checkpoint: what the engine writes is what transformers writes when asked by hand."""

from __future__ import annotations

import numpy as np
import pytest

from summarize.errors import ModelError, UsageError
from summarize.models.engine import Decoding, Task
from summarize.models.hub.engine import HubEngine

from .conftest import ARABIC, ENGLISH

# family -> (source language, target language) -> how transformers is asked by hand
BY_HAND = {
    "mt5": {("en", "en"): {}},
    "crosssum": {("en", "en"): {"start": "▁<extra_id_69>"}, ("en", "ar"): {"start": "▁<extra_id_95>"}},
    "bart": {("en", "en"): {"forced_bos_token_id": 0}},
    "pegasus": {("en", "en"): {}},
    "arabart": {("ar", "ar"): {}},
    "mbart50": {
        ("ar", "ar"): {"source": "ar_AR", "bos": "ar_AR"},
        ("en", "ar"): {"source": "en_XX", "bos": "ar_AR"},
    },
    "nllb": {
        ("ar", "en"): {"source": "arb_Arab", "bos": "eng_Latn"},
        ("en", "ar"): {"source": "eng_Latn", "bos": "arb_Arab"},
    },
    "m2m100": {("ar", "en"): {"source": "ar", "bos": "__en__"}, ("en", "ar"): {"source": "en", "bos": "__ar__"}},
    "opus_ar_en": {("ar", "en"): {}},
    "opus_en_ar": {("en", "ar"): {"prefix": ">>ara<< "}},
}
CASES = [(family, *pair, how) for family, pairs in BY_HAND.items() for pair, how in pairs.items()]
TRANSLATORS = ("opus_ar_en", "opus_en_ar")
DIRECTIONS = ("ar-ar", "ar-en", "en-ar", "en-en")


def engine_of(build, family, **options) -> HubEngine:
    import torch

    return HubEngine(build(family), dtype=torch.float32, directions=DIRECTIONS, **options)


def kind_of(family: str) -> str:
    return "translation" if family in TRANSLATORS else "summary"


@pytest.mark.parametrize("beams", [1, 3])
@pytest.mark.parametrize(("family", "source", "target", "how"), CASES)
def test_as_transformers_by_hand(build, family, source, target, how, beams):
    from transformers import AutoModelForSeq2SeqLM, AutoTokenizer

    text = {"ar": ARABIC, "en": ENGLISH}[source][:90]
    engine = engine_of(build, family)
    # A longer neighbour, so that the row is padded, and the other language beside it.
    memory = engine.encode([ENGLISH if source == "en" else ARABIC, text])
    decoding = Decoding(num_beams=beams, no_repeat_ngram_size=2, max_new_tokens=10, min_new_tokens=3)
    output = engine.decode(memory, [Task(kind_of(family), target)], decoding)[1][0]

    tokenizer = AutoTokenizer.from_pretrained(build(family))
    model = AutoModelForSeq2SeqLM.from_pretrained(build(family)).eval()
    if "source" in how:
        tokenizer.src_lang = how["source"]
    ids = tokenizer(how.get("prefix", "") + text, return_tensors="pt", truncation=True)
    options = {"forced_bos_token_id": how.get("forced_bos_token_id"), "num_beams": beams, "early_stopping": beams > 1}
    lead = 1
    if "bos" in how:
        options["forced_bos_token_id"] = tokenizer.convert_tokens_to_ids(how["bos"])
    if options["forced_bos_token_id"] is not None:
        lead = 2
    if "start" in how:
        options["decoder_start_token_id"] = tokenizer.convert_tokens_to_ids(how["start"])
    model.generation_config.forced_eos_token_id = None
    model.generation_config.update(min_length=None, max_length=None, length_penalty=1.0)
    written = model.generate(
        **ids, **options, max_new_tokens=10 + lead - 1, min_new_tokens=3 + lead - 1, no_repeat_ngram_size=2
    )[0].tolist()
    assert written[0] == options.get("decoder_start_token_id", model.config.decoder_start_token_id)
    end = tokenizer.eos_token_id
    rest = written[lead:]
    expected = rest[: rest.index(end)] if end in rest else rest
    assert list(output.ids) == expected and len(expected) >= 3
    assert output.finished == (end in rest)
    assert output.text == tokenizer.decode(expected, skip_special_tokens=True).strip()
    assert -20 < output.score < 0


@pytest.mark.parametrize(
    ("family", "name", "limit"),
    [
        ("mt5", "T5", 1024),
        ("crosssum", "CrossSum", 1024),
        ("bart", "monolingual", 64),
        ("pegasus", "monolingual", 128),
        ("arabart", "monolingual", 128),
        ("mbart50", "mBART-50", 128),
        ("nllb", "NLLB", 128),
        ("m2m100", "M2M100", 128),
        ("opus_en_ar", "Marian", 128),
        ("t5gemma2", "T5Gemma", 1024),
    ],
)
def test_families_are_told_apart(build, family, name, limit):
    engine = engine_of(build, family)
    assert engine.family.name == name and engine.limit == limit
    text = ARABIC if family == "arabart" else ENGLISH
    assert engine.count(text) == len(engine.tokenizer(text)["input_ids"])
    memory = engine.encode([text * 20, text[:40]])
    assert memory.tokens[0] == limit and memory.truncated == (True, False)
    special = engine.tokenizer.eos_token_id
    if name not in ("T5Gemma",):
        assert engine._ids(memory.state, Task(kind_of(family), "en"))[0][0][-1] == special


def test_target_languages_differ(build):
    for family in ("crosssum", "mbart50", "nllb", "m2m100", "t5gemma2"):
        engine = engine_of(build, family)
        ar, en = engine.decode(
            engine.encode([ENGLISH]), [Task("summary", "ar"), Task("summary", "en")], Decoding(max_new_tokens=12)
        )[0]
        assert ar != en, family


def test_crosssum_start_token_is_not_in_the_text(build, tmp_path):
    import json

    engine = engine_of(build, "crosssum")
    starts = {engine.tokenizer.convert_tokens_to_ids(t) for t in ("▁<extra_id_95>", "▁<extra_id_69>")}
    seen = []
    engine.model.register_forward_pre_hook(
        lambda module, args, kwargs: seen.append(kwargs.get("decoder_input_ids")), with_kwargs=True
    )
    output = engine.decode(engine.encode([ENGLISH]), [Task("summary", "ar")], Decoding(max_new_tokens=4))[0][0]
    first = next(ids for ids in seen if ids is not None)
    assert first[0, 0].item() == engine.tokenizer.convert_tokens_to_ids("▁<extra_id_95>") and len(starts) == 2
    assert len(output.ids) <= 4

    folder = build.copy("crosssum", tmp_path / "other")
    config = json.loads((folder / "config.json").read_text())
    config["task_specific_params"]["langid_map"]["arabic"][1] = "▁<extra_id_7>"
    (folder / "config.json").write_text(json.dumps(config))
    engine = HubEngine(folder, directions=DIRECTIONS)
    with pytest.raises(ModelError, match="lacks '▁<extra_id_7>', which asks for Arabic"):
        engine.decode(engine.encode([ENGLISH]), [Task("summary", "ar")], Decoding())


def test_prompt_families_read_the_task(build):
    engine = engine_of(build, "t5gemma2")
    memory = engine.encode([ENGLISH[:80]])
    shorter, headline = (engine._ids(memory.state, Task(kind, "en"))[0][0] for kind in ("summary", "headline"))
    assert shorter != headline
    assert "English" in engine.family.prefix(engine.config, engine.tokenizer, Task("headline", "en"))


@pytest.mark.parametrize("family", ["mt5", "bart", "mbart50", "opus_en_ar"])
@pytest.mark.parametrize("beams", [1, 2])
def test_other_script_is_forbidden(build, family, beams):
    from summarize.languages import script_share

    engine = engine_of(build, family)
    tasks = [Task(kind_of(family), "en")]
    if family == "mbart50":
        tasks.append(Task("summary", "ar"))
    outputs = engine.decode(
        engine.encode([ENGLISH]), tasks, Decoding(num_beams=beams, max_new_tokens=25, forbid_script=("ar", "en"))
    )[0]
    for task, output in zip(tasks, outputs, strict=True):
        assert len(output.ids) > 3 and script_share(output.text, task.language) == 1.0


class Limits:
    def __init__(self, forbid=(), only=None):
        self.forbid, self.only = forbid, only


@pytest.mark.parametrize("family", ["mt5", "nllb"])
@pytest.mark.parametrize("beams", [1, 2])
def test_constraints_see_their_own_row(build, family, beams):
    engine = engine_of(build, family)
    tasks = [Task("summary", "en")]
    memory = engine.encode([ENGLISH, ENGLISH[:60]])
    plain = engine.decode(memory, tasks, Decoding(num_beams=beams, max_new_tokens=6))
    seen = []

    def constraint(document, task, ids):
        seen.append((document, task.language, tuple(ids)))
        if document == 1:
            return Limits(only=[50] if len(ids) == 0 else [51, 52], forbid=np.array([52]))
        return None

    bound = engine.decode(
        memory, tasks, Decoding(num_beams=beams, max_new_tokens=6, no_repeat_ngram_size=0), constraint
    )
    free = engine.decode(memory, tasks, Decoding(num_beams=beams, max_new_tokens=6, no_repeat_ngram_size=0))
    assert bound[0][0] == free[0][0] and len(plain) == 2
    assert bound[1][0].ids == (50, 51, 51, 51, 51, 51)
    assert {document for document, _, _ in seen} == {0, 1} and (1, "en", ()) in seen


def test_what_a_model_cannot_do(build):
    engine = HubEngine(build("mt5"), name="some/model")
    memory = engine.encode([ENGLISH])
    with pytest.raises(UsageError, match="'some/model' writes no headline"):
        engine.decode(memory, [Task("headline", "en")], Decoding())
    with pytest.raises(UsageError, match="writes no Arabic of English documents: its directions are ar-ar, en-en"):
        engine.decode(memory, [Task("summary", "ar")], Decoding())
    engine = HubEngine(build("arabart"), name="arabart", directions=("ar-ar",))
    with pytest.raises(UsageError, match="'arabart' does not read English: it reads Arabic"):
        engine.encode([ENGLISH])


def test_settings_of_the_checkpoint_do_not_leak(build):
    """BART brings a minimum length, four beams and a forced end along."""
    engine = engine_of(build, "bart")
    memory = engine.encode([ENGLISH])
    output = engine.decode(memory, [Task("summary", "en")], Decoding(max_new_tokens=5))[0][0]
    assert len(output.ids) == 5 and not output.finished


def test_score_is_the_mean_log_probability(build):
    import torch

    engine = engine_of(build, "mt5")
    output = engine.decode(engine.encode([ENGLISH]), [Task("summary", "en")], Decoding(max_new_tokens=6))[0][0]
    source = torch.tensor([engine.tokenizer(ENGLISH)["input_ids"]])
    ids = torch.tensor([[0, *output.ids]])
    with torch.inference_mode():
        logits = engine.model(input_ids=source, decoder_input_ids=ids[:, :-1]).logits[0].float().log_softmax(-1)
    expected = logits.gather(-1, ids[0, 1:, None]).mean().item()
    assert output.score == pytest.approx(expected, abs=1e-4)


def test_merged_khulasa_is_the_bundled_engine(tiny_layout, tmp_path):
    import torch

    from summarize.models.khulasa.engine import KhulasaEngine
    from summarize.models.khulasa.tokenization_khulasa import KhulasaTokenizer
    from summarize.models.khulasa.weights import load_model

    load_model(tiny_layout).save_pretrained(tmp_path)
    KhulasaTokenizer(str(tiny_layout.tokenizer)).save_pretrained(tmp_path)
    merged = HubEngine(tmp_path, dtype=torch.float32)
    native = KhulasaEngine(tiny_layout, dtype=torch.float32)
    tasks = [Task("summary", "ar"), Task("headline", "en")]
    decoding = Decoding(max_new_tokens=8, no_repeat_ngram_size=0)
    documents = [ENGLISH[:80], ARABIC]
    ours, theirs = merged.encode(documents), native.encode(documents)
    assert ours.tokens == theirs.tokens and ours.truncated == theirs.truncated and merged.limit == native.limit
    for one, other in zip(merged.decode(ours, tasks, decoding), native.decode(theirs, tasks, decoding), strict=True):
        assert [output.ids for output in one] == [output.ids for output in other]
        assert [output.text for output in one] == [output.text for output in other]
