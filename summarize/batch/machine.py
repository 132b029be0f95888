"""What this machine has for worker processes: processors, memory, GPUs, as far as its container lets them be used."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from pathlib import Path

from .work import Load

_CGROUP = Path("/sys/fs/cgroup")
# What a machine with GPUs has (NVIDIA, AMD, Windows' Linux, Windows): elsewhere torch need not be asked for them.
_GPUS = ("/dev/nvidiactl", "/dev/kfd", "/dev/dxg", "C:\\")
# Of a worker with the bundled model, and per byte of another one's download (it is float32, and there is what it
# computes with): bytes.
_BUNDLED_NEED = 1_500_000_000
_NEED = 2
_INPUT = 200_000  # bytes of input that a further worker must have to do before it is worth loading its model
_MOST_WORKERS = 32
_THREADS = ("OMP_NUM_THREADS", "MKL_NUM_THREADS")


def cores() -> int:
    """Processors that this process may use: those it is bound to, less where its container's share is smaller."""
    bound = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    # "200000 100000" in one file of the newer layout, in two of the older; "max" or -1 where there is no limit.
    words = _read("cpu.max", "cpu/cpu.cfs_quota_us")
    period = words[1:] or _read("", "cpu/cpu.cfs_period_us")
    if words and words[0].isdigit() and period and period[0].isdigit():
        bound = min(bound, max(1, int(words[0]) // int(period[0])))
    return bound


def free_memory() -> int | None:
    """Bytes that can still be had; None where the system does not say."""
    found = []
    try:
        lines = Path("/proc/meminfo").read_text().splitlines()
        found += [int(line.split()[1]) * 1024 for line in lines if line.startswith("MemAvailable:")]
    except (OSError, ValueError, IndexError):
        pass
    most = _read("memory.max", "memory/memory.limit_in_bytes")
    used = _read("memory.current", "memory/memory.usage_in_bytes")
    if most and used and most[0].isdigit() and used[0].isdigit():
        found.append(max(0, int(most[0]) - int(used[0])))
    return min(found, default=None)


def _read(new: str, old: str) -> list[str]:
    """The words of a control group's file, by its name in the newer or the older layout; none where it is not there."""
    for name in filter(None, (new, old)):
        try:
            return (_CGROUP / name).read_text().split()
        except OSError:
            continue
    return []


def gpus() -> int:
    """GPUs that torch can use."""
    if not any(map(os.path.exists, _GPUS)):
        return 0
    import torch

    return torch.cuda.device_count() if torch.cuda.is_available() else 0


def device_of(number: int, device: str) -> str:
    """The device of worker ``number``: several GPUs are dealt out in turn."""
    count = gpus() if device in ("auto", "cuda") else 0
    return f"cuda:{number % count}" if count > 1 else device


def choose_workers(load: Load, threads: int, size: int) -> int:
    """As many workers as the machine has room for: one for each GPU, or for each of its processors.

    Args:
        size: of the input in bytes; 0 where it is not known.
    """
    if load.device not in ("auto", "cpu"):
        return max(1, gpus()) if load.device == "cuda" else 1
    if load.device == "auto" and (count := gpus()):
        return count
    most = min(_MOST_WORKERS, max(1, cores() // threads))
    if size:
        most = min(most, 1 + size // _INPUT)
    free = free_memory()
    if free is not None:
        most = min(most, free // _need(load.model))
    return max(1, most)


def _need(model: str) -> int:
    from ..models.catalogue import find_spec

    spec = find_spec(model)
    if spec is not None:
        return _NEED * spec.megabytes * 10**6 if spec.sources or spec.parts else _BUNDLED_NEED
    folder = Path(model)
    stored = sum(file.stat().st_size for file in folder.iterdir() if file.is_file()) if folder.is_dir() else 0
    return max(_BUNDLED_NEED, _NEED * stored)


def use_threads(threads: int) -> Callable[[], None]:
    """Lets torch compute with so many threads in this process; gives what undoes that."""
    before = {name: os.environ.get(name) for name in _THREADS}
    os.environ.update(dict.fromkeys(_THREADS, str(threads)))  # which torch goes by when it is imported
    torch = sys.modules.get("torch")
    used = torch.get_num_threads() if torch else None
    if torch:
        torch.set_num_threads(threads)

    def undo() -> None:
        for name, value in before.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value
        if torch and used:
            torch.set_num_threads(used)

    return undo
