"""The few kernels that also run on a graphics processor, by PyTorch (extra `neural`): arrays in, arrays out.

Nobody else imports PyTorch for them: a caller imports this package when a device is asked for, and gets
MissingExtraError where there is no PyTorch. They run on tensors of the main processor, too ("cpu"), which is how their
results are held to those of the compiled kernels.
"""

from __future__ import annotations

from segue.errors import MissingExtraError

try:
    import torch  # noqa: F401
except ImportError:
    raise MissingExtraError("computing on a device", "neural") from None
