"""The training loop: one or more worker processes, exact resumption, averaged weights, a log of curves.

Every worker draws the same stream and runs every ``workers``-th pack of a step; gradients are summed once a step.
Files in the run's folder: ``checkpoint.pt`` (all that resuming needs), ``adapter.safetensors`` (averaged, bfloat16),
``adapter-last.safetensors`` (not averaged), ``curves.jsonl``, ``config.json``; ``model.safetensors`` in place of the
adapters when every matrix is trained.
"""

from __future__ import annotations

import json
import os
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ....errors import ModelError
from .config import TrainConfig
from .curves import read_curves
from .mix import Example
from .pack import Encoded, Pack, build_pack
from .stream import Stream, encode_example

if TYPE_CHECKING:
    import torch

    from .packed import PackedModel


def validation_packs(
    sets: Mapping[str, Sequence[Example]], sp: Any, config: TrainConfig, dtype: torch.dtype, window: int
) -> list[tuple[str, Pack]]:
    """Packs of the validation examples, each of one set, in a fixed order."""

    def pack(group: list[Encoded], size: int) -> Pack:
        return build_pack(group, window, dtype, max(size, config.total), config.bidirectional)

    packs: list[tuple[str, Pack]] = []
    for name, examples in sets.items():
        group: list[Encoded] = []
        size = 0
        for example in examples:
            one = encode_example(example, sp, config.stages[0].most_source, 160)
            if group and size + len(one) > config.total:
                packs.append((name, pack(group, size)))
                group, size = [], 0
            group.append(one)
            size += len(one)
        if group:
            packs.append((name, pack(group, size)))
    return packs


def _sum_over_workers(vector: torch.Tensor, workers: int) -> None:
    if workers > 1:
        import torch.distributed as dist

        dist.all_reduce(vector)


def _validate(model: PackedModel, packs: list[tuple[str, Pack]], rank: int, workers: int) -> dict[str, float]:
    """Loss per target token, in nats, of every set."""
    import torch

    names = list(dict.fromkeys(name for name, _ in packs))
    sums = torch.zeros(len(names), 2, dtype=torch.float64)
    with torch.no_grad():
        for i, (name, pack) in enumerate(packs):
            if i % workers == rank:
                losses = model.token_losses(pack.to(model.device))
                sums[names.index(name)] += torch.tensor([float(losses.sum()), len(losses)], dtype=torch.float64)
    _sum_over_workers(sums, workers)
    return {name: round(float(s / n), 4) for name, (s, n) in zip(names, sums, strict=True)}


def _keep_large_blocks() -> None:
    """Under jemalloc: large freed blocks are kept for reuse as small ones are.

    By itself it gives those of 8 MB and more back to the system at once, and a quarter of the time would go to clearing
    them anew. ``oversize_threshold`` in MALLOC_CONF does not reach the first arena.
    """
    import ctypes

    control = getattr(ctypes.CDLL(None), "mallctl", None) if os.name == "posix" else None
    if control is not None:
        limit = ctypes.c_size_t(1 << 40)
        control(b"arena.0.oversize_threshold", None, None, ctypes.byref(limit), ctypes.c_size_t(8))


def _write(path: Path, write: Any) -> None:
    """Writes beside and renames, so that a kill leaves the old file whole."""
    beside = path.with_name(path.name + ".tmp")
    write(beside)
    os.replace(beside, path)


def _truncate_curves(path: Path, step: int) -> None:
    """Drops what a killed run logged after its last checkpoint."""
    if path.is_file():
        kept = [json.dumps(record) + "\n" for record in read_curves(path.parent) if record["step"] <= step]
        _write(path, lambda beside: beside.write_text("".join(kept), encoding="utf-8"))


def train(
    rank: int,
    config: TrainConfig,
    tensors: Mapping[str, torch.Tensor],
    model_config: Any,
    parts: Mapping[str, Sequence[Example]],
    validation: Mapping[str, Sequence[Example]],
    vocabulary: str | Any,
    out: Path,
    start: Mapping[str, torch.Tensor] | None = None,
    minutes: float | None = None,
    measure: Any = None,
) -> None:
    """Runs worker ``rank`` of ``config.workers``; goes on from ``out/checkpoint.pt`` when it is there.

    Args:
        tensors: the dequantised base. model_config: a ``KhulasaConfig``.
        vocabulary: the SentencePiece model's path, or anything with its ``encode``.
        start: an adapter to begin from, of the same or a lower rank.
        minutes: stop (with a checkpoint) after so long, counted from the end of the first step, which compiles.
        measure: called with the averaged weights' file at every ``measure_every``; gives a dictionary to log.
    """
    import torch
    from safetensors.torch import save_file

    from .packed import PackedModel, widen
    from .risk import pack_loss

    workers = config.workers
    _keep_large_blocks()
    if config.device == "cpu" and workers > 1:
        torch.set_num_threads(1)
    if workers > 1:
        import torch.distributed as dist

        store = dist.FileStore(str(out / f".meet-{os.getppid()}"), workers)
        dist.init_process_group("gloo", store=store, rank=rank, world_size=workers)
    # Gradients and probabilities are full of numbers too small for a CPU to multiply at full speed.
    torch.set_flush_denormal(True)
    torch.manual_seed(config.seed)
    if isinstance(vocabulary, str):
        import sentencepiece

        vocabulary = sentencepiece.SentencePieceProcessor(model_file=vocabulary)
    dtype = torch.bfloat16
    device = torch.device(config.device)
    model = PackedModel(tensors, model_config, config.rank, dtype, compile=config.compile)
    if start is not None and config.rank:
        model.load_adapter(widen(start, config.rank))
    model.to(device)
    trained = model.trained()
    optimizer = torch.optim.AdamW(
        trained.values(), config.rate, betas=(0.9, 0.99), weight_decay=config.weight_decay, fused=True
    )
    averaged = {name: p.detach().clone() for name, p in trained.items()}
    stream = Stream(parts, vocabulary, config.total, config.seed)
    step, positions = 0, 0
    checkpoint, curves = out / "checkpoint.pt", out / "curves.jsonl"
    if checkpoint.is_file():
        saved = torch.load(checkpoint, map_location=device)
        step, positions = saved["step"], saved["positions"]
        optimizer.load_state_dict(saved["optimizer"])
        stream.restore(saved["stream"])
        for name, p in trained.items():
            p.data.copy_(saved["weights"][name])
            averaged[name].copy_(saved["averaged"][name])
        if rank == 0:
            _truncate_curves(curves, step)
    window = model_config.window
    validation_set = validation_packs(validation, vocabulary, config, dtype, window)

    def log(record: Mapping[str, Any]) -> None:
        if rank == 0:
            print(f"step {step}/{config.steps}", json.dumps(record), file=sys.stderr, flush=True)
            with curves.open("a", encoding="utf-8") as file:
                file.write(json.dumps({"step": step, "positions": positions, **record}) + "\n")

    def export(weights: Mapping[str, torch.Tensor], path: Path) -> None:
        half = {name: t.detach().to("cpu", torch.bfloat16).contiguous() for name, t in weights.items()}
        _write(path, lambda p: save_file(half, str(p)))

    def save() -> None:
        if rank:
            return
        state = {
            "step": step,
            "positions": positions,
            "weights": {name: p.data for name, p in trained.items()},
            "averaged": averaged,
            "optimizer": optimizer.state_dict(),
            "stream": stream.state(),
        }
        _write(checkpoint, lambda p: torch.save(state, p))
        last = "adapter-last" if config.rank else "model-last"
        export(model.unstack(averaged), out / ("adapter.safetensors" if config.rank else "model.safetensors"))
        export(model.unstack({name: p.data for name, p in trained.items()}), out / f"{last}.safetensors")

    def validate() -> None:
        """Of the averaged weights, which are what is released."""
        if workers > 1:
            import torch.distributed as dist

            for tensor in averaged.values():
                dist.broadcast(tensor, 0)
        weights = {name: p.data.clone() for name, p in trained.items()}
        for name, p in trained.items():
            p.data.copy_(averaged[name])
        log({"validation": _validate(model, validation_set, rank, workers)})
        for name, p in trained.items():
            p.data.copy_(weights[name])

    if step == 0:
        validate()
    began, first, run_positions = time.monotonic(), step, 0
    over = torch.zeros(1)  # the share of the minutes, by the first worker's clock
    while step < config.steps and over < 1:
        rate = config.rate_at(step, float(over) if config.timed and minutes else None)
        for group in optimizer.param_groups:
            group["lr"] = rate
        # Cross-entropy, reference tokens; what to divide by; expected reward gained, sets of candidates.
        totals = torch.zeros(5, dtype=torch.float64)
        for i in range(config.packs):
            examples = stream.next(config.stages, step)
            run_positions += sum(map(len, examples))
            positions += sum(map(len, examples))
            if i % workers == rank:
                pack = build_pack(examples, window, dtype, config.total, config.bidirectional).to(device)
                loss = pack_loss(model, pack, config.sharpness, config.risk)
                loss.total.backward()
                sums = (loss.cross_entropy, loss.references, loss.tokens, loss.gained, loss.sets)
                totals += torch.tensor(sums, dtype=torch.float64)
        for p in trained.values():
            if p.grad is None:
                p.grad = torch.zeros_like(p)
        if workers > 1:
            flat = torch.cat([p.grad.flatten() for p in trained.values() if p.grad is not None])
            _sum_over_workers(flat, workers)
            at = 0
            for p in trained.values():
                assert p.grad is not None
                p.grad.copy_(flat[at : at + p.numel()].view_as(p))
                at += p.numel()
            _sum_over_workers(totals, workers)
        for p in trained.values():
            assert p.grad is not None
            p.grad.div_(max(1.0, float(totals[2])))
        norm = torch.nn.utils.clip_grad_norm_(trained.values(), config.clip)
        if not torch.isfinite(norm):  # before it reaches the weights and the checkpoint
            raise ModelError(
                f"step {step}: the gradients are {float(norm)}; {checkpoint} is the last good state, and the same "
                f"command goes on from there: give it a lower rate"
            )
        optimizer.step()
        optimizer.zero_grad(set_to_none=False)
        step += 1
        if step == first + 1:  # so long it took to compile
            began, run_positions = time.monotonic(), 0
        # Young averages forget faster, or the first steps would linger.
        decay = min(config.ema, step / (step + 9.0))
        if rank == 0:
            torch._foreach_lerp_(list(averaged.values()), [p.data for p in trained.values()], 1.0 - decay)
        if step % 10 == 0:
            speed = run_positions / (time.monotonic() - began)
            log(
                {
                    "loss": round(float(totals[0] / totals[1].clamp(min=1)), 4),
                    "rate": rate,
                    "norm": round(float(norm), 3),
                    "speed": round(speed),
                    **({"gained": round(float(totals[3] / totals[4]), 4)} if totals[4] else {}),
                }
            )
        if minutes is not None:
            over = torch.tensor([(rank == 0) * (time.monotonic() - began) / (60 * minutes)])
            _sum_over_workers(over, workers)
        if config.save_every and step % config.save_every == 0:
            save()
        if config.validate_every and step % config.validate_every == 0:
            validate()
        if measure is not None and config.measure_every and step % config.measure_every == 0:
            save()
            if rank == 0:
                log({"measured": measure(out)})
    if step > first:
        save()
        validate()
    if workers > 1:
        import torch.distributed as dist

        dist.barrier()
        dist.destroy_process_group()
