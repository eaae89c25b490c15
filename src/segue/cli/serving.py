"""`segue serve`: the page and the API over a trained workspace."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING, Annotated, Final, Literal, TypeAlias

import typer

from segue.cli.call import Call, command
from segue.cli.show import say
from segue.errors import SettingsError

if TYPE_CHECKING:
    from segue.service import ServiceOptions
    from segue.station import Station

HostOption: TypeAlias = Annotated[str, typer.Option("--host", metavar="H", help="The address to listen on.")]
PortOption: TypeAlias = Annotated[
    int, typer.Option("--port", min=0, max=65535, metavar="N", help="The port; 0 takes a free one.")
]

LogFormat: TypeAlias = Literal["console", "json"]

API_KEY: Final = "SEGUE_API_KEY"


def add_to(app: typer.Typer) -> None:
    command(app, "serve")(serve)


def serve(
    call: Call,
    host: HostOption = "127.0.0.1",
    port: PortOption = 8000,
    without_key: Annotated[
        bool, typer.Option("--without-key", help=f"Listen beyond this machine with no key ({API_KEY} sets one).")
    ] = False,
    trusted_host: Annotated[
        list[str] | None,
        typer.Option(
            "--trusted-host",
            metavar="NAME",
            help="A name, beside this machine's own, by which a proxy passes requests on; repeatable.",
        ),
    ] = None,
    log_format: Annotated[
        LogFormat, typer.Option("--log-format", help="One line per request on stderr, for people or for programs.")
    ] = "console",
) -> None:
    """Serve the page and the API until Ctrl-C."""
    from segue import bootstrap
    from segue.cli.progress import shown
    from segue.service import ServiceOptions, check_binding

    options = ServiceOptions(api_key=_api_key(), trusted_hosts=tuple(trusted_host or ()), logs=log_format)
    try:
        check_binding(host, options.api_key, allow=without_key)
    except SettingsError as error:
        raise SettingsError(f"{error} (a key: {API_KEY} in the environment; open: --without-key)") from None
    with shown() as progress:
        station = bootstrap.open_station(call.open(), progress=progress)
    run(station, host, port, options)


def run(station: Station, host: str, port: int, options: ServiceOptions | None = None) -> None:
    """Serves a station until it is told to stop; the address is printed once it answers."""
    from segue.service import ServiceOptions, create_app
    from segue.service import run as listen

    app = create_app(station, options or ServiceOptions(api_key=_api_key()))
    listen(app, host, port, announce=_announce)


def _announce(address: str) -> None:
    say(f"The page is at {address}  (Ctrl-C stops it)")
    sys.stdout.flush()  # into a file or a pipe, too, at once


def _api_key() -> str | None:
    return os.environ.get(API_KEY) or None
