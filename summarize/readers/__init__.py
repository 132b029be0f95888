"""Readers: files, bytes and web addresses to documents.

``read`` takes a path or an http(s) address, ``read_bytes`` what was piped in. The kinds of documents are one table,
``FORMATS``; a document's kind is told by its content first, then by its content type and its name.
"""

from __future__ import annotations

from .base import Format, ReadDocument
from .registry import FORMATS, format_names, is_url, read, read_bytes

__all__ = ["FORMATS", "Format", "ReadDocument", "format_names", "is_url", "read", "read_bytes"]
