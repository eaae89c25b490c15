"""Who may ask, by which name, and how much: what is refused before anything is read."""

from __future__ import annotations

import base64
import binascii
import hmac
from collections.abc import Sequence
from typing import Final

from starlette.datastructures import Headers
from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from segue.service.options import is_loopback
from segue.service.problems import Problem, problem_response

_OPEN: Final = ("/livez", "/readyz")  # a supervisor asks these, and they tell nothing of the data
_CHALLENGE: Final = 'Bearer realm="segue", Basic realm="segue", charset="UTF-8"'


class HostGuard:
    """Refuses a request that reached a loopback address under a foreign name.

    A web page somewhere can point its own name at 127.0.0.1 and so read what a service on this machine answers (DNS
    rebinding). With an API key there is no need: that page does not know the key.
    """

    def __init__(self, app: ASGIApp, trusted: Sequence[str]) -> None:
        self._app = app
        self._trusted = {name.casefold() for name in trusted}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and scope.get("server") and is_loopback(scope["server"][0]):
            name = _name(Headers(scope=scope).get("host", ""))
            if not is_loopback(name) and name.casefold() not in self._trusted:
                problem = Problem(421, f"this service is not called {name!r}; name it among the trusted hosts if it is")
                await problem_response(Request(scope), problem)(scope, receive, send)
                return
        await self._app(scope, receive, send)


class ApiKeyGuard:
    """Asks everything but the health probes and the pages' styles and scripts for the key.

    Programs send `Authorization: Bearer KEY` or `X-API-Key: KEY`; a browser asks its person for a name and a password
    (any name; the key is the password) and sends it with every request of the page from then on.
    """

    def __init__(self, app: ASGIApp, key: str) -> None:
        self._app = app
        self._key = key.encode()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        path = scope.get("path", "")
        if scope["type"] != "http" or path in _OPEN or path.startswith("/static/"):
            await self._app(scope, receive, send)
            return
        shown = _shown_key(Headers(scope=scope))
        if shown is not None and hmac.compare_digest(shown, self._key):
            await self._app(scope, receive, send)
            return
        detail = "this service needs its API key" if shown is None else "this is not the API key of this service"
        problem = Problem(401, detail, headers={"WWW-Authenticate": _CHALLENGE})
        await problem_response(Request(scope), problem)(scope, receive, send)


class BodyGuard:
    """Refuses bodies that are too long or not JSON, and reads the others before anything else happens."""

    def __init__(self, app: ASGIApp, max_bytes: int) -> None:
        self._app = app
        self._max_bytes = max_bytes

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["method"] not in ("POST", "PUT", "PATCH"):
            await self._app(scope, receive, send)
            return
        headers = Headers(scope=scope)
        kind = headers.get("content-type", "").partition(";")[0].strip().lower()
        body = await self._body(headers, receive)
        if body is None:
            await self._refuse(413, f"the body may have at most {self._max_bytes} bytes", scope, receive, send)
        elif kind != "application/json":
            came = f"{kind!r} came" if kind else "the Content-Type header is missing"
            await self._refuse(415, f"the body must be application/json; {came}", scope, receive, send)
        else:
            await self._app(scope, _replayed(body, receive), send)

    async def _body(self, headers: Headers, receive: Receive) -> bytes | None:
        declared = headers.get("content-length", "")
        if declared.isdecimal() and int(declared) > self._max_bytes:
            return None
        chunks: list[bytes] = []
        size = 0
        more = True
        while more:
            message = await receive()
            chunk = message.get("body", b"")
            size += len(chunk)
            if size > self._max_bytes:
                return None
            chunks.append(chunk)
            more = message["type"] == "http.request" and message.get("more_body", False)
        return b"".join(chunks)

    async def _refuse(self, status: int, detail: str, scope: Scope, receive: Receive, send: Send) -> None:
        # The rest of the body is not read, so the connection cannot be used again.
        problem = Problem(status, detail, headers={"Connection": "close"} if status == 413 else None)
        await problem_response(Request(scope), problem)(scope, receive, send)


def _replayed(body: bytes, receive: Receive) -> Receive:
    sent = False

    async def replay() -> Message:
        nonlocal sent
        if sent:
            return await receive()  # from here on, only "http.disconnect" can come
        sent = True
        return {"type": "http.request", "body": body, "more_body": False}

    return replay


def _name(host: str) -> str:
    """The name in a Host header, without its port."""
    if host.startswith("["):
        return host.partition("]")[0] + "]"
    return host.partition(":")[0]


def _shown_key(headers: Headers) -> bytes | None:
    key = headers.get("x-api-key")
    if key is not None:
        return key.encode()
    scheme, _, rest = headers.get("authorization", "").partition(" ")
    if scheme.lower() == "bearer":
        return rest.strip().encode()
    if scheme.lower() == "basic":
        try:
            return base64.b64decode(rest.strip(), validate=True).partition(b":")[2]
        except (binascii.Error, ValueError):
            return b""
    return None
