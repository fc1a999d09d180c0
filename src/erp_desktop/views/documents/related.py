"""The panel of related documents: what came before and after, Enter opens."""

from typing import TYPE_CHECKING

from PySide6.QtCore import QSize, Qt
from PySide6.QtWidgets import QFrame, QHeaderView, QLabel, QTreeWidget, QTreeWidgetItem, QVBoxLayout, QWidget

from erp_desktop.i18n import translate
from erp_desktop.queries.documents import RelatedDocument
from erp_desktop.views.documents.kinds import kind_icon, kind_text, number_text
from erp_desktop.views.widgets.cells import CellKind, shown
from erp_desktop.views.widgets.icons import icon
from erp_desktop.views.widgets.statuses import status_text
from erp_desktop.views.widgets.theme import theme_keeper

if TYPE_CHECKING:
    from erp_desktop.views.shell.main_window import MainWindow

WIDTH = 264
_DOCUMENT = Qt.ItemDataRole.UserRole


class RelatedPanel(QFrame):
    """Number and state at the left, quantity or amount at the right; the kind is the icon and the second line."""

    def __init__(self, shell: "MainWindow", parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._shell = shell
        self.setObjectName("sidePane")
        self.setFixedWidth(WIDTH)
        heading = QLabel(translate("RelatedPanel", "Related documents"))
        heading.setProperty("tone", "secondary")
        self.list = QTreeWidget()
        self.list.setColumnCount(2)
        self.list.setHeaderHidden(True)
        self.list.setRootIsDecorated(False)
        self.list.setUniformRowHeights(True)
        self.list.setIconSize(QSize(18, 18))
        self.list.setFrameShape(QFrame.Shape.NoFrame)
        self.list.setStyleSheet("QTreeView { border: none; } QTreeView::item { height: 44px; }")
        self.list.setAccessibleName(heading.text())
        self.list.setTextElideMode(Qt.TextElideMode.ElideRight)
        self.list.header().setStretchLastSection(False)
        self.list.header().setSectionResizeMode(0, QHeaderView.ResizeMode.Stretch)
        self.list.header().setSectionResizeMode(1, QHeaderView.ResizeMode.ResizeToContents)
        self.list.itemActivated.connect(lambda item, _column: self._open(item))
        layout = QVBoxLayout(self)
        layout.setContentsMargins(12, 10, 12, 10)
        layout.setSpacing(6)
        layout.addWidget(heading)
        layout.addWidget(self.list, 1)
        theme_keeper().changed.connect(self._draw)
        self.show_documents(())

    def show_documents(self, documents: tuple[RelatedDocument, ...]) -> None:
        """In the order given; without any the panel leaves its room to the document. What this role may not open says so."""
        self.setVisible(bool(documents))
        self.list.clear()
        for document in documents:
            number = number_text(document.number)
            kind, status = kind_text(document.kind), status_text(document.status)
            figure = ""
            if document.amount is not None:
                figure = shown(document.amount, CellKind.MONEY)
            elif document.qty is not None:
                figure = shown(document.qty, CellKind.QTY)
            item = QTreeWidgetItem([f"{number}  {kind}\n{status} · {document.dated_on.isoformat()}", figure])
            item.setData(0, _DOCUMENT, document)
            item.setTextAlignment(1, Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
            spoken = ", ".join(part for part in (kind, number, document.dated_on.isoformat(), status, figure) if part)
            item.setData(0, Qt.ItemDataRole.AccessibleTextRole, spoken)
            item.setToolTip(0, spoken)
            if not _can_open(self._shell, document.kind):
                item.setToolTip(0, translate("RelatedPanel", "Your role may not open this."))
            self.list.addTopLevelItem(item)
        self._draw()

    def _draw(self) -> None:
        for row in range(self.list.topLevelItemCount()):
            item = self.list.topLevelItem(row)
            if item is not None:
                item.setIcon(0, icon(kind_icon(item.data(0, _DOCUMENT).kind)))

    def _open(self, item: QTreeWidgetItem) -> None:
        document = item.data(0, _DOCUMENT)
        if _can_open(self._shell, document.kind):
            self._shell.open_screen(document.kind, id=document.id)
        else:
            self._shell.say(translate("RelatedPanel", "Your role may not open this."))


def _can_open(shell: "MainWindow", kind: str) -> bool:
    return shell.has_screen(kind)
