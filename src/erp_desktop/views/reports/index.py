"""The list of reports: by area, Enter opens."""

from typing import TYPE_CHECKING

from PySide6.QtCore import QSize, Qt
from PySide6.QtWidgets import QHeaderView, QTreeWidget, QTreeWidgetItem, QVBoxLayout

from erp_desktop.i18n import QT_TRANSLATE_NOOP, translate
from erp_desktop.reports.report import ReportDefinition, report_definitions
from erp_desktop.views.widgets.icons import icon
from erp_desktop.views.widgets.list_screen import PageHeader
from erp_desktop.views.widgets.screen_view import ScreenView
from erp_desktop.views.widgets.theme import theme_keeper

if TYPE_CHECKING:
    from erp_desktop.desk import Desk
    from erp_desktop.views.shell.main_window import MainWindow

AREAS = {
    "ledger": (QT_TRANSLATE_NOOP("ReportIndex", "Ledger"), "ledger"),
    "costing": (QT_TRANSLATE_NOOP("ReportIndex", "Costing and stock value"), "costing"),
    "inventory": (QT_TRANSLATE_NOOP("ReportIndex", "Stock"), "stock"),
    "budget": (QT_TRANSLATE_NOOP("ReportIndex", "Budget"), "budget"),
}
_DEFINITION = Qt.ItemDataRole.UserRole


class ReportIndex(ScreenView):
    """What may be reported in this role, grouped by area, with what each report is asked with."""

    def __init__(self, desk: "Desk", shell: "MainWindow") -> None:
        super().__init__()
        self._shell = shell
        title = translate("ReportIndex", "Reports")
        self.header = PageHeader(title, self)
        self.list = QTreeWidget()
        self.list.setAccessibleName(title)
        self.list.setHeaderLabels([translate("ReportIndex", "Report"), translate("ReportIndex", "Asked with")])
        self.list.header().setSectionResizeMode(0, QHeaderView.ResizeMode.Interactive)
        self.list.header().resizeSection(0, 380)
        self.list.setIconSize(QSize(18, 18))
        self.list.setUniformRowHeights(True)
        self.list.setStyleSheet("QTreeView::item { height: 32px; }")
        self.list.itemActivated.connect(self._open)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(16, 12, 16, 12)
        layout.setSpacing(10)
        layout.addWidget(self.header)
        layout.addWidget(self.list, 1)
        self._fill([one for one in report_definitions() if one.permission in desk.permissions])
        self.setFocusProxy(self.list)
        theme_keeper().changed.connect(self._draw)
        self._draw()

    def _fill(self, definitions: list[ReportDefinition]) -> None:
        areas = [*AREAS, *sorted({one.area for one in definitions} - set(AREAS))]
        for area in areas:
            own = [one for one in definitions if one.area == area]
            if not own:
                continue
            name = translate("ReportIndex", AREAS[area][0]) if area in AREAS else area
            group = QTreeWidgetItem([name])
            group.setData(0, Qt.ItemDataRole.UserRole + 1, area)
            self.list.addTopLevelItem(group)
            for definition in own:
                asked = translate("ReportIndex", ", ").join(
                    translate("Report", one.heading) for one in definition.parameters
                )
                line = QTreeWidgetItem([translate("Report", definition.title), asked])
                line.setData(0, _DEFINITION, definition.name)
                group.addChild(line)
            group.setExpanded(True)
        first = self.list.topLevelItem(0)
        report = first.child(0) if first is not None else None
        if report is not None:
            self.list.setCurrentItem(report)

    def _draw(self) -> None:
        for number in range(self.list.topLevelItemCount()):
            group = self.list.topLevelItem(number)
            if group is None:
                continue
            area = group.data(0, Qt.ItemDataRole.UserRole + 1)
            group.setIcon(0, icon(AREAS[area][1] if area in AREAS else "reports"))
            for place in range(group.childCount()):
                line = group.child(place)
                if line is not None:
                    line.setIcon(0, icon("reports"))

    def _open(self, item: QTreeWidgetItem) -> None:
        name = item.data(0, _DEFINITION)
        if isinstance(name, str):
            self._shell.open_screen(f"report_{name}")
        else:
            item.setExpanded(not item.isExpanded())
