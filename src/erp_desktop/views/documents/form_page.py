"""A document's page with a form and lines that people type into: saving what is typed, and where each problem is said.

Here: dirt, waiting for look-ups, problems and refusals at their field or line. Not here: what a document is made of.
"""

from collections.abc import Callable, Iterable
from functools import partial
from typing import TYPE_CHECKING, Any, cast
from uuid import UUID

from PySide6.QtCore import Qt, QTimer
from PySide6.QtWidgets import QAbstractItemView, QApplication, QLabel, QWidget

from erp_desktop.actions.base import Action
from erp_desktop.actions.finding import NoLines
from erp_desktop.actions.refusals import Refused
from erp_desktop.i18n import translate
from erp_desktop.queries.base import Query
from erp_desktop.views.documents.entries import RefusedEntry
from erp_desktop.views.documents.page import DocumentPage
from erp_desktop.views.widgets.effect_panel import EffectPanel
from erp_desktop.views.widgets.form import FormBinder, FormBroken, load_form
from erp_desktop.views.widgets.line_grid import LineGrid
from erp_desktop.views.widgets.line_model import BadCell, LineSpec
from erp_desktop.views.widgets.lookup import LookupField, LookupItem
from erp_desktop.views.widgets.reading import NotReadable
from erp_desktop.views.widgets.scrolled_form import ScrolledForm

if TYPE_CHECKING:
    from erp_desktop.desk import Desk
    from erp_desktop.views.documents.exchange_rate import CurrencyField
    from erp_desktop.views.shell.main_window import MainWindow

LAST_WAREHOUSE = "last_warehouse"  # in the window's settings
_LOOK_AGAIN_MS = 25
_LOOKS = 120  # three seconds for look-ups to settle before what is not known is said


class FormPage(DocumentPage):
    """`binder` holds the fields of resources/ui/FORM.ui, `grid` its widget called `lines`."""

    def __init__(
        self,
        desk: "Desk",
        shell: "MainWindow",
        kind: str,
        document_id: UUID,
        query: Callable[[UUID], Query[Any]],
        form: str,
        fields: Iterable[str],
        needed: Iterable[str],
        *,
        is_new: bool = False,
        has_related: bool = True,
    ) -> None:
        super().__init__(desk, shell, kind, document_id, query, is_new=is_new, has_related=has_related)
        self._is_settling = False
        self.currency_field: CurrencyField | None = None
        self.form = load_form(form, self)
        self._fields = tuple(dict.fromkeys((*fields, *needed)))
        self.binder = FormBinder(self.form, fields, needed)
        grid = self.binder.widget("lines")
        if not isinstance(grid, LineGrid):
            raise FormBroken(f"the form {form}.ui has no line grid called lines, which it needs")
        self.grid = grid
        self.binder.accept()  # an empty form is no change
        self.binder.dirty_changed.connect(self.set_dirty)
        self.binder.edited.connect(lambda _name: self.withdraw_question())
        self.grid.changed.connect(self._note_lines)
        self.content.addWidget(self.form, 1)

    def let_form_scroll(self) -> None:
        """For a form that is higher than what is left beside its effect."""
        place = self.content.indexOf(self.form)
        self.content.insertWidget(place, ScrolledForm(self.form), 1)

    def use_lines(self, spec: LineSpec) -> None:
        """What the lines are made of."""
        self.grid.use(self.desk, spec)

    def lookup(self, name: str) -> LookupField:
        """The lookup field `name`; the form must have it."""
        return cast(LookupField, self.binder.widget(name))

    def show_text(self, name: str, text: str) -> None:
        """Writes a label of the form, if it still has it."""
        label = self.binder.widget(name)
        if isinstance(label, QLabel):
            label.setText(text)

    def start_at(self, name: str) -> None:
        """Where the keyboard is when the page opens."""
        self.setFocusProxy(self.binder.widget(name) or self.grid)

    def focus_field(self, name: str) -> None:
        widget = self.binder.widget(name)
        if isinstance(widget, QWidget):
            widget.setFocus()

    # --- reading what is typed

    def when_settled(self, then: Callable[[], object]) -> None:
        """Takes what is still being typed, waits for look-ups under way, then calls `then`."""
        if self._is_settling or self.is_busy:
            return  # the key was pressed twice: once is meant
        self._is_settling = True
        focus = QApplication.focusWidget()
        if focus is not None and focus is not self.grid and self.grid.isAncestorOf(focus):
            self.grid.setFocus()  # the open editor hands its text to the cell
        elif isinstance(focus, LookupField) and self.isAncestorOf(focus):
            self.grid.setFocus()  # leaving the field finds the record that its text means
        self._look(then, _LOOKS)

    def _look(self, then: Callable[[], object], looks: int) -> None:
        if looks and self._is_waiting():
            QTimer.singleShot(_LOOK_AGAIN_MS, self, partial(self._look, then, looks - 1))
        else:
            self._is_settling = False
            then()

    def _is_waiting(self) -> bool:
        if any(field.is_waiting for field in self.form.findChildren(LookupField)):
            return True
        return self.grid.is_waiting

    def read_form(self) -> dict[str, Any] | None:
        """The fields' values, or None after saying what must be put right, in fields or lines."""
        values = self.binder.read()
        if values is None:
            return None
        problems = self.grid.problems()
        if problems:
            self.binder.bar.show_problems(
                [(sentence, partial(self.grid.go_to, row, column)) for row, column, sentence in problems]
            )
            self.grid.go_to(*problems[0][:2])
            return None
        return values

    def read_with_lines(self) -> dict[str, Any] | None:
        """As `read_form`, and a document without a line is not whole."""
        values = self.read_form()
        if values is None or self.grid.lines():
            return values
        self.binder.bar.show_problems([(NoLines().problem.sentence, partial(self.grid.go_to, 0, 0))])
        self.grid.go_to(0, 0)
        return None

    def typed(self, name: str) -> Any:
        """What stands in the field `name`; None while it cannot be read."""
        try:
            return self.binder.value(name)
        except NotReadable:
            return None

    def chosen(self, name: str) -> UUID | None:
        """The id of the record that the lookup field `name` holds."""
        item = self.typed(name)
        return item.id if isinstance(item, LookupItem) else None

    def peek_form(self) -> dict[str, Any] | None:
        """As `read_form`, saying nothing: None where something must be put right first."""
        return None if self.grid.problems() else self.binder.peek()

    # --- what it would change

    def add_effect(
        self, make: Callable[[], Action | None], day: str, product_ids: Callable[[], Iterable[UUID]]
    ) -> EffectPanel:
        """Below the form: what the action that `make` gives would change. Opens by itself where the field `day` lies before
        today, or before the last move of one of the products."""
        panel = EffectPanel(self.desk, self.shell, self)
        self.content.addWidget(panel)

        def notice() -> None:
            panel.note_change()
            panel.open_if_back_dated(self.typed(day), product_ids())

        panel.set_action(make)
        self.binder.edited.connect(lambda _name: notice())
        self.grid.changed.connect(notice)
        return panel

    @property
    def is_for_entry(self) -> bool:
        """The form is there to be filled in: nothing of it is saved yet."""
        return self.is_new

    def save_untouched(self) -> None:
        if not self.is_for_entry:
            super().save_untouched()
        elif self.read_form() is not None:
            self.binder.bar.say_nothing_typed(self.grid.setFocus)
            self.grid.setFocus()

    def leave_for(self, kind: str, document_id: UUID, told: str, then: Callable[[], object] | None) -> None:
        """What was typed is posted: says so, and opens the document's page in the place of this form, unless the person is on
        the way elsewhere (`then`)."""
        self.set_dirty(False)
        self.tell(told)
        if then is not None:
            then()
            return
        self.shell.open_screen(kind, id=document_id)
        self.close_asked.emit()

    # --- a refused entry

    def show_entry(self, entry: RefusedEntry) -> int:
        values = self.entry_values(entry)
        if self.currency_field is not None and values.get("currency"):
            self.currency_field.keep(values["currency"])
        self.binder.take_over(values)
        left_out = self.show_entry_lines(entry) if entry.lines else 0
        self._note_lines()
        return left_out

    def entry_values(self, entry: RefusedEntry) -> dict[str, Any]:
        """The form's values for the fields that the person had given or changed."""
        return entry.field_values(self._fields)

    def show_entry_lines(self, entry: RefusedEntry) -> int:
        """Shows the entry's lines; of a draft that is here already those that the person had changed. Answers how many have no
        place here any more."""
        model = self.grid.model_of_lines
        spec = model.spec
        stored = [model.line(row) for row in range(model.rowCount())] if self.record is not None else []
        self.show_lines(entry.in_place_of([line for line in stored if line.get("id")], spec))
        units = [number for number, column in enumerate(spec.columns) if column.name == "unit" and column.within]
        if not units:
            return 0
        codes = {line.line_id: entry.unit_code(line) for line in entry.lines}
        rows = {row: model.line(row) for row in range(model.rowCount())}
        wanted = {row: codes.get(line.get("id"), "") for row, line in rows.items()}
        known = {row: unit.code for row, line in rows.items() if isinstance(unit := line.get("unit"), LookupItem)}
        model.change({(row, units[0]): code for row, code in wanted.items() if code and known.get(row) != code})
        return 0

    # --- what is remembered on this computer

    def last_warehouse(self) -> UUID | None:
        """The warehouse of the order that this person saved last."""
        stored = self.shell.settings.text(LAST_WAREHOUSE)
        try:
            return UUID(stored) if stored else None
        except ValueError:
            return None

    def remember_warehouse(self, warehouse_id: UUID) -> None:
        """The next new order starts with this one."""
        self.shell.settings.put(LAST_WAREHOUSE, warehouse_id.hex)

    # --- refusals

    def show_line_refusal(self, refused: Refused, column: str, fields: dict[str, str] | None = None) -> None:
        """Says a refusal at the line whose product it names (in the cell of `column`), else at the field that `fields`
        gives for its code, else in the bar."""
        problem = refused.problem
        row = self.row_of_product(problem.fields.get("product", ""))
        if row is not None:
            number = next(n for n, one in enumerate(self.grid.model_of_lines.spec.columns) if one.name == column)
            index = self.grid.model_of_lines.index(row, number)
            typed = str(index.data(Qt.ItemDataRole.EditRole) or "")
            meant = self.grid.model_of_lines.line(row).get(column)
            meant = meant.value if isinstance(meant, BadCell) else meant
            self.grid.model_of_lines.change({(row, number): BadCell(typed, problem.sentence, meant)})
            self.binder.bar.show_problems([(problem.sentence, partial(self.grid.go_to, row, number))])
            self.grid.go_to(row, number)
            return
        name = (fields or {}).get(problem.code)
        if name is not None:
            self.binder.show_problem(name, problem.sentence)
            self.binder.bar.show_problems([(problem.sentence, partial(self.focus_field, name))])
            self.focus_field(name)
            return
        self.binder.show_refusal(refused)

    def row_of_product(self, code: str) -> int | None:
        """The first line of the product with this code."""
        model = self.grid.model_of_lines
        for row in range(model.rowCount() if code else 0):
            line = model.line(row)
            product = line.get("product")
            if (product.code if isinstance(product, LookupItem) else line.get("product_code")) == code:
                return row
        return None

    # --- following changes

    @property
    def is_typing(self) -> bool:
        """Somebody is in the middle of it: what is shown must not be replaced."""
        return self.is_dirty or self.grid.state() == QAbstractItemView.State.EditingState

    def show_lines(self, lines: list[dict[str, Any]]) -> None:
        """Shows saved lines; the cursor stays where it is."""
        here = self.grid.currentIndex()
        self.grid.show_lines(list(lines))
        if here.isValid() and here.row() < self.grid.model_of_lines.rowCount():
            self.grid.setCurrentIndex(self.grid.model_of_lines.index(here.row(), here.column()))

    def say_changed_elsewhere(self) -> None:
        """The document was changed by somebody else while it is being typed into here."""

        def take_theirs() -> None:
            self.binder.accept()
            self.set_dirty(False)
            self.banner.hide()
            self.refresh()

        def keep_mine() -> None:
            self.banner.hide()
            self.note_seen()

        self.banner.show_sentence(
            "warning",
            translate("FormPage", "This document was changed elsewhere while you typed. Nothing of yours is lost."),
            (
                (translate("FormPage", "Show what is saved"), take_theirs),
                (translate("FormPage", "Keep mine"), keep_mine),
            ),
        )

    def note_seen(self) -> None:
        """The person knows the record as it is now, and means what is typed to be instead."""

    def lines_changed(self) -> None:
        """The person changed a line: totals, proposals."""

    def _note_lines(self) -> None:
        self.withdraw_question()
        self.binder.note_other_change()
        self.lines_changed()
