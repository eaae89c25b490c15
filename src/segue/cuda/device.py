"""Finding the device that was asked for."""

from __future__ import annotations

import torch

from segue.errors import SettingsError


def found(device: str) -> torch.device:
    """The device of this name: "cuda", "cuda:1" or "cpu".

    Raises SettingsError for a name that is none, or a device that is not there.
    """
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
