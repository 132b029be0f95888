"""The number constraint as a ``LogitsProcessor`` of transformers. Import it only where torch is loaded anyway."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from transformers import LogitsProcessor

from .constraint import NumberConstraint, NumberVocabulary


class NumberLogitsProcessor(LogitsProcessor):
    """Forbids numbers that the row's document cannot support.

    Args:
        constraints: one :class:`NumberConstraint` (with a vocabulary) per document of the batch; with beams or several
            samples, rows i*k to i*k+k-1 belong to document i, as ``generate`` lays them out.
        prompt_length: how many leading decoder ids are the task's prompt; they are not read as the summary's text.
    """

    def __init__(self, constraints: Sequence[NumberConstraint], prompt_length: int = 0) -> None:
        if not constraints or any(c.vocabulary is None for c in constraints):
            raise ValueError("NumberLogitsProcessor needs at least one constraint, each made with vocabulary=")
        self.constraints = list(constraints)
        self.prompt_length = prompt_length
        self._indices: dict[tuple[int, ...], torch.Tensor] = {}

    def _index(self, ids: tuple[int, ...], device: torch.device) -> torch.Tensor:
        if ids not in self._indices:
            self._indices[ids] = torch.tensor(ids, dtype=torch.long)
        return self._indices[ids].to(device)

    def __call__(self, input_ids: torch.Tensor, scores: torch.Tensor) -> torch.Tensor:
        """``input_ids`` (rows, length) and ``scores`` (rows, vocabulary); returns new scores."""
        rows = input_ids.shape[0]
        if rows % len(self.constraints):
            raise ValueError(f"{rows} rows are not a multiple of {len(self.constraints)} documents")
        per_document = rows // len(self.constraints)
        scores = scores.clone()
        for row, ids in enumerate(input_ids[:, self.prompt_length :][:, -24:].tolist()):
            constraint = self.constraints[row // per_document]
            vocabulary: NumberVocabulary = constraint.vocabulary  # type: ignore[assignment]
            step = constraint.step(vocabulary.tail(ids))
            if step.only is not None:
                keep = self._index(step.only, scores.device)
                kept = scores[row, keep]
                scores[row] = float("-inf")
                scores[row, keep] = kept
            elif step.forbid:
                scores[row, self._index(step.forbid, scores.device)] = float("-inf")
        return scores
