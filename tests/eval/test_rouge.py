"""ROUGE: agreement with rouge-score, properties, references, signatures."""

from __future__ import annotations

import random

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from summarize.errors import UsageError
from summarize.eval.data import load_examples
from summarize.eval.lcs import SideBySide, lcs_length, positions
from summarize.eval.rouge import TYPES, Rouge, RougeConfig
from summarize.eval.signature import Signature
from summarize.sentences import split_sentences


def real_pairs() -> list[tuple[str, str]]:
    """Leads, single sentences and summaries of the sample's English documents, each against summaries and leads."""
    examples = [e for e in load_examples("sample") if e.source_lang == "en"]
    sides = []
    for example in examples:
        sentences = split_sentences(example.document)
        sides += ["\n".join(sentences[:n]) for n in (1, 3)] + [" ".join(sentences[2:4])]
    references = ["\n".join(split_sentences(e.references["en"][0])) for e in examples]
    return [(side, reference) for side in sides for reference in references]


def fuzzed_pairs(n: int) -> list[tuple[str, str]]:
    rng = random.Random(3)
    words = "The the cat cats running ran 12 3.5 naïve don't U.S. İstanbul كتاب \u200b - _ x y z happily easily".split(
        " "
    )
    ends = [" ", "  ", "\n", "\n\n", ". ", ", ", "\t"]

    def text() -> str:
        return "".join(rng.choice(words) + rng.choice(ends) for _ in range(rng.randint(0, 30)))

    return [(text(), text()) for _ in range(n)]


@pytest.mark.parametrize("stem", ["no", "porter"])
@pytest.mark.parametrize("kind", ["real", "fuzzed"])
def test_english_agrees_with_rouge_score(stem: str, kind: str) -> None:
    rouge_scorer = pytest.importorskip("rouge_score.rouge_scorer")
    theirs = rouge_scorer.RougeScorer(list(TYPES), use_stemmer=stem == "porter")
    ours = Rouge(lang="en", stem=stem, split="newline")
    pairs = real_pairs() if kind == "real" else fuzzed_pairs(1500)
    assert len(pairs) >= 1000
    for hypothesis, reference in pairs:
        expected, found = theirs.score(reference, hypothesis), ours.score(hypothesis, reference)
        for name in TYPES:
            assert found[name] == pytest.approx(tuple(expected[name]), abs=1e-9), (name, hypothesis, reference)


def test_several_references_agree_with_rouge_score() -> None:
    rouge_scorer = pytest.importorskip("rouge_score.rouge_scorer")
    theirs = rouge_scorer.RougeScorer(list(TYPES))
    ours = Rouge(lang="en", split="newline", refs="best")
    pairs = real_pairs()[:200]
    references = [r for _, r in pairs[:3]]
    for hypothesis, _ in pairs:
        expected, found = theirs.score_multi(references, hypothesis), ours.score(hypothesis, references)
        for name in TYPES:
            assert found[name] == pytest.approx(tuple(expected[name]), abs=1e-9)


def test_references_best_and_mean() -> None:
    references = ["a b c d", "a b x y", "q"]
    best = Rouge(("rouge1",), lang="en", refs="best").score("a b c d", references)["rouge1"]
    mean = Rouge(("rouge1",), lang="en", refs="mean").score("a b c d", references)["rouge1"]
    assert best == (1, 1, 1)
    assert mean.f1 == pytest.approx((1 + 0.5 + 0) / 3)


def slow_lcs(a: list[str], b: list[str]) -> int:
    row = [0] * (len(b) + 1)
    for x in a:
        new = [0]
        for j, y in enumerate(b):
            new.append(row[j] + 1 if x == y else max(row[j + 1], new[j]))
        row = new
    return row[-1]


token_lists = st.lists(st.sampled_from("abcdef"), max_size=70)


@settings(max_examples=150, deadline=None)
@given(token_lists, token_lists)
def test_bit_parallel_lcs_is_the_table(a: list[str], b: list[str]) -> None:
    masks = positions(a)
    expected = slow_lcs(a, b)
    assert lcs_length([masks.get(t, 0) for t in b], len(a)) == expected
    members = SideBySide([a]).union([b])
    assert members.bit_count() == expected
    chosen = [t for i, t in enumerate(a) if members >> i & 1]
    rest = iter(b)
    assert all(token in rest for token in chosen)  # a subsequence of b


@settings(max_examples=100, deadline=None)
@given(st.lists(token_lists, max_size=4), st.lists(token_lists, max_size=4))
def test_sentences_side_by_side_are_as_each_by_itself(references: list[list[str]], candidates: list[list[str]]) -> None:
    expected, start = 0, 0
    for reference in references:
        for candidate in candidates:
            expected |= SideBySide([reference]).union([candidate]) << start
        start += len(reference) + 1  # the free bit
    assert SideBySide(references).union(candidates) == expected


arabic_words = st.text(alphabet="ابتثجحخدذرزسشصضطظعغفقكلمنهويأإآةىؤئ", min_size=1, max_size=6)
english_words = st.text(alphabet="abcdefghijklmnopqrstuvwxyz0123456789", min_size=1, max_size=6)
texts = st.lists(st.one_of(arabic_words, english_words), max_size=20).map(" ".join)
ROUGES = {lang: Rouge(lang=lang) for lang in ("ar", "en", "auto")}


@settings(max_examples=100, deadline=None)
@given(texts, texts, st.sampled_from(["ar", "en"]))
def test_bounds_and_symmetry(a: str, b: str, lang: str) -> None:
    forth, back = ROUGES[lang].score(a, b), ROUGES[lang].score(b, a)
    for name in ("rouge1", "rouge2", "rouge3", "rougeL"):
        assert 0 <= forth[name].f1 <= 1
        assert forth[name].precision == pytest.approx(back[name].recall)
        assert forth[name].f1 == pytest.approx(back[name].f1)
    assert all(0 <= value <= 1 for score in forth.values() for value in score)
    assert forth["rougeL"].f1 <= forth["rouge1"].f1 + 1e-12
    assert forth["rouge2"].recall <= 1


@settings(max_examples=100, deadline=None)
@given(st.lists(arabic_words, min_size=3, max_size=20))
def test_identity_is_one(words: list[str]) -> None:
    text = " ".join(words)
    assert all(score == (1, 1, 1) for score in ROUGES["ar"].score(text, text).values())
    assert all(score == (1, 1, 1) for score in ROUGES["auto"].score(text, text).values())


@settings(max_examples=60, deadline=None)
@given(st.lists(arabic_words, max_size=20), st.lists(english_words, max_size=20))
def test_disjoint_is_zero(arabic: list[str], english: list[str]) -> None:
    assert all(score == (0, 0, 0) for score in ROUGES["ar"].score(" ".join(arabic), " ".join(english)).values())


@settings(max_examples=100, deadline=None)
@given(st.lists(arabic_words, min_size=1, max_size=12), st.lists(arabic_words, min_size=1, max_size=12), st.randoms())
def test_marks_tatweel_and_invisibles_change_nothing(a: list[str], b: list[str], rng: random.Random) -> None:
    clean, reference = " ".join(a), " ".join(b)
    noise = "\u064b\u064e\u0651\u0652\u0670\u06d6\u0640\u200d\u200c\u200f\u2067"
    noisy = "".join(ch + (rng.choice(noise) if ch != " " and rng.random() < 0.5 else "") for ch in clean)
    assert ROUGES["ar"].score(noisy, reference) == ROUGES["ar"].score(clean, reference)
    for text in (noisy, clean):
        raw = Rouge(("rouge1",), lang="ar", norm="marks").score(text, clean)
        assert raw["rouge1"].f1 == 1


@settings(max_examples=60, deadline=None)
@given(texts)
def test_tokens_of_the_sentences_are_the_tokens_of_the_text(text: str) -> None:
    whole = Rouge(("rouge1",), lang="ar").prepare(text)
    split = Rouge(("rouge1", "rougeLsum"), lang="ar").prepare(text.replace(" ", ". "))
    assert split.tokens == whole.tokens


def test_auto_follows_the_reference() -> None:
    auto = Rouge(("rouge1",))
    assert auto.score("اعلن", "أعلن")["rouge1"].f1 == 1  # as Arabic
    assert auto.score("café", "caf")["rouge1"].f1 == 1  # as English, in rouge-score's way
    scores = auto.corpus(["اعلن", "yes"], ["أعلن", "yes"])
    assert dict(scores.languages) == {"ar": 1, "en": 1}
    assert "lang:auto" in scores.signatures["rouge1"]
    assert "lang:ar|norm:v1|tok:uni" in auto.corpus(["اعلن"], ["أعلن"]).signatures["rouge1"]


def test_corpus_over_processes_is_the_same() -> None:
    examples = load_examples("sample")
    hyps = [e.document[:400] for e in examples] * 30
    refs = [e.for_language(e.source_lang) for e in examples] * 30
    one, two = Rouge().corpus(hyps, refs), Rouge().corpus(hyps, refs, processes=2)
    assert one.values.shape == (1200, 5, 3)
    np.testing.assert_array_equal(one.values, two.values)
    assert one.mean("rouge1").f1 == pytest.approx(float(one.f1("rouge1").mean()))


def test_sides_of_different_length_are_refused() -> None:
    with pytest.raises(UsageError, match="the references end after 1"):
        Rouge().corpus(["a", "b"], ["a"])
    with pytest.raises(UsageError, match="at least one"):
        Rouge().score("a", [])
    with pytest.raises(UsageError, match="nan is not a text"):
        Rouge().score(float("nan"), "a")  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "config",
    [
        RougeConfig(("rouge2",), "ar"),
        RougeConfig(("rougeLsum",), "en", stem="porter", split="newline"),
        RougeConfig(("rouge1", "rougeL", "rougeLsum"), "auto", refs="mean"),
        RougeConfig(("rougeLsum",), "auto", norm="v1", tok="char", stem="no"),
        RougeConfig(("rouge4",), "ar", "marks", "space", "snowball-ar"),
    ],
)
def test_a_signature_reads_back_into_its_configuration(config: RougeConfig) -> None:
    metric = "+".join(config.types)
    full = Signature(metric, config.signature("rougeLsum", nrefs=2).fields).with_fields(bs=1000, seed=12345)
    assert RougeConfig.from_signature(str(full)) == config
    assert str(Signature.parse(str(full))) == str(full)
    assert str(full).startswith(metric + "|lang:") and "|nrefs:2|bs:1000|seed:12345|v:" in str(full)


def test_signature_literal() -> None:
    from summarize import __version__

    expected = f"rouge2|lang:ar|norm:v1|tok:uni|stem:no|refs:best|nrefs:1|v:{__version__}"
    assert Rouge(lang="ar").signatures()["rouge2"] == expected
    assert Rouge.from_signature(expected).score("اعلن الوزير", "أعلن الوزير") == {"rouge2": (1, 1, 1)}


@pytest.mark.parametrize(
    "text", ["", "|lang:ar", "rouge1|lang", "rouge1|lang:ar|lang:en", "bleu|lang:ar", "rouge1|case:lc"]
)
def test_what_is_no_signature_is_refused(text: str) -> None:
    with pytest.raises(UsageError):
        RougeConfig.from_signature(text)
