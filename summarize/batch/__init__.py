"""Many documents: read in windows, batched by length, written in order, resumable; on one machine or on Ray.

``command_batch`` drives ``run``; ``Summarizer.batch`` drives ``stream``; ``batch.md`` beside this file explains use,
guarantees and sizing.
"""

from __future__ import annotations

from .records import Failure

__all__ = ["Failure"]
