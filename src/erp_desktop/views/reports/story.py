"""Where does this cost come from: from a document's line, a move in a list, or a figure of a report, to its story."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any
from uuid import UUID

from PySide6.QtCore import Qt
from PySide6.QtGui import QAction

from erp_desktop.i18n import translate
from erp_desktop.reports.report import Link
from erp_desktop.views.widgets.record_table import RecordTable
from erp_desktop.views.widgets.screen_view import ScreenView

if TYPE_CHECKING:
    from erp_desktop.desk import Desk
    from erp_desktop.views.documents.posted_page import PostedPage
    from erp_desktop.views.shell.main_window import MainWindow

SCREEN = "report_unit_story"
SHORTCUT = "Ctrl+J"
WITH_MOVES = frozenset(
    {
        "goods_receipt",
        "shipment",
        "customer_return",
        "supplier_return",
        "stock_count",
        "stock_scrap",
        "stock_move",
        "goods_transfer",
    }
)

# A row's document: its number, or the id of it or of its move; and the number of the line, None for all lines.
Told = tuple[str | UUID, int | None]


def story_text() -> str:
    return translate("UnitStory", "Where does this cost come from?")


def tell_story(shell: "MainWindow", told: Told, **more: Any) -> None:
    """Opens the story of a document, of one of its lines, or of one move."""
    document, line = told
    parameters = {"document": document.hex if isinstance(document, UUID) else document, **more}
    if line is not None:
        parameters["line"] = str(line)
    shell.open_screen(SCREEN, parameters=parameters)


def offer_story(
    screen: ScreenView, table: RecordTable, shell: "MainWindow", desk: "Desk", told: Callable[[Any], Told | None]
) -> QAction | None:
    """Adds the command to a screen's table: by key, in its context menu and in the palette. None where costs are not shown."""
    if "cost.read" not in desk.permissions:
        return None

    def tell() -> None:
        row = table.current()
        found = told(row) if row is not None else None
        if found is not None:
            tell_story(shell, found)

    action = screen.add_command("cost.story", story_text(), tell, SHORTCUT, "costing")
    table.view.addAction(action)
    table.view.setContextMenuPolicy(Qt.ContextMenuPolicy.ActionsContextMenu)
    return action


def offer_story_of_lines(page: "PostedPage") -> QAction | None:
    """The command on the lines of a posted document."""

    def told(row: Any) -> Told:
        number = page.record.number if page.record is not None else None
        return (number or page.document_id, row.line_no)

    return offer_story(page, page.table, page.shell, page.desk, told)


def told_by(link: Link | None) -> Told | None:
    """What a report's row tells a story of: its document, and the line where the row is about one."""
    if link is None or link.kind not in WITH_MOVES or link.id is None:
        return None
    return (link.parameters.get("number") or link.id, link.parameters.get("line"))
