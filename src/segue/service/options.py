"""What the service is told from outside, and where it may listen."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Final, Literal, TypeAlias

from segue.errors import SettingsError

Logs: TypeAlias = Literal["console", "json", "none"]

MIN_KEY_LENGTH: Final = 16
_HOST_NAME: Final = re.compile(r"[A-Za-z0-9._-]+|\[[0-9A-Fa-f:.]+\]")  # as a Host header spells it, less the port


def utc_now() -> datetime:
    """The time, in UTC."""
    return datetime.now(UTC)


@dataclass(frozen=True, slots=True)
class ServiceOptions:
    """How the service behaves.

    api_key:        whoever asks must show it (see `segue.service.guards.ApiKeyGuard`); None: nobody needs one.
    trusted_hosts:  names, beside those of this machine, by which a service that listens on loopback may be called.
    max_body_bytes: a request body that is longer is refused.
    logs:           one line per request on standard error, for people ("console") or programs ("json"), or none.
    clock:          what `generated_at` and the log are stamped with, UTC.
    """

    api_key: str | None = field(default=None, repr=False)
    trusted_hosts: tuple[str, ...] = ()
    max_body_bytes: int = 256 * 1024
    logs: Logs = "console"
    clock: Callable[[], datetime] = utc_now

    def __post_init__(self) -> None:
        if self.api_key is not None and (len(self.api_key) < MIN_KEY_LENGTH or not self.api_key.isascii()):
            raise SettingsError(
                f"the API key must have at least {MIN_KEY_LENGTH} ASCII characters, so that it cannot be guessed; "
                f"got {len(self.api_key)} characters"
            )
        for name in self.trusted_hosts:
            if not _HOST_NAME.fullmatch(name):
                raise SettingsError(
                    f"a trusted host is a name such as music.example, without scheme or port, got {name!r}"
                )
        if self.max_body_bytes < 1:
            raise SettingsError(f"max_body_bytes must be at least 1, got {self.max_body_bytes}")
        if self.logs not in ("console", "json", "none"):
            raise SettingsError(f"logs must be 'console', 'json' or 'none', got {self.logs!r}")


def check_binding(host: str, api_key: str | None, allow: bool = False) -> None:
    """Raises SettingsError where other machines could ask without a key, unless that is `allow`ed on purpose."""
    if api_key is None and not allow and not is_loopback(host):
        raise SettingsError(
            f"listening on {host!r} would let every machine that reaches this one ask without a key; "
            "set an API key, listen on 127.0.0.1, or say on purpose that it should be open"
        )


def is_loopback(host: str) -> bool:
    """True for a name or address that only this machine can reach."""
    bare = host.strip("[]").rstrip(".").casefold()
    if bare == "localhost" or bare.endswith(".localhost"):
        return True
    try:
        return ipaddress.ip_address(bare).is_loopback
    except ValueError:
        return False
