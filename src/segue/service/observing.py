"""What surrounds every request: its id, its log line, its count, and the headers of every answer."""

from __future__ import annotations

import re
import secrets
import sys
import time
from collections.abc import Awaitable, Callable, MutableMapping
from datetime import datetime
from typing import Any, Final, TypeAlias

import structlog
from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from segue.service.metrics import Metrics
from segue.service.options import Logs

ErrorAnswer: TypeAlias = Callable[[Request, Exception], Awaitable[Response]]

_REQUEST_ID: Final = re.compile(r"[A-Za-z0-9._-]{1,64}")
_METHODS: Final = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})

SECURITY_HEADERS: Final = {
    # Everything a page needs comes from here; nothing inline, nobody may frame it.
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; "
        "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
    ),
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "X-Frame-Options": "DENY",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
}


class Observation:
    """The outermost layer. An error that nobody caught becomes a problem; its traceback goes to the log alone.

    The log holds the path but not the query, which tells a person's taste.
    """

    def __init__(self, app: ASGIApp, metrics: Metrics, log: Any, answer: ErrorAnswer) -> None:
        self._app = app
        self._metrics = metrics
        self._log = log
        self._answer = answer

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        given = Headers(scope=scope).get("x-request-id", "")
        request_id = given if _REQUEST_ID.fullmatch(given) else secrets.token_hex(8)
        scope["segue.request_id"] = request_id
        status = 0

        async def stamped(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                headers = MutableHeaders(scope=message)
                headers["X-Request-ID"] = request_id
                for name, value in SECURITY_HEADERS.items():
                    headers.setdefault(name, value)
                headers.setdefault("Cache-Control", "no-store")
            await send(message)

        self._metrics.started()
        start = time.perf_counter()
        try:
            await self._app(scope, receive, stamped)
        except Exception as error:  # noqa: BLE001  # the border: whatever it is, the caller gets an answer
            self._log.error("failed", request_id=request_id, path=scope["path"], exc_info=error)
            if not status:
                response = await self._answer(Request(scope), error)
                await response(scope, receive, stamped)
        finally:
            seconds = time.perf_counter() - start
            method = scope["method"] if scope["method"] in _METHODS else "other"
            route = _route(scope)
            self._metrics.ended(method, route, status, seconds)
            self._log.info(
                "answered",
                request_id=request_id,
                method=method,
                path=scope["path"],
                route=route,
                status=status,
                milliseconds=round(seconds * 1000, 2),
            )


def logger(logs: Logs, clock: Callable[[], datetime]) -> Any:
    """A logger to standard error that shares no settings with anyone else's."""

    def stamp(_: Any, __: str, event: MutableMapping[str, Any]) -> dict[str, Any]:
        return {"time": clock().isoformat(timespec="milliseconds"), **event}

    def drop(_: Any, __: str, ___: MutableMapping[str, Any]) -> dict[str, Any]:
        raise structlog.DropEvent

    shape: list[Any]
    if logs == "json":
        shape = [structlog.processors.format_exc_info, structlog.processors.JSONRenderer()]
    elif logs == "console":
        shape = [
            structlog.processors.format_exc_info,
            structlog.processors.KeyValueRenderer(key_order=["time", "level", "event"]),
        ]
    else:
        shape = [drop]
    return structlog.wrap_logger(
        structlog.PrintLogger(file=sys.stderr), processors=[structlog.processors.add_log_level, stamp, *shape]
    )


def _route(scope: Scope) -> str:
    """The pattern of the route that answered, not the path, which anyone can make up."""
    return getattr(scope.get("route"), "path", None) or ("/static" if scope["path"].startswith("/static/") else "none")
