"""The page of a cost book: opening a further one, renaming, closing, and the way to another method."""

from functools import partial
from typing import TYPE_CHECKING, Any
from uuid import UUID

from PySide6.QtWidgets import QCheckBox, QComboBox, QLabel

from erp_desktop.actions.base import Action
from erp_desktop.actions.cost_books import CloseCostBook, OpenCostBook, RenameCostBook
from erp_desktop.i18n import translate
from erp_desktop.queries.cost_books import CostBookFacts, CostBookList
from erp_desktop.views.ledger.cost_books import status_of
from erp_desktop.views.ledger.words_of_costing import method_choices, method_text
from erp_desktop.views.masters.record_page import OneOfList, RecordKind, RecordPage
from erp_desktop.views.widgets.cells import CellKind, shown
from erp_desktop.views.widgets.fields import NumberField

if TYPE_CHECKING:
    from erp_desktop.desk import Desk
    from erp_desktop.views.shell.main_window import MainWindow


class CostBookPage(RecordPage):
    """A book's method is chosen when it is opened; later it changes from the start of a period, on a page of its own."""

    def __init__(self, desk: "Desk", shell: "MainWindow", id: UUID, is_new: bool = False) -> None:
        kind = RecordKind(
            "cost_book_form",
            translate("CostBookPage", "Cost book"),
            OpenCostBook,
            lambda book_id: OneOfList(CostBookList(), book_id),
            choices={"method": method_choices()},
            permission="cost.write",
            tables=CostBookList.tables,
        )
        super().__init__(desk, shell, kind, id, is_new=is_new)
        text = translate("CostBookPage", "Change the method")
        self.do_change = self.add_page_action("cost_book.method", text, self.change_method, "", "edit")
        text = translate("CostBookPage", "Close the book")
        self.do_close = self.add_page_action("cost_book.close", text, self.close_book, "", "close")
        text = translate("CostBookPage", "Stock value in it")
        self.do_value = self.add_page_action("cost_book.value", text, self.open_value, "", "reports")
        if is_new:
            self.do_save.setText(translate("CostBookPage", "Open the book"))
        method = self.binder.widget("method")
        if isinstance(method, QComboBox):
            method.currentIndexChanged.connect(lambda _: self._offer_options())
        self._offer_options()
        self.offer_actions()

    def add_more(self) -> None:
        self.content.setStretchFactor(self.form, 0)
        self.words = QLabel()
        self.words.setWordWrap(True)
        self.words.setProperty("tone", "secondary")
        self.words.setText(
            translate(
                "CostBookPage",
                "A further book costs the same moves by another method, from the first one on. It posts nothing: reports show "
                "it beside the book that does. The centre computes its whole history; until then it is being computed.",
            )
        )
        self.content.addWidget(self.words)
        self.content.addStretch(1)

    def action_of(self, values: dict[str, Any]) -> Action:
        if self.is_new:
            places = values["unit_cost_places"]
            return super().action_of({**values, "unit_cost_places": None if places is None else int(places)})
        return RenameCostBook(self.document_id, values["code"], values["name"], values["name_zh"] or "")

    def show_more(self, record: CostBookFacts) -> None:
        self.do_save.setText(translate("CostBookPage", "Save"))
        status = status_of(record)
        self.header.path.show_path((status,), status)
        self.header.path.show()
        for name in ("method", "unit_cost_places", "shares_variance"):
            widget = self.binder.widget(name)
            if widget is not None:
                widget.setEnabled(False)
        text = translate("CostBookPage", "{method}. Stock is worth {value} in it now.")
        self.words.setText(
            text.format(method=method_text(record.method), value=shown(record.value, CellKind.MONEY))
            if status != "computing"
            else translate("CostBookPage", "The centre is computing its history.")
        )

    def other_actions(self) -> tuple[Any, ...]:
        record: CostBookFacts | None = self.record
        if not hasattr(self, "do_value") or record is None:
            return ()
        may_not = self.may("cost.write")
        closed = translate("CostBookPage", "The book is closed.") if record.is_closed else ""
        posts = translate("CostBookPage", "It posts to the ledger.") if record.posts_to_ledger else ""
        self.allow(self.do_change, may_not or closed)
        self.allow(self.do_close, may_not or posts or closed)
        self.allow(self.do_value)
        return (self.do_change, self.do_value, self.do_close)

    def change_method(self) -> None:
        """The page on which another method is chosen, with what it would change."""
        self.shell.open_screen("change_cost_method", id=self.document_id)

    def open_value(self) -> None:
        self.shell.open_screen("report_inventory_valuation", parameters={"cost_book": self.document_id})

    def close_book(self) -> None:
        """Says what it means, then closes the book for good."""
        text = translate(
            "CostBookPage",
            "What moves from now on is not costed in {book} any more, and it cannot be taken up again; what it says of the past "
            "stays.",
        )
        name = self.record.name if self.record is not None else ""
        close = partial(self.perform, CloseCostBook(self.document_id))
        self.ask(text.format(book=name), translate("CostBookPage", "Close the book"), close)

    def _offer_options(self) -> None:
        """What only one method knows can be filled in only with that one."""
        if not self.is_new:
            return
        method = self.binder.value("method")
        places, shares = self.binder.widget("unit_cost_places"), self.binder.widget("shares_variance")
        if isinstance(places, NumberField):
            places.setEnabled(method == "periodic_average")
        if isinstance(shares, QCheckBox):
            shares.setEnabled(method == "standard")
