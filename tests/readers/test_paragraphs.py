"""Running heads, feet and page numbers: what goes, and what looks like one and stays."""

from __future__ import annotations

import pytest

from summarize.readers.paragraphs import Line, without_running_heads


def page(*lines: str, top: str = "", foot: str = "", down: float = 0.0) -> list[Line]:
    """Lines of ten points from a height of 700 less ``down``; a head at 800, a foot at 40."""
    body = [Line(text, 40.0, 500.0, 700.0 - down - 13.0 * at, 10.0) for at, text in enumerate(lines)]
    head = [Line(top, 40.0, 200.0, 800.0, 10.0)] if top else []
    return [*head, *body, *([Line(foot, 250.0, 260.0, 40.0, 10.0)] if foot else [])]


def kept(pages: list[list[Line]]) -> list[str]:
    return [line.text for lines in without_running_heads(pages) for line in lines]


def body(at: int) -> list[str]:
    """Four lines that no other page has."""
    return [f"{word} {chr(97 + at)}" for word in ("It rained over", "the whole of", "the north, and", "rivers rose")]


@pytest.mark.parametrize(
    ("heads", "feet"),
    [
        (["Weather Review 2023"] * 4, ["Page 1", "Page 2", "Page 3", "Page 4"]),
        (["12 | Report", "13 | Report", "14 | Report", "15 | Report"], [""] * 4),
        (["تقرير الطقس"] * 4, ["٩", "١٠", "١١", "١٢"]),
        ([""] * 4, ["iii", "iv", "v", "vi"]),
        (["", "Review", "Review", "Review"], ["", "2 of 4", "3 of 4", "4 of 4"]),  # none on a title page
        (["Left", "Right", "Left", "Right", "Left", "Right"], [""] * 6),  # two that take turns
    ],
)
def test_what_recurs_at_the_edge_goes(heads: list[str], feet: list[str]) -> None:
    pages = [page(*body(at), top=head, foot=foot) for at, (head, foot) in enumerate(zip(heads, feet, strict=True))]
    assert kept(pages) == [line for at in range(len(pages)) for line in body(at)]


def test_two_pages_with_numbers() -> None:
    assert kept([page(*body(0), foot="- 7 -"), page(*body(1), foot="- 8 -")]) == [*body(0), *body(1)]


@pytest.mark.parametrize(
    ("heads", "feet"),
    [
        (["", "", "", ""], ["", "1990", "", ""]),  # a line that is a number, once
        (["", "", "", ""], ["14", "3", "87", "5"]),  # numbers, but not of pages
        (["Dear Sir,", "", "Dear Sir,", "", "", ""], [""] * 6),  # on two pages only
        (["A chapter", "Another one", "The last", "The end"], [""] * 4),
        (["a line of more than ten words that is said again on every page"] * 4, [""] * 4),
    ],
)
def test_what_does_not_recur_stays(heads: list[str], feet: list[str]) -> None:
    pages = [page(*body(at), top=head, foot=foot) for at, (head, foot) in enumerate(zip(heads, feet, strict=True))]
    assert kept(pages) == [line.text for lines in pages for line in lines]


def test_the_same_line_at_other_heights_is_no_head() -> None:
    pages = [page("Questions", *body(at), down=40.0 * at) for at in range(4)]
    assert kept(pages).count("Questions") == 4


def test_the_same_line_within_the_page_stays() -> None:
    pages = [page(*body(at)[:2], "Total", *body(at)[2:]) for at in range(4)]
    assert kept(pages).count("Total") == 4


def test_without_heights_the_order_tells() -> None:
    pages = [[Line("Review"), *map(Line, (f"body {at}", f"goes {at * 7}", f"on {at}x", "end")), Line(f"{at}")]
             for at in range(5, 9)]  # fmt: skip
    assert "Review" not in kept(pages) and "8" not in kept(pages) and kept(pages).count("goes 42") == 1
