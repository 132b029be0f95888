"""How far a batch is and how long it will take, on a terminal: counted in tokens, since documents differ."""

from __future__ import annotations

import os
import sys
from typing import Any


class Progress:
    """A bar on standard error; nothing where that is no terminal, or where quiet was asked for."""

    def __init__(self, quiet: bool) -> None:
        self.shown = not quiet and sys.stderr is not None and sys.stderr.isatty()
        self._bar: Any = None
        self._total: int | None = None
        self._documents = self._failed = 0

    def begin(self, tokens: int) -> None:
        """The work begins, with ``tokens`` done by earlier runs."""
        if self.shown:
            from tqdm import tqdm

            # A terminal that does not know its size says 0 columns and lines, in which tqdm would show nothing.
            known = os.get_terminal_size(sys.stderr.fileno()).columns
            self._bar = tqdm(
                total=self._total,
                initial=tokens,
                unit="tok",
                unit_scale=True,
                file=sys.stderr,
                smoothing=0.05,
                ncols=None if known else 80,
                nrows=None if known else 24,
            )

    def expect(self, total: int) -> None:
        """``total`` tokens, as far as is known: of inputs not yet read, as many to the byte as of those that were."""
        self._total = total
        if self._bar is not None:
            self._bar.total = max(total, self._bar.n)
            self._bar.refresh()

    def step(self, tokens: int, documents: int, failed: int) -> None:
        """More documents are done, ``failed`` of them without a summary."""
        self._documents += documents
        self._failed += failed
        if self._bar is not None:
            failures = f", {self._failed:,} failed" if self._failed else ""
            self._bar.set_postfix_str(f"{self._documents:,} documents{failures}", refresh=False)
            self._bar.update(tokens)

    def skip(self, tokens: int) -> None:
        """Tokens that an earlier run has done."""
        if self._bar is not None:
            self._bar.initial += tokens
            self._bar.n += tokens

    def say(self, line: str) -> None:
        """A line above the bar."""
        if self._bar is not None:
            self._bar.write(line, file=sys.stderr)
        else:
            print(line, file=sys.stderr)

    def close(self) -> None:
        """Leaves the terminal as it was, the last state of the bar in it."""
        if self._bar is not None:
            self._bar.close()
            self._bar = None
