"""A desk in the middle of its work, and somebody else at the centre's address, or nobody by its name."""

import socket
import ssl
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from acme_office import HASTY, Office, OpenDesk
from network import Network
from pytestqt.qtbot import QtBot
from test_network_faults import centres_codes, goes_offline, someone

from erp_desktop.central.serving import Server
from erp_desktop.sync.state import SyncKind

NAME = "erp.example"


def certificate(folder: Path, name: str) -> tuple[Path, Path]:
    """One that vouches for itself: the files with it and with its key."""
    whole, key = folder / f"{name}.pem", folder / f"{name}.key"
    made = ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"]
    said = ["-days", "2", "-subj", f"/CN={NAME}", "-addext", f"subjectAltName=DNS:{NAME}"]
    subprocess.run([*made, *said, "-keyout", str(key), "-out", str(whole)], check=True, capture_output=True)
    return whole, key


@pytest.fixture
def names(monkeypatch: pytest.MonkeyPatch) -> set[str]:
    """The names that are known in the network; each is this machine's."""
    known = {NAME}
    asked: Callable[..., Any] = socket.getaddrinfo

    def getaddrinfo(host: Any, *more: Any, **named: Any) -> Any:
        if host == NAME and host not in known:
            raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")
        return asked("127.0.0.1" if host == NAME else host, *more, **named)

    monkeypatch.setattr(socket, "getaddrinfo", getaddrinfo)
    return known


@pytest.fixture
def proof(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, names: set[str]) -> ssl.SSLContext:
    """What the centre shows. Its certificate is trusted here, and nobody else's."""
    whole, key = certificate(tmp_path, "centre")
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(whole))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(whole, key)
    return context


@pytest.fixture
def network(server: Server, proof: ssl.SSLContext) -> Iterator[Network]:
    running = Network(server.url, proof)
    running.url = f"https://{NAME}:{running.port}"
    yield running
    running.close()


def test_a_forged_certificate_in_the_middle_of_the_work_gets_to_know_nothing(
    open_desk: OpenDesk, office: Office, network: Network, proof: ssl.SSLContext, tmp_path: Path, qtbot: QtBot
) -> None:
    """Somebody takes over the centre's address, and has a certificate in its name that nobody vouches for."""
    desk = open_desk(timing=HASTY)
    assert desk.wait_until_synced()
    qtbot.waitUntil(lambda: network.waiting == 1)
    proof.load_cert_chain(*certificate(tmp_path, "forged"))
    network.cut()
    heard = len(network.requests)
    desk.perform_and_wait(someone("S-1"))
    state = goes_offline(qtbot, desk)
    assert state.waiting == 1
    assert "certificate" in state.detail
    assert not desk.wait_until_synced(1)
    assert len(network.requests) == heard

    proof.load_cert_chain(tmp_path / "centre.pem", tmp_path / "centre.key")
    assert desk.wait_until_synced()
    assert desk.sync_state.kind is SyncKind.SYNCED
    assert centres_codes(office) == ["S-1"]


def test_a_name_that_is_not_found_any_more_is_a_pause_like_any_other(
    open_desk: OpenDesk, office: Office, network: Network, names: set[str], qtbot: QtBot
) -> None:
    desk = open_desk(timing=HASTY)
    assert desk.wait_until_synced()
    qtbot.waitUntil(lambda: network.waiting == 1)
    names.clear()
    network.cut()
    desk.perform_and_wait(someone("S-1"))
    state = goes_offline(qtbot, desk)
    assert (state.waiting, "cannot be reached" in state.detail) == (1, True)
    names.add(NAME)
    qtbot.waitUntil(lambda: desk.sync_state.waiting == 0)  # by itself
    assert centres_codes(office) == ["S-1"]
