"""The ``summarize`` command: its entry, its subcommands by name, and what any error turns into.

Exit codes: 0; 1 something failed; 2 the command line cannot be used; 130 interrupted.
"""

from __future__ import annotations

import errno
import os
import sys
from importlib import import_module
from typing import NoReturn

import click

from .errors import KhulasaError

# name -> (module, attribute, one line for --help); a module is imported only when its command is run.
COMMANDS: dict[str, tuple[str, str, str]] = {
    "batch": ("summarize.command_batch", "batch", "thousands of documents into one .jsonl file, resumable"),
    "evaluate": ("summarize.eval.commands", "evaluate", "score systems side by side on a data set, with a report"),
    "score": ("summarize.eval.commands", "score", "ROUGE and companions of summaries that exist, Arabic or English"),
    "bench": ("summarize.command_bench", "bench", "how fast the bundled model is on this machine"),
    "models": ("summarize.command_models", "models", "what can produce summaries: size, licence, on disk or not"),
}
INTERRUPTED = 130


def main(arguments: list[str] | None = None) -> NoReturn:
    """Runs the command with ``arguments`` (the process's own by default) and exits."""
    arguments = sys.argv[1:] if arguments is None else arguments
    # torch's threads (GNU OpenMP's) wait for each other by spinning, by default so long that beside other load they
    # mostly wait; a tenth of that costs little on an idle machine.
    os.environ.setdefault("GOMP_SPINCOUNT", "30000")
    try:
        code = run(arguments)
        sys.stdout.flush()
    except KeyboardInterrupt:
        print("summarize: interrupted", file=sys.stderr)
        code = INTERRUPTED
    except BrokenPipeError:  # the reader of our output has gone, as `| head` does
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        code = 1
    except OSError as error:
        fail(f"{error.strerror or error}" + (f": {error.filename}" if error.filename else ""))
        if error.errno == errno.ENOSPC:  # what is still in the buffer cannot be written either
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        code = 1
    sys.exit(code)


def run(arguments: list[str]) -> int:
    """Runs the command; gives its exit code. What the user did wrong becomes one line on stderr."""
    if arguments and arguments[0] in COMMANDS:
        module, attribute, _ = COMMANDS[arguments[0]]
        command: click.Command = getattr(import_module(module), attribute)
        name, arguments = f"summarize {arguments[0]}", arguments[1:]
    else:
        from .command_summarize import summarize as command

        name = "summarize"
    try:
        return command.main(arguments, prog_name=name, standalone_mode=False) or 0
    except click.exceptions.Exit as stop:
        return stop.exit_code
    except click.Abort:
        raise KeyboardInterrupt from None
    except click.ClickException as error:
        hint = f" (see `{name} --help`)" if isinstance(error, click.UsageError) else ""
        fail(error.format_message().replace("\n", " ") + hint)
        return error.exit_code
    except KhulasaError as error:
        fail(str(error))
        return error.exit_code


def fail(message: str) -> None:
    """One line on stderr."""
    print(f"summarize: error: {message}", file=sys.stderr)
