"""Tiny checkpoints with each family's real configuration and tokenizer class, built and saved here."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

SENTENCES = (
    "The minister said on Tuesday that the government would build new schools in the capital.",
    "Officials in the northern region met to discuss the water supply and the roads.",
    "The company reported higher profits in the second quarter of the year.",
    "قال الوزير يوم الثلاثاء إن الحكومة ستبني مدارس جديدة في العاصمة.",
    "اجتمع مسؤولون في المنطقة الشمالية لمناقشة إمدادات المياه والطرق.",
    "أعلنت الشركة ارتفاع أرباحها في الربع الثاني من العام.",
)
ENGLISH = " ".join(SENTENCES[:3])
ARABIC = " ".join(SENTENCES[3:])
SIZE = {"d_model": 16, "encoder_layers": 2, "decoder_layers": 2, "encoder_attention_heads": 2}
SIZE |= {"decoder_attention_heads": 2, "encoder_ffn_dim": 32, "decoder_ffn_dim": 32, "max_position_embeddings": 128}
SENTINELS = ["▁<extra_id_95>", "▁<extra_id_69>", "▁<extra_id_0>"]


def train(path: Path, **options) -> Path:
    """A sentencepiece model at ``path``, trained on the sentences above."""
    import sentencepiece

    settings = {"model_type": "unigram", "vocab_size": 150, "hard_vocab_limit": False, "minloglevel": 3, **options}
    with path.open("wb") as file:
        sentencepiece.SentencePieceTrainer.train(
            sentence_iterator=iter(SENTENCES * 3), model_writer=file, character_coverage=1.0, **settings
        )
    return path


def save(folder: Path, model, config: dict | None = None, seed: int = 0) -> Path:
    """Saves a model whose matrices are wide enough that outputs differ; ``config`` is added to config.json."""
    import torch

    generator = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for parameter in model.parameters():
            if parameter.ndim > 1:
                parameter.normal_(0, 0.4, generator=generator)
    model.save_pretrained(folder)
    if config:
        path = folder / "config.json"
        path.write_text(json.dumps({**json.loads(path.read_text()), **config}))
    return folder


def write(folder: Path, name: str, content: dict) -> None:
    (folder / name).write_text(json.dumps(content, ensure_ascii=False), encoding="utf-8")


class Builder:
    """Builds each family's checkpoint once."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.made: dict[str, Path] = {}

    def __call__(self, family: str) -> Path:
        if family not in self.made:
            folder = self.root / family
            folder.mkdir()
            getattr(self, family.replace("-", "_"))(folder)
            self.made[family] = folder
        return self.made[family]

    def copy(self, family: str, target: Path) -> Path:
        return Path(shutil.copytree(self(family), target))

    def _t5(self, folder: Path, config: dict | None = None, **options) -> None:
        from transformers import MT5Config, MT5ForConditionalGeneration

        train(
            folder / "spiece.model", pad_id=0, eos_id=1, unk_id=2, bos_id=-1, user_defined_symbols=SENTINELS, **options
        )
        write(folder, "tokenizer_config.json", {"tokenizer_class": "T5Tokenizer", "extra_ids": 0})
        size = {"d_model": 16, "d_kv": 8, "d_ff": 32, "num_layers": 2, "num_heads": 2, "vocab_size": 160}
        save(folder, MT5ForConditionalGeneration(MT5Config(**size)), config)

    def mt5(self, folder: Path) -> None:
        self._t5(folder)

    def crosssum(self, folder: Path) -> None:
        names = {"arabic": [4, "▁<extra_id_95>"], "english": [30, "▁<extra_id_69>"]}
        self._t5(folder, {"task_specific_params": {"langid_map": names}})

    def raw_mt5(self, folder: Path) -> None:
        """An mT5 that writes <extra_id_0> whatever it reads."""
        import torch
        from safetensors.torch import load_file, save_file

        self._t5(folder)
        sentinel = SENTINELS.index("▁<extra_id_0>") + 3
        path = folder / "model.safetensors"
        tensors = load_file(path)
        norm = tensors["decoder.final_layer_norm.weight"]
        norm.zero_()
        norm[0] = 1.0
        # Output rows see the first hidden value alone; its sign decides, so both signs get the sentinel.
        shared = tensors["shared.weight"].clone()
        tensors["shared.weight"] = shared
        head = torch.zeros_like(shared)
        head[sentinel, 0] = 50.0
        tensors["lm_head.weight"] = head
        hidden = tensors["decoder.block.1.layer.2.DenseReluDense.wo.weight"]
        hidden.zero_()
        tensors["shared.weight"][:, 0] = 20.0
        save_file(tensors, path, metadata={"format": "pt"})

    def bart(self, folder: Path) -> None:
        from tokenizers import ByteLevelBPETokenizer
        from transformers import BartConfig, BartForConditionalGeneration

        bpe = ByteLevelBPETokenizer()
        bpe.train_from_iterator(
            SENTENCES, vocab_size=350, special_tokens=["<s>", "<pad>", "</s>", "<unk>", "<mask>"], show_progress=False
        )
        bpe.save_model(str(folder))
        write(folder, "tokenizer_config.json", {"tokenizer_class": "BartTokenizer", "model_max_length": 64})
        model = BartForConditionalGeneration(BartConfig(vocab_size=350, **SIZE))
        # What facebook/bart-large-cnn brings along, all of which our own settings must replace.
        model.generation_config.update(forced_bos_token_id=0, forced_eos_token_id=2, num_beams=4, early_stopping=True)
        model.generation_config.update(min_length=20, max_length=30, length_penalty=2.0, no_repeat_ngram_size=3)
        save(folder, model)

    def pegasus(self, folder: Path) -> None:
        from transformers import PegasusConfig, PegasusForConditionalGeneration

        train(folder / "spiece.model", pad_id=0, eos_id=1, bos_id=-1, unk_id=2)
        write(folder, "tokenizer_config.json", {"tokenizer_class": "PegasusTokenizer", "offset": 103})
        save(folder, PegasusForConditionalGeneration(PegasusConfig(vocab_size=420, **SIZE)))

    def mbart50(self, folder: Path) -> None:
        from transformers import MBart50Tokenizer, MBartConfig, MBartForConditionalGeneration

        train(folder / "sentencepiece.bpe.model")
        write(folder, "tokenizer_config.json", {"tokenizer_class": "MBart50Tokenizer", "src_lang": "en_XX"})
        tokenizer = MBart50Tokenizer.from_pretrained(folder)
        config = MBartConfig(vocab_size=len(tokenizer) + 1, decoder_start_token_id=2, **SIZE)
        save(folder, MBartForConditionalGeneration(config))

    def arabart(self, folder: Path) -> None:
        from tokenizers import processors
        from transformers import BarthezTokenizer, MBartConfig, MBartForConditionalGeneration

        train(folder / "sentencepiece.bpe.model")
        write(folder, "tokenizer_config.json", {"tokenizer_class": "BarthezTokenizer"})
        tokenizer = BarthezTokenizer.from_pretrained(folder)
        # The published repository's tokenizer.json puts <s> and </s> around a text.
        tokenizer._tokenizer.post_processor = processors.TemplateProcessing(
            single="<s> $A </s>",
            special_tokens=[("<s>", tokenizer.bos_token_id), ("</s>", tokenizer.eos_token_id)],
        )
        tokenizer.save_pretrained(folder)
        save(folder, MBartForConditionalGeneration(MBartConfig(vocab_size=170, decoder_start_token_id=2, **SIZE)))

    def nllb(self, folder: Path) -> None:
        from transformers import M2M100Config, M2M100ForConditionalGeneration, NllbTokenizer

        train(folder / "sentencepiece.bpe.model", model_type="bpe")
        write(folder, "tokenizer_config.json", {"tokenizer_class": "NllbTokenizer", "src_lang": "eng_Latn"})
        # As in the published repositories, the language codes stand in the saved tokenizer.
        codes = ["ace_Arab", "arb_Arab", "eng_Latn", "fra_Latn"]
        NllbTokenizer.from_pretrained(folder, extra_special_tokens=codes).save_pretrained(folder)
        size = len(NllbTokenizer.from_pretrained(folder)) + 1
        save(folder, M2M100ForConditionalGeneration(M2M100Config(vocab_size=size, decoder_start_token_id=2, **SIZE)))

    def m2m100(self, folder: Path) -> None:
        import sentencepiece
        from transformers import M2M100Config, M2M100ForConditionalGeneration, M2M100Tokenizer

        spm = train(folder / "sentencepiece.bpe.model")
        pieces = sentencepiece.SentencePieceProcessor(model_file=str(spm))
        words = [pieces.id_to_piece(i) for i in range(3, pieces.get_piece_size())]
        vocabulary = ["<s>", "<pad>", "</s>", "<unk>", *words]
        write(folder, "vocab.json", {word: i for i, word in enumerate(vocabulary)})
        write(folder, "tokenizer_config.json", {"tokenizer_class": "M2M100Tokenizer", "src_lang": "en"})
        tokenizer = M2M100Tokenizer.from_pretrained(folder)
        size = max(tokenizer.get_lang_id(code) for code in tokenizer.lang_code_to_token) + 10
        save(folder, M2M100ForConditionalGeneration(M2M100Config(vocab_size=size, decoder_start_token_id=2, **SIZE)))

    def _marian(self, folder: Path, codes: list[str], seed: int) -> None:
        import sentencepiece
        from transformers import MarianConfig, MarianMTModel

        spm = train(folder / "source.spm")
        shutil.copyfile(spm, folder / "target.spm")
        pieces = sentencepiece.SentencePieceProcessor(model_file=str(spm))
        words = [pieces.id_to_piece(i) for i in range(3, pieces.get_piece_size())]
        vocabulary = ["</s>", "<unk>", *codes, *words, "<pad>"]
        write(folder, "vocab.json", {word: i for i, word in enumerate(vocabulary)})
        write(folder, "tokenizer_config.json", {"tokenizer_class": "MarianTokenizer", "model_max_length": 512})
        pad = len(vocabulary) - 1
        config = MarianConfig(
            vocab_size=len(vocabulary), pad_token_id=pad, decoder_start_token_id=pad, eos_token_id=0, **SIZE
        )
        save(folder, MarianMTModel(config), seed=seed)

    def opus_ar_en(self, folder: Path) -> None:
        self._marian(folder, [], 3)

    def opus_en_ar(self, folder: Path) -> None:
        self._marian(folder, [">>ara<<", ">>arz<<"], 4)

    def t5gemma2(self, folder: Path) -> None:
        from tokenizers import Tokenizer, models, pre_tokenizers, trainers
        from transformers import GemmaTokenizer, T5Gemma2Config, T5Gemma2ForConditionalGeneration

        bpe = Tokenizer(models.BPE(byte_fallback=True))
        bpe.pre_tokenizer = pre_tokenizers.Metaspace()
        special = ["<pad>", "<eos>", "<bos>", "<unk>", "<mask>"]
        bytes_ = [f"<0x{i:02X}>" for i in range(256)]
        trainer = trainers.BpeTrainer(vocab_size=500, special_tokens=[*special, *bytes_], show_progress=False)
        bpe.train_from_iterator(SENTENCES, trainer)
        learned = json.loads(bpe.to_str())["model"]
        GemmaTokenizer(vocab=learned["vocab"], merges=[tuple(m) for m in learned["merges"]]).save_pretrained(folder)
        text = {
            "vocab_size": 600,
            "hidden_size": 16,
            "intermediate_size": 32,
            "num_hidden_layers": 2,
            "num_attention_heads": 2,
            "num_key_value_heads": 1,
            "head_dim": 8,
            "sliding_window": 16,
            "max_position_embeddings": 256,
        }
        vision = {
            "model_type": "siglip_vision_model",
            "hidden_size": 16,
            "intermediate_size": 16,
            "num_hidden_layers": 1,
            "num_attention_heads": 2,
            "image_size": 28,
            "patch_size": 14,
        }
        encoder = {"text_config": text, "vision_config": vision, "mm_tokens_per_image": 4}
        encoder |= {"image_token_index": 590, "boi_token_index": 591, "eoi_token_index": 592}
        config = T5Gemma2Config(encoder=encoder, decoder=text, image_token_index=590, eoi_token_index=592)
        save(folder, T5Gemma2ForConditionalGeneration(config))


@pytest.fixture(scope="session")
def build(tmp_path_factory) -> Builder:
    return Builder(tmp_path_factory.mktemp("checkpoints"))
