"""The compiled step: it computes what the decoder's torch operations compute, whatever rows there are."""

from __future__ import annotations

import copy
import os
import subprocess
import sys
import threading

import numpy as np
import pytest
import torch

from summarize.models.khulasa import decoder as decoding
from summarize.models.khulasa import matrices, steps
from summarize.models.khulasa import stack as stacks
from summarize.models.khulasa.decoder import Decoder
from summarize.models.khulasa.stack import Stack

CONFIG = {
    "vocab_size": 96,
    "hidden_size": 48,
    "intermediate_size": 80,
    "num_hidden_layers": 4,
    "head_dim": 64,
    "query_pre_attn_scalar": 64,
    "global_layers": (1, 3),
    "rms_norm_eps": 1e-6,
    "rope_theta_global": 1e6,
    "rope_theta_local": 1e4,
    "max_source_tokens": 64,
    "encoder_attention": "causal",
    "pad_token_id": 0,
    "bos_token_id": 2,
}


def make(heads=4, groups=1, window=1000, **other):
    c = {**CONFIG, "num_attention_heads": heads, "num_key_value_heads": groups, "window": window, **other}
    size, inner, d = c["hidden_size"], c["intermediate_size"], c["head_dim"]
    shapes = {
        "self_attn.q_proj": (heads * d, size),
        "self_attn.k_proj": (groups * d, size),
        "self_attn.v_proj": (groups * d, size),
        "self_attn.o_proj": (size, heads * d),
        "mlp.gate_proj": (inner, size),
        "mlp.up_proj": (inner, size),
        "mlp.down_proj": (size, inner),
        "self_attn.q_norm": (d,),
        "self_attn.k_norm": (d,),
        **dict.fromkeys(
            [f"{w}_layernorm" for w in ("input", "post_attention", "pre_feedforward", "post_feedforward")], (size,)
        ),
    }
    torch.manual_seed(3)
    tensors = [
        ("model.embed_tokens.weight", torch.randn(c["vocab_size"], size)),
        ("model.norm.weight", torch.randn(size) * 0.2),
    ]
    for layer in range(c["num_hidden_layers"]):
        for name, shape in shapes.items():
            tensors.append(
                (f"model.layers.{layer}.{name}.weight", torch.randn(shape) * (0.3 if len(shape) > 1 else 0.2))
            )
    return Stack(tensors, c, torch.device("cpu"), "int8")


@pytest.fixture(autouse=True)
def exact(monkeypatch, request):
    """Many rows in float32, so that both ways multiply the same numbers."""
    if "bfloat16" not in request.fixturenames:
        monkeypatch.setattr(matrices, "_many_rows", lambda device: torch.float32)


@pytest.fixture
def bfloat16(monkeypatch):
    """Many rows in bfloat16, also where the processor does not multiply it natively."""
    monkeypatch.setattr(matrices, "_many_rows", lambda device: torch.bfloat16)


def both_ways(monkeypatch, stack, lengths, tasks, width, script):
    """The logits that ``script(decoder)`` gives, of the kernel and of torch's operations."""
    results = []
    for most in (1000, 0):
        torch.manual_seed(5)
        ids = [torch.randint(1, 96, (n,)).tolist() for n in lengths]
        decoder = Decoder(stack, stack.encode(ids), tasks, width)
        monkeypatch.setattr(decoding, "MOST_ROWS", 0)
        decoder.start([[5, 9, 4 + i % 3][: 1 + i % 3] for i in range(len(lengths) * tasks)])
        monkeypatch.setattr(decoding, "MOST_ROWS", most)
        results.append([logits.clone() for logits in script(decoder)])
    return results


def close(pair):
    for kernel, plain in zip(*pair, strict=True):
        assert kernel.shape == plain.shape
        # Queries are rounded to bfloat16 on one side alone.
        assert (kernel - plain).abs().max() < 0.02 * plain.std()


def tokens(count, seed=0):
    return torch.tensor(np.random.default_rng(seed).integers(1, 96, count))


@pytest.mark.parametrize("heads, groups", [(4, 1), (4, 2), (2, 2), (8, 2), (3, 1)])
def test_heads_and_groups(monkeypatch, heads, groups):
    def script(decoder):
        for i in range(5):
            yield decoder.step(tokens(3, i), None)

    close(both_ways(monkeypatch, make(heads, groups), [9, 30, 17], 1, 1, script))


@pytest.mark.parametrize("rows", [1, 2, 3, 4, 5, 6, 7, 8, 11])
def test_any_number_of_rows(monkeypatch, rows):
    def script(decoder):
        yield decoder.step(tokens(rows), None)

    close(both_ways(monkeypatch, make(), [13 + 3 * i for i in range(rows)], 1, 1, script))


@pytest.mark.parametrize("window", [4, 11, 40])
def test_local_layers_see_their_window(monkeypatch, window):
    def script(decoder):
        for i in range(12):
            yield decoder.step(tokens(2, i), None)

    stack = make(window=window)
    pair = both_ways(monkeypatch, stack, [8, 21], 1, 1, script)
    close(pair)
    if window == 4:  # the test would see a window that is not kept
        wide = both_ways(monkeypatch, make(), [8, 21], 1, 1, script)
        assert (pair[0][-1] - wide[0][-1]).abs().max() > 0.5 * wide[0][-1].std()


def test_beams_choose_their_past_and_rows_leave(monkeypatch):
    def script(decoder):
        yield decoder.step(tokens(12, 1), torch.tensor([0, 0, 0, 1, 1, 1, 2, 2, 2, 3, 3, 3]))
        yield decoder.step(tokens(12, 2), torch.tensor([2, 0, 0, 3, 5, 3, 8, 7, 6, 9, 9, 11]))
        yield decoder.step(tokens(6, 3), torch.tensor([0, 2, 1, 9, 10, 9]))
        yield decoder.step(tokens(3, 4), torch.tensor([5, 4, 3]))

    close(both_ways(monkeypatch, make(), [9, 30], 2, 3, script))


def test_several_tokens_of_which_some_stay(monkeypatch):
    def script(decoder):
        yield decoder.try_tokens(tokens(6, 1).view(2, 3), None)
        decoder.keep([3, 1])
        yield decoder.try_tokens(tokens(8, 2).view(2, 4), None)
        decoder.keep([2, 4])
        yield decoder.try_tokens(tokens(2, 3).view(1, 2), torch.tensor([1]))
        decoder.keep([1])
        yield decoder.step(tokens(1, 4), None)

    close(both_ways(monkeypatch, make(window=7), [9, 30], 1, 1, script))


def test_more_tokens_than_the_buffer_had_room_for(monkeypatch):
    def script(decoder):
        for i in range(70):
            yield decoder.step(tokens(2, i), None)

    close(both_ways(monkeypatch, make(), [9, 14], 1, 1, script))


@pytest.mark.parametrize("threads", [1, 2, 3, 7])
def test_threads_change_hardly_anything(monkeypatch, threads):
    stack = make()
    decoder = Decoder(stack, stack.encode([[2, 5, 7, 11]]), 1)
    decoder.start([[4]])
    alone = decoder.step(tokens(1), None)
    monkeypatch.setattr(torch, "get_num_threads", lambda: threads)
    again = Decoder(stack, stack.encode([[2, 5, 7, 11]]), 1)
    again.start([[4]])
    assert torch.allclose(again.step(tokens(1), None), alone, rtol=1e-3, atol=1e-3)


def test_several_callers_at_once(monkeypatch):
    monkeypatch.setattr(torch, "get_num_threads", lambda: 3)
    stack = make()
    results: list[torch.Tensor] = []

    def run():
        with torch.inference_mode():
            decoder = Decoder(stack, stack.encode([[2, 5, 7, 11]]), 1)
            decoder.start([[4]])
            results.append(torch.cat([decoder.step(tokens(1, i), None) for i in range(40)]))

    callers = [threading.Thread(target=run) for _ in range(4)]
    for caller in callers:
        caller.start()
    for caller in callers:
        caller.join(timeout=60)
    assert len(results) == 4 and all(torch.equal(one, results[0]) for one in results)


def test_tables_are_whole_whenever_another_thread_looks(monkeypatch):
    stack, seen = make(), []
    polar = torch.polar

    def looking(*arguments):
        seen.append(set(stack._tables))
        return polar(*arguments)

    monkeypatch.setattr(torch, "polar", looking)
    for most in (10, 5000):
        assert {len(table) for table in stack.tables(most).values()} == {-(-most // 1024) * 1024}
    assert seen == [set(), set(), {True, False}, {True, False}]


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork on this system")
def test_a_forked_process_has_threads_of_its_own(monkeypatch):
    monkeypatch.setattr(torch, "get_num_threads", lambda: 2)
    stack = make()
    decoder = Decoder(stack, stack.encode([[2, 5, 7, 11]]), 1)
    decoder.start([[4]])
    decoder.step(tokens(1), None)
    rows, keys, values = [(0, 6, 4, decoder.n, 2)], decoder.keys, decoder.values
    expected = stack.steps([7], rows, keys, values)
    child = os.fork()
    if child == 0:
        same = torch.equal(stack.steps([7], rows, keys, values), expected)
        os._exit(0 if same else 1)
    for _ in range(600):
        done, status = os.waitpid(child, os.WNOHANG)
        if done:
            break
        threading.Event().wait(0.05)
    else:
        os.kill(child, 9)
        os.waitpid(child, 0)
        pytest.fail("the child hangs")
    assert os.waitstatus_to_exitcode(status) == 0


def test_where_nothing_can_be_written_compiled_functions_are_not_kept():
    program = """
import numba.core.caching as caching
def nowhere(function):
    raise RuntimeError("cannot cache function: no locator available")
caching.FunctionCache = nowhere
import numpy as np
from summarize.models.khulasa import kernel
assert kernel.OPTIONS["cache"] is False
y = np.zeros((1, 3), np.int16)
kernel.store(np.array([1, 0.5, -2], np.float32), y[0])
print(y.tolist())
"""
    result = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert result.stdout.split() == ["[[16256,", "16128,", "-16384]]"]


@pytest.mark.parametrize("change", [{"hidden_size": 40}, {"head_dim": 32}, {"vocab_size": 90}])
def test_other_sizes_go_without(change):
    assert make(**change).steps is None
    assert steps.suits(make())


def without_rows(stack):
    other = copy.copy(stack)
    other.rows = None
    return other


@pytest.mark.parametrize("heads, groups, window", [(4, 1, 1000), (4, 2, 9), (3, 1, 20)])
def test_many_rows_are_what_torch_alone_makes_of_them(bfloat16, heads, groups, window):
    stack = make(heads, groups, window)
    plain = without_rows(stack)
    assert stack.rows is not None
    ids = [list(range(2, 40)), list(range(50, 59)), list(range(30, 60))]
    with torch.inference_mode():
        left, right = stack.encode(ids), plain.encode(ids)
        for name in ("keys", "values"):
            for one, other in zip(getattr(left, name), getattr(right, name), strict=True):
                for document, length in enumerate(left.lengths.tolist()):
                    a, b = (buffer[document, :, :length].float() for buffer in (one, other))
                    assert (a - b).abs().max() < 0.05 * b.std()
        one, other = Decoder(stack, left, 1), Decoder(plain, left, 1)
        prompt = torch.arange(3, 18).view(3, 5)
        a, b = one.forward(prompt), other.forward(prompt)
        assert (a - b).abs().max() < 0.05 * b.std()


def test_documents_encoded_apart_are_as_together(bfloat16, monkeypatch):
    stack = make()
    ids = [list(range(2, 12)), list(range(2, 40)), list(range(50, 59)), list(range(30, 60))]
    with torch.inference_mode():
        whole = stack.encode(ids)
        monkeypatch.setattr(stacks, "_AT_ONCE", 40)
        some = stack.encode(ids)
    assert some.lengths.tolist() == whole.lengths.tolist() == [10, 38, 9, 30] and some.ids == whole.ids
    for one, other in zip([*some.keys, *some.values], [*whole.keys, *whole.values], strict=True):
        assert one.shape == other.shape
        for document, length in enumerate(some.lengths.tolist()):
            a, b = (buffer[document, :, :length].float() for buffer in (one, other))
            assert (a - b).abs().max() < 0.05 * b.std()


@pytest.mark.parametrize("rows", [1, 700])
def test_rows_are_shared_among_threads(bfloat16, monkeypatch, rows):
    stack = make()
    x = torch.randn(rows, 48)
    results = []
    for threads in (1, 3):
        monkeypatch.setattr(torch, "get_num_threads", lambda threads=threads: threads)
        rotation = stack.rotations(torch.arange(rows))[True]
        q, k, v = stack.project(stack.layers[0], x, rotation)
        finished = stack.finish(stack.layers[0], x, q.flatten(1))
        results.append(torch.cat([part.flatten().float() for part in (q, k, v, finished)]))
    assert torch.equal(*results)
