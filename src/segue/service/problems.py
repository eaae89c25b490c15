"""Errors as RFC 9457 problem details."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any, Final

from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse

from segue.errors import AmbiguousError, DataError, NotFoundError, SegueError, SettingsError

MEDIA_TYPE: Final = "application/problem+json"

_ADVICE: Final = {
    404: "there is nothing at this address; the reference at /docs lists what there is",
    500: "something went wrong in here; the log names this request by its id",
}


class Problem(Exception):  # noqa: N818  # the name that the standard gives it
    """A request that cannot be answered: the status, one line for people, and more for programs."""

    def __init__(self, status: int, detail: str, *, headers: dict[str, str] | None = None, **more: Any) -> None:
        self.status = status
        self.detail = detail
        self.headers = headers or {}
        self.more = more
        super().__init__(detail)

    @property
    def title(self) -> str:
        """The name of the status."""
        return HTTPStatus(self.status).phrase

    def body(self, request_id: str | None) -> dict[str, Any]:
        """The members of the problem detail."""
        members = {"type": "about:blank", "title": self.title, "status": self.status, "detail": self.detail}
        if request_id is not None:
            members["instance"] = f"urn:segue:request:{request_id}"
        return members | self.more


def problem_of(error: Exception) -> Problem:
    """What a caller is told of an error; nothing of the inside for one that segue did not raise on purpose."""
    match error:
        case Problem():
            return error
        case AmbiguousError():
            matches = [{"id": identifier, "label": label} for identifier, label in error.matches]
            return Problem(409, str(error), matches=matches)
        case NotFoundError():
            return Problem(404, str(error), near=list(error.near))
        case RequestValidationError():
            errors = [
                {"where": _where(each["loc"]), "message": each["msg"].removeprefix("Value error, ")}
                for each in error.errors()
            ]
            first = f"{errors[0]['where']}: {errors[0]['message']}" if errors else "the request does not fit"
            more = f" (and {len(errors) - 1} more)" if len(errors) > 1 else ""
            return Problem(422, first + more, errors=errors[:50])
        case HTTPException():
            phrase = HTTPStatus(error.status_code).phrase
            detail = error.detail if error.detail != phrase else _ADVICE.get(error.status_code, phrase.lower())
            return Problem(error.status_code, detail, headers=dict(error.headers or {}))
        case SettingsError() | DataError():
            return Problem(422, str(error))
        case SegueError():
            return Problem(503, str(error))
        case _:
            return Problem(500, _ADVICE[500])


def problem_response(request: Request, problem: Problem) -> JSONResponse:
    """The problem as application/problem+json."""
    request_id = request.scope.get("segue.request_id")
    return JSONResponse(
        problem.body(request_id), status_code=problem.status, headers=problem.headers, media_type=MEDIA_TYPE
    )


def _where(location: tuple[int | str, ...]) -> str:
    """("body", "ratings", "a", "[key]") -> "body.ratings.a"."""
    return ".".join(str(part) for part in location if part != "[key]") or "request"
