"""What all pages of reports are made with: templates that escape what is put in, and one style sheet."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from jinja2 import Environment, FileSystemLoader, StrictUndefined, Template
from markupsafe import Markup

from segue.reports.plot import SERIES, SERIES_ON_DARK
from segue.reports.wording import number, visible

_TEMPLATES: Final = Path(__file__).with_name("templates")


def template(name: str) -> Template:
    """A template of the reports. Its filters: visible, number, and drawing, a plot as it stands in a page."""
    environment = Environment(
        loader=FileSystemLoader(_TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters.update(visible=visible, number=number, drawing=lambda plot: Markup(plot.inline))  # noqa: S704  # drawn here, with names escaped
    return environment.get_template(name)


def styles() -> Markup:
    """The style sheet, with the colours of the plots for light and for dark paper."""
    text = (_TEMPLATES / "report.css").read_text(encoding="utf-8")
    for mark, colors in (("/* series */", SERIES), ("/* series on dark */", SERIES_ON_DARK)):
        named = " ".join(f"--series-{place}: {color};" for place, color in enumerate(colors, start=1))
        text = text.replace(mark, named)
    return Markup(text)  # noqa: S704  # ours
