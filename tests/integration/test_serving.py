"""The service as a process: listening, answering, and stopping when told to."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

import commands

PROGRAM = """
import sys, time
from dataclasses import replace
import stations
from segue.service import ServiceOptions, create_app, run

class Slow:
    def __init__(self, search):
        self._search = search
    def search(self, text, limit):
        if text == "slow":
            time.sleep(1.0)
        return self._search.search(text, limit)

station = stations.station()
app = create_app(replace(station, search=Slow(station.search)), ServiceOptions(logs="json"))
try:
    run(app, "127.0.0.1", int(sys.argv[1]), lambda address: print(address, flush=True))
except KeyboardInterrupt:
    sys.exit(130)
"""


@contextmanager
def serving(port: int = 0) -> Iterator[subprocess.Popen[str]]:
    """The program above in a process of its own, killed at the end if it is still there."""
    environment = os.environ | {"PYTHONPATH": str(Path(__file__).parents[1])}
    process = subprocess.Popen(
        [sys.executable, "-c", PROGRAM, str(port)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=environment,
    )
    try:
        yield process
    finally:
        process.kill()
        process.communicate()


def address_of(process: subprocess.Popen[str]) -> str:
    assert process.stdout is not None
    line = process.stdout.readline().strip()
    assert line.startswith("http://127.0.0.1:"), line
    return line


def get(address: str | urllib.request.Request) -> tuple[int, str]:
    try:
        with urllib.request.urlopen(address, timeout=20) as response:  # noqa: S310  # our own address
            return response.status, response.read().decode()
    except urllib.error.HTTPError as error:
        with error:
            return error.code, error.read().decode()


@pytest.mark.parametrize(("sent", "status"), [(signal.SIGINT, 130), (signal.SIGTERM, -signal.SIGTERM)])
def test_told_to_stop_it_answers_what_is_under_way_first(sent: signal.Signals, status: int) -> None:
    with serving() as process:
        address = address_of(process)
        end = time.monotonic() + 30
        while get(address + "readyz")[0] != 200:
            assert time.monotonic() < end
            time.sleep(0.1)
        answers: list[tuple[int, str]] = []
        asking = threading.Thread(target=lambda: answers.append(get(address + "api/v1/search?q=slow")))
        asking.start()
        time.sleep(0.4)
        process.send_signal(sent)
        asking.join(timeout=20)
        assert answers
        assert answers[0][0] == 200
        assert '"query":"slow"' in answers[0][1]
        assert process.wait(timeout=15) == status


def test_a_taken_port_ends_with_one_clear_line() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken, serving(taken.getsockname()[1]) as process:
        _, errors = process.communicate(timeout=30)
        assert process.returncode == 1
        assert errors.strip().splitlines()[-1].startswith("segue.errors.SettingsError: port ")
        assert "choose another port" in errors


def test_names_that_a_proxy_uses_and_the_form_of_the_log_are_said_on_the_command_line(tmp_path: Path) -> None:
    music = commands.workspace(tmp_path / "music")
    words = ["-w", music, "serve", "--port", "0", "--trusted-host", "music.example", "--log-format", "json"]
    process = subprocess.Popen(
        [sys.executable, "-m", "segue", *map(str, words)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={name: value for name, value in os.environ.items() if name not in ("SEGUE_API_KEY", "PYTHONUNBUFFERED")},
    )
    try:
        assert process.stdout is not None
        address = process.stdout.readline().split()[4]
        for name, status in (("music.example", 200), ("other.example", 421)):
            request = urllib.request.Request(address + "api/v1/search?q=secret", headers={"Host": name})  # noqa: S310
            assert get(request)[0] == status
        process.send_signal(signal.SIGTERM)
        _, errors = process.communicate(timeout=30)
    finally:
        process.kill()
        process.communicate()
    lines = [json.loads(line) for line in errors.splitlines() if line.startswith("{")]
    assert [(line["path"], line["status"]) for line in lines] == [("/api/v1/search", 200), ("/api/v1/search", 421)]
    assert "secret" not in errors
