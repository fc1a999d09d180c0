"""Knocking at an office before a password is sent: what is wrong with an address has a sentence of its own."""

import ssl
import subprocess
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from sqlalchemy import Engine

from company_fixtures import open_small_company
from erp_desktop import wire
from erp_desktop.central.serving import Server, served
from erp_desktop.database import open_engine
from erp_desktop.sync.in_the_clear import refuse_in_the_clear
from erp_desktop.sync.knocking import (
    CertificateNotTrusted,
    CompanyNotThere,
    Door,
    NoCompanyYet,
    NotAnAddress,
    NotEncrypted,
    NotTheCentre,
    knock,
    tidy_address,
)
from erp_desktop.sync.signing_in import CentreOutOfReach, ProgramTooOld
from erp_desktop.sync.transport import Timing

PATIENT = Timing(connect=60, answer=60)  # a loaded machine is not a slow centre


class WebSite(BaseHTTPRequestHandler):
    """A web site that is no centre; it notes what it was sent."""

    heard: list[str] = []

    def do_GET(self) -> None:
        page = b"<html>It works!</html>"
        self.heard.append(self.path)
        self.send_response(200)
        self.send_header("Content-Type", "text/html")
        self.send_header("Content-Length", str(len(page)))
        self.end_headers()
        self.wfile.write(page)

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def books(sqlite_url: str) -> Iterator[Engine]:
    engine = open_engine(sqlite_url)
    yield engine
    engine.dispose()


@pytest.fixture
def office(books: Engine) -> Iterator[Server]:
    open_small_company(books)
    with served(books) as server:
        yield server


@pytest.fixture
def web_site() -> Iterator[ThreadingHTTPServer]:
    WebSite.heard = []
    site = ThreadingHTTPServer(("127.0.0.1", 0), WebSite)
    thread = threading.Thread(target=site.serve_forever)
    thread.start()
    yield site
    site.shutdown()
    site.server_close()
    thread.join()


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        ("https://erp.example.com", "https://erp.example.com"),
        (" HTTPS://ERP.Example.com/ ", "https://erp.example.com"),
        ("erp.example.com", "https://erp.example.com"),
        ("erp.example.com:8640/books/", "https://erp.example.com:8640/books"),
        ("http://192.168.1.20:8640", "http://192.168.1.20:8640"),
        ("https：／／erp。example。com", "https://erp.example.com"),
        ("localhost:8640", "http://localhost:8640"),
        ("127.0.0.1:8640", "http://127.0.0.1:8640"),
        ("http://[::1]:8640", "http://[::1]:8640"),
    ],
)
def test_an_office_has_one_address_however_it_is_typed(typed: str, kept: str) -> None:
    assert tidy_address(typed) == kept


@pytest.mark.parametrize(
    "typed", ["our erp server", "ftp://erp.example.com", "https://", "erp.example.com:port", "[::1"]
)
def test_what_is_no_address_is_said_before_anything_is_sent(typed: str) -> None:
    with pytest.raises(NotAnAddress, match="is not the address of a central service"):
        knock(typed, "ACME", PATIENT)


def test_the_code_of_a_company_may_be_typed_in_small_letters(office: Server) -> None:
    assert knock(f"{office.url}/", "acme", PATIENT) == Door(office.url, "ACME")


def test_a_company_that_is_not_there_is_told_with_those_that_are(office: Server) -> None:
    with pytest.raises(CompanyNotThere, match=r"no company ACMEE\. Its companies are: ACME\."):
        knock(office.url, "ACMEE", PATIENT)


def test_a_centre_without_a_company_says_so(books: Engine) -> None:
    with served(books) as server, pytest.raises(NoCompanyYet):
        knock(server.url, "ACME", PATIENT)


def test_a_web_site_is_not_taken_for_the_centre(web_site: ThreadingHTTPServer) -> None:
    with pytest.raises(NotTheCentre):
        knock(f"http://127.0.0.1:{web_site.server_port}", "ACME", PATIENT)
    assert WebSite.heard == ["/v1/sync/hello"]


def test_a_page_below_the_centre_is_not_the_centre(office: Server) -> None:
    with pytest.raises(NotTheCentre):
        knock(f"{office.url}/login", "ACME", PATIENT)


def test_a_certificate_that_nobody_vouches_for_keeps_the_password_here(
    web_site: ThreadingHTTPServer, tmp_path: Path
) -> None:
    key, certificate = str(tmp_path / "key.pem"), str(tmp_path / "certificate.pem")
    made = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=erp.example"]
    subprocess.run([*made, "-keyout", key, "-out", certificate], check=True, capture_output=True)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    web_site.socket = context.wrap_socket(web_site.socket, server_side=True)
    with pytest.raises(CertificateNotTrusted, match="Your password was not sent"):
        knock(f"https://127.0.0.1:{web_site.server_port}", "ACME", PATIENT)
    assert WebSite.heard == []


def test_https_to_a_centre_without_it_is_said_and_never_done_in_the_open(office: Server) -> None:
    with pytest.raises(NotEncrypted, match="begins with https://"):
        knock(office.url.replace("http://", "https://"), "ACME", PATIENT)


def test_a_centre_that_is_down_is_told_as_such() -> None:
    with pytest.raises(CentreOutOfReach):
        knock("http://127.0.0.1:9", "ACME", PATIENT)


def test_an_old_program_hears_that_it_is_too_old(office: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(wire, "PROTOCOL", (0, 0))
    with pytest.raises(ProgramTooOld, match="Install the new version"):
        knock(office.url, "ACME", PATIENT)


@pytest.mark.parametrize("address", ["http://erp.invalid:8640", "http://192.0.2.7", "http://[2001:db8::1]:8640"])
def test_no_password_goes_to_another_computer_in_the_clear(address: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("ERP_ALLOW_PLAIN_HTTP", raising=False)
    with pytest.raises(NotEncrypted, match="without encryption, so it was not sent"):
        knock(address, "ACME", PATIENT)
    with pytest.raises(NotEncrypted):
        refuse_in_the_clear(address)
    monkeypatch.setenv("ERP_ALLOW_PLAIN_HTTP", "1")
    refuse_in_the_clear(address)


def test_this_computer_is_no_network(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("ERP_ALLOW_PLAIN_HTTP", raising=False)
    for address in ("http://127.0.0.1:8640", "http://[::1]:8640", "http://localhost", "https://erp.example"):
        refuse_in_the_clear(address)
