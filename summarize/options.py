"""Options that several commands take, each defined once, and what is done with them before a model is loaded."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Sequence
from typing import Any

import click

CONTEXT: dict[str, Any] = {
    "help_option_names": ["-h", "--help"],
    "auto_envvar_prefix": "KHULASA",
    "max_content_width": 100,
}
"""Settings of a command: every option's default can come from an environment variable such as KHULASA_TO."""

_SHOWN: dict[str, Any] = {"show_default": True}
_SHARED = {
    "to": click.option(
        "--to",
        metavar="LANGUAGES",
        help="Languages of the summaries: ar, en or ar,en.  [default: all that the model writes]",
    ),
    "length": click.option(
        "--length",
        type=click.Choice(["short", "medium", "long", "auto"]),
        default="short",
        help="To 30 words, 31 to 60, or more. auto: short for a document of up to 150 words, medium up to 600, then "
        "long. Of a document longer than the model reads at once, a medium summary has a line for each half, a long "
        "one for each quarter, and auto for each of up to 8 parts.",
        **_SHOWN,
    ),
    "headline": click.option("--headline", is_flag=True, help="Write a headline in each language, too."),
    "model": click.option("--model", default="khulasa", metavar="NAME", help="See `summarize models`.", **_SHOWN),
    "device": click.option(
        "--device", default="auto", metavar="DEVICE", help="auto, cpu, cuda, cuda:0, mps.", **_SHOWN
    ),
    "dtype": click.option(
        "--dtype", default="auto", metavar="FORMAT", help="auto, float32, bfloat16, int8: compute format.", **_SHOWN
    ),
    "num_beams": click.option(
        "--num-beams",
        "--beams",
        type=click.IntRange(1, 32),
        help="1 is greedy search.  [default: 4 for the bundled model, what its authors use for another]",
    ),
    "source": click.option(
        "--source", type=click.Choice(["auto", "ar", "en"]), default="auto", help="Documents' language.", **_SHOWN
    ),
    "faithful": click.option(
        "--faithful/--no-faithful",
        default=True,
        help="Forbid, while decoding, numbers that the document does not support, and prefer, of what the beams find, "
        "what has the fewest unsupported numbers and names.",
        **_SHOWN,
    ),
    "strategy": click.option(
        "--strategy",
        type=click.Choice(["select", "reduce", "truncate"]),
        default="select",
        help="For a document longer than the model reads at once. select: its first and its most central sentences; "
        "reduce: summaries of all its chunks are summarised (slower); truncate: its beginning.",
        **_SHOWN,
    ),
    "quality": click.option(
        "--quality",
        type=click.Choice(["fast", "best"]),
        default="fast",
        help="best: unless the model is sure of a summary, write 16 more and choose the one that agrees most with the "
        "others and that the document supports; of translations, too. It takes several times as long.",
        **_SHOWN,
    ),
    "route": click.option(
        "--route",
        type=click.Choice(["auto", "direct", "translate"]),
        default="auto",
        help="To another language than the document's. direct: out of the document; translate: the summary in the "
        "document's language is translated; auto: what measured better with the model.",
        **_SHOWN,
    ),
    "evidence": click.option(
        "--evidence", is_flag=True, help="For each sentence of a summary, the document's sentences that it rests on."
    ),
    "strict": click.option(
        "--strict", is_flag=True, help="Refuse (exit code 1) a summary that the document does not support."
    ),
    "offline": click.option("--offline", is_flag=True, help="Never ask the network, whatever the model."),
    "quiet": click.option(
        "--quiet", "-q", is_flag=True, help="No warnings and no progress on standard error; errors remain."
    ),
}


def shared(*names: str) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Gives a command the options ``names``, listed by ``--help`` in that order."""

    def decorate(command: Callable[..., Any]) -> Callable[..., Any]:
        for name in reversed(names):
            command = _SHARED[name](command)
        return command

    return decorate


def check_model(
    model: str,
    languages: Sequence[str],
    headline: bool,
    source: str,
    dtype: str,
    offline: bool,
    quiet: bool,
    quality: str = "fast",
) -> None:
    """Before anything is loaded: keeps the network out where asked, refuses what the model cannot do, says its licence.

    Raises:
        UsageError: as ``models.catalogue.check_request``.
    """
    from .models.catalogue import check_request, licence_notice

    if offline:
        os.environ["HF_HUB_OFFLINE"] = "1"
    check_request(model, languages, headline, source, dtype, quality)
    notice = licence_notice(model)
    if notice and not quiet:
        print(f"summarize: note: {notice}", file=sys.stderr)
