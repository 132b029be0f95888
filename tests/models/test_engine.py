"""The native engine against the modeling file and transformers' generate."""

from __future__ import annotations

from dataclasses import replace

import pytest
import torch
from transformers import AutoModelForSeq2SeqLM

import summarize.models  # noqa: F401 - registers the architecture
from summarize.checks.constraint import Step
from summarize.errors import UsageError
from summarize.models.engine import Decoding, Task
from summarize.models.khulasa.decoder import Decoder
from summarize.models.khulasa.engine import KhulasaEngine
from summarize.models.khulasa.matrices import Int8
from summarize.models.khulasa.prompts import prompt

TEXTS = [
    "أعلنت السفارة الأمريكية في العراق أن مهام التحالف ستتحول إلى شراكة أمنية ثنائية.",
    "The ministry said on Monday that 25 people were taken to hospital after the storm in the north of the country.",
    "خبر قصير.",
]
TASKS = [Task("summary", "ar", "short"), Task("summary", "en", "medium"), Task("headline", "en")]


@pytest.fixture(scope="module")
def engine(tiny_layout):
    return KhulasaEngine(tiny_layout, dtype=torch.float32)


@pytest.fixture(scope="module")
def model(tiny_layout):
    return AutoModelForSeq2SeqLM.from_pretrained(tiny_layout.folder)


def by_transformers(model, engine, text: str, task: Task, **options) -> list[int]:
    source = torch.tensor([[2, *engine.sp.encode(text)][: engine.limit]])
    start = torch.tensor([engine.sp.encode(prompt(task.kind, task.language, task.length))])
    out = model.generate(source, decoder_input_ids=start, **options)[0, start.shape[1] :]
    ids = out.tolist()
    return ids[: ids.index(1)] if 1 in ids else ids


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("beams", [1, 3])
def test_same_ids_as_transformers(engine, model, beams):
    decoding = Decoding(num_beams=beams, max_new_tokens=12, no_repeat_ngram_size=2, length_penalty=1.0)
    outputs = engine.decode(engine.encode(TEXTS), TASKS, decoding)
    assert [len(row) for row in outputs] == [3, 3, 3]
    for text, row in zip(TEXTS, outputs, strict=True):
        for task, output in zip(TASKS, row, strict=True):
            expected = by_transformers(
                model, engine, text, task, num_beams=beams, max_new_tokens=12, no_repeat_ngram_size=2, do_sample=False
            )
            if beams == 1:
                assert list(output.ids) == expected
            else:
                assert len(output.ids) == len(expected)
                assert output.score >= score(model, engine, text, task, expected) - 1e-4


def score(model, engine, text: str, task: Task, ids: list[int]) -> float:
    """Log-probability per token (the end token counted where there is room for it) by the modeling file."""
    source = torch.tensor([[2, *engine.sp.encode(text)][: engine.limit]])
    start = engine.sp.encode(prompt(task.kind, task.language, task.length))
    ended = ids if len(ids) == 12 else [*ids, 1]
    with torch.no_grad():
        logits = model(input_ids=source, decoder_input_ids=torch.tensor([start + ended])).logits[0].log_softmax(-1)
    return sum(float(logits[len(start) - 1 + i, token]) for i, token in enumerate(ended)) / len(ended)


def test_scores_are_log_probabilities_per_token(engine, model):
    (row,) = engine.decode(engine.encode(TEXTS[:1]), TASKS, Decoding(max_new_tokens=12, no_repeat_ngram_size=0))
    for task, output in zip(TASKS, row, strict=True):
        assert output.score == pytest.approx(score(model, engine, TEXTS[0], task, list(output.ids)), abs=1e-4)


def test_batches_and_companions_change_nothing(engine):
    decoding = Decoding(max_new_tokens=16)
    together = engine.decode(engine.encode(TEXTS), TASKS, decoding)
    for i, text in enumerate(TEXTS):
        for k, task in enumerate(TASKS):
            alone = engine.decode(engine.encode([text]), [task], decoding)[0][0]
            assert together[i][k].ids == alone.ids


DRAWS = Decoding(num_beams=3, num_return=2, samples=4, max_new_tokens=12, temperature=0.7, seed=1)


def test_a_part_of_a_memory_decodes_as_the_whole(engine):
    texts = ["one two three four", "five", "six seven eight nine ten eleven twelve"]
    tasks = [Task("summary", "en"), Task("headline", "ar")]
    memory = engine.encode(texts)
    for options in (Decoding(max_new_tokens=8), Decoding(num_beams=3, max_new_tokens=8)):
        whole = engine.decode(memory, tasks, options)
        for places in ([1], [2, 0], [0, 1, 2]):
            part = engine.part(memory, places)
            assert part.tokens == tuple(memory.tokens[i] for i in places)
            assert part.seeds == tuple(memory.seeds[i] for i in places)
            got = engine.decode(part, tasks, options)
            assert [[o.ids for o in row] for row in got] == [[o.ids for o in whole[i]] for i in places]


def test_outputs_go_on_from_what_they_begin_with(engine):
    texts = ["one two three four", "five six seven eight nine ten eleven twelve"]
    tasks = [Task("summary", "en"), Task("headline", "ar")]
    memory, options = engine.encode(texts), Decoding(max_new_tokens=10)
    whole = engine.decode(memory, tasks, options)
    begun = [[o.ids[: i + 2 * k] for k, o in enumerate(row)] for i, row in enumerate(whole)]
    again = engine.go_on(memory, tasks, begun, options)
    assert [[o.ids for o in row] for row in again] == [[o.ids for o in row] for row in whole]
    seen = []
    other = (7, 8, 9)
    rows = engine.go_on(
        memory, tasks, [[other, other], [other, ()]], options, lambda d, t, ids: seen.append((d, tuple(ids)))
    )
    assert all(o.ids[:3] == other for o in (*rows[0], rows[1][0])) and rows[1][1].ids == whole[1][1].ids
    assert (0, other) in seen and (1, ()) in seen and all(len(o.ids) <= 10 for row in rows for o in row)


def test_candidates_are_beams_then_draws(engine):
    memory = engine.encode(TEXTS)
    found = engine.candidates(memory, TASKS, DRAWS)
    best = engine.decode(memory, TASKS, DRAWS)
    for row, ours in zip(best, found, strict=True):
        for one, several in zip(row, ours, strict=True):
            assert len(several) == 6 and several[0].ids == one.ids
            assert several[0].score == pytest.approx(one.score, abs=1e-5)
            assert several[0].score >= several[1].score and several[0].ids != several[1].ids
            assert len({output.ids for output in several[2:]}) > 1
    plain = Decoding(max_new_tokens=12)
    one_each = [[[output] for output in row] for row in engine.decode(memory, TASKS, plain)]
    assert engine.candidates(memory, TASKS, plain) == one_each


def test_draws_are_those_of_the_document_in_any_batch(engine):
    together = engine.candidates(engine.encode(TEXTS), TASKS, DRAWS)
    same = 0
    for i, text in enumerate(TEXTS):
        for k, task in enumerate(TASKS):
            alone = engine.candidates(engine.encode([text]), [task], DRAWS)[0][0]
            assert [o.ids for o in alone[:2]] == [o.ids for o in together[i][k][:2]]
            same += sum(one.ids == other.ids for one, other in zip(alone[2:], together[i][k][2:], strict=True))
    # Random weights hold many tokens to be as likely as each other: one draw may fall where rounding decides.
    assert same >= 4 * len(TEXTS) * len(TASKS) - 1
    other = engine.candidates(engine.encode(TEXTS[:1]), TASKS[:1], replace(DRAWS, seed=2))[0][0]
    assert [o.ids for o in other[2:]] != [o.ids for o in together[0][0][2:]]


def test_beams_and_draws_share_a_batch_or_not(engine, monkeypatch):
    widths = []

    class Watched(Decoder):
        def __init__(self, stack, encoded, tasks, width=1):
            widths.append(width)
            super().__init__(stack, encoded, tasks, width)

    monkeypatch.setattr("summarize.models.khulasa.engine.Decoder", Watched)
    found = {}
    for most, expected in ((3, [7]), (4, [3, 4]), (6, [3, 4]), (7, [7])):  # rows that the kernel takes
        monkeypatch.setattr("summarize.models.khulasa.engine.MOST_ROWS", most)
        found[most] = engine.candidates(engine.encode(TEXTS[:1]), TASKS[:1], DRAWS)
        assert widths == expected
        widths.clear()
    texts = [[o.ids for row in some for several in row for o in several] for some in found.values()]
    assert len(texts[0]) == 6 and texts.count(texts[0]) == 4


def test_draws_score_what_the_modeling_file_says(engine, model):
    (row,) = engine.candidates(engine.encode(TEXTS[:1]), TASKS, replace(DRAWS, no_repeat_ngram_size=0))
    for task, several in zip(TASKS, row, strict=True):
        for output in several[2:]:
            assert output.score == pytest.approx(score(model, engine, TEXTS[0], task, list(output.ids)), abs=1e-4)


def test_draws_keep_to_scripts_and_constraints(engine):
    decoding = replace(DRAWS, forbid_script=("en",))

    def constraint(document, task, ids):
        return Step(only=(1,)) if len(ids) == 2 + document else Step(forbid=(1,))

    for document, row in enumerate(engine.candidates(engine.encode(TEXTS), TASKS, decoding, constraint)):
        assert {len(output.ids) for several in row for output in several} == {2 + document}
        for output in [*row[1], *row[2]]:
            assert not any("\u0621" <= c <= "\u064a" for c in output.text)


def test_truncation_is_told(engine):
    memory = engine.encode([TEXTS[0] * 20, TEXTS[2]])
    assert memory.truncated == (True, False)
    assert memory.tokens[0] == engine.limit == 64
    assert engine.count(TEXTS[2]) == memory.tokens[1]


def test_forbidden_script(engine):
    decoding = Decoding(max_new_tokens=16, forbid_script=("ar", "en"))
    for row in engine.decode(engine.encode(TEXTS), TASKS, decoding):
        assert not any("\u0621" <= c <= "\u064a" for c in row[1].text + row[2].text)
        assert not any(c.isascii() and c.isalpha() for c in row[0].text)


def test_constraint_reaches_the_search(engine):
    seen = []
    plain = engine.decode(engine.encode(TEXTS[:1]), TASKS[:1], Decoding(max_new_tokens=4))[0][0].ids

    def constraint(document, task, ids):
        seen.append((document, task, tuple(ids)))
        return Step(forbid=(plain[0],)) if not ids else None

    other = engine.decode(engine.encode(TEXTS[:1]), TASKS[:1], Decoding(max_new_tokens=4), constraint)[0][0].ids
    assert other[0] != plain[0]
    assert seen[0] == (0, TASKS[0], ()) and len(seen) == 4
    only = engine.decode(engine.encode(TEXTS[:1]), TASKS[:1], Decoding(max_new_tokens=4), lambda *_: Step(only=(9, 8)))
    assert set(only[0][0].ids) <= {8, 9}


@pytest.mark.parametrize("format", ["bfloat16", "int8"])
def test_min_new_tokens_in_other_formats(tiny_layout, format):
    engine = KhulasaEngine(tiny_layout, dtype=format)
    assert engine.stack.format == format and engine.stack.dtype is torch.bfloat16
    (row,) = engine.decode(engine.encode(TEXTS[:1]), TASKS, Decoding(max_new_tokens=6, min_new_tokens=6))
    assert [len(output.ids) for output in row] == [6, 6, 6]


def test_score_equals_the_modeling_file(engine, model):
    for task in TASKS:
        total, tokens = engine.score(TEXTS[0], task, "انتهت المهمة.")
        ids = engine.sp.encode(" انتهت المهمة.")
        assert tokens == len(ids) + 1
        assert total / tokens == pytest.approx(score(model, engine, TEXTS[0], task, ids), abs=1e-4)


def test_scores_of_several_are_those_of_each(engine):
    documents, targets = [TEXTS[0], TEXTS[1], "."], ["انتهت المهمة.", "One", "انتهت المهمة في بغداد بعد أعوام."]
    together = engine.scores(documents, TASKS[0], targets)
    for one, document, target in zip(together, documents, targets, strict=True):
        total, tokens = engine.score(document, TASKS[0], target)
        assert one[1] == tokens and one[0] == pytest.approx(total, abs=1e-3)


@pytest.mark.parametrize("format", ["bfloat16", "int8"])
def test_other_formats_score_alike(tiny_layout, engine, format):
    other = KhulasaEngine(tiny_layout, dtype=format)
    for task in TASKS:
        total, tokens = engine.score(TEXTS[0], task, "انتهت المهمة.")
        assert other.score(TEXTS[0], task, "انتهت المهمة.")[0] / tokens == pytest.approx(total / tokens, abs=0.03)


def test_int8_rows_hold_what_their_dense_copy_holds():
    torch.manual_seed(0)
    weight = torch.randn(7, 64) * torch.logspace(-3, 3, 7)[:, None]
    weight[2] = 0
    matrix = Int8(weight, torch.device("cpu"))
    quantized, scale = matrix.take()
    assert int(quantized.abs().max()) == 127
    held = quantized.float() * scale[:, None]
    assert torch.equal(held.to(matrix.weight.dtype), matrix.weight)
    assert ((held - weight).abs() <= scale[:, None] / 2 * 1.001).all()
    some = torch.randn(9, 64).bfloat16().float()
    assert torch.allclose(matrix(some), some @ held.T, rtol=0.01, atol=0.01 * float(weight.abs().max()))
    assert matrix(some[None]).shape == (1, 9, 7)


def test_documents_whose_outputs_have_ended_are_left_out(engine):
    decoding = Decoding(max_new_tokens=24)
    lengths = {}

    def constraint(document, task, ids):
        lengths[document] = max(lengths.get(document, 0), len(ids))
        return Step(only=(1,)) if len(ids) > 3 * document else Step(forbid=(1,))

    texts = [TEXTS[1], TEXTS[0], TEXTS[2], TEXTS[1], TEXTS[0]]
    together = engine.decode(engine.encode(texts), TASKS, decoding, constraint)
    for i, text in enumerate(texts):
        for k, task in enumerate(TASKS):
            alone = engine.decode(
                engine.encode([text]), [task], decoding, lambda _, task, ids, i=i: constraint(i, task, ids)
            )[0][0]
            assert together[i][k].ids == alone.ids and len(alone.ids) == 3 * i + 1


def test_window_of_local_layers_with_rows_of_all_lengths(engine, model):
    # The tiny model's window is shorter than these documents, so that source tokens leave it while decoding.
    assert engine.config["window"] < 40
    texts = [TEXTS[1] * 3, TEXTS[2], TEXTS[0]]
    decoding = Decoding(max_new_tokens=30, no_repeat_ngram_size=0, min_new_tokens=30)
    together = engine.decode(engine.encode(texts), TASKS[:2], decoding)
    for text, row in zip(texts, together, strict=True):
        for task, output in zip(TASKS[:2], row, strict=True):
            assert list(output.ids) == by_transformers(
                model, engine, text, task, max_new_tokens=30, min_new_tokens=30, do_sample=False
            )


def test_an_unknown_format_is_refused(tiny_layout):
    with pytest.raises(UsageError, match="float16: choose from auto, float32, bfloat16, int8"):
        KhulasaEngine(tiny_layout, dtype=torch.float16)


def test_guessing_ahead_finds_what_greedy_search_finds(engine, model):
    # A document that repeats itself, and outputs that do: guesses are tried, kept in part, and dropped.
    texts = [TEXTS[1] + " " + TEXTS[1], TEXTS[0], TEXTS[2]]
    decoding = Decoding(max_new_tokens=40, no_repeat_ngram_size=0, min_new_tokens=40)
    for some in (texts[:1], texts):
        for tasks in (TASKS[:1], TASKS):
            together = engine.decode(engine.encode(some), tasks, decoding)
            for text, row in zip(some, together, strict=True):
                for task, output in zip(tasks, row, strict=True):
                    assert list(output.ids) == by_transformers(
                        model, engine, text, task, max_new_tokens=40, min_new_tokens=40, do_sample=False
                    )
