"""The training forward computes what the modeling file computes, example by example, whatever it is packed with."""

from __future__ import annotations

import pytest
import torch

from summarize.models.khulasa.recipe.pack import Encoded, build_pack
from summarize.models.khulasa.recipe.packed import PackedModel, _gated, widen
from summarize.models.khulasa.weights import adapter_name

EXAMPLES = [
    Encoded((2, 5, 9, 11, 7, 30, 31, 8, 22), (((20, 21), (40, 41, 42, 1)), ((20, 23), (50, 51, 1)))),
    Encoded((2, 6), (((20, 21), (33, 1)),)),
    Encoded(tuple(range(2, 24)), (((20, 24), (12, 13, 14, 15, 16, 17, 18, 19, 1)),)),
]


def reference_logits(model, example):
    """The modeling file's logits at the scored positions of every target."""
    found = []
    for prompt, target in example.targets:
        decoder = torch.tensor([[*prompt, *target[:-1]]])
        with torch.no_grad():
            logits = model(input_ids=torch.tensor([example.source]), decoder_input_ids=decoder, use_cache=False).logits
        found.append(logits[0, len(prompt) - 1 :])
    return torch.cat(found)


def merged(tensors, adapter):
    """The base with W + 2 B A in place of every adapted W."""
    found = dict(tensors)
    for name, weight in tensors.items():
        short = adapter_name(name)
        if short is not None:
            found[name] = weight + 2.0 * adapter[f"{short}.b"] @ adapter[f"{short}.a"]
    return found


@pytest.mark.parametrize("rank", [0, 4])
@pytest.mark.parametrize("total", [None, 80])
def test_logits_equal_the_modeling_file(tiny_model, tiny_tensors, tiny_config, rank, total):
    packed = PackedModel(tiny_tensors, tiny_config, rank, torch.float32, compile=False)
    logits = packed.logits(build_pack(EXAMPLES, tiny_config.window, total=total))
    expected = torch.cat([reference_logits(tiny_model, example) for example in EXAMPLES])
    assert logits.shape == expected.shape
    torch.testing.assert_close(logits, expected, atol=2e-4, rtol=2e-4)


def test_blocks_split_long_neighbours_without_changing_anything(tiny_tensors, tiny_config, monkeypatch):
    packed = PackedModel(tiny_tensors, tiny_config, 0, torch.float32, compile=False)
    together = build_pack(EXAMPLES, tiny_config.window)
    monkeypatch.setattr("summarize.models.khulasa.recipe.pack.BLOCK_TOKENS", 10)
    apart = build_pack(EXAMPLES, tiny_config.window)
    assert (len(together.blocks), len(apart.blocks)) == (1, 3)
    torch.testing.assert_close(packed.logits(together), packed.logits(apart))


def test_adapter_gradients_are_those_of_the_merged_matrix(tiny_tensors, tiny_config):
    """dA = 2 B^T dW and dB = 2 dW A^T, with dW from plain differentiation of the merged model."""
    torch.manual_seed(0)
    adapter = {
        name: torch.randn_like(p) * 0.1
        for name, p in PackedModel(tiny_tensors, tiny_config, 3, torch.float32, compile=False).trained().items()
    }
    adapted = PackedModel(tiny_tensors, tiny_config, 3, torch.float32, compile=False)
    adapted.load_adapter(adapter)
    plain = PackedModel(merged(tiny_tensors, adapter), tiny_config, 0, torch.float32, compile=False)
    pack = build_pack(EXAMPLES, tiny_config.window)
    for model in (adapted, plain):
        model.token_losses(pack).sum().backward()
    gradients = {name: p.grad for name, p in adapted.trained().items()}
    for index, layer in enumerate(plain.layers):
        for stack, parts in layer.STACKS.items():
            pieces = getattr(layer, stack).grad.split(layer.outs[stack])
            for part, dw in zip(parts, pieces, strict=True):
                name = f"layers.{index}.{part}"
                a, b = adapter[f"{name}.a"], adapter[f"{name}.b"]
                torch.testing.assert_close(gradients[f"{name}.a"], 2 * b.T @ dw, atol=2e-3, rtol=2e-3)
                torch.testing.assert_close(gradients[f"{name}.b"], 2 * dw @ a.T, atol=2e-3, rtol=2e-3)


def test_adapter_means_the_merged_matrix(tiny_tensors, tiny_config):
    """Rank r with A and B computes W + 2 B A, which is what loading merges."""
    torch.manual_seed(0)
    adapted = PackedModel(tiny_tensors, tiny_config, 3, torch.float32, compile=False)
    adapter = {name: torch.randn_like(p) * 0.1 for name, p in adapted.trained().items()}
    adapted.load_adapter(adapter)
    plain = PackedModel(merged(tiny_tensors, adapter), tiny_config, 0, torch.float32, compile=False)
    pack = build_pack(EXAMPLES, tiny_config.window)
    torch.testing.assert_close(adapted.logits(pack), plain.logits(pack), atol=1e-4, rtol=1e-4)


def test_widening_keeps_the_function(tiny_tensors, tiny_config):
    torch.manual_seed(0)
    narrow = PackedModel(tiny_tensors, tiny_config, 2, torch.float32, compile=False)
    adapter = {name: torch.randn_like(p) for name, p in narrow.trained().items()}
    narrow.load_adapter(adapter)
    wide = PackedModel(tiny_tensors, tiny_config, 5, torch.float32, compile=False)
    wide.load_adapter(widen(adapter, 5))
    pack = build_pack(EXAMPLES, tiny_config.window)
    torch.testing.assert_close(narrow.logits(pack), wide.logits(pack), atol=1e-4, rtol=1e-4)
    with pytest.raises(ValueError, match="rank 1 is lower"):
        widen(adapter, 1)
    with pytest.raises(ValueError, match="not one of rank 5"):
        wide.load_adapter(adapter)


def test_bidirectional_source(tiny_model, tiny_tensors, tiny_config):
    """With the mask lifted, the encoder's first position is changed by a later source token; causal, it is not."""
    packed = PackedModel(tiny_tensors, tiny_config, 0, torch.float32, compile=False)
    other = Encoded((*EXAMPLES[1].source[:-1], 44), EXAMPLES[1].targets)
    for bidirectional in (False, True):
        first, second = (
            packed.hidden(build_pack([e], tiny_config.window, bidirectional=bidirectional))[0]
            for e in (EXAMPLES[1], other)
        )
        assert torch.allclose(first, second) is not bidirectional


def test_pack_too_long():
    with pytest.raises(ValueError, match="the pack has 10"):
        build_pack(EXAMPLES, total=10)


@pytest.mark.parametrize("compile", [False, True])
def test_gate_is_gelu_with_its_gradient_for_any_size_of_number(compile):
    gated = torch.compile(_gated, dynamic=False) if compile else _gated
    y = torch.cat([torch.linspace(-90, 90, 97), torch.linspace(-2, 2, 97)]).repeat(3, 1).requires_grad_()
    again = y.detach().clone().requires_grad_()
    gate, up = again.chunk(2, -1)
    expected = torch.nn.functional.gelu(gate, approximate="tanh") * up
    torch.testing.assert_close(gated(y), expected, atol=1e-5, rtol=1e-5)
    gated(y).sum().backward()
    expected.sum().backward()
    torch.testing.assert_close(y.grad, again.grad, atol=1e-4, rtol=1e-4)
