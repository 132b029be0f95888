"""Constrained decoding: which digits may follow."""

from __future__ import annotations

import pytest

from summarize.checks import NumberConstraint, NumberVocabulary, check

DOCUMENT = (
    "The fire killed 17 people and cost $2.5 million. 1,234 fled on 16 May 2003; ٤٠ were hurt, 9,876,543 watched."
)
DIGITS = "0123456789"
INDIC = "٠١٢٣٤٥٦٧٨٩"
PIECES = [
    "<pad>",
    "<0x31>",
    "▁",
    "▁killed",
    "▁people",
    ",",
    ".",
    "٫",
    "-",
    *DIGITS,
    *INDIC,
    "▁١",
    "▁٢",
    "▁million",
    "s",
]


@pytest.fixture(scope="module")
def constraint() -> NumberConstraint:
    return NumberConstraint(DOCUMENT, NumberVocabulary.from_pieces(PIECES))


def write(constraint: NumberConstraint, text: str) -> str:
    """Write ``text`` letter by letter; what was written when a letter was refused, followed by "|" and that letter."""
    for i, ch in enumerate(text):
        if constraint.forbids(text[:i], ch):
            return f"{text[:i]}|{ch}"
    return text


@pytest.mark.parametrize(
    ("text", "written"),
    [
        ("killed 17 people", "killed 17 people"),
        ("killed 18 people", "killed 1|8"),
        ("killed 1 people", "killed 1| "),
        ("killed ١٧ people", "killed ١٧ people"),
        ("killed ١٨ people", "killed ١|٨"),
        ("killed 1٧ people", "killed 1|٧"),
        ("cost 2.5 million.", "cost 2.5 million."),
        ("cost 2.6 million", "cost 2.|6"),
        ("cost 2,500,000 dollars", "cost 2,500,000 dollars"),
        ("cost 2500000", "cost 2500000"),
        ("cost ٢٫٥ مليون", "cost ٢٫٥ مليون"),
        ("1234 fled", "1234 fled"),
        ("1,234 fled", "1,234 fled"),
        ("12 fled", "12| "),
        ("in 2003, 16 May", "in 2003, 16 May"),
        ("in 2004", "in 200|4"),
        ("in 2003,17 people", "in 2003,|1"),
        ("40 hurt", "40 hurt"),
        ("9.9 million", "9.9 million"),
        ("8 million", "|8"),
        ("17-40", "17-40"),
        ("17.", "17."),
        ("COVID-19 and 17", "COVID-19 and 17"),
        ("COVID-18", "COVID-1|8"),
    ],
)
def test_letters(constraint: NumberConstraint, text: str, written: str) -> None:
    assert write(constraint, text) == written


def allowed(constraint: NumberConstraint, prefix: str) -> set[str]:
    step = constraint.step(prefix)
    vocabulary = constraint.vocabulary
    assert vocabulary is not None
    ids = range(len(vocabulary.text)) if step.only is None else step.only
    return {PIECES[i] for i in ids if i not in step.forbid}


@pytest.mark.parametrize(
    "prefix", ["", "killed ", "killed 1", "killed 17", "in 200", "cost 2", "٤", "كوفيد-", "17,", "9"]
)
def test_ids_agree_with_letters(constraint: NumberConstraint, prefix: str) -> None:
    vocabulary = constraint.vocabulary
    assert vocabulary is not None
    may = allowed(constraint, prefix)
    for i, piece in enumerate(PIECES):
        if piece in (*DIGITS, *INDIC, "▁١", "▁٢"):
            assert (piece in may) == (not constraint.forbids(prefix, vocabulary.text[i])), piece


def test_an_unfinished_number_must_go_on(constraint: NumberConstraint) -> None:
    assert allowed(constraint, "in 200") == {"3"}
    assert "▁people" in allowed(constraint, "killed 17")


def test_without_numbers_no_digit_may_begin() -> None:
    constraint = NumberConstraint("Nobody was hurt.", NumberVocabulary.from_pieces(PIECES))
    assert not allowed(constraint, "killed ") & {*DIGITS, *INDIC, "▁١"}
    assert "▁people" in allowed(constraint, "killed ")


def test_ids_need_a_vocabulary() -> None:
    with pytest.raises(ValueError, match="vocabulary="):
        NumberConstraint("x").step("")


def test_what_it_lets_through_the_check_supports(constraint: NumberConstraint) -> None:
    for form in sorted(constraint.forms):
        if form in ("2.5", "2,5") or len(form) < 2:
            continue  # a mantissa without its million is the check's business, not the constraint's
        found = check(DOCUMENT, f"There were {form} of them.")
        kinds = [f.status for f in found.findings if f.kind in ("number", "year")]
        if (
            "." in form
            or (form.count(",") == 1 and len(form.split(",")[1]) != 3)
            or float(form.replace(",", "")) < 1000
        ):
            continue
        assert "unsupported" not in kinds and "contradicted" not in kinds, form


def test_logits_processor() -> None:
    torch = pytest.importorskip("torch")
    pytest.importorskip("transformers")
    from summarize.checks.logits import NumberLogitsProcessor

    vocabulary = NumberVocabulary.from_pieces(PIECES)
    processor = NumberLogitsProcessor(
        [NumberConstraint(DOCUMENT, vocabulary), NumberConstraint("In 1999.", vocabulary)], prompt_length=1
    )
    one, nine, people = PIECES.index("1"), PIECES.index("9"), PIECES.index("▁people")
    ids = torch.tensor([[one, one], [one, nine], [one, one], [one, nine]])  # two beams for each document
    scores = torch.zeros(4, len(PIECES))
    out = processor(ids, scores)
    assert out[0, PIECES.index("7")] == 0 and out[0, people] == float("-inf")  # 1 leads to 17, and is none itself
    assert out[1, people] == float("-inf") and out[1, PIECES.index(".")] == 0  # 9 leads to 9.9 million
    assert out[2, nine] == 0 and out[2, PIECES.index("7")] == float("-inf")
    assert out[3, people] == 0 and out[3, nine] == float("-inf")  # a lone 9 is another hand's: it may end
    assert scores.abs().sum() == 0
    with pytest.raises(ValueError, match="multiple"):
        processor(ids[:3], scores[:3])


@pytest.mark.parametrize(
    ("document", "prefix", "blocked", "free"),
    [
        ("Seventeen people died.", "", {" eleven", " five", " خمسة", " مليون"}, {" seven", " tension", " two"}),
        ("Seventeen people died.", "se", set(), {"ven"}),  # it may become seventeen
        ("Seven people died.", "se", set(), {"ven"}),
        ("Nobody died.", "se", {"ven"}, {"teen"}),
        ("Some 25 people died.", "", {" eleven", " seven", " مليون"}, {" five", " خمسة"}),
        ("It cost 11 million.", "", {" five", " خمسة", " seven"}, {" eleven", " مليون"}),
        ("حضر خمسة وعشرون شخصا.", "", {" eleven", " seven", " مليون"}, {" five", " خمسة"}),
        ("حضر خمسة وعشرون شخصا.", "ملي", {"ون"}, set()),
        ("بلغ 3 ملايين.", "ملي", set(), {"ون"}),
    ],
)
def test_number_words(document: str, prefix: str, blocked: set[str], free: set[str]) -> None:
    pieces = [
        "▁",
        "▁eleven",
        "▁five",
        "▁خمسة",
        "▁مليون",
        "▁seven",
        "▁tension",
        "se",
        "ven",
        "teen",
        "ملي",
        "ون",
        "▁two",
    ]
    vocabulary = NumberVocabulary.from_pieces(pieces)
    step = NumberConstraint(document, vocabulary, words=True).step(prefix)
    found = {vocabulary.text[i] for i in step.forbid}
    assert step.only is None
    assert blocked <= found
    assert not free & found
    assert not NumberConstraint(document, vocabulary).step(prefix).forbid
