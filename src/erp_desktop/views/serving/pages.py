"""The page of a rule of cost to serve, and that of a storage rate."""

from typing import TYPE_CHECKING, Any
from uuid import UUID

from PySide6.QtWidgets import QComboBox

from erp_desktop.actions.cost_to_serve import SHARED_PURPOSES, SaveCostToServeRule, SaveStorageRate
from erp_desktop.costing.cost_to_serve import Driver
from erp_desktop.i18n import translate
from erp_desktop.models.cost_to_serve import CostToServeKind
from erp_desktop.queries.masters import CostCentres
from erp_desktop.queries.serving_rules import CostToServeRules, StorageRates
from erp_desktop.views.documents import lookups
from erp_desktop.views.masters.record_page import OneOfList, RecordKind, RecordPage
from erp_desktop.views.serving.words import USUAL, driver_text, kind_text, purpose_text
from erp_desktop.views.widgets.fields import company_today
from erp_desktop.views.widgets.lookup import LookupSpec

if TYPE_CHECKING:
    from erp_desktop.desk import Desk
    from erp_desktop.views.shell.main_window import MainWindow


class RulePage(RecordPage):
    """Choosing the kind of cost fills in the accounts and the driver that are usual for it, on a new rule."""

    def add_more(self) -> None:
        box = self.binder.widget("kind")
        if self.is_new and isinstance(box, QComboBox):
            box.activated.connect(lambda _place: self._propose(box.currentData()))

    def _propose(self, kind: str) -> None:
        purpose, driver = USUAL[kind]
        self.binder.set_value("purpose", purpose)
        self.binder.set_value("driver", driver)

    def title_of(self, record: Any) -> str:
        kind = kind_text(record.kind)
        return f"{kind} · {record.cost_centre_code}" if record.cost_centre_code else kind


class StorageRatePage(RecordPage):
    """A rate is called by its warehouse and its first day."""

    def title_of(self, record: Any) -> str:
        return f"{record.warehouse_code} · {record.valid_from.isoformat()}"


def rule_page(desk: "Desk", shell: "MainWindow", id: UUID, is_new: bool = False, first: Any = None) -> RecordPage:
    kind = RecordKind(
        "cost_to_serve_rule_form",
        translate("CostToServe", "Rule"),
        SaveCostToServeRule,
        lambda id: OneOfList(CostToServeRules(), id),
        lookups={"cost_centre": LookupSpec(CostCentres)},
        choices={
            "kind": tuple((str(one), kind_text(one)) for one in CostToServeKind),
            "purpose": tuple((str(one), purpose_text(one)) for one in SHARED_PURPOSES),
            "driver": tuple((str(one), driver_text(one)) for one in Driver),
        },
        permission="cost.write",
        tables=CostToServeRules.tables,
    )
    return RulePage(desk, shell, kind, id, is_new=is_new, first=first)


def storage_rate_page(
    desk: "Desk", shell: "MainWindow", id: UUID, is_new: bool = False, first: Any = None
) -> RecordPage:
    kind = RecordKind(
        "storage_rate_form",
        translate("CostToServe", "Storage rate"),
        SaveStorageRate,
        lambda id: OneOfList(StorageRates(), id),
        lookups={"warehouse": lookups.warehouses()},
        first={"valid_from": company_today().replace(day=1)},
        permission="cost.write",
        tables=StorageRates.tables,
    )
    return StorageRatePage(desk, shell, kind, id, is_new=is_new, first=first)
