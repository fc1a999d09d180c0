"""What the tests of views share: a desk in memory, English, the light theme, a clean clipboard of announcements."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from fake_desk import FakeDesk, Orders
from pytestqt.qtbot import QtBot

from erp_desktop.views.translation import show_language
from erp_desktop.views.widgets.theme import load_fonts, theme_keeper


@pytest.fixture(scope="session", autouse=True)
def fonts(qapp: object) -> None:
    load_fonts()


@pytest.fixture(autouse=True)
def look(qapp: object) -> Iterator[None]:
    if theme_keeper().theme.is_dark or not qapp.styleSheet():
        theme_keeper().choose("light")
    show_language("en")
    yield
    show_language("en")


@pytest.fixture
def desk(qapp: object) -> Iterator[FakeDesk]:
    Orders.rows, Orders.asked, Orders.fails = [], [], None
    made = FakeDesk()
    yield made
    made.close()


@pytest.fixture
def settings_file(tmp_path: Path) -> Path:
    return tmp_path / "window.ini"


@pytest.fixture
def shell(qtbot: QtBot, desk: FakeDesk, settings_file: Path) -> Iterator[object]:
    from erp_desktop.views.shell.main_window import MainWindow

    settings_file.write_text("[General]\nlanguage=en\n")
    window = MainWindow(desk, settings_file)
    qtbot.addWidget(window)
    window.show()
    yield window
    for tab in window.tabs.tabs():
        tab.view.set_dirty(False)
    window.close()
