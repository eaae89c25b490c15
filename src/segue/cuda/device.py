"""Finding the device that was asked for."""

from __future__ import annotations

from typing import TYPE_CHECKING

from segue.errors import MissingExtraError, SettingsError

if TYPE_CHECKING:
    import torch


def found(device: str) -> torch.device:
    """The device of this name: "cuda", "cuda:1" or "cpu".

    Raises MissingExtraError without PyTorch, SettingsError for a name that is none or a device that is not there.
    """
    try:
        import torch  # deferred: takes seconds, and most machines never need it here
    except ImportError:
        raise MissingExtraError(f"device {device!r}", "neural") from None
    try:
        asked = torch.device(device)
    except RuntimeError:
        raise SettingsError(f"device must be 'cpu', 'cuda' or 'cuda:N', got {device!r}") from None
    if asked.type not in ("cpu", "cuda"):
        raise SettingsError(f"device must be 'cpu', 'cuda' or 'cuda:N', got {device!r}")
    there = torch.cuda.device_count()
    if asked.type == "cuda" and (asked.index or 0) >= there:
        seen = f"PyTorch sees {there}" if there else "PyTorch sees none; leave the device out to use the processor"
        raise SettingsError(f"there is no device {device!r}: of graphics processors, {seen}")
    return asked
