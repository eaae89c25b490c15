"""The web pages: rendered here, alive without a script, quicker with one."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any, Final
from urllib.parse import urlencode

from fastapi import APIRouter, Query
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from starlette.responses import HTMLResponse, RedirectResponse, Response

from segue.service import drawing, taste, wording
from segue.service.answers import Answers
from segue.service.problems import Problem
from segue.service.questions import MAX_ENTRIES, MAX_TEXT
from segue.service.replies import Item

_TEMPLATES: Final = Path(__file__).with_name("templates")
_POPULAR: Final = 12
_SIMILAR: Final = 20
_FOUND: Final = 30

_Text = Annotated[str, Query(max_length=MAX_TEXT)]
_Texts = Annotated[list[str], Query(max_length=MAX_ENTRIES)]


class Pages:
    """Turns answers into HTML. Every value is escaped where it is put in."""

    def __init__(self, answers: Answers) -> None:
        station = answers.station
        environment = Environment(
            loader=FileSystemLoader(_TEMPLATES),
            autoescape=True,
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
        )
        environment.filters.update(
            clock=wording.clock,
            rating_word=wording.rating_word,
            item_url=item_url,
            spoken=wording.spoken,
            styles=wording.styles,
            moved=wording.moved,
            new_to=wording.new_to,
        )
        environment.globals.update(
            station=station,
            n_items=station.dataset.n_items,
            n_users=station.dataset.n_users,
            kind=_kind(answers),
            first_rating=taste.FIRST_RATING,
            sleeve=drawing.sleeve,
            crossfade=drawing.crossfade(),
            path="",
        )
        self._environment = environment

    def page(self, template: str, status: int = 200, **values: Any) -> HTMLResponse:
        """A rendered page."""
        return HTMLResponse(self._environment.get_template(template).render(values), status_code=status)

    def error(self, problem: Problem) -> HTMLResponse:
        """A page that says what is wrong and where to go on."""
        response = self.page("error.html", problem.status, problem=problem, near=problem.more.get("near", []))
        response.headers.update(problem.headers)
        return response


def item_url(item: Item) -> str:
    """Where an item's page is; a query rather than a path, since an id may be any text, "../" too."""
    return "/item?" + urlencode({"id": item.id})


def page_routes(answers: Answers, pages: Pages) -> APIRouter:
    """The routes of the pages; plain functions, run in threads."""
    router = APIRouter(include_in_schema=False, default_response_class=HTMLResponse)

    @router.get("/")
    def home() -> Response:
        return pages.page("home.html", path="/", popular=answers.search("", _POPULAR).items)

    @router.get("/search")
    def search(q: _Text = "") -> Response:
        if not q.strip():
            return RedirectResponse("/", status_code=303)
        return pages.page("search.html", query=q, found=answers.search(q, _FOUND).items)

    @router.get("/item")
    def item(id: _Text) -> Response:  # noqa: A002  # the name of the query's parameter
        return pages.page("item.html", reply=answers.similar(id, _SIMILAR))

    @router.get("/taste")
    def taste_page(
        item: _Texts = [],  # noqa: B006  # FastAPI copies a default
        rating: _Texts = [],  # noqa: B006
        drop: _Text = "",
        add: _Text = "",
        q: _Text = "",
        artist: _Text = "",
        song: _Text = "",
    ) -> Response:
        wanted = add or q or " - ".join(part for part in (artist.strip(), song.strip()) if part)
        return pages.page(
            "taste.html", path="/taste", view=taste.view(answers, taste.ratings_of(item, rating, drop), wanted)
        )

    @router.post("/taste/parts")
    def taste_parts(question: taste.TasteQuestion) -> Response:
        ratings = {one.id: one.rating for one in question.ratings}
        return pages.page("taste_parts.html", view=taste.view(answers, ratings, question.query))

    return router


def _kind(answers: Answers) -> str:
    """What the items are called on the pages: tracks, artists, albums, or items."""
    kinds = answers.station.dataset.catalogue.column("kind").drop_nulls().unique().to_list()
    return kinds[0] if len(kinds) == 1 and kinds[0] in ("track", "artist", "album") else "item"
