"""Where the service may listen, and what it may be told."""

from __future__ import annotations

import socket

import pytest

from segue.errors import SettingsError
from segue.service import ServiceOptions, check_binding
from segue.service.serving import address, listen


@pytest.mark.parametrize("host", ["127.0.0.1", "127.8.9.1", "localhost", "LOCALHOST.", "::1", "[::1]", "app.localhost"])
def test_loopback_needs_no_key(host: str) -> None:
    check_binding(host, None)


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.168.1.4", "music.example", "", "localhost.example"])  # noqa: S104
def test_beyond_loopback_a_key_or_a_clear_word_is_needed(host: str) -> None:
    with pytest.raises(SettingsError, match="set an API key"):
        check_binding(host, None)
    check_binding(host, "k" * 16)
    check_binding(host, None, allow=True)


@pytest.mark.parametrize("key", ["", "short", "ключ-ключ-ключ-ключ"])
def test_a_key_that_could_be_guessed_or_not_be_sent_is_refused(key: str) -> None:
    with pytest.raises(SettingsError, match="at least 16 ASCII characters"):
        ServiceOptions(api_key=key)


def test_other_options_are_checked_at_birth() -> None:
    with pytest.raises(SettingsError, match="max_body_bytes"):
        ServiceOptions(max_body_bytes=0)
    with pytest.raises(SettingsError, match="logs"):
        ServiceOptions(logs="loud")  # type: ignore[arg-type]


@pytest.mark.parametrize("name", ["", "https://music.example", "music.example:443", "music example", "::1", "*"])
def test_a_trusted_host_is_a_bare_name(name: str) -> None:
    with pytest.raises(SettingsError, match="without scheme or port"):
        ServiceOptions(trusted_hosts=("music.example", name))


def test_names_and_addresses_can_be_trusted() -> None:
    ServiceOptions(trusted_hosts=("music.example", "10.0.0.7", "[fe80::1]", "MUSIC"))


def test_a_taken_port_is_named_with_the_remedy() -> None:
    with listen("127.0.0.1", 0) as first:
        port = first.getsockname()[1]
        with pytest.raises(SettingsError, match=f"port {port} is taken"):
            listen("127.0.0.1", port)


def test_a_host_that_is_not_here_is_named() -> None:
    with pytest.raises(SettingsError, match="no address of this machine"):
        listen("192.0.2.1", 0)
    with pytest.raises(SettingsError, match="unknown"):
        listen("no such host", 0)
    with pytest.raises(SettingsError, match="0 to 65535"):
        listen("127.0.0.1", 70000)


def test_ipv6_is_listened_to_where_there_is_some() -> None:
    try:
        with socket.create_server(("::1", 0), family=socket.AF_INET6):
            pass
    except OSError:
        pytest.skip("this machine has no IPv6 loopback")
    with listen("[::1]", 0) as listener:
        assert listener.family == socket.AF_INET6


@pytest.mark.parametrize(
    ("host", "shown"),
    [
        ("127.0.0.1", "http://127.0.0.1:80/"),
        ("0.0.0.0", "http://127.0.0.1:80/"),  # noqa: S104
        ("::1", "http://[::1]:80/"),
        ("[::1]", "http://[::1]:80/"),
        ("::", "http://[::1]:80/"),
        ("localhost", "http://localhost:80/"),
    ],
)
def test_the_address_shown_can_be_opened(host: str, shown: str) -> None:
    assert address(host, 80) == shown
