"""What counting at the dock has in common: an order's or shipment's lines, and how many of each were counted."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from functools import partial
from typing import TYPE_CHECKING, Any
from uuid import UUID

from erp_desktop.actions.base import Action
from erp_desktop.actions.lots import LOT_REFUSALS
from erp_desktop.actions.refusals import Refused
from erp_desktop.i18n import translate
from erp_desktop.ids import new_id
from erp_desktop.numbers import ZERO
from erp_desktop.queries.base import Query
from erp_desktop.queries.line_units import InLineUnit
from erp_desktop.queries.order_entry import Scanned, ScannedProduct
from erp_desktop.views.documents import lookups
from erp_desktop.views.documents.entries import RefusedEntry, put_together
from erp_desktop.views.documents.form_page import FormPage
from erp_desktop.views.documents.kinds import kind_text, number_text
from erp_desktop.views.widgets.asking import when_done
from erp_desktop.views.widgets.cells import CellKind, cell_value, shown_number
from erp_desktop.views.widgets.line_model import BadCell, LineColumn
from erp_desktop.views.widgets.lookup import LookupSpec

if TYPE_CHECKING:
    from erp_desktop.desk import Desk
    from erp_desktop.views.shell.main_window import MainWindow


@dataclass(frozen=True)
class Counting:
    """What is counted on a page, and what comes of it.

    `rows_of` gives the lines of the page's record to count: id, product_id, product_code, product_name, unit, open, counted.
    `action_of` gives the action under the new document's id, for the record's id, the fields' values and the counted lines.
    """

    makes: str  # kind of the document that comes of it
    rows_of: Callable[[Any], list[dict[str, Any]]]
    action_of: Callable[[UUID, UUID, dict[str, Any], list[dict[str, Any]]], Action]
    day: str  # the field with the day it happened
    done: str  # what is said when it is performed
    field_of_refusal: Mapping[str, str]  # by the refusal's code


class CountingPage(FormPage):
    """Each line has `open` (what is expected at most) and `counted` (what is typed or scanned).

    After the action is performed the document that came of it opens in the place of the page.
    """

    typed_columns: tuple[str, ...] = ("counted", "bin")  # what stays as it was typed when the document is read again

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
        counting: Counting,
        *,
        has_related: bool = True,
    ) -> None:
        super().__init__(desk, shell, kind, document_id, query, form, fields, needed, has_related=has_related)
        self.made_id = new_id()
        self._counting = counting
        self.effect = self.add_effect(self._action_now, counting.day, self._products_counted)

    @property
    def makes(self) -> str:
        """The kind of the document that comes of it."""
        return self._counting.makes

    @property
    def is_for_entry(self) -> bool:
        return True

    # --- columns

    def columns(
        self,
        open_heading: str,
        counted_heading: str,
        bins: LookupSpec | None,
        lots: tuple[LineColumn, ...] = (),
    ) -> tuple[LineColumn, ...]:
        """The columns that counting has everywhere, with those of the lots where some are kept by lot."""
        found = (
            LineColumn("product_code", translate("CountingPage", "Code"), width=130, is_computed=True),
            LineColumn("product_name", translate("CountingPage", "Product"), is_computed=True, stretches=True),
            LineColumn("open", open_heading, CellKind.QTY, 124, is_computed=True),
            *lots,
            LineColumn("counted", counted_heading, CellKind.QTY, 110),
            LineColumn("unit", translate("CountingPage", "Unit"), width=64, is_computed=True),
            LineColumn("pack", translate("CountingPage", "Ordered as"), width=124, is_computed=True),
        )
        if bins is None:
            return found
        return (*found, LineColumn("bin", translate("CountingPage", "Bin"), width=150, lookup=bins))

    # --- showing

    def title_of(self, record: Any) -> str:
        return f"{self.verb()} {number_text(record.number)}"

    def verb(self) -> str:
        """What is done here, as the tab says it."""
        return kind_text(self.kind)

    def show_record(self, record: Any) -> None:
        rows = self._counting.rows_of(record)
        if self.grid.state() == self.grid.State.EditingState:
            return
        if self.is_dirty:
            rows = self._with_what_was_typed(rows)
        self.show_lines(rows)
        names = [column.name for column in self.grid.model_of_lines.spec.columns]
        for name in ("pack", "price_unit"):  # they say something only of what was ordered in another unit
            if name in names:
                self.grid.show_column(name, any(row.get("pack") for row in rows))
        self.effect.note_change()
        if rows and not self.grid.currentIndex().isValid():
            self.grid.setCurrentIndex(self.grid.model_of_lines.index(0, names.index("counted")))
        self.lines_changed()

    def _with_what_was_typed(self, rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
        """The lines as they are now, split into lots as the person has split them."""
        typed: dict[Any, list[dict[str, Any]]] = {}
        for line in self._all_lines():
            typed.setdefault(line.get("id"), []).append(line)
        kept = []
        for row in {row["id"]: row for row in reversed(rows)}.values():
            for number, part in enumerate(typed.get(row["id"], [{}])):
                mine = {name: part[name] for name in self.typed_columns if name in part}
                kept.append((row if number == 0 else part_of(row)) | mine)
        order = [row["id"] for row in rows]
        return sorted(kept, key=lambda row: order.index(row["id"]))

    def lines_changed(self) -> None:
        counted = [line for line in self._all_lines() if _number(line)]
        total = sum((_number(line) for line in counted), ZERO)
        text = translate("CountingPage", "Lines counted: {lines}, units: {units}")
        self.show_text("line_count", text.format(lines=len(counted), units=shown_number(total)))

    def _all_lines(self) -> list[dict[str, Any]]:
        """Every line as it stands, with what was refused."""
        model = self.grid.model_of_lines
        return [model.line(row) for row in range(model.rowCount())]

    def expected_of(self, line: dict[str, Any]) -> Decimal | None:
        """What `count_all` fills in for a line."""
        return line.get("open")

    def count_all(self) -> None:
        """Everything that is open was counted; lines with a quantity keep theirs."""
        model = self.grid.model_of_lines
        column = [one.name for one in model.spec.columns].index("counted")
        cells = {}
        for row, line in enumerate(self._all_lines()):
            expected = (self.expected_of(line) or ZERO) - self._counted_of(line["id"])
            if line.get("counted") is None and expected > 0:
                cells[row, column] = expected
        model.change(cells, translate("CountingPage", "All as expected"))
        self.grid.setFocus()

    # --- scanning

    def take_scan(self, code: str) -> None:
        """Adds one pack of the product that `code` stands on to its line."""
        when_done(self.desk.ask(ScannedProduct(code)), self, partial(self._add_scanned, code))

    def _add_scanned(self, code: str, scanned: Scanned | None) -> None:
        model = self.grid.model_of_lines
        lines = [(row, model.line(row)) for row in range(model.rowCount())]
        mine = [(row, line) for row, line in lines if scanned is not None and line["product_id"] == scanned.product_id]
        if scanned is None and self.take_lot(code):
            return
        if scanned is None or not mine:
            name = scanned.product_code if scanned is not None else code
            text = translate("CountingPage", "{code} is not on this document. Put it aside and scan the next one.")
            self.show_problem(text.format(code=name))
            return
        if scanned.qty is None:
            text = translate(
                "CountingPage",
                "This pack of {code} is no exact quantity in its stock unit. Count it and type the quantity in its line.",
            )
            self.show_problem(text.format(code=scanned.product_code))
            return
        self.banner.hide()
        whole = [(row, line) for row, line in mine if line["open"] is not None]
        _, line = next(
            (one for one in whole if self._counted_of(one[1]["id"]) + scanned.qty <= one[1]["open"]), whole[0]
        )
        open_qty = line["open"]
        parts = [row for row, one in mine if one["id"] == line["id"]]
        here = self.grid.currentIndex().row()
        row = here if here in parts else parts[-1]
        column = [one.name for one in model.spec.columns].index("counted")
        model.change({(row, column): _number(model.line(row)) + scanned.qty}, translate("CountingPage", "Scan"))
        self.grid.setCurrentIndex(model.index(row, column))
        text = translate("CountingPage", "{code}: {counted} of {open}")
        counted = self._counted_of(line["id"])
        names = {"code": scanned.product_code, "counted": shown_number(counted), "open": shown_number(open_qty)}
        self.tell(text.format(**names))
        if counted > open_qty:
            text = translate(
                "CountingPage", "{code}: {counted} counted, only {open} expected. Put aside what is too many."
            )
            self.show_problem(text.format(**names))

    def take_lot(self, code: str) -> bool:
        """Takes what was scanned and is no product as the lot of the line under the cursor; False where none is kept."""
        return False

    def _counted_of(self, line_id: Any) -> Decimal:
        """What was counted of a line in all its lots."""
        return sum((_number(line) for line in self._all_lines() if line.get("id") == line_id), ZERO)

    # --- a refused entry

    def show_entry(self, entry: RefusedEntry) -> int:
        """Only what the entry names is counted; without lines it means all that the form proposes."""
        self.made_id = entry.made_id or self.made_id
        self.binder.take_over(entry.field_values(self._fields))
        typed: dict[Any, list[dict[str, Any]]] = {}
        for line in entry.lines:
            cells = entry.cells(line, self.grid.model_of_lines.spec)
            typed.setdefault(cells["id"], []).append(cells)
        if typed:
            first_of: dict[Any, dict[str, Any]] = {}
            for row in self._counting.rows_of(self.record):
                first_of.setdefault(row["id"], row)
            self.show_lines(
                [
                    (row if number == 0 else part_of(row)) | part
                    for row in first_of.values()
                    for number, part in enumerate(self._as_typed(row, typed.pop(row["id"], [])))
                ]
            )
        self._note_lines()
        return sum(len(parts) for parts in typed.values())

    def _as_typed(self, row: dict[str, Any], parts: list[dict[str, Any]]) -> list[dict[str, Any]]:
        """What was typed for a line; serial numbers that are typed stand in one cell."""
        if not parts:
            return [{"counted": None}]
        is_serial = row.get("tracking") == "serial"
        return put_together(parts, "counted", lambda part: is_serial and isinstance(part.get("lot"), str))

    # --- performing

    def save(self, then: Callable[[], object] | None = None) -> None:
        """Performs what was counted."""
        self.when_settled(partial(self._perform_counted, then))

    def _perform_counted(self, then: Callable[[], object] | None) -> None:
        self.banner.hide()  # what was said about a scan
        values = self.read_form()
        if values is None:
            return
        counted = self._counted()
        if not counted:
            text = translate("CountingPage", "Nothing is counted yet. Type a quantity in at least one line.")
            self.binder.bar.show_problems([(text, self.grid.setFocus)])
            self.grid.setFocus()
            return

        done = partial(self.leave_for, self.makes, self.made_id, self._counting.done, then)
        action = self._counting.action_of(self.made_id, self.document_id, values, counted)
        self.perform(action, done, self.say_refusal)

    def _counted(self) -> list[dict[str, Any]]:
        return [line for line in self.grid.lines() if line.get("counted")]

    def _products_counted(self) -> set[UUID]:
        return {line["product_id"] for line in self._counted()}

    def _action_now(self) -> Action | None:
        """What would be performed now; None while there is nothing or something must be put right."""
        values, counted = self.peek_form(), self._counted()
        if values is None or not counted:
            return None
        return self._counting.action_of(self.made_id, self.document_id, values, counted)

    def say_refusal(self, refused: Refused) -> None:
        names = [column.name for column in self.grid.model_of_lines.spec.columns]
        column = "lot" if refused.problem.code in LOT_REFUSALS and "lot" in names else "counted"
        self.show_line_refusal(refused, column, dict(self._counting.field_of_refusal))


def _number(line: dict[str, Any]) -> Decimal:
    """What was counted, also where it was refused: it is counted on from there."""
    counted = line.get("counted")
    counted = counted.value if isinstance(counted, BadCell) else counted
    return counted if isinstance(counted, Decimal) else ZERO


def to_count(line: Any, open_qty: Decimal, **more: Any) -> dict[str, Any]:
    """A document's line as a row to count: `open_qty` of it is expected at most; `more` is of the page alone."""
    return {
        "id": line.id,
        "product_id": line.product_id,
        "product_code": line.product_code,
        "product_name": cell_value(line, "product_name"),
        "unit": cell_value(line, "unit_code"),
        "pack": lookups.unit_text(line) if isinstance(line, InLineUnit) else "",
        "open": open_qty,
        **more,
    }


def part_of(line: dict[str, Any]) -> dict[str, Any]:
    """A further line for another lot of what `line` counts."""
    named = ("id", "product_id", "product_code", "product_name", "unit", "pack", "tracking")
    return {name: line[name] for name in named if name in line} | {"open": None}
