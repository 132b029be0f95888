"""Hub models behind ``Summarizer``: their own decoding, the documents' languages, texts that are too short for them."""

from __future__ import annotations

import pytest

from summarize import DocumentError, Summarizer, UsageError
from summarize.models.catalogue import CATALOGUE
from summarize.models.hub.engine import HubEngine

from .conftest import ARABIC, ENGLISH

SHORT = {"ar": "استقال الوزير اليوم.", "en": "The minister resigned today."}


class Noted(HubEngine):
    """Notes what it is asked for."""

    def __init__(self, *arguments, **options):
        super().__init__(*arguments, **options)
        self.decodings: list = []
        self.read: list = []

    def encode(self, documents, sources=None):
        self.read.append((list(documents), sources))
        return super().encode(documents, sources)

    def decode(self, memory, tasks, decoding, constraint=None):
        self.decodings.append(decoding)
        return super().decode(memory, tasks, decoding, constraint)


def summarizer(build, family, alias=None, **options) -> Summarizer:
    import torch

    made = Summarizer.__new__(Summarizer)
    made.engine = Noted(build(family), dtype=torch.float32, spec=CATALOGUE.get(alias or ""), name=alias, **options)
    return made


def test_its_authors_decoding_is_the_default(build):
    s = summarizer(build, "mt5", "mt5-xlsum")
    result = s(ENGLISH, check=False)
    first = s.engine.decodings[0]
    assert (first.num_beams, first.length_penalty, first.no_repeat_ngram_size) == (4, 0.6, 2)
    assert first.max_new_tokens == 84 and list(result.summaries) == ["en"]
    s(ENGLISH, num_beams=1, check=False)
    assert (s.engine.decodings[-1].num_beams, s.engine.decodings[-1].length_penalty) == (1, 0.6)


def test_the_source_language_reaches_the_tokenizer(build):
    s = summarizer(build, "mbart50", "mbart50-xlsum")
    s(ENGLISH, check=False)
    s(ENGLISH, source="ar", check=False)
    assert [sources for _, sources in s.engine.read] == [["en"], ["ar"]]


def test_one_document_that_it_does_not_read_is_named(build):
    s = summarizer(build, "bart", "bart-cnn")
    with pytest.raises(DocumentError, match="^document 1: 'bart-cnn' writes no Arabic of Arabic documents: [^\\n]*$"):
        s([ENGLISH, ARABIC], check=False)
    assert not s.engine.read
    with pytest.raises(DocumentError, match="^'bart-cnn' writes no English of Arabic documents"):
        s(ARABIC, to="en", check=False)
    assert [list(r.summaries) for r in s([ENGLISH, ENGLISH], check=False)] == [["en"], ["en"]]


def test_each_document_gets_the_languages_that_the_model_writes_of_it(build):
    s = summarizer(build, "mt5", "mt5-xlsum")
    results = s([ENGLISH, ARABIC, ENGLISH], check=False)
    assert [list(r.summaries) for r in results] == [["en"], ["ar"], ["en"]]
    assert sorted(len(documents) for documents, _ in s.engine.read) == [1, 2]


def test_a_short_text_needs_a_translator(build):
    s = summarizer(build, "mt5", "mt5-xlsum")
    result = s(SHORT["en"], to=["en", "ar"])
    assert list(result.summaries) == ["en"] and result["en"].text == SHORT["en"]
    assert result.warnings == (
        "the text has only 4 words (fewer than 25): 'mt5-xlsum' does not translate it, so that there is none in Arabic",
    )
    assert not s(SHORT["ar"]).warnings and not s.engine.read
    with pytest.raises(DocumentError, match="^the text has only 3 words .*'mt5-xlsum' does not translate it; give a"):
        s(SHORT["ar"], to="en")
    both = summarizer(build, "m2m100", directions=("ar-ar", "ar-en", "en-ar", "en-en"))
    assert list(both(SHORT["en"], to=["en", "ar"]).summaries) == ["en", "ar"]


def test_no_headline_is_said_before_anything_is_read(build):
    s = summarizer(build, "mt5", "mt5-xlsum")
    with pytest.raises(UsageError, match="'mt5-xlsum' writes no headline: it writes summary"):
        s([ENGLISH], headline=True)
    assert not s.engine.read
