"""The application: the station, the routes, and what surrounds them."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, Final

import anyio.to_thread
from fastapi import FastAPI
from fastapi.exceptions import RequestValidationError
from fastapi.openapi.utils import get_openapi
from prometheus_client import CONTENT_TYPE_LATEST
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.staticfiles import StaticFiles

import segue
from segue.errors import SegueError
from segue.service import reference
from segue.service.answers import Answers
from segue.service.api import PROBLEM_SCHEMA, api_routes
from segue.service.guards import ApiKeyGuard, BodyGuard, HostGuard
from segue.service.metrics import Metrics
from segue.service.observing import ErrorAnswer, Observation, logger
from segue.service.options import ServiceOptions
from segue.service.pages import Pages, page_routes
from segue.service.problems import Problem, problem_of, problem_response
from segue.service.readiness import Readiness
from segue.station import Station

_STATIC: Final = Path(__file__).with_name("static")


def create_app(station: Station, options: ServiceOptions | None = None) -> FastAPI:
    """The service over an opened station. It warms up when it is started, and says so at /readyz."""
    options = options or ServiceOptions()
    log = logger(options.logs, options.clock)
    metrics = Metrics(station)
    readiness = Readiness(station)
    answers = Answers(station, options.clock)
    pages = Pages(answers)

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        async with anyio.create_task_group() as tasks:
            # Listening starts at once, so that a supervisor can ask how far it is.
            tasks.start_soon(
                anyio.to_thread.run_sync, readiness.prepare, lambda error: log.error("cold", exc_info=error)
            )
            yield

    answer = _error_answer(pages)
    app = FastAPI(
        title="segue",
        version=segue.__version__,
        description=f"Search, similar items and recommendations from “{station.name}”.",
        docs_url=None,
        redoc_url=None,
        openapi_url=None,
        lifespan=lifespan,
        middleware=_layers(options, metrics, log, answer),
    )
    for kind in (Problem, SegueError, RequestValidationError, HTTPException):
        app.add_exception_handler(kind, answer)
    app.include_router(api_routes(answers, metrics))
    app.include_router(page_routes(answers, pages))
    _describe(app, pages, secured=options.api_key is not None)
    _supervise(app, readiness, metrics)
    app.mount("/static", _Static(directory=_STATIC), name="static")
    return app


def _layers(options: ServiceOptions, metrics: Metrics, log: Any, answer: ErrorAnswer) -> list[Middleware]:
    """From the outside in."""
    layers = [Middleware(Observation, metrics=metrics, log=log, answer=answer)]
    if options.api_key is None:
        layers.append(Middleware(HostGuard, trusted=options.trusted_hosts))
    else:
        layers.append(Middleware(ApiKeyGuard, key=options.api_key))
    return [*layers, Middleware(BodyGuard, max_bytes=options.max_body_bytes)]


def _error_answer(pages: Pages) -> ErrorAnswer:
    """What answers errors: a page for whoever looks at pages, a problem detail for programs."""

    async def answer(request: Request, error: Exception) -> Response:
        problem = problem_of(error)
        if not request.url.path.startswith("/api/") and "text/html" in request.headers.get("accept", ""):
            return pages.error(problem)
        return problem_response(request, problem)

    return answer


def _describe(app: FastAPI, pages: Pages, *, secured: bool) -> None:
    description = get_openapi(title=app.title, version=app.version, description=app.description, routes=app.routes)
    parts = description.setdefault("components", {}).setdefault("schemas", {})
    parts["Problem"] = PROBLEM_SCHEMA
    for unused in ("HTTPValidationError", "ValidationError"):  # the framework's own form of errors, which is not sent
        parts.pop(unused, None)
    if secured:
        description["components"]["securitySchemes"] = {"key": {"type": "http", "scheme": "bearer"}}
        description["security"] = [{"key": []}]

    @app.get("/openapi.json", include_in_schema=False)
    def openapi() -> JSONResponse:
        return JSONResponse(description)

    @app.get("/docs", include_in_schema=False)
    def docs() -> Response:
        return pages.page(
            "docs.html",
            path="/docs",
            secured=secured,
            operations=reference.operations(description),
            schemas=reference.schemas(description),
        )


def _supervise(app: FastAPI, readiness: Readiness, metrics: Metrics) -> None:
    @app.get("/livez", include_in_schema=False)
    async def livez() -> JSONResponse:
        return JSONResponse({"live": True})

    @app.get("/readyz", include_in_schema=False)
    async def readyz() -> JSONResponse:
        ready, report = readiness.report()
        return JSONResponse(report, status_code=200 if ready else 503)

    @app.get("/metrics", include_in_schema=False)
    def metrics_text() -> Response:
        return PlainTextResponse(metrics.text(), media_type=CONTENT_TYPE_LATEST)


class _Static(StaticFiles):
    """Styles and scripts, asked for again by their ETag, so that an upgrade shows at once."""

    def file_response(self, *args: Any, **kwargs: Any) -> Response:
        response = super().file_response(*args, **kwargs)
        response.headers["Cache-Control"] = "no-cache"
        return response
