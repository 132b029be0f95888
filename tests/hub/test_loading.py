"""What is loaded from where, what is refused and how, offline, the pair, the command."""

from __future__ import annotations

import json
import re
import shutil
import socket
from dataclasses import replace
from pathlib import Path

import pytest

from summarize import Summarizer
from summarize.errors import KhulasaError, ModelError, UsageError
from summarize.models import catalogue
from summarize.models.catalogue import CATALOGUE, check_request, find_spec, licence_notice, load_engine
from summarize.models.engine import Decoding, Task
from summarize.models.hub import checkpoint, files
from summarize.models.hub.engine import HubEngine
from summarize.models.hub.specs import DIRECTIONS

from .conftest import ARABIC, ENGLISH


@pytest.fixture
def cache(tmp_path, monkeypatch):
    """An empty hub cache, and no way out of this machine."""
    for name in ("HF_HUB_CACHE", "HUGGINGFACE_HUB_CACHE", "TRANSFORMERS_OFFLINE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HF_HOME", str(tmp_path / "home"))

    def refuse(*_, **__):
        raise AssertionError("the network was asked")

    monkeypatch.setattr(socket.socket, "connect", refuse)
    monkeypatch.setattr(socket, "getaddrinfo", refuse)
    return tmp_path / "home" / "hub"


def put(cache: Path, source: Path, repo: str, revision: str) -> Path:
    """Lays a checkpoint into the cache as huggingface_hub does."""
    base = cache / f"models--{repo.replace('/', '--')}"
    commit = revision
    if revision == "main":
        commit = "0123456789abcdef0123456789abcdef01234567"
        (base / "refs").mkdir(parents=True)
        (base / "refs" / "main").write_text(commit)
    return Path(shutil.copytree(source, base / "snapshots" / commit))


def put_alias(cache: Path, source: Path, alias: str, direction: str | None = None) -> None:
    for known in CATALOGUE[alias].sources:
        if known.direction == direction:
            put(cache, source, known.repo, known.revision)


def one_line(error: KhulasaError) -> str:
    assert "\n" not in str(error)
    return str(error)


# ---- the table ---------------------------------------------------------------------------------------------------


def test_the_table_is_sound():
    assert next(iter(CATALOGUE)) == "khulasa"
    for alias, spec in CATALOGUE.items():
        assert spec.alias == alias and set(spec.directions) <= set(DIRECTIONS) and spec.parameters < spec.megabytes
        for source in spec.sources:
            assert files.REPO.fullmatch(source.repo)
            assert source.revision == "main" or re.fullmatch(r"[0-9a-f]{40}", source.revision)
            assert source.pinned == (source.revision != "main") and source.revision_source
        json.dumps(spec.to_dict())
        if spec.decoding:
            assert spec.decoding_source and spec.decoding.min_new_tokens < spec.decoding.max_new_tokens
        if spec.parts:
            parts = [CATALOGUE[part] for part in spec.parts]
            assert spec.commercial == all(part.commercial for part in parts)
    wanted = {"mt5-xlsum", "crosssum", "mbart50-xlsum", "t5gemma2", "arabart", "bart-cnn", "pegasus-xsum"}
    assert wanted | {"nllb-200", "m2m100", "opus-mt"} <= set(CATALOGUE)


def test_names_are_resolved():
    assert find_spec("csebuetnlp/mT5_multilingual_XLSum") is CATALOGUE["mt5-xlsum"]
    assert find_spec("arabart+nllb-200").directions == ("ar-ar", "ar-en")
    assert find_spec("nllb-200+arabart") is None and find_spec("khulasa+m2m100") is None and find_spec("a/b") is None


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("bart-cnn", ["ar"]), "'bart-cnn' writes no summaries in 'ar': its directions are en-en"),
        (("mt5-xlsum", ["ar"], False, "en"), "writes no summaries in 'ar' of documents in 'en'"),
        (("crosssum", ["ar"], True), "'crosssum' writes no headline"),
        (("facebook/m2m100_418M", ["ar"]), "is a translator, not a summarizer: choose a pair such as mt5-xlsum.m2m100"),
        (("mt5-xlsum+opus-mt", ["ar"], False, None, "float16"), "float16 overflows in the T5 family"),
    ],
)
def test_refused_before_loading(arguments, message):
    with pytest.raises(UsageError, match=message) as caught:
        check_request(*arguments)
    one_line(caught.value)


def test_allowed_requests():
    check_request("khulasa", ["ar", "en"], headline=True)
    check_request("mt5-xlsum", ["ar"], source="ar")
    check_request("bart-cnn+opus-mt", ["ar", "en"], source="en")
    check_request("some/repo", ["ar", "en"], headline=True)


def test_licences():
    assert licence_notice("mt5-xlsum") == "mt5-xlsum: not for commercial use (CC BY-NC-SA 4.0)"
    assert "CC BY-NC 4.0" in licence_notice("bart-cnn+nllb-200")
    assert licence_notice("bart-cnn") is None and licence_notice("khulasa") is None
    assert "unknown" in licence_notice("some/repo")


# ---- loading -----------------------------------------------------------------------------------------------------


def test_offline_reaches_every_loader(cache, build):
    with pytest.raises(ModelError, match="`summarize models download mt5-xlsum` first") as caught:
        load_engine("mt5-xlsum", device="cpu")
    one_line(caught.value)
    assert not CATALOGUE["mt5-xlsum"].on_disk
    put_alias(cache, build("mt5"), "mt5-xlsum")
    assert CATALOGUE["mt5-xlsum"].on_disk
    engine = load_engine("mt5-xlsum", device="cpu", dtype="float32")
    assert engine.name == "mt5-xlsum" and engine.limit == 512
    outputs = engine.decode(engine.encode([ENGLISH]), [Task("summary", "en")], Decoding(max_new_tokens=5))
    assert len(outputs[0][0].ids) == 5


def test_local_files_only_without_the_variable(cache, build, monkeypatch):
    monkeypatch.delenv("HF_HUB_OFFLINE")
    with pytest.raises(ModelError, match="run `summarize models download some/repo` first"):
        load_engine("some/repo", local_files_only=True)
    put(cache, build("mbart50"), "some/repo", "main")
    engine = load_engine("some/repo", device="cpu", local_files_only=True)
    assert engine.name == "some/repo" and engine.family.name == "mBART-50"
    put(cache, build("pegasus"), "other/repo", "c" * 40)
    assert load_engine(f"other/repo@{'c' * 40}", "cpu", local_files_only=True).family.name == "monolingual"


def test_a_cache_cut_short_is_not_on_disk(cache, build):
    put_alias(cache, build("bart"), "bart-cnn")
    assert CATALOGUE["bart-cnn"].on_disk
    source = CATALOGUE["bart-cnn"].sources[0]
    folder = files.find(source.repo, source.revision)
    weights = folder / "model.safetensors"
    weights.rename(folder / "model-00001-of-00002.safetensors")
    index = {"weight_map": {"a": "model-00001-of-00002.safetensors", "b": "model-00002-of-00002.safetensors"}}
    (folder / "model.safetensors.index.json").write_text(json.dumps(index))
    assert not CATALOGUE["bart-cnn"].on_disk


def test_cache_folder_honours_the_variables(monkeypatch):
    for name in ("HF_HUB_CACHE", "HUGGINGFACE_HUB_CACHE", "HF_HOME", "XDG_CACHE_HOME"):
        monkeypatch.delenv(name, raising=False)
    assert files.cache_folder() == Path("~/.cache/huggingface/hub").expanduser()
    monkeypatch.setenv("XDG_CACHE_HOME", "/x")
    assert files.cache_folder() == Path("/x/huggingface/hub")
    monkeypatch.setenv("HF_HOME", "/h")
    assert files.cache_folder() == Path("/h/hub")
    monkeypatch.setenv("HF_HUB_CACHE", "/c")
    assert files.cache_folder() == Path("/c")


def test_summarizer_takes_a_folder(build):
    result = Summarizer(str(build("crosssum")), device="cpu")(ENGLISH, to=["ar", "en"], faithful=False, check=False)
    assert set(result.summaries) == {"ar", "en"} and result.model == str(build("crosssum"))


# ---- what is no summarizer ---------------------------------------------------------------------------------------


def change(folder: Path, **values) -> None:
    path = folder / "config.json"
    path.write_text(json.dumps({**json.loads(path.read_text()), **values}))


def drop(folder: Path, *names: str) -> None:
    for name in names:
        (folder / name).unlink()


@pytest.mark.parametrize(
    ("how", "message"),
    [
        (lambda f: change(f, model_type="llama", architectures=["LlamaForCausalLM"]), "a decoder-only model"),
        (lambda f: change(f, model_type="bert", architectures=["BertForMaskedLM"]), "an encoder-only model"),
        (lambda f: change(f, architectures=["MT5EncoderModel"]), "an encoder-only model"),
        (lambda f: change(f, model_type="vit", architectures=["ViTModel"]), "an encoder-only model"),
        (lambda f: drop(f, "spiece.model", "tokenizer_config.json"), "no tokenizer lies beside the weights"),
        (lambda f: (f / "config.json").write_text("{"), "config.json cannot be read"),
        (lambda f: drop(f, "model.safetensors"), "holds no weights"),
        (lambda f: (f / "model.safetensors").write_bytes(b"x" * 99), "the weights cannot be loaded"),
        (lambda f: change(f, num_layers=3, num_decoder_layers=3), "the weights lack"),
    ],
)
def test_what_is_no_summarizer(build, tmp_path, how, message):
    folder = build.copy("mt5", tmp_path / "copy")
    how(folder)
    with pytest.raises(ModelError, match=message) as caught:
        load_engine(str(folder), device="cpu")
    assert str(folder) in one_line(caught.value)


def test_raw_mt5_is_refused(build, cache):
    with pytest.raises(ModelError, match="pretrained only .it writes <extra_id_0>."):
        load_engine(str(build("raw_mt5")), device="cpu", dtype="float32")
    with pytest.raises(UsageError, match="'google/mt5-base' is pretrained only"):
        load_engine("google/mt5-base")


def test_float16(build):
    with pytest.raises(UsageError, match="float16 overflows in the T5 family .mt5.: choose bfloat16 or float32"):
        load_engine(str(build("mt5")), device="cpu", dtype="float16")
    assert str(load_engine(str(build("bart")), device="cpu", dtype="bfloat16").dtype) == "torch.bfloat16"


def test_translators_are_no_summarizers(build):
    engine = HubEngine(build("opus_en_ar"), directions=("en-ar",))
    with pytest.raises(UsageError, match="writes no summary: it writes translation"):
        engine.decode(engine.encode([ENGLISH]), [Task("summary", "ar")], Decoding())
    with pytest.raises(UsageError, match="is a translator"):
        load_engine("nllb-200")


def test_tokenizer_without_language_codes(build):
    with pytest.raises(ModelError, match="lacks the codes of Arabic and English"):
        HubEngine(build("arabart"), spec=CATALOGUE["mbart50-xlsum"])


def test_untied_matrices_load_as_saved(build, tmp_path):
    """transformers 5 ties every mT5; a checkpoint with two different matrices keeps both."""
    import torch
    from safetensors.torch import load_file, save_file

    folder = build.copy("mt5", tmp_path / "untied")
    tensors = load_file(folder / "model.safetensors")
    assert "lm_head.weight" not in tensors
    tensors["lm_head.weight"] = torch.randn_like(tensors["shared.weight"])
    save_file(tensors, folder / "model.safetensors", metadata={"format": "pt"})
    engine = load_engine(str(folder), device="cpu", dtype="float32")
    assert torch.equal(engine.model.lm_head.weight, tensors["lm_head.weight"])
    assert torch.equal(engine.model.shared.weight, tensors["shared.weight"])
    assert torch.equal(engine.model.encoder.embed_tokens.weight, tensors["shared.weight"])
    # Where a version of transformers tied them while loading, the tie is undone.
    engine.model.lm_head.weight = engine.model.shared.weight
    checkpoint._as_saved(engine.model, folder)
    assert torch.equal(engine.model.lm_head.weight, tensors["lm_head.weight"])
    assert torch.equal(engine.model.shared.weight, tensors["shared.weight"])


def test_pickled_weights_load(build, tmp_path):
    import torch
    from safetensors.torch import load_file

    folder = build.copy("mt5", tmp_path / "pickled")
    torch.save(load_file(folder / "model.safetensors"), folder / "pytorch_model.bin")
    (folder / "model.safetensors").unlink()
    ours, theirs = (load_engine(str(path), "cpu", "float32") for path in (folder, build("mt5")))
    task, decoding = [Task("summary", "en")], Decoding(max_new_tokens=5)
    assert ours.decode(ours.encode([ENGLISH]), task, decoding) == theirs.decode(
        theirs.encode([ENGLISH]), task, decoding
    )


# ---- summarize, then translate -----------------------------------------------------------------------------------


def test_pair(cache, build):
    with pytest.raises(ModelError, match="download mt5-xlsum.opus-mt"):
        load_engine("mt5-xlsum+opus-mt", device="cpu")
    put_alias(cache, build("mt5"), "mt5-xlsum")
    put_alias(cache, build("opus_ar_en"), "opus-mt", "ar-en")
    put_alias(cache, build("opus_en_ar"), "opus-mt", "en-ar")
    assert CATALOGUE["mt5-xlsum+opus-mt"].on_disk
    pair = load_engine("mt5-xlsum+opus-mt", device="cpu", dtype="float32")
    tasks = [Task("summary", "ar"), Task("summary", "en")]
    decoding = Decoding(max_new_tokens=9)
    documents = [ENGLISH, ARABIC, ENGLISH[:70]]
    memory = pair.encode(documents)
    assert memory.tokens == tuple(pair.count(text) for text in documents)
    rows = pair.decode(memory, tasks, decoding)

    writer = HubEngine(build("mt5"), dtype=pair.summarizer.dtype)
    ways = {"ar-en": build("opus_ar_en"), "en-ar": build("opus_en_ar")}
    for text, row, source, other in zip(documents, rows, ("en", "ar", "en"), ("ar", "en", "ar"), strict=True):
        draft = writer.decode(writer.encode([text]), [Task("summary", source)], decoding)[0][0]
        own, translated = (row[1], row[0]) if source == "en" else (row[0], row[1])
        assert own.ids == draft.ids
        way = f"{source}-{other}"
        translator = HubEngine(ways[way], dtype=pair.summarizer.dtype, directions=(way,))
        read = translator.encode([draft.text], [source])
        # The translator's own way of searching, which blocks no n-grams.
        settings = replace(decoding, max_new_tokens=32, no_repeat_ngram_size=0)
        expected = translator.decode(read, [Task("translation", other)], settings)[0][0]
        assert translated.ids[: len(expected.ids)] == expected.ids and translated.ids
    with pytest.raises(UsageError, match="writes no headline"):
        pair.decode(memory, [Task("headline", "en")], decoding)
    translated = pair.decode(memory, [Task("translation", "en")], decoding)
    assert translated[0][0].text == ENGLISH and translated[1][0].ids and translated[1][0].text != ARABIC


def test_pair_passes_constraints_to_the_last_model(cache, build):
    put_alias(cache, build("bart"), "bart-cnn")
    put_alias(cache, build("m2m100"), "m2m100")
    pair = load_engine("bart-cnn+m2m100", device="cpu")
    seen = set()

    def constraint(document, task, ids):
        seen.add((document, task.kind, task.language))

    pair.decode(pair.encode([ENGLISH, ENGLISH[:60]]), [Task("summary", "ar")], Decoding(max_new_tokens=6), constraint)
    assert seen == {(0, "summary", "ar"), (1, "summary", "ar")}


# ---- the command -------------------------------------------------------------------------------------------------


def run(*arguments):
    from click.testing import CliRunner

    from summarize.command_models import models

    return CliRunner().invoke(models, list(arguments))


def test_models_lists_everything(cache, build):
    lines = [json.loads(line) for line in run("--json").stdout.splitlines()]
    assert [line["alias"] for line in lines] == list(CATALOGUE)
    assert [line["alias"] for line in lines if line["default"]] == ["khulasa"]
    assert [line["alias"] for line in lines if line["on_disk"]] == ["khulasa"]
    put_alias(cache, build("crosssum"), "crosssum")
    text = run().stdout
    assert text.startswith("khulasa (default): ") and "(non-commercial)" in text
    assert re.search(r"^crosssum: .*\n.* MB, on disk; reads 512 tokens", text, re.MULTILINE)


def test_download(cache, monkeypatch):
    called = []
    monkeypatch.setattr(files, "download", lambda *arguments: called.append(arguments) or Path("there"))
    result = run("download", "mt5-xlsum+opus-mt", "khulasa", "some/repo@abc")
    assert result.exit_code == 0 and result.stdout == "there\n" * 4
    assert "not for commercial use" in result.stderr and "comes with Khulasa" in result.stderr
    sources = CATALOGUE["mt5-xlsum"].sources + CATALOGUE["opus-mt"].sources
    pinned = [("mt5-xlsum+opus-mt", source.repo, source.revision) for source in sources]
    assert [(c, a, b) for a, b, c in called] == [*pinned, ("some/repo@abc", "some/repo", "abc")]
    unknown = run("download", "gpt")
    assert isinstance(unknown.exception, UsageError) and "'gpt' is not a known model" in str(unknown.exception)


def test_download_offline_says_so(cache):
    with pytest.raises(ModelError, match="HF_HUB_OFFLINE forbids downloading"):
        files.download("a/b", "main", "alias")


def test_needed_files():
    names = ["README.md", "config.json", "pytorch_model.bin", "spiece.model", "flax_model.msgpack", "tf_model.h5"]
    assert files.needed_files(names) == ["config.json", "spiece.model", "pytorch_model.bin"]
    shards = ["model-00001-of-00002.safetensors", "model-00002-of-00002.safetensors"]
    names = [*shards, "model.safetensors.index.json", "pytorch_model.bin", "tokenizer.json", "runs/x.json"]
    assert files.needed_files(names) == ["tokenizer.json", "model.safetensors.index.json", *shards]


def test_choices_name_no_translators():
    assert "nllb-200" not in catalogue._choices() and "mt5-xlsum+nllb-200" in catalogue._choices()
