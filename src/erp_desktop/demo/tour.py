"""The tour: every registered screen of the real window visited once, and a picture of each saved.

It waits for what a screen shows, never for a time alone: lists for their rows, pages for their record, reports for their
result. A screen that nobody taught the tour how to fill is a fault of the tour and says so.
"""

import tempfile
from collections.abc import Callable
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any
from uuid import UUID

from erp_desktop.actions.accounting import EntryLine, PostJournalEntry
from erp_desktop.actions.periods import ClosePeriod, ReopenPeriod
from erp_desktop.demo.person import NothingCame, Person
from erp_desktop.desk import Desk
from erp_desktop.ids import new_id
from erp_desktop.queries.base import ListRequest, OneOf, Query
from erp_desktop.queries.cost_books import CostBookList
from erp_desktop.queries.currencies import ExchangeRates, KnownCurrencies
from erp_desktop.queries.ledger import Accounts, JournalEntries, Periods
from erp_desktop.queries.masters import (
    Bins,
    Categories,
    Channels,
    CostCentres,
    Employees,
    Parties,
    PriceLevels,
    Prices,
    Products,
    Units,
    Users,
    Warehouses,
)
from erp_desktop.queries.price_corrections import PriceCorrections
from erp_desktop.queries.purchasing import GoodsReceipts, LandedCosts, PurchaseOrders
from erp_desktop.queries.scrapping import StockScraps
from erp_desktop.queries.selling import CustomerReturns, SalesInvoices, SalesOrders, Shipments
from erp_desktop.queries.serving_rules import CostToServeRules, StorageRates
from erp_desktop.queries.stock import StockCounts
from erp_desktop.queries.supplier_returns import SupplierReturns
from erp_desktop.queries.transfers import GoodsTransfers
from erp_desktop.queries.valuation import StandardCostChanges, StockRevaluations, WriteDowns
from erp_desktop.views.importing.import_window import ImportWindow
from erp_desktop.views.reports.viewer import ReportViewer
from erp_desktop.views.shell.main_window import MainWindow
from erp_desktop.views.shell.screens import permitted_screens
from erp_desktop.views.widgets.list_screen import ListScreen

# Which record a page is visited with: the list that it is taken from, and what it must be.
RECORDS: dict[str, tuple[type[Any], tuple[tuple[str, Any], ...]]] = {
    "purchase_order": (PurchaseOrders, (("status", OneOf(("part_received", "received", "confirmed"))),)),
    "receive_goods": (PurchaseOrders, (("status", OneOf(("confirmed", "part_received"))),)),
    "goods_receipt": (GoodsReceipts, ()),
    "landed_cost": (LandedCosts, ()),
    "correct_price": (GoodsReceipts, ()),
    "return_to_supplier": (GoodsReceipts, ()),
    "supplier_return": (SupplierReturns, ()),
    "price_correction": (PriceCorrections, ()),
    "sales_order": (SalesOrders, ()),
    "ship_order": (SalesOrders, (("status", OneOf(("confirmed", "part_shipped"))),)),
    "shipment": (Shipments, ()),
    "confirm_delivery": (Shipments, (("is_under_way", True),)),
    "sales_invoice": (SalesInvoices, ()),
    "take_in_return": (Shipments, ()),
    "customer_return": (CustomerReturns, ()),
    "shipments_of_return": (CustomerReturns, (("status", "announced"),)),
    "stock_count": (StockCounts, ()),
    "stock_scrap": (StockScraps, ()),
    "goods_transfer": (GoodsTransfers, ()),
    "receive_transfer": (GoodsTransfers, (("status", OneOf(("dispatched", "part_received"))),)),
    "close_transfer": (GoodsTransfers, (("status", OneOf(("dispatched", "part_received"))),)),
    "stock_revaluation": (StockRevaluations, ()),
    "write_down": (WriteDowns, ()),
    "standard_cost_change": (StandardCostChanges, ()),
    "journal_entry": (JournalEntries, ()),
    "product": (Products, ()),
    "party": (Parties, (("is_supplier", True),)),
    "warehouse": (Warehouses, ()),
    "bin": (Bins, ()),
    "category": (Categories, ()),
    "channel": (Channels, ()),
    "price_level": (PriceLevels, ()),
    "price": (Prices, ()),
    "unit": (Units, ()),
    "cost_centre": (CostCentres, ()),
    "employee": (Employees, ()),
    "user": (Users, ()),
    "period": (Periods, ()),
    "cost_book": (CostBookList, ()),
    "change_cost_method": (CostBookList, ()),
    "cost_to_serve_rule": (CostToServeRules, ()),
    "storage_rate": (StorageRates, ()),
    "exchange_rate": (ExchangeRates, ()),
}
# Records that look otherwise than the newest of their kind: how the picture is called beside the screen, and what it must be.
FURTHER: dict[str, tuple[tuple[str, tuple[tuple[str, Any], ...]], ...]] = {
    "goods_transfer": (
        ("dispatched", (("status", "dispatched"),)),
        ("part-received", (("status", "part_received"),)),
        ("received", (("status", "received"),)),
        ("closed-short", (("status", "closed_short"),)),
    ),
    "customer_return": (
        ("announced", (("status", "announced"),)),
        ("received", (("status", "received"),)),
        ("without-shipment", (("status", "posted"), ("shipment_id", None))),
    ),
}
IN_CURRENCY = (  # documents that may be in a foreign currency
    "purchase_order",
    "receive_goods",
    "goods_receipt",
    "landed_cost",
    "correct_price",
    "return_to_supplier",
    "supplier_return",
    "price_correction",
)
NEW_ONES = (  # forms that are opened empty
    "enter_landed_cost",
    "count_stock",
    "scrap_stock",
    "return_without_shipment",
    "move_stock",
    "dispatch_transfer",
    "revalue_stock",
    "write_stock_down",
    "set_standard_cost",
    "post_journal_entry",
)

PRODUCTS_TO_IMPORT = """Code,Name,Chinese name,List price
TOUR-001,Gift box large,大礼盒,18.50
TOUR-002,Gift box small,小礼盒,9.80
TOUR-003,Ribbon red 25 mm,红色丝带 25 毫米,twelve
"""


def visit_every_screen(window: MainWindow, out: Path, colleague: Callable[[], Desk] | None = None) -> list[Path]:
    """Opens each screen of `window` in turn and saves it in `out` as NN-screen.png; the pictures, in order.

    With a `colleague` (another desk of the same company) something stands in Needs attention when that is visited: the two
    contradict each other, and afterwards all is as it was. Raises NothingCame for a screen that does not show what it should.
    """
    return Tour(window, out, colleague).run()


class Tour:
    """Somebody who visits the screens of `window`. `out` None: without pictures."""

    def __init__(self, window: MainWindow, out: Path | None, colleague: Callable[[], Desk] | None) -> None:
        self._window = window
        self._colleague = colleague
        self._person = Person(window, out)
        self._foreign = self._person.ask(KnownCurrencies()).foreign
        self._ways: dict[str, Callable[[], Any]] = {"attention": self._attention, "import": self._import}

    def run(self) -> list[Path]:
        for screen in permitted_screens(self._window.desk.permissions):
            self._visit(screen.key)
        self._walk_down_from_a_figure()
        return self._person.pictures

    def _visit(self, key: str) -> None:
        if key in self._ways:
            self._ways[key]()
            return
        if key in RECORDS:
            self._visit_records(key)
        elif key in NEW_ONES:
            self._show(key, "", id=new_id())
        else:
            self._show(key, "")

    def _visit_records(self, key: str) -> None:
        """The newest one, and what looks otherwise. What this company has none of is left out: an empty page shows nothing."""
        seen = set()
        further = list(FURTHER.get(key, ()))
        if key in IN_CURRENCY and self._foreign:
            further.append(("in-currency", (("currency", OneOf(self._foreign)),)))
        for called, filters in [("", ()), *further]:
            record_id = self.record(key, filters)
            if record_id is not None and record_id not in seen:
                seen.add(record_id)
                self._show(key, called, id=record_id)

    def _show(self, key: str, called: str, **args: Any) -> None:
        view = self._person.open(key, **args)
        self.settle(key, view)
        self._person.picture("-".join(filter(None, (key.replace("_", "-"), called))))
        if key != "home":
            self._leave(view)

    def _leave(self, view: Any) -> None:
        if hasattr(view, "set_dirty"):
            view.set_dirty(False)
        self._window.close_tab(view)

    def settle(self, key: str, view: Any) -> None:
        """Waits until the screen shows what it was opened for."""
        person = self._person
        if isinstance(view, ListScreen):
            person.wait(lambda: view.table.model.is_loaded, f"the rows of {key}")
        elif isinstance(view, ReportViewer):
            if not view.pane.is_complete:
                product = person.ask(Products(ListRequest(limit=1))).rows[0]
                shipment = person.ask(Shipments(ListRequest(limit=1))).rows[0]
                view.show_args(parameters={"product": product.id, "document": shipment.number, "line": "1"})
            person.wait(lambda: view.report is not None, f"the report {key}")
        elif hasattr(view, "record") and not getattr(view, "is_new", False):
            person.wait(lambda: view.record is not None, f"the record of {key}")
            if hasattr(view, "table"):
                person.wait(lambda: view.table.model.is_loaded, f"the lines of {key}")

    def record(self, key: str, further: tuple[tuple[str, Any], ...]) -> UUID | None:
        """The newest record that a page is visited with; None where the company has none such."""
        query, filters = RECORDS[key]
        asked: Query[Any] = query(ListRequest(filters=(*filters, *further), limit=1, rows_only=True))
        rows = self._person.ask(asked).rows
        found: UUID | None = rows[0].id if rows else None
        return found

    # --- screens that show something only after something was done

    def _attention(self) -> None:
        """An entry is posted into a period that a colleague has closed meanwhile: the centre refuses it, so it waits here."""
        person, desk = self._person, self._window.desk
        before = {item.id for item in desk.attention().result()}
        colleague = self._colleague() if self._colleague is not None and "period.close" in desk.permissions else None
        if colleague is not None:
            periods = person.ask(Periods(ListRequest(filters=(("is_closed", False),), sort="starts_on", limit=1)))
            period = periods.rows[0]
            desk.go_offline()
            desk.perform_and_wait(self._entry_on(period.starts_on))
            colleague.perform_and_wait(ClosePeriod(period.id))
            colleague.wait_until_synced()
            desk.go_online()
            person.wait(lambda: desk.sync_state.attention > 0, "the centre's answer")
        view = person.open("attention")
        if colleague is not None:
            person.wait(lambda: view.model.rowCount() > 0, "what needs attention")
        person.picture("attention")
        self._leave(view)
        if colleague is not None:
            for item in desk.attention().result():
                if item.id not in before:
                    desk.drop(item.id, "shown by the tour").result()
            colleague.perform_and_wait(ReopenPeriod(period.id, "shown by the tour"))
            colleague.wait_until_synced()
            desk.wait_until_synced()

    def _entry_on(self, day: date) -> PostJournalEntry:
        accounts = self._person.ask(Accounts(ListRequest(filters=(("is_active", True),), rows_only=True))).rows
        rent = next(one for one in accounts if one.type == "expense")
        cash = next(one for one in accounts if one.type == "asset")
        amount = Decimal("120.00")
        return PostJournalEntry(
            new_id(), day, "Taxi to the airport", (EntryLine(rent.id, debit=amount), EntryLine(cash.id, credit=amount))
        )

    def _import(self) -> None:
        """A file with a row to mend: its columns, and every row's verdict before anything is written."""
        person = self._person
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "products.csv"
            path.write_text(PRODUCTS_TO_IMPORT, "utf-8")
            view = person.open("import", target="products")
            assert isinstance(view, ImportWindow)
            view.open_path(path)
            person.wait(lambda: view.opened is not None, "the columns of the file")
            person.picture("import-columns")
            view.check_rows()
            person.wait(lambda: view.plan is not None, "the verdicts of the rows")
            person.picture("import-preview")
            self._leave(view)

    def _walk_down_from_a_figure(self) -> None:
        """From a figure of the inventory valuation to the moves behind it, and on to a document."""
        person = self._person
        if not self._window.has_screen("report_inventory_valuation"):
            return
        viewer = person.open("report_inventory_valuation")
        for name in ("behind-a-figure", "the-document-behind"):
            person.wait(lambda: viewer.report is not None, name)
            report = viewer.report
            assert report is not None
            links = [row.link for section in report.sections for row in section.rows if row.link is not None]
            if not links:
                raise NothingCame("a figure that can be opened")
            viewer.drill(links[-1])
            person.wait(lambda: viewer.report is not None, name)
            person.wait(lambda: person.page is viewer or person.page.record is not None, name)
            person.picture(name)
