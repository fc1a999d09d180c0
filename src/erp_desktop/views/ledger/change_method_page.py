"""Another costing method for a book or a category, from the start of a period: what stays, and what it changes after."""

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any
from uuid import UUID

from PySide6.QtWidgets import QCheckBox, QLabel

from erp_desktop.actions.base import Action
from erp_desktop.actions.cost_books import ChangeCostMethod
from erp_desktop.actions.refusals import Refused
from erp_desktop.i18n import translate
from erp_desktop.queries.base import ListRequest
from erp_desktop.queries.cost_books import CostBookFacts, CostBookList, PoolsOnDay
from erp_desktop.queries.ledger import Periods
from erp_desktop.views.documents.listed import Dressed
from erp_desktop.views.ledger.words_of_costing import lifo_warning, method_choices, method_text
from erp_desktop.views.masters.kinds import category_lookup
from erp_desktop.views.masters.record_page import OneOfList, RecordKind, RecordPage
from erp_desktop.views.widgets.asking import when_done
from erp_desktop.views.widgets.cells import CellKind, TableColumn, cell_value
from erp_desktop.views.widgets.effect_panel import EffectPanel
from erp_desktop.views.widgets.list_model import ListSpec
from erp_desktop.views.widgets.record_table import RecordTable

if TYPE_CHECKING:
    from erp_desktop.desk import Desk
    from erp_desktop.views.shell.main_window import MainWindow

FIELD_OF_REFUSAL = {
    "not_a_period_start": "from_on",
    "period_closed": "from_on",
    "no_period": "from_on",
    "changed_later_already": "from_on",
    "same_method": "method",
    "lots_kept_apart": "method",
    "lifo_in_the_ledger": "is_lifo_confirmed",
    "category_of_another_book": "category",
}


class ChangeMethodPage(RecordPage):
    """Opened for one book. The pools below keep their value to the cent; the panel shows what is re-costed after that day."""

    def __init__(self, desk: "Desk", shell: "MainWindow", id: UUID) -> None:
        self._places = 2
        kind = RecordKind(
            "change_method_form",
            translate("ChangeMethodPage", "Change the costing method"),
            ChangeCostMethod,
            lambda book_id: OneOfList(CostBookList(), book_id),
            lookups={"category": category_lookup()},
            choices={"method": ((None, translate("ChangeMethodPage", "As the book says")), *method_choices())},
            permission="cost.write",
            tables=CostBookList.tables,
        )
        super().__init__(desk, shell, kind, id)
        self.do_save.setText(translate("ChangeMethodPage", "Change the method"))
        self.binder.edited.connect(lambda _name: self._note_choice())
        self.effect.set_action(self.chosen_action)
        self.effect.set_open(True)
        open_periods = ListRequest(filters=(("is_closed", False),), sort="starts_on", limit=1, rows_only=True)
        when_done(desk.ask(Periods(open_periods)), self, self._propose)
        self.offer_actions()

    def add_more(self) -> None:
        self.content.setStretchFactor(self.form, 0)
        self.warning = QLabel(lifo_warning())
        self.warning.setWordWrap(True)
        self.warning.setProperty("tone", "late")
        self.warning.hide()
        self.heading = QLabel()
        self.heading.setWordWrap(True)
        self.table = RecordTable(self.desk, self._spec(), self)
        self.effect = EffectPanel(self.desk, self.shell, self)
        self.content.addWidget(self.warning)
        self.content.addWidget(self.heading)
        self.content.addWidget(self.table, 1)
        self.content.addWidget(self.effect)

    # --- showing

    def show_record(self, record: CostBookFacts) -> None:
        self.header.name(self.record_kind.title, f"{record.code} {cell_value(record, 'name')}")
        text = translate(
            "ChangeMethodPage",
            "{book} is costed by: {method}. As the day begins, every pool keeps its quantity and its value to the cent; what "
            "leaves from that day on is costed anew.",
        )
        self.heading.setText(text.format(book=cell_value(record, "name"), method=method_text(record.method)))
        category = self.binder.widget("category")
        if category is not None:
            category.setEnabled(record.posts_to_ledger)
            if not record.posts_to_ledger:
                category.setToolTip(
                    translate("ChangeMethodPage", "A category has a method of its own only in the book that posts.")
                )
        self._note_choice()

    def title_of(self, record: CostBookFacts) -> str:
        return translate("ChangeMethodPage", "Method of {book}").format(book=record.code)

    def offer_actions(self) -> None:
        if not hasattr(self, "effect"):
            return
        self.allow(self.do_save, self.may("cost.write"))
        self.offer(self.do_save)

    def chosen_action(self) -> Action | None:
        """The change as it would be made now; None while something is missing."""
        values = self.binder.peek()
        if values is None or (values["method"] is None and values["category"] is None):
            return None
        return self.action_of(values)

    def action_of(self, values: dict[str, Any]) -> ChangeCostMethod:
        category = values["category"]
        return ChangeCostMethod(
            self.document_id,
            values["method"],
            values["from_on"],
            category.id if category is not None else None,
            bool(values["is_lifo_confirmed"]),
        )

    def _spec(self, from_on: Any = None, category_id: UUID | None = None) -> ListSpec:
        query = partial(PoolsOnDay, book_id=self.document_id, from_on=from_on, category_id=category_id)
        return ListSpec(
            (
                TableColumn("product_code", translate("ChangeMethodPage", "Code"), width=110, is_sortable=False),
                TableColumn(
                    "product_name", translate("ChangeMethodPage", "Product"), stretches=True, is_sortable=False
                ),
                TableColumn("warehouse_code", translate("ChangeMethodPage", "Warehouse"), width=90, is_sortable=False),
                TableColumn("lot_code", translate("ChangeMethodPage", "Lot"), width=90, is_sortable=False),
                TableColumn("method", translate("ChangeMethodPage", "Method now"), width=150, is_sortable=False),
                TableColumn("qty", translate("ChangeMethodPage", "Quantity"), CellKind.QTY, 96, is_sortable=False),
                TableColumn("value", translate("ChangeMethodPage", "Value before"), CellKind.MONEY, is_sortable=False),
                TableColumn(
                    "value_after", translate("ChangeMethodPage", "Value after"), CellKind.MONEY, is_sortable=False
                ),
            ),
            lambda request: Dressed(query(request), _in_words),
            tables=PoolsOnDay.tables,
            name=translate("ChangeMethodPage", "Pools as the day begins"),
            empty_text=translate("ChangeMethodPage", "No stock is concerned on that day"),
        )

    def _note_choice(self) -> None:
        record: CostBookFacts | None = self.record
        values = self.binder.peek() or {}
        is_lifo = record is not None and record.posts_to_ledger and self.binder.value("method") == "lifo"
        self.warning.setVisible(is_lifo)
        confirm = self.binder.widget("is_lifo_confirmed")
        if isinstance(confirm, QCheckBox):
            confirm.setVisible(is_lifo)
        category = values.get("category")
        self.table.set_spec(self._spec(values.get("from_on"), category.id if category is not None else None))
        self.effect.note_change()

    def _propose(self, page: Any) -> None:
        if page.rows:
            self.binder.fill_in({"from_on": page.rows[0].starts_on})
            self._note_choice()

    # --- doing

    def save(self, then: Callable[[], object] | None = None) -> None:
        """Says what the change means; once that is agreed to, it is made."""
        values = self.read_values()
        if values is None:
            return
        text = translate(
            "ChangeMethodPage",
            "From {day} on it is costed by: {method}. What left since then is costed anew, and the differences are posted.",
        )
        method = (
            method_text(values["method"]) if values["method"] else translate("ChangeMethodPage", "As the book says")
        )
        sentence = text.format(day=values["from_on"], method=method)
        go = partial(super().save, then or self.close_asked.emit)
        self.ask(sentence, translate("ChangeMethodPage", "Change the method"), go)

    def say_refusal(self, refused: Refused) -> None:
        name = FIELD_OF_REFUSAL.get(refused.problem.code)
        widget = self.binder.widget(name) if name is not None else None
        if name is None or widget is None:
            super().say_refusal(refused)
            return
        self.binder.show_problem(name, refused.problem.sentence)
        self.binder.bar.show_problems([(refused.problem.sentence, widget.setFocus)])
        widget.setFocus()


def _in_words(row: Any) -> Any:
    return replace(row, method=method_text(row.method))
