"""The tour visits every screen of a company and leaves a picture of each."""

from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest
from PySide6.QtGui import QImage
from pytestqt.qtbot import QtBot

from company_fixtures import PASSWORD, open_small_company, opening_of
from erp_desktop import embedded
from erp_desktop.central.serving import served
from erp_desktop.database import open_engine
from erp_desktop.demo import here
from erp_desktop.demo.company import CODE, NAME
from erp_desktop.demo.here import OWNER, sample_here
from erp_desktop.demo.tour import RECORDS, visit_every_screen
from erp_desktop.desk import Desk
from erp_desktop.sync.cache import cache_path
from erp_desktop.sync.secrets import Secrets
from erp_desktop.sync.transport import Timing
from erp_desktop.views import all_screens
from erp_desktop.views.shell.main_window import MainWindow
from erp_desktop.views.shell.screens import permitted_screens
from erp_desktop.views.translation import show_language
from erp_desktop.views.widgets.theme import load_fonts

assert all_screens

Opened = tuple[MainWindow, list[Desk]]


@pytest.fixture
def office(qtbot: QtBot, sqlite_url: str, tmp_path: Path) -> Iterator[tuple[MainWindow, object]]:
    """A small company that has bought and sold something, its window, and how a colleague sits down."""
    load_fonts()
    show_language("en")  # as the program begins, whatever ran before
    engine = open_engine(sqlite_url)
    company = open_small_company(engine)
    company.stock("BX-204", "10", "12.50")
    company.ship(company.sales_order(("BX-204", "3", "20")), "3")
    desks: list[Desk] = []
    with served(engine) as server:

        def sit_down(at: str = "colleague") -> Desk:
            path = cache_path(at, "ACME", "owner", tmp_path / at)
            secrets = Secrets(path.parent, use_keyring=False)
            timing = Timing(connect=60, answer=60)
            desks.append(Desk.open(path, server.url, "ACME", "owner", PASSWORD, secrets=secrets, timing=timing))
            return desks[-1]

        settings = tmp_path / "window.ini"
        settings.write_text("[General]\nlanguage=en\n")
        window = MainWindow(sit_down("here"), settings)
        qtbot.addWidget(window)
        window.resize(1280, 720)
        window.show()
        yield window, sit_down
        window.close()
        for desk in desks:
            desk.close()
    engine.dispose()


def test_every_screen_has_its_picture_and_nothing_is_left_behind(office, tmp_path):
    window, sit_down = office
    pictures = visit_every_screen(window, tmp_path / "pictures", sit_down)
    names = {path.stem.split("-", 1)[1] for path in pictures}
    keys = {screen.key.replace("_", "-") for screen in permitted_screens(window.desk.permissions)}
    empty_here = {key.replace("_", "-") for key in RECORDS}  # a small company has not one record of every kind
    assert keys - names - empty_here <= {"import"}
    assert {"goods-receipt", "shipment", "product", "journal-entry", "report-trial-balance"} <= names
    assert {"import-columns", "import-preview", "the-document-behind", "attention"} <= names
    assert all(QImage(str(path)).width() == window.grab().width() for path in pictures)
    assert window.desk.attention().result() == ()
    assert next(tab.screen.key for tab in window.tabs.tabs()) == "home"


def test_a_sample_company_whose_password_is_gone_is_said_in_one_sentence(tmp_path, monkeypatch):
    opening = opening_of(CODE, NAME, owner_login=OWNER)
    embedded.open_company(opening, tmp_path)
    monkeypatch.setattr(embedded, "kept_password", lambda *_: None)
    monkeypatch.setattr(here, "make_sample_company", lambda centre, *_, **__: centre.open_company(opening, PASSWORD))
    with pytest.raises(embedded.AlreadyHere) as locked:
        sample_here(tmp_path, 7, date(2026, 3, 16))
    assert locked.value.problem.sentence.startswith(f"A company with the code {CODE} is in {tmp_path} already.")
