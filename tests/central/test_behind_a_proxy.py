"""Behind a proxy that speaks HTTPS: whom it speaks for is believed of a trusted one only."""

import threading

import pytest
import requests
from central_desk import OpenedCompany
from sqlalchemy import select

from erp_desktop.central.cli import main
from erp_desktop.central.serving import Server
from erp_desktop.central.tries import triers
from erp_desktop.ids import new_id
from erp_desktop.models.sync import SignInTries

GUESSER = "203.0.113.7"


@pytest.mark.parametrize("is_trusted", [True, False])
def test_a_wrong_password_counts_against_whom_a_trusted_proxy_speaks_for(acme: OpenedCompany, is_trusted: bool) -> None:
    server = Server(acme.engine, trusted_proxies=["127.0.0.1"] if is_trusted else [])
    serving = threading.Thread(target=server.serve_until_stopped)
    serving.start()
    try:
        assert server.is_ready.wait(60)
        device = new_id()
        body = {
            "company": "ACME",
            "login": "lin",
            "password": "wrong",
            "device_id": str(device),
            "device_name": "Dock 1",
        }
        said = {"X-Forwarded-For": GUESSER, "X-Forwarded-Proto": "https"}
        answer = requests.post(f"{server.url}/v1/auth/login", json=body, headers=said, timeout=60)
        assert answer.json()["code"] == "wrong_password"
    finally:
        server.stop()
        serving.join()
    *_, address = triers("ACME", "lin", device, GUESSER)
    with acme.engine.connect() as connection:
        counted = set(connection.scalars(select(SignInTries.key)))
    assert (address.key in counted) == is_trusted


def test_a_proxy_is_named_by_its_address(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["serve", "--database", "sqlite:///none.db", "--trusted-proxy", "*"])
    assert "not an address or a network: *" in capsys.readouterr().err
