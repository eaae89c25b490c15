"""Listening."""

from __future__ import annotations

import errno
import socket
from collections.abc import Callable
from typing import Final

import uvicorn
from fastapi import FastAPI

from segue.errors import SettingsError

_GRACE: Final = 10  # seconds that running requests get when the service is told to stop
_BACKLOG: Final = 256
_AT_ONCE: Final = 512  # connections; more are told to come back later


def run(app: FastAPI, host: str = "127.0.0.1", port: int = 8000, announce: Callable[[str], None] | None = None) -> None:
    """Serves until told to stop by SIGINT or SIGTERM; requests under way are answered first.

    `port` 0 takes any free one. `announce` hears the address, once it is listened to. Raises SettingsError where the
    port is taken or the host is none of this machine's.
    """
    listener = listen(host, port)
    with listener:
        if announce is not None:
            announce(address(host, listener.getsockname()[1]))
        configuration = uvicorn.Config(
            app,
            log_config=None,
            access_log=False,
            server_header=False,
            proxy_headers=False,
            limit_concurrency=_AT_ONCE,
            timeout_graceful_shutdown=_GRACE,
        )
        uvicorn.Server(configuration).run(sockets=[listener])


def listen(host: str, port: int) -> socket.socket:
    """A listening socket; SettingsError says what is in the way."""
    if not 0 <= port <= 65535:
        raise SettingsError(f"a port is a number from 0 to 65535, got {port}")
    try:
        found = socket.getaddrinfo(host.strip("[]"), port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
        family, _, _, _, where = found[0]
        return socket.create_server(where[:2], family=family, backlog=_BACKLOG)
    except socket.gaierror:
        raise SettingsError(f"the host {host!r} is unknown; use 127.0.0.1, or an address of this machine") from None
    except OSError as error:
        raise SettingsError(_advice(error, host, port)) from error


def address(host: str, port: int) -> str:
    """The address to open in a browser."""
    shown = {"0.0.0.0": "127.0.0.1", "::": "[::1]"}.get(host, host)  # noqa: S104  # told apart, not listened to
    return f"http://[{shown}]:{port}/" if ":" in shown and not shown.startswith("[") else f"http://{shown}:{port}/"


def _advice(error: OSError, host: str, port: int) -> str:
    if error.errno == errno.EADDRINUSE:
        return (
            f"port {port} is taken, perhaps by another segue; stop that one, or choose another port (0: any free one)"
        )
    if error.errno in (errno.EACCES, errno.EPERM):
        return f"no permission to listen on port {port}; choose one above 1023"
    if error.errno == errno.EADDRNOTAVAIL:
        return f"{host!r} is no address of this machine; use 127.0.0.1, or one of its own"
    return f"cannot listen on {host!r}, port {port}: {error.strerror or error}"
