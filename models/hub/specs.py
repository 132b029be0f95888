"""The table of known models: facts about each, with the place that states them."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from functools import partial
from typing import Any

from ..engine import Decoding

DIRECTIONS = ("ar-ar", "ar-en", "en-ar", "en-en")
SAME = ("ar-ar", "en-en")
ACROSS = ("ar-en", "en-ar")
UNPINNED = "main"


@dataclass(frozen=True)
class Source:
    """A hub repository at one commit.

    repo: "organisation/name"; revision: a commit's 40 hexadecimal digits, or "main" where none is known for certain;
    revision_source: where that commit is stated; direction: of a translator that has one repository per direction.
    """

    repo: str
    revision: str = UNPINNED
    revision_source: str = "no commit known for certain: the newest is taken"
    direction: str | None = None

    @property
    def pinned(self) -> bool:
        """Whether one commit is taken, whatever comes after it."""
        return self.revision != UNPINNED


@dataclass(frozen=True)
class ModelSpec:
    """One entry of the catalogue.

    Args:
        alias: what ``--model`` takes.
        role: "summarizer", "translator" (the second half of a pair, no model by itself) or "pair".
        directions: source and target languages, "ar-en" for English summaries of Arabic documents.
        parameters: in millions, of all sources together.
        megabytes: to download.
        input_limit: source tokens.
        licence: of the weights; commercial: whether that licence allows such use.
        sources: repositories; empty for the bundled model.
        target: how the target language is asked for: "none" (the model writes in the document's language),
            "decoder start token", "forced bos token", "prompt prefix", "decoder prompt".
        kinds: of output: "summary", "headline", "translation".
        decoding: what its authors decode with; decoding_source: where they say so.
        parts: aliases of a pair's summarizer and translator.
        gated: whether the hub asks to accept the licence first.
    """

    alias: str
    description: str
    directions: tuple[str, ...]
    parameters: int
    megabytes: int
    input_limit: int
    licence: str
    commercial: bool
    role: str = "summarizer"
    sources: tuple[Source, ...] = ()
    target: str = "none"
    kinds: tuple[str, ...] = ("summary",)
    decoding: Decoding | None = None
    decoding_source: str = ""
    parts: tuple[str, ...] = ()
    gated: bool = False

    @property
    def on_disk(self) -> bool:
        """Whether all its files are on this machine."""
        from .files import find

        if not self.sources:
            from ..khulasa.weights import BUNDLED, Layout

            return Layout(BUNDLED).is_valid()
        return all(find(source.repo, source.revision) is not None for source in self.sources)

    def to_dict(self) -> dict[str, Any]:
        """For JSON: all fields, and whether the files are on this machine."""
        return {**asdict(self), "on_disk": self.on_disk}


_PUBLIC = "stated by several public programs that load it"
_TWICE = "stated by two public programs; newer commits exist"
_HUB_PAGE = "the repository's page of that commit on the hub"

# mT5-base as its XL-Sum and CrossSum authors trained it: 84 tokens at most, the same search for both.
_mt5 = partial(
    ModelSpec,
    parameters=582,
    megabytes=2330,
    input_limit=512,
    commercial=False,
    decoding=Decoding(num_beams=4, length_penalty=0.6, no_repeat_ngram_size=2, max_new_tokens=84),
)
_translator = partial(ModelSpec, role="translator", directions=ACROSS, input_limit=512, kinds=("translation",))


def _beams(number: int) -> Decoding:
    """A translator's search: no n-gram blocking, since names and figures may well come twice."""
    return Decoding(num_beams=number, no_repeat_ngram_size=0, max_new_tokens=256)


_SUMMARIZERS = (
    ModelSpec(
        alias="khulasa",
        description="bundled tied encoder-decoder on Gemma 3 270M; both languages at once, offline",
        directions=DIRECTIONS,
        parameters=132,
        megabytes=149,
        input_limit=1024,
        licence="Gemma terms; research and other non-commercial use",
        commercial=False,
        target="decoder prompt",
        kinds=("summary", "headline", "translation"),
    ),
    _mt5(
        alias="mt5-xlsum",
        description="mT5-base on XL-Sum (BBC, 44 languages): one-sentence summaries in the document's language",
        directions=SAME,
        licence="CC BY-NC-SA 4.0",
        sources=(Source("csebuetnlp/mT5_multilingual_XLSum", "2437a524effdbadc327ced84595508f1e32025b3", _PUBLIC),),
        decoding_source="Hasan et al. 2021 (beam, penalty); the model card (n-grams, length)",
    ),
    _mt5(
        alias="crosssum",
        description="mT5-base on CrossSum, many-to-many: one-sentence summaries across languages",
        directions=DIRECTIONS,
        licence="CC BY-NC-SA 4.0 (of the data; the repository states none)",
        sources=(
            Source("csebuetnlp/mT5_m2m_crossSum_enhanced", "e01d7dd1bcdcb4785821c6ca23d8c04aceda5645", _HUB_PAGE),
        ),
        target="decoder start token",
        decoding_source="Bhattacharjee et al. 2023 (beam, penalty); the model card (n-grams, length)",
    ),
    ModelSpec(
        alias="mbart50-xlsum",
        description="mBART-50 on 15 languages of XL-Sum: one-sentence summaries in the document's language",
        directions=SAME,
        parameters=611,
        megabytes=2444,
        input_limit=512,
        licence="not stated; XL-Sum's data are CC BY-NC-SA 4.0",
        commercial=False,
        sources=(Source("mskayacioglu/mbart50-xlsum"),),
        target="forced bos token",
        decoding=Decoding(num_beams=4, no_repeat_ngram_size=3, max_new_tokens=96),
        decoding_source="the model card (length); beam and n-grams are ours",
    ),
    ModelSpec(
        alias="t5gemma2",
        description="T5Gemma 2 270M-270M, pretrained only: a base to train from, follows a prompt loosely",
        directions=DIRECTIONS,
        parameters=786,
        megabytes=1572,
        input_limit=4096,
        licence="Gemma terms",
        commercial=True,
        sources=(Source("google/t5gemma-2-270m-270m"),),
        target="prompt prefix",
        decoding=Decoding(num_beams=1, no_repeat_ngram_size=3, max_new_tokens=128),
        decoding_source="ours",
        gated=True,
    ),
    ModelSpec(
        alias="arabart",
        description="AraBART on XL-Sum: one-sentence Arabic summaries of Arabic documents",
        directions=("ar-ar",),
        parameters=139,
        megabytes=557,
        input_limit=1024,
        licence="Apache-2.0 (trained on XL-Sum, whose data are CC BY-NC-SA 4.0)",
        commercial=True,
        sources=(Source("abdalrahmanshahrour/arabartsummarization"),),
        decoding=Decoding(num_beams=4, no_repeat_ngram_size=3, max_new_tokens=128),
        decoding_source="ours",
    ),
    ModelSpec(
        alias="bart-cnn",
        description="BART-large on CNN/DailyMail: three- or four-sentence English summaries",
        directions=("en-en",),
        parameters=406,
        megabytes=1625,
        input_limit=1024,
        licence="MIT",
        commercial=True,
        sources=(Source("facebook/bart-large-cnn", "37f520fa929c961707657b28798b30c003dd100b", _PUBLIC),),
        decoding=Decoding(
            num_beams=4, length_penalty=2.0, no_repeat_ngram_size=3, max_new_tokens=142, min_new_tokens=56
        ),
        decoding_source="Lewis et al. 2020, as in the checkpoint's config.json",
    ),
    ModelSpec(
        alias="pegasus-xsum",
        description="PEGASUS-large on XSum: one-sentence English summaries",
        directions=("en-en",),
        parameters=569,
        megabytes=2280,
        input_limit=512,
        licence="Apache-2.0",
        commercial=True,
        sources=(Source("google/pegasus-xsum", "8d8ffc158a3bee9fbb03afacdfc347c823c5ec8b", _TWICE),),
        decoding=Decoding(num_beams=8, length_penalty=0.6, no_repeat_ngram_size=0, max_new_tokens=64),
        decoding_source="Zhang et al. 2020, as in the checkpoint's config.json",
    ),
)

_TRANSLATORS = (
    _translator(
        alias="nllb-200",
        description="NLLB-200 distilled 600M, translator of 200 languages",
        parameters=615,
        megabytes=2460,
        licence="CC BY-NC 4.0",
        commercial=False,
        sources=(Source("facebook/nllb-200-distilled-600M", "f8d333a098d19b4fd9a8b18f94170487ad3f821d", _PUBLIC),),
        target="forced bos token",
        decoding=_beams(4),
        decoding_source="NLLB team 2022 (beam)",
    ),
    _translator(
        alias="m2m100",
        description="M2M100 418M, translator of 100 languages",
        parameters=484,
        megabytes=1940,
        licence="MIT",
        commercial=True,
        sources=(Source("facebook/m2m100_418M", "55c2e61bbf05dfb8d7abccdc3fae6fc8512fd636", _PUBLIC),),
        target="forced bos token",
        decoding=_beams(5),
        decoding_source="Fan et al. 2021 (beam)",
    ),
    _translator(
        alias="opus-mt",
        description="OPUS-MT Arabic-English and English-Arabic, small translators",
        parameters=154,
        megabytes=620,
        licence="Apache-2.0",
        commercial=True,
        sources=(
            Source("Helsinki-NLP/opus-mt-ar-en", "9c5efffe6f69dcb65d7156f40dfa27b54be34258", _HUB_PAGE, "ar-en"),
            Source("Helsinki-NLP/opus-mt-en-ar", "e5742ee15a985bb3200eecf7e470b5570787d19f", _HUB_PAGE, "en-ar"),
        ),
        target="prompt prefix",
        decoding=_beams(4),
        decoding_source="ours",
    ),
)


def make_pair(summarizer: ModelSpec, translator: ModelSpec) -> ModelSpec:
    """The entry of a summarize-then-translate pair.

    >>> make_pair(_SUMMARIZERS[5], _TRANSLATORS[1]).directions
    ('ar-ar', 'ar-en')
    """
    reached = set(summarizer.directions)
    for direction in summarizer.directions:
        source, middle = direction.split("-")
        reached |= {f"{source}-{hop[3:]}" for hop in translator.directions if hop.startswith(middle)}
    licences = dict.fromkeys((summarizer.licence, translator.licence))
    return ModelSpec(
        alias=f"{summarizer.alias}+{translator.alias}",
        description=f"{summarizer.alias} summarises, {translator.alias} translates what it cannot write itself",
        role="pair",
        directions=tuple(direction for direction in DIRECTIONS if direction in reached),
        parameters=summarizer.parameters + translator.parameters,
        megabytes=summarizer.megabytes + translator.megabytes,
        input_limit=summarizer.input_limit,
        licence="; ".join(licences),
        commercial=summarizer.commercial and translator.commercial,
        sources=summarizer.sources + translator.sources,
        target="translation",
        kinds=summarizer.kinds,
        decoding=summarizer.decoding,
        decoding_source=summarizer.decoding_source,
        parts=(summarizer.alias, translator.alias),
        gated=summarizer.gated or translator.gated,
    )


def _table() -> dict[str, ModelSpec]:
    single = {spec.alias: spec for spec in (*_SUMMARIZERS, *_TRANSLATORS)}
    pairs = (
        ("mt5-xlsum", "nllb-200"),
        ("mt5-xlsum", "m2m100"),
        ("mt5-xlsum", "opus-mt"),
        ("arabart", "opus-mt"),
        ("bart-cnn", "opus-mt"),
        ("pegasus-xsum", "m2m100"),
    )
    made = [make_pair(single[first], single[second]) for first, second in pairs]
    summarizers = {spec.alias: spec for spec in _SUMMARIZERS}
    return {**summarizers, **{spec.alias: spec for spec in made}, **{spec.alias: spec for spec in _TRANSLATORS}}


CATALOGUE = _table()
