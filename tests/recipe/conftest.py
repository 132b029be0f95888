"""The tiny model's tensors, a tokenizer of characters, and a data folder written for the tests."""

from __future__ import annotations

import gzip
import json
from pathlib import Path
from typing import Any

import pytest
import torch

from summarize.models.khulasa.modeling_khulasa import KhulasaForConditionalGeneration


class Characters:
    """Ids 4.. by character, modulo a small vocabulary; pickles, unlike the library's processor."""

    def encode(self, text: str) -> list[int]:
        return [4 + ord(c) % 60 for c in text]

    def decode(self, ids: list[int]) -> str:
        return "".join(chr(96 + i % 26) for i in ids)


@pytest.fixture(scope="session")
def characters() -> Characters:
    return Characters()


@pytest.fixture(scope="session")
def tiny_tensors(tiny_model: KhulasaForConditionalGeneration) -> dict[str, torch.Tensor]:
    return {n: p.detach().clone() for n, p in tiny_model.named_parameters() if n != "lm_head.weight"}


NEWS = [
    ("أعلنت وزارة الري افتتاح سد جديد في وادي النخيل", "فتحت الوزارة سدا جديدا يروي مزارع الوادي"),
    ("فاز فريق الميناء بكأس البلاد بعد مباراة طويلة", "نال فريق الميناء الكأس بعد مباراة طويلة"),
    ("بدأ المتحف عرض لوحات رسامة شابة من الجنوب", "يعرض المتحف لوحات رسامة من الجنوب"),
]


def _write(path: Path, rows: list[dict[str, Any]]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with gzip.open(path, "wt", encoding="utf-8") as file:
        for row in rows:
            file.write(json.dumps(row, ensure_ascii=False) + "\n")


@pytest.fixture(scope="session")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A few rows of each kind in the data folder's layout; one training row repeats a dev document."""
    folder = tmp_path_factory.mktemp("data")
    leak = "وصل القطار الأول إلى محطة الساحل صباح اليوم وسط ترحيب الأهالي وعزف فرقة المدينة النحاسية"
    summaries = [
        {
            "id": f"n{i}",
            "source_lang": "ar",
            "target_lang": "ar",
            "document": f"{lead}. وقال المتحدث رقم {i} إن العمل استمر {20 + i} شهرا. " * 3,
            "summary": summary,
            "title": None,
        }
        for i, (lead, summary) in enumerate(NEWS * 4)
    ]
    # Twelve rows, three texts: the number in each makes only some shingles differ.
    leaked = {**summaries[0], "id": "leak", "document": leak, "summary": "وصل القطار الأول إلى محطة الساحل"}
    _write(folder / "ar" / "ant_bbc.jsonl.gz", [*summaries, leaked])
    _write(folder / "ar" / "dev.jsonl.gz", [leaked])
    pairs = [
        {
            "id": f"p-{i}",
            "ar": f"وافق المجلس في جلسته العاشرة على الخطة رقم {100 + i} لحماية الشاطئ {chr(0x627 + i)}",
            "en": f"The council approved plan number {100 + i} to protect beach {chr(65 + i)} at its tenth meeting",
            "doc": f"d{i // 6}",
        }
        for i in range(24)
    ]
    _write(folder / "parallel" / "tico19_dev.jsonl.gz", pairs)
    _write(
        folder / "parallel" / "names-mixed.jsonl.gz",
        [{"id": str(i), "ar": "اسم" + "ا" * i, "en": "Name" + "a" * i} for i in range(13)],
    )
    return folder
