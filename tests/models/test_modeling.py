"""The modeling file against transformers' own Gemma 3, and against itself."""

from __future__ import annotations

import pytest
import torch
from transformers import AutoModelForSeq2SeqLM, AutoTokenizer, Gemma3ForCausalLM, Gemma3TextConfig

import summarize.models  # noqa: F401 - registers the architecture
from summarize.models.khulasa.modeling_khulasa import KhulasaForConditionalGeneration

pytestmark = pytest.mark.filterwarnings("ignore")


@pytest.fixture(scope="module")
def batch():
    """Two sources (the second shorter, padded on the right) and prompts of 3 tokens."""
    torch.manual_seed(3)
    source = torch.randint(4, 120, (2, 20))
    mask = torch.ones_like(source)
    source[1, 13:], mask[1, 13:] = 0, 0
    prompt = torch.randint(4, 120, (2, 3))
    prompt[:, 0] = 21
    return source, mask, prompt


def gemma_like(model) -> Gemma3ForCausalLM:
    """Transformers' decoder-only Gemma 3 with the same weights."""
    c = model.config
    kinds = ["full_attention" if i in c.global_layers else "sliding_attention" for i in range(c.num_hidden_layers)]
    config = Gemma3TextConfig(
        vocab_size=c.vocab_size,
        hidden_size=c.hidden_size,
        intermediate_size=c.intermediate_size,
        num_hidden_layers=c.num_hidden_layers,
        num_attention_heads=c.num_attention_heads,
        num_key_value_heads=c.num_key_value_heads,
        head_dim=c.head_dim,
        query_pre_attn_scalar=c.query_pre_attn_scalar,
        rms_norm_eps=c.rms_norm_eps,
        sliding_window=c.window,
        layer_types=kinds,
        rope_parameters={
            "full_attention": {"rope_type": "default", "rope_theta": c.rope_theta_global},
            "sliding_attention": {"rope_type": "default", "rope_theta": c.rope_theta_local},
        },
        pad_token_id=0,
        eos_token_id=1,
        bos_token_id=2,
    )
    gemma = Gemma3ForCausalLM(config).eval()
    missing, unexpected = gemma.load_state_dict(model.state_dict(), strict=False)
    assert not missing and not unexpected
    return gemma


def test_equals_gemma_over_one_sequence(tiny_model, batch):
    source, _, prompt = batch
    gemma = gemma_like(tiny_model)
    with torch.no_grad():
        ours = tiny_model(input_ids=source[:1], decoder_input_ids=prompt[:1]).logits
        theirs = gemma(torch.cat([source[:1], prompt[:1]], dim=1)).logits[:, source.shape[1] :]
    assert theirs.abs().max() > 0.5  # the comparison is not between zeros
    torch.testing.assert_close(ours, theirs, atol=1e-4, rtol=0)


def test_bidirectional_encoder_is_another_function(tiny_model, batch):
    source, _, prompt = batch
    config = type(tiny_model.config)(**{**tiny_model.config.to_dict(), "encoder_attention": "bidirectional"})
    other = KhulasaForConditionalGeneration(config).eval()
    other.load_state_dict(tiny_model.state_dict())
    with torch.no_grad():
        a = tiny_model(input_ids=source, decoder_input_ids=prompt).logits
        b = other(input_ids=source, decoder_input_ids=prompt).logits
    assert (a - b).abs().max() > 1e-2
    with pytest.raises(ValueError, match="neither 'causal' nor 'bidirectional'"):
        type(tiny_model.config)(encoder_attention="sideways")


def test_cached_decoding_equals_full_forward(tiny_model, batch):
    source, mask, _ = batch
    targets = torch.randint(4, 120, (2, 9))
    with torch.no_grad():
        full = tiny_model(input_ids=source, attention_mask=mask, decoder_input_ids=targets, use_cache=False)
        assert full.cache is None
        memory = tiny_model.get_encoder()(source, mask)
        cache, steps = None, []
        for i in range(9):
            out = tiny_model(
                attention_mask=mask, encoder_outputs=memory, decoder_input_ids=targets[:, i : i + 1], cache=cache
            )
            cache = out.cache
            steps.append(out.logits)
    torch.testing.assert_close(torch.cat(steps, dim=1), full.logits, atol=1e-5, rtol=1e-4)
    assert cache.cross_attention_cache.layers[0].keys.shape == (2, 2, 20, 8)
    assert cache.self_attention_cache.get_seq_length() == 9


@pytest.mark.parametrize("side", ["right", "left"])
def test_padding_changes_nothing(tiny_model, batch, side):
    source, mask, prompt = batch
    if side == "left":
        source, mask = source.roll(7, dims=1).clone(), mask.roll(7, dims=1)
        source[0], mask[0] = batch[0][0], 1
    with torch.no_grad():
        together = tiny_model(input_ids=source, attention_mask=mask, decoder_input_ids=prompt).logits[1]
        alone = tiny_model(input_ids=batch[0][1:, :13], decoder_input_ids=prompt[1:]).logits[0]
    torch.testing.assert_close(together, alone, atol=1e-5, rtol=1e-4)


def test_prompts_of_unequal_length(tiny_model, batch):
    source, mask, prompt = batch
    padded = torch.cat([torch.zeros(1, 2, dtype=torch.long), prompt[1:, :1]], dim=1)
    both = torch.cat([prompt[:1], padded])
    prompt_mask = torch.tensor([[1, 1, 1], [0, 0, 1]])
    options = {"max_new_tokens": 8, "do_sample": False}
    together = tiny_model.generate(
        source, attention_mask=mask, decoder_input_ids=both, decoder_attention_mask=prompt_mask, **options
    )
    alone = tiny_model.generate(source[1:, :13], decoder_input_ids=prompt[1:, :1], **options)
    assert together[1, 3:].tolist()[: alone.shape[1] - 1] == alone[0, 1:].tolist()


def test_generate(tiny_model, batch):
    source, mask, prompt = batch
    inputs = {"attention_mask": mask, "decoder_input_ids": prompt, "max_new_tokens": 12}
    greedy = tiny_model.generate(source, **inputs)
    one_beam = tiny_model.generate(source, num_beams=1, **inputs)
    assert greedy.tolist() == one_beam.tolist()
    memory = tiny_model.get_encoder()(source, mask)
    given = tiny_model.generate(encoder_outputs=memory, **inputs)
    assert given.tolist() == greedy.tolist()
    beams = tiny_model.generate(source, num_beams=4, num_return_sequences=2, **inputs)
    assert beams.shape[0] == 4
    torch.manual_seed(0)
    sampled = tiny_model.generate(source, do_sample=True, temperature=2.0, **inputs)
    assert sampled.tolist() != greedy.tolist()
    blocked = tiny_model.generate(source, no_repeat_ngram_size=1, **inputs)
    for row in blocked.tolist():
        kept = [t for t in row if t != 0]
        assert len(set(kept)) == len(kept)


def test_labels_give_the_mean_cross_entropy(tiny_model, batch):
    source, mask, _ = batch
    labels = torch.randint(4, 120, (2, 6))
    labels[1, 4:] = -100
    out = tiny_model(input_ids=source, attention_mask=mask, labels=labels)
    shifted = tiny_model.prepare_decoder_input_ids_from_labels(labels)
    assert shifted[:, 0].tolist() == [21, 21] and shifted[1].tolist()[5] == 0
    logits = tiny_model(input_ids=source, attention_mask=mask, decoder_input_ids=shifted).logits.log_softmax(-1)
    picked = [-logits[b, i, labels[b, i]] for b in range(2) for i in range(6) if labels[b, i] >= 0]
    torch.testing.assert_close(out.loss, torch.stack(picked).mean())
    out.loss.backward()
    assert tiny_model.model.layers[0].self_attn.k_proj.weight.grad.abs().sum() > 0
    tiny_model.zero_grad()


def test_save_and_load(tiny_model, batch, tmp_path):
    source, _, prompt = batch
    tiny_model.save_pretrained(tmp_path)
    again = AutoModelForSeq2SeqLM.from_pretrained(tmp_path).eval()
    assert type(again) is KhulasaForConditionalGeneration
    with torch.no_grad():
        a = tiny_model(input_ids=source, decoder_input_ids=prompt).logits
        b = again(input_ids=source, decoder_input_ids=prompt).logits
    torch.testing.assert_close(a, b)
    assert again.lm_head.weight.data_ptr() == again.model.embed_tokens.weight.data_ptr()


def test_auto_classes_load_the_bundled_format(tiny_layout):
    model = AutoModelForSeq2SeqLM.from_pretrained(tiny_layout.folder)
    tokenizer = AutoTokenizer.from_pretrained(tiny_layout.folder)
    ids = tokenizer("أعلن العراق 25").input_ids
    assert ids[0] == tokenizer.bos_token_id
    assert tokenizer.decode(ids, skip_special_tokens=True) == "أعلن العراق 25"
    prompt = tokenizer("\n\nShort Arabic summary:", add_special_tokens=False).input_ids
    assert prompt[0] == model.config.decoder_start_token_id
    out = model.generate(torch.tensor([ids]), decoder_input_ids=torch.tensor([prompt]), max_new_tokens=3)
    assert out.shape == (1, len(prompt) + 3)


def test_tokenizer_round_trips(tiny_layout, tmp_path):
    tokenizer = AutoTokenizer.from_pretrained(tiny_layout.folder)
    for text in ("Hello,  world\n\nنعم 😀 \u4e2d", " two  spaces", "ÀÉ “quoted” 3.5%"):
        assert tokenizer.decode(tokenizer.encode(text, add_special_tokens=False)) == text
    tokenizer.save_pretrained(tmp_path)
    from summarize.models.khulasa.tokenization_khulasa import KhulasaTokenizer

    again = KhulasaTokenizer.from_pretrained(tmp_path)
    assert again("نعم").input_ids == tokenizer("نعم").input_ids
