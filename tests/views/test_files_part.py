"""The attachments of documents and records in the real window: added, shown, opened, saved and removed."""

import warnings
from pathlib import Path
from typing import Any

import pytest
from PySide6.QtCore import QMimeData, QPoint, QPointF, Qt, QUrl
from PySide6.QtGui import QColor, QDragEnterEvent, QDropEvent, QGuiApplication, QImage
from PySide6.QtWidgets import QApplication
from trading_house import Trade, trade

from erp_desktop.models.attachment import LARGEST_ATTACHMENT
from erp_desktop.views.documents import files_part
from erp_desktop.views.documents.files_part import FilesPart, files_kind, size_text
from erp_desktop.views.documents.opened_files import is_dangerous
from erp_desktop.views.settings.audit_words import shown

__all__ = ["trade"]


@pytest.fixture
def order(trade: Trade) -> Any:
    """The page of a purchase order."""
    order_id = trade.company.purchase_order(("BX-204", "10", "12.50"))
    trade.hear_news()
    trade.open("purchase_order", id=order_id)
    return trade.wait_for_page("purchase_order")


@pytest.fixture
def programs(monkeypatch: pytest.MonkeyPatch) -> list[Path]:
    """What was handed to the system's programs."""
    handed: list[Path] = []
    monkeypatch.setattr(files_part, "open_with_its_program", lambda copy: handed.append(copy) or True)
    return handed


def lines(part: FilesPart) -> list[list[str]]:
    found = (part.list.topLevelItem(row) for row in range(part.list.topLevelItemCount()))
    return [[item.text(column) for column in range(5)] for item in found if item is not None]


def dropped(page: Any, *files: Path) -> None:
    """As Qt tells of it: the mouse comes in with files, and lets them go."""
    where, copy = (QPoint(5, 5), QPointF(5, 5)), Qt.DropAction.CopyAction
    buttons, keys = Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier
    data = _urls(*files)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # these events are made by nobody but Qt and tests
        enter = QDragEnterEvent(where[0], copy, data, buttons, keys)
    QApplication.sendEvent(page, enter)
    assert enter.isAccepted()
    QApplication.sendEvent(page, QDropEvent(where[1], copy, data, buttons, keys))


def test_files_of_an_order_from_dropping_them_to_removing_one(
    trade: Trade, order: Any, programs: list[Path], tmp_path: Path
) -> None:
    part: FilesPart = order.files
    button = order.below.buttons[-1]
    assert button.text() == "Attachments"
    contract, film = tmp_path / "contract.pdf", tmp_path / "film.mov"
    contract.write_bytes(b"%PDF signed")
    with film.open("wb") as file:
        file.truncate(LARGEST_ATTACHMENT + 1)
    dropped(order, contract, film)
    trade.wait(lambda: button.text() == "Attachments (1)")
    trade.wait(lambda: "film.mov has 26 MB" in order.banner.sentence.text())

    button.click()
    trade.wait(lambda: [line[1] for line in lines(part)] == ["On this computer"])
    name, _where, who, _when, size = lines(part)[0]
    assert (name, who, size) == ("contract.pdf", trade.desk.user.name, "11 bytes")
    trade.qtbot.keyClick(part.list, Qt.Key.Key_Return)
    trade.wait(lambda: len(programs) == 1)
    assert programs[0].name == "contract.pdf"
    assert programs[0].read_bytes() == b"%PDF signed"
    copy = tmp_path / "copy.pdf"
    file = part.current()
    assert file is not None
    part.save(file, copy)
    trade.wait(copy.exists)
    assert copy.read_bytes() == b"%PDF signed"

    trade.qtbot.keyClick(part.list, Qt.Key.Key_Delete)
    trade.agree(order, "Remove")
    trade.wait(lambda: button.text() == "Attachments")
    assert lines(part)[0][1].startswith(f"Removed by {trade.desk.user.name}, ")
    assert not part.open_button.isEnabled()


def test_a_picture_is_pasted_and_a_program_is_never_run(
    trade: Trade, order: Any, programs: list[Path], tmp_path: Path
) -> None:
    part: FilesPart = order.files
    order.below.show_part(len(order.below.buttons) - 1)
    image = QImage(8, 8, QImage.Format.Format_RGB32)
    image.fill(QColor("red"))
    QGuiApplication.clipboard().setImage(image)
    part.paste()
    trade.wait(lambda: part.list.topLevelItemCount() == 1)
    name = lines(part)[0][0]
    assert name.startswith("Picture 20")
    assert name.endswith(".png")

    setup = tmp_path / "setup.EXE"
    setup.write_bytes(b"MZ")
    QGuiApplication.clipboard().setMimeData(_urls(setup))
    trade.qtbot.keyClick(part.list, Qt.Key.Key_V, Qt.KeyboardModifier.ControlModifier)
    trade.wait(lambda: part.list.topLevelItemCount() == 2)
    part.list.setCurrentItem(part.list.topLevelItem(1))
    part.open_file()
    assert "it is not opened from here" in order.banner.sentence.text()
    assert programs == []


def _urls(*files: Path) -> QMimeData:
    data = QMimeData()
    data.setUrls([QUrl.fromLocalFile(str(file)) for file in files])
    return data


def test_offline_a_file_that_is_not_here_is_said_to_be_elsewhere(trade: Trade, order: Any, tmp_path: Path) -> None:
    contract = tmp_path / "contract.pdf"
    contract.write_bytes(b"%PDF signed")
    order.files.add([contract])
    trade.wait(lambda: order.files.list.topLevelItemCount() == 1)
    order.below.show_part(len(order.below.buttons) - 1)
    trade.wait(lambda: lines(order.files)[0][1] == "On this computer")
    trade.desk.go_offline()
    trade.desk.attachments.store.make_room(0)
    order.files.refresh()
    trade.wait(lambda: lines(order.files)[0][1] == "Not on this computer, which is offline")
    order.files.open_file()
    trade.wait(lambda: "cannot be reached now" in order.banner.sentence.text())


def test_who_opened_or_saved_a_file_is_told_to_the_centre_also_where_that_was_offline(
    trade: Trade, order: Any, programs: list[Path], tmp_path: Path
) -> None:
    contract = tmp_path / "contract.pdf"
    contract.write_bytes(b"%PDF signed")
    order.files.add([contract])
    trade.wait(lambda: order.files.list.topLevelItemCount() == 1)
    trade.hear_news()
    trade.desk.go_offline()
    order.files.open_file()
    trade.wait(lambda: len(programs) == 1)
    file = order.files.current()
    order.files.save(file, tmp_path / "copy.pdf")
    trade.wait((tmp_path / "copy.pdf").exists)
    trade.window.close_tab(order)
    trade.desk.go_online()

    def told() -> list[tuple[str, str, str]]:
        rows = trade.desk.administration.audits.page(of="reads").result().rows
        found = (shown(row) for row in rows if row.what.startswith("file_"))
        return sorted((row.what, row.subject, row.outcome) for row in found)

    trade.wait(lambda: len(told()) == 2)
    number = f"Purchase order {order.record.number}"
    assert told() == [
        ("Opened an attachment", number, "File: contract.pdf"),
        ("Saved an attachment", number, "File: contract.pdf"),
    ]


@pytest.mark.parametrize(
    ("name", "is_so"),
    [("合同.pdf", False), ("a.JPG", False), ("table.xlsx", False), ("table.xlsm", True), ("run.Bat", True), ("x.exe .", True),
     ("link.url", True), ("noending", True), (".hidden", True), ("page.html", True), ("notes.txt", False)],
)  # fmt: skip
def test_what_may_be_more_than_something_to_look_at_is_only_saved(name: str, is_so: bool) -> None:
    assert is_dangerous(name) is is_so


def test_sizes_and_kinds_in_words() -> None:
    assert [size_text(size) for size in (7, 2048, 3 * 1024 * 1024)] == ["7 bytes", "2 KB", "3.0 MB"]
    assert (files_kind("party_form"), files_kind("sales_order"), files_kind("period")) == ("party", "sales_order", None)
