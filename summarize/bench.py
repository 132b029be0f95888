"""What ``summarize bench`` measures: times as ratios, both sides in turn in one run, since machines are noisy.

A measure is a function from a ``Bench`` to rows of the table; ``MEASURES`` names them all, in order.
"""

from __future__ import annotations

import json
import os
import platform
import resource
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from importlib import resources
from pathlib import Path
from typing import TYPE_CHECKING, Any

from .errors import UsageError

if TYPE_CHECKING:
    from .models.engine import Memory, Task
    from .models.khulasa.engine import KhulasaEngine
    from .summarizer import Summarizer

_TOKENS = 48  # of each output, where both sides must write equally many
_MEGABYTE = 1 << 20


@dataclass(frozen=True)
class Row:
    """One measured value: the median of ``values``; ``bar``: what it should keep to, as text; ``note``: how."""

    measure: str
    values: tuple[float, ...]
    unit: str
    bar: str = ""
    note: str = ""

    @property
    def median(self) -> float:
        return statistics.median(self.values)

    def __str__(self) -> str:
        runs = ", ".join(f"{value:.2f}" for value in self.values)
        bar = f"; bar: {self.bar}" if self.bar else ""
        return f"{self.measure}: {self.median:.2f} {self.unit} (runs: {runs}{bar})" + f" [{self.note}]" * bool(
            self.note
        )


@dataclass(frozen=True)
class Bench:
    """What is measured with.

    text: the document of the single runs; documents: those of the batch; runs: repetitions of every measure.
    """

    text: str
    path: Path
    documents: tuple[str, ...]
    runs: int

    @cached_property
    def summarizer(self) -> Summarizer:
        from .summarizer import Summarizer

        return Summarizer(device="cpu")

    @property
    def engine(self) -> KhulasaEngine:
        return self.summarizer.engine  # type: ignore[return-value] # the bundled model's

    @cached_property
    def both(self) -> list[Task]:
        from .models.engine import Task

        return [Task("summary", "ar"), Task("summary", "en")]

    @cached_property
    def memory(self) -> Memory:
        return self.engine.encode([self.text])


def samples() -> list[str]:
    """The documents that come with the package, in both languages."""
    file = resources.files("summarize.eval") / "sample" / "sample.jsonl"
    return [json.loads(line)["document"] for line in file.read_text(encoding="utf-8").splitlines()]


def mixed(documents: Sequence[str], count: int) -> tuple[str, ...]:
    """``count`` documents of different lengths: whole ones first, then their first two thirds, then their halves."""
    texts: list[str] = []
    for share in (1.0, 0.67, 0.5, 0.34):
        texts += [text[: int(len(text) * share)].rsplit(" ", 1)[0] if share < 1 else text for text in documents]
    if len(texts) < count:
        raise UsageError(f"--documents {count} is more than {len(texts)}, which is what there is")
    return tuple(texts[:count])


def machine() -> dict[str, Any]:
    """Processor, its instructions that matter, cores, memory, versions."""
    import torch

    model, flags = platform.processor(), ""
    info = Path("/proc/cpuinfo")
    if info.is_file():
        fields = dict(line.split(":", 1) for line in info.read_text(encoding="utf-8").splitlines() if ":" in line)
        named = {key.strip(): value.strip() for key, value in fields.items()}
        model, flags = named.get("model name", model), named.get("flags", "")
    return {
        "processor": model,
        "instructions": [name for name in ("avx2", "avx512_vnni", "avx512_bf16", "amx_tile") if name in flags.split()],
        "cores": os.cpu_count(),
        "threads": torch.get_num_threads(),
        "system": platform.platform(),
        "python": platform.python_version(),
        "torch": torch.__version__,
    }


def _time(function: Callable[[], Any]) -> float:
    began = time.perf_counter()
    function()
    return time.perf_counter() - began


def _process(arguments: Sequence[str], runs: int) -> tuple[list[float], float]:
    """Wall seconds of a whole Python process, each run, and the most memory that any took, in MB."""
    times = []
    for _ in range(runs):
        times.append(
            _time(lambda: subprocess.run([sys.executable, *arguments], check=True, stdout=-3, stderr=-3, stdin=-3))
        )
    # Kilobytes on Linux, bytes on macOS.
    peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss
    return times, peak / (_MEGABYTE if sys.platform == "darwin" else 1024)


# ---- the measures ---------------------------------------------------------------------------------------------------


def start(bench: Bench) -> Iterator[Row]:
    """Importing the package and asking for help, whole processes."""
    for name, arguments, bar in (
        ("import summarize", ["-c", "import summarize"], "0.1 s more than Python alone"),
        ("summarize --help", ["-m", "summarize", "--help"], "0.3 s"),
    ):
        times, _ = _process(arguments, bench.runs + 2)
        alone, _ = _process(["-c", "pass"], bench.runs + 2)
        if "import" in name:
            times = [max(0.0, t - statistics.median(alone)) for t in times]
        yield Row(name, tuple(times), "s", bar)


def cold(bench: Bench) -> Iterator[Row]:
    """A whole process from nothing to both summaries of the document."""
    times, peak = _process(["-m", "summarize", "-q", str(bench.path)], bench.runs)
    yield Row("cold start, both summaries", tuple(times), "s", "5 s")
    yield Row("peak memory of it", (peak,), "MB", "1024 MB")


def warm(bench: Bench) -> Iterator[Row]:
    """Both summaries of the document, the model loaded."""
    bench.summarizer(bench.text)
    results = []
    times = [_time(lambda: results.append(bench.summarizer(bench.text))) for _ in range(bench.runs)]
    written = "+".join(str(summary.tokens) for summary in results[-1])
    note = f"{results[-1].source_tokens} tokens read, {written} written"
    yield Row("warm, both summaries", tuple(times), "s", "2 s", note)


def generate(bench: Bench) -> Iterator[Row]:
    """Decoding against transformers' ``generate`` in float32 on the same weights, equally many tokens each."""
    import torch

    from .models.engine import Decoding
    from .models.khulasa.prompts import prompt
    from .models.khulasa.weights import BUNDLED, Layout, load_model

    engine = bench.engine
    model = load_model(Layout(BUNDLED), torch.float32)
    decoding = Decoding(max_new_tokens=_TOKENS, min_new_tokens=_TOKENS, no_repeat_ngram_size=0)
    task = bench.both[0]
    start_ids = torch.tensor([engine.sp.encode(prompt(task.kind, task.language, task.length))])
    for size, bar in ((1, "4 x"), (8, "3 x")):
        texts = [bench.text, *bench.documents][:size]
        rows = [[engine.config["bos_token_id"], *engine.sp.encode(text)][: engine.limit] for text in texts]
        longest = max(map(len, rows))
        ids = torch.tensor([row + [0] * (longest - len(row)) for row in rows])
        mask = torch.tensor([[1] * len(row) + [0] * (longest - len(row)) for row in rows])
        memory = engine.encode(texts)
        encoded = model.get_encoder()(input_ids=ids, attention_mask=mask)

        def theirs(ids: Any = ids, mask: Any = mask, encoded: Any = encoded, size: int = size) -> None:
            model.generate(
                encoder_outputs=encoded,
                attention_mask=mask,
                decoder_input_ids=start_ids.expand(size, -1),
                max_new_tokens=_TOKENS,
                min_new_tokens=_TOKENS,
                do_sample=False,
            )

        def ours(memory: Memory = memory) -> None:
            engine.decode(memory, [task], decoding)

        ours()
        theirs()
        ratios = tuple(_time(theirs) / _time(ours) for _ in range(bench.runs))
        yield Row(f"decoding, batch of {size}, against generate() in float32", ratios, "x", bar)


def bandwidth(bench: Bench) -> Iterator[Row]:
    """A decoding step of one output against reading its weights once at the memory's speed."""
    import torch

    from .models.khulasa.decoder import Decoder

    stack = bench.engine.stack
    block = torch.ones(64 * _MEGABYTE // 4 * 4)  # 256 MB
    gigabytes = block.numel() * 4 / 1e9
    speeds, ratios = [], []
    with torch.inference_mode():
        decoder = Decoder(stack, bench.memory.state, 1)
        decoder.start([bench.engine.sp.encode("\n\nShort Arabic summary:")])
        token = torch.tensor([500])
        for _ in range(bench.runs):
            block.sum()
            speed = gigabytes / min(_time(block.sum) for _ in range(5))
            decoder.step(token, None)
            step = statistics.median(_time(lambda: decoder.step(token, None)) for _ in range(15))
            speeds.append(speed)
            ratios.append(step / (stack.bytes_per_step / 1e9 / speed))
    note = f"{stack.bytes_per_step / 1e6:.0f} MB a step, {statistics.median(speeds):.1f} GB/s"
    yield Row("decoding step against memory bandwidth", tuple(ratios), "x", "at most 1.5 x", note)


def beams(bench: Bench) -> Iterator[Row]:
    """Four beams against greedy, both languages, equally many tokens."""
    from .models.engine import Decoding

    def run(width: int) -> float:
        decoding = Decoding(num_beams=width, max_new_tokens=_TOKENS, min_new_tokens=_TOKENS)
        return _time(lambda: bench.engine.decode(bench.memory, bench.both, decoding))

    for width in (1, 4):
        run(width)
    yield Row("4 beams against greedy", tuple(run(4) / run(1) for _ in range(bench.runs)), "x", "at most 2 x")


def batch(bench: Bench) -> Iterator[Row]:
    """All documents at once against every fourth of them one at a time, both languages."""
    some = bench.documents[::4]
    bench.summarizer(bench.text)
    ratios, speeds = [], []
    for _ in range(bench.runs):
        alone = _time(lambda: [bench.summarizer(text) for text in some]) / len(some)
        together = _time(lambda: bench.summarizer(list(bench.documents))) / len(bench.documents)
        ratios.append(alone / together)
        speeds.append(1 / together)
    note = f"{statistics.median(speeds):.2f} documents a second"
    yield Row(f"{len(bench.documents)} documents at once against one at a time", tuple(ratios), "x", "3 x", note)


MEASURES: dict[str, Callable[[Bench], Iterator[Row]]] = {
    measure.__name__: measure for measure in (start, cold, warm, generate, bandwidth, beams, batch)
}
