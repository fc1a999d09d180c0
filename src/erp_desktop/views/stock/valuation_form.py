"""What the forms have in common that give stock another value: their effect stands open below, and they are posted at once."""

from abc import abstractmethod
from collections.abc import Callable, Iterable
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any, ClassVar
from uuid import UUID

from PySide6.QtCore import QTimer

from erp_desktop.actions.base import Action
from erp_desktop.actions.refusals import Refused
from erp_desktop.i18n import translate
from erp_desktop.queries.base import ListPage, ListRequest, OneOf, Query
from erp_desktop.queries.company import CompanyDetail, CompanyFacts
from erp_desktop.views.documents.form_page import FormPage
from erp_desktop.views.widgets.asking import when_done
from erp_desktop.views.widgets.cells import CellKind, shown
from erp_desktop.views.widgets.fields import company_today
from erp_desktop.views.widgets.lookup import LookupItem

if TYPE_CHECKING:
    from decimal import Decimal

    from erp_desktop.desk import Desk
    from erp_desktop.views.shell.main_window import MainWindow


_NEWS_PAUSE_MS = 300  # changes come several at a time
_MOST_ROWS = 10_000  # that one entry is about


class ValuationForm(FormPage):
    """A page says what its lines are, what posts them and what comes of it; it calls `add_post` before `begin`."""

    day: ClassVar[str] = "dated_on"  # the field that says when
    typed_column: ClassVar[str]  # where a refusal of a line is said
    fields_of_refusals: ClassVar[dict[str, str]] = {}
    figures: ClassVar[frozenset[str]] = frozenset()  # the tables that the figures beside what is typed come from

    def __init__(
        self,
        desk: "Desk",
        shell: "MainWindow",
        kind: str,
        id: UUID,
        query: Callable[[UUID], Query[Any]],
        form: str,
        fields: tuple[str, ...],
        needed: tuple[str, ...],
    ) -> None:
        self.currency, self.places = "", 2
        self.entry_rows: tuple[Any, ...] = ()  # what the lines of a refused entry are about
        super().__init__(desk, shell, kind, id, query, form, fields, needed, is_new=True, has_related=False)

    def begin(self, title: str, hint: str) -> None:
        """Shows the empty form. Its effect is open from the start: it is what the form is for."""
        self.effect = self.add_effect(self.action_now, self.day, self.product_ids)
        self.effect.set_open(True)
        self.binder.show({self.day: company_today()})
        self.set_title(title)
        self.header.name(title)
        self.header.hint.setText(hint)
        self.lines_changed()
        self.offer_actions()
        when_done(self.desk.ask(CompanyDetail()), self, self._take_company)
        self.news = QTimer(self, singleShot=True, interval=_NEWS_PAUSE_MS)
        self.news.timeout.connect(self._read_anew)
        self.desk.changed.connect(self._hear)

    # --- what others do meanwhile

    def _hear(self, tables: frozenset[str]) -> None:
        if self.is_new and tables & self.figures:
            self.news.start()

    def _read_anew(self) -> None:
        if self.is_editing:
            self.news.start()  # once the cell is closed
        else:
            self.read_figures()

    @property
    def is_editing(self) -> bool:
        return self.grid.state() == self.grid.State.EditingState

    def read_figures(self) -> None:
        """Reads the figures again that stand beside what is typed."""

    def read_items(self, column: str, query: Callable[[ListRequest], Query[ListPage[Any]]]) -> None:
        """Reads the records again that were chosen in `column`."""
        chosen = {item.id for line in self.grid.lines() if isinstance(item := line.get(column), LookupItem)}
        if chosen:
            request = ListRequest(filters=(("id", OneOf(tuple(chosen))),), limit=len(chosen), rows_only=True)
            when_done(self.desk.ask(query(request)), self, partial(self._take_items, column))

    def _take_items(self, column: str, page: ListPage[Any]) -> None:
        if self.is_editing:
            self.news.start()
            return
        model = self.grid.model_of_lines
        number = next(place for place, one in enumerate(model.spec.columns) if one.name == column)
        found = {row.id: row for row in page.rows}
        cells: dict[tuple[int, int], Any] = {}
        for row in range(model.rowCount()):
            item = model.line(row).get(column)
            if isinstance(item, LookupItem) and found.get(item.id, item.row) != item.row:
                cells[row, number] = replace(item, row=found[item.id])
        if cells:
            model.change(cells)

    def _take_company(self, company: CompanyFacts) -> None:
        self.currency = company.currency
        if company.currency_places != self.places and not self.grid.lines():
            self.places = company.currency_places
            self.use_columns()
        self.lines_changed()

    # --- a refused entry

    def read_rows_of_entry(
        self,
        query: Callable[[ListRequest], Query[ListPage[Any]]],
        column: str,
        ids: Iterable[UUID],
        then: Callable[[], object],
    ) -> None:
        """Reads the rows whose `column` is one of `ids` into `entry_rows`."""
        request = ListRequest(filters=((column, OneOf(tuple(set(ids)))),), limit=_MOST_ROWS, rows_only=True)

        def take(page: ListPage[Any]) -> None:
            self.entry_rows = page.rows
            then()

        when_done(self.desk.ask(query(request)), self, take)

    # --- what a page says (Qt's metaclass takes no ABC beside it: mypy alone sees to it that it does)

    @abstractmethod
    def use_columns(self) -> None:
        """Makes the lines, in the company's currency as soon as it is known."""

    @abstractmethod
    def stated_lines(self) -> list[dict[str, Any]]:
        """The lines that are to be posted."""

    @abstractmethod
    def action_of(self, values: dict[str, Any], lines: list[dict[str, Any]]) -> Action:
        """What posts these lines; `values` by field."""

    @abstractmethod
    def product_ids(self) -> Iterable[UUID]:
        """The products whose value changes: of these the effect is worked out."""

    @abstractmethod
    def consequence(self, lines: list[dict[str, Any]]) -> str:
        """What is said before it is posted."""

    @abstractmethod
    def nothing_stated(self) -> str:
        """What is to be done while no line says anything."""

    # --- posting

    def action_now(self) -> Action | None:
        """What would be performed now; None while there is nothing or something must be put right."""
        values, lines = self.peek_form(), self.stated_lines()
        return None if values is None or not lines else self.action_of(values, lines)

    def offer_actions(self) -> None:
        if hasattr(self, "do_post"):
            self.allow(self.do_post, self.may("cost.write"))
            self.offer(self.do_post, self.helping_actions())

    def helping_actions(self) -> tuple[Any, ...]:
        """Actions that fill lines in, beside the primary one."""
        return ()

    def add_post(self, key: str, text: str, icon: str) -> None:
        self.do_post = self.add_page_action(key, text, self.save, "", icon)

    def save(self, then: Callable[[], object] | None = None) -> None:
        """Says what comes of it and posts once that is agreed to; afterwards its page opens in the place of this form."""
        self.when_settled(partial(self._save, then))

    def _save(self, then: Callable[[], object] | None) -> None:
        values = self.read_form()
        if values is None:
            return
        lines = self.stated_lines()
        if not lines:
            self.binder.bar.show_problems([(self.nothing_stated(), self.grid.setFocus)])
            self.grid.setFocus()
            return
        action = self.action_of(values, lines)

        done = partial(self.leave_for, self.kind, self.document_id, translate("ValuationForm", "Posted"), then)

        def post() -> None:
            self.perform(action, done, self.say_refusal)

        self.ask(self.consequence(lines), self.do_post.text(), post)

    def say_refusal(self, refused: Refused) -> None:
        self.show_line_refusal(refused, self.typed_column, self.fields_of_refusals)

    def money(self, amount: "Decimal") -> str:
        """An amount in the company's currency."""
        return f"{shown(amount, CellKind.MONEY, self.places)} {self.currency}".strip()

    def signed(self, amount: "Decimal") -> str:
        """A change with its sign, in the company's currency."""
        return f"{'+' if amount > 0 else ''}{self.money(amount)}"
