"""Pages of master data with something more than a form: parties with their documents, warehouses with their bins."""

from typing import TYPE_CHECKING, Any
from uuid import UUID

from PySide6.QtWidgets import QLabel, QWidget

from erp_desktop.i18n import translate
from erp_desktop.ids import new_id
from erp_desktop.models.party import Party
from erp_desktop.queries.masters import Bins
from erp_desktop.views.documents import lookups
from erp_desktop.views.masters.kinds import party_kind, warehouse_kind
from erp_desktop.views.masters.record_page import RecordPage
from erp_desktop.views.widgets.cells import CellKind, TableColumn
from erp_desktop.views.widgets.list_model import ListSpec
from erp_desktop.views.widgets.record_table import RecordTable

if TYPE_CHECKING:
    from erp_desktop.desk import Desk
    from erp_desktop.views.shell.main_window import MainWindow


class PartyPage(RecordPage):
    """A supplier, distributor, consumer or carrier, with its documents at the right."""

    def __init__(self, desk: "Desk", shell: "MainWindow", id: UUID, is_new: bool = False) -> None:
        super().__init__(desk, shell, party_kind(), id, is_new=is_new, has_related=True)

    def add_more(self) -> None:
        if not self.sees(Party, "commission_rate"):
            for name in ("commission_rate", "commission_rate_label"):
                if (widget := self.form.findChild(QWidget, name)) is not None:
                    widget.hide()
        self.content.setStretchFactor(self.form_area, 0)
        self.content.addStretch(1)


class WarehousePage(RecordPage):
    """A warehouse and its bins; a bin opens its own page."""

    def __init__(self, desk: "Desk", shell: "MainWindow", id: UUID, is_new: bool = False) -> None:
        super().__init__(desk, shell, warehouse_kind(id), id, is_new=is_new)

    def add_more(self) -> None:
        self.content.setStretchFactor(self.form_area, 0)
        warehouse_id = self.document_id
        spec = ListSpec(
            (
                TableColumn("code", translate("WarehousePage", "Bin"), width=180),
                TableColumn("zone", translate("WarehousePage", "Zone"), stretches=True),
                TableColumn("is_active", translate("WarehousePage", "Active"), CellKind.YES_NO),
            ),
            lambda request: Bins(request, warehouse_id=warehouse_id),
            tables=Bins.tables,
            name=translate("WarehousePage", "Bins"),
            empty_text=translate("WarehousePage", "No bins yet"),
        )
        heading = QLabel(spec.name)
        heading.setProperty("tone", "secondary")
        self.bins = RecordTable(self.desk, spec, self)
        self.bins.opened.connect(lambda row: self.shell.open_screen("bin", id=row.id))
        self.content.addWidget(heading)
        self.content.addWidget(self.bins, 1)
        self.do_new_bin = self.add_page_action(
            "warehouse.new_bin", translate("WarehousePage", "New bin"), self._new_bin, "Ctrl+N", "plus"
        )

    def other_actions(self) -> tuple[Any, ...]:
        self.allow(self.do_new_bin, self.may("master.write"))
        return (self.do_new_bin,)

    def _new_bin(self) -> None:
        record = self.record
        here = lookups.item(self.document_id, record.code, record.name, record.name_zh) if record else None
        self.shell.open_screen("bin", id=new_id(), is_new=True, first={"warehouse": here})
