"""``summarize FILE ...``: summaries of files or of standard input."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import click

from . import __version__
from .cli import COMMANDS, fail
from .documents import Document
from .errors import DocumentError, KhulasaError, UsageError
from .languages import parse_languages
from .options import CONTEXT, check_model, shared
from .writers import JsonWriter, Output, TextWriter

if TYPE_CHECKING:
    from .results import Summary
    from .summarizer import Summarizer

_EPILOG = "\b\nOther commands (summarize COMMAND --help):\n" + "\n".join(
    f"  {name:10} {line}" for name, (_, _, line) in sorted(COMMANDS.items())
)


@click.command(context_settings=CONTEXT, epilog=_EPILOG)
@click.argument("files", nargs=-1, metavar="[FILE]...")
@shared("to", "length", "headline")
@click.option("--json", "as_json", is_flag=True, help="One JSON object per document and line.")
@click.option("--output", "-o", metavar="PATH", help="Write the results there instead of to standard output.")
@shared("strategy", "evidence", "quality", "route", "model", "device", "dtype", "num_beams", "source", "faithful")
@click.option("--check", is_flag=True, help="List every number and name, and where the document has it.")
@shared("strict")
@click.option(
    "--format", default="auto", show_default=True, metavar="KIND", help="pdf, docx, epub, html, markdown, text."
)
@click.option("--allow-private", is_flag=True, help="Let a web address lead to a private or local host.")
@shared("offline", "quiet")
@click.version_option(__version__, prog_name="khulasa", message="%(prog)s %(version)s")
def summarize(
    files: tuple[str, ...],
    to: str | None,
    length: str,
    headline: bool,
    as_json: bool,
    output: str | None,
    model: str,
    device: str,
    dtype: str,
    num_beams: int | None,
    source: str,
    faithful: bool,
    strategy: str,
    evidence: bool,
    quality: str,
    route: str,
    check: bool,
    strict: bool,
    format: str,
    allow_private: bool,
    offline: bool,
    quiet: bool,
) -> int:
    """Summarise Arabic or English documents, in Arabic, in English, or in both.

    FILE is a text, Markdown, HTML, PDF, DOCX or EPUB file, or a web address; - or nothing reads standard input.
    Without options, the bundled model writes a short summary in each language, offline.
    """
    from .models.catalogue import reachable_languages

    languages = reachable_languages(model, source) if to is None else parse_languages(to)
    if not files:
        if sys.stdin is None or sys.stdin.isatty():
            raise UsageError("no document: give a FILE, or pipe a text in (see `summarize --help`)")
        files = ("-",)
    if files.count("-") > 1:
        raise UsageError("- (standard input) was given twice; it can be read once")
    check_model(model, languages, headline, source, dtype, offline, quiet, quality)
    options = {
        "to": None if to is None else languages,
        "length": length,
        "headline": headline,
        "num_beams": num_beams,
        "source": source,
        "faithful": faithful,
        "strategy": strategy,
        "evidence": evidence,
        "quality": quality,
        "route": route,
    }
    load = {"model": model, "device": device, "dtype": dtype, "local_files_only": offline}
    with Output.open(output) as out:
        writer = (JsonWriter if as_json else TextWriter)(out, several=len(files) > 1)
        return _Run(writer, load, options, quiet, check, strict, format, allow_private).over(files)


class _Run:
    """One run of the command over its files; a document that fails does not keep the others from being read."""

    def __init__(
        self,
        writer: TextWriter | JsonWriter,
        load: dict[str, Any],
        options: dict[str, Any],
        quiet: bool,
        check: bool,
        strict: bool,
        format: str,
        allow_private: bool,
    ) -> None:
        self.writer, self.load, self.options, self.quiet = writer, load, options, quiet
        self.check, self.strict = check, strict
        self.format, self.allow_private = format, allow_private
        self.summarizer: Summarizer | None = None

    def over(self, files: tuple[str, ...]) -> int:
        failed = 0
        for name, place in self._progress(files):
            try:
                self._summarize(self._read(name))
            except UsageError:
                raise
            except KhulasaError as error:
                failed += 1
                place.clear()
                message = str(error)
                source = "<stdin>" if name == "-" else name
                fail(message if source in message else f"{source}: {message}")
                self.writer.failed(source, message)
                if self.summarizer is None and type(error).__name__ == "ModelError":
                    break
        return 1 if failed else 0

    def _read(self, name: str) -> Document:
        from .readers import read, read_bytes

        if name == "-":
            return read_bytes(sys.stdin.buffer.read(), "<stdin>", format=self.format)
        return read(name, allow_private=self.allow_private, format=self.format)

    def _summarize(self, document: Document) -> None:
        from .summarizer import Summarizer

        self._warn(document.source, document.warnings)
        if self.summarizer is None:
            self.summarizer = Summarizer(**self.load)
        result = self.summarizer(document.text, **self.options)
        self._warn(document.source, result.warnings)
        for summary in result:
            self._warn(f"{document.source} [{summary.language}]", summary.warnings)
            if self.check:
                self._list(document, summary)
        if self.strict:
            refused = [summary.language for summary in result if not summary.supported]
            if refused:
                raise DocumentError(f"--strict: the document does not support the summary in {', '.join(refused)}")
        _Place.clear()
        self.writer.write(document, result)

    def _warn(self, source: str, warnings: tuple[str, ...]) -> None:
        if not self.quiet:
            for warning in warnings:
                _Place.clear()
                print(f"summarize: warning: {source}: {warning}", file=sys.stderr)

    def _list(self, document: Document, summary: Summary) -> None:
        """Every number, date and name of a summary on standard error, with its place in the cleaned document."""
        _Place.clear()
        for finding in summary.findings:
            place = "" if finding.document_span is None else f" (document, characters {finding.document_span[0]}-"
            place += "" if finding.document_span is None else f"{finding.document_span[1]})"
            line = f"{document.source} [{summary.language}]: {finding.kind} {finding.text!r}: {finding.status}{place}"
            print(f"summarize: check: {line}", file=sys.stderr)

    def _progress(self, files: tuple[str, ...]) -> Iterator[tuple[str, _Place]]:
        """The files in order, each with its place on the terminal, where a line says what is being read."""
        shown = not self.quiet and sys.stderr.isatty()
        for number, name in enumerate(files, 1):
            place = _Place()
            if shown:
                count = f" ({number} of {len(files)})" if len(files) > 1 else ""
                place.show(f"summarising {'standard input' if name == '-' else name}{count} ...")
            yield name, place
            place.clear()


class _Place:
    """One line on a terminal that is wiped before anything else is written."""

    _busy = False

    def show(self, text: str) -> None:
        sys.stderr.write(text[:100])
        sys.stderr.flush()
        _Place._busy = True

    @classmethod
    def clear(cls) -> None:
        if cls._busy:
            sys.stderr.write("\r\x1b[2K")
            sys.stderr.flush()
            cls._busy = False
