"""Everything that Khulasa raises on purpose.

::

    KhulasaError                  exit code 1
    ├── UsageError                exit code 2: the request itself cannot be met (unknown option value, model, language)
    ├── DocumentError             this document cannot be summarised (empty, binary, neither Arabic nor English)
    ├── ModelError                the model cannot be loaded or run (weights missing, cut short, altered)
    ├── DataError                 a data set or a predictions file cannot be used (line numbers are in the message)
    └── MissingExtraError         an optional dependency is not installed; the message names the extra

A message is one line: it names the value at fault, what is allowed, and what to do.
"""

from __future__ import annotations


class KhulasaError(Exception):
    """Base of all errors that Khulasa raises on purpose; ``exit_code`` is what the command ends with."""

    exit_code = 1


class UsageError(KhulasaError, ValueError):
    """The request cannot be met as it was made."""

    exit_code = 2


class DocumentError(KhulasaError, ValueError):
    """This document cannot be summarised."""


class ModelError(KhulasaError, RuntimeError):
    """The model cannot be loaded or run."""


class DataError(KhulasaError, ValueError):
    """A data set or a predictions file cannot be used."""


class MissingExtraError(KhulasaError, ImportError):
    """An optional dependency is not installed."""
