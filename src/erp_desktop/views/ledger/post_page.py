"""Posting an entry by hand: wages, rent, a correction. The difference of debit and credit is always shown."""

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, Any
from uuid import UUID

from erp_desktop.actions.accounting import EntryLine, PostJournalEntry
from erp_desktop.actions.refusals import Refused
from erp_desktop.i18n import translate
from erp_desktop.numbers import ZERO
from erp_desktop.queries.details import JournalEntryDetail
from erp_desktop.queries.masters import CostCentres
from erp_desktop.views.documents.form_page import FormPage
from erp_desktop.views.ledger.lists import account_choices
from erp_desktop.views.ledger.words import account_type_text
from erp_desktop.views.widgets.cells import CellKind, shown
from erp_desktop.views.widgets.fields import company_today
from erp_desktop.views.widgets.line_model import LineColumn, LineSpec
from erp_desktop.views.widgets.lookup import LookupSpec

if TYPE_CHECKING:
    from erp_desktop.desk import Desk
    from erp_desktop.views.shell.main_window import MainWindow

FIELD_OF_REFUSAL = {"period_closed": "dated_on", "no_period": "dated_on"}


class PostEntryPage(FormPage):
    """The voucher number comes from the centre, so the entry appears in the list once it is posted there."""

    def __init__(self, desk: "Desk", shell: "MainWindow", id: UUID) -> None:
        super().__init__(
            desk,
            shell,
            "journal_entry",
            id,
            JournalEntryDetail,
            "journal_entry_form",
            ("dated_on", "text"),
            ("dated_on", "text"),
            is_new=True,
            has_related=False,
        )
        accounts = LookupSpec(account_choices, fact=lambda row: account_type_text(row.type))
        self.use_lines(
            LineSpec(
                (
                    LineColumn(
                        "account",
                        translate("PostEntryPage", "Account"),
                        lookup=accounts,
                        is_required=True,
                        stretches=True,
                    ),
                    LineColumn(
                        "cost_centre",
                        translate("PostEntryPage", "Cost centre"),
                        width=190,
                        lookup=LookupSpec(CostCentres),
                    ),
                    LineColumn("debit", translate("PostEntryPage", "Debit"), CellKind.MONEY, 150),
                    LineColumn("credit", translate("PostEntryPage", "Credit"), CellKind.MONEY, 150),
                )
            )
        )
        self.binder.show({"dated_on": company_today()})
        self.do_post = self.add_page_action(
            "journal_entry.post", translate("PostEntryPage", "Post the entry"), self.save, "", "journal_entry"
        )
        self.set_title(translate("PostEntryPage", "New journal entry"))
        self.header.name(self.title)
        self.lines_changed()
        self.offer_actions()
        first = self.binder.widget("text")
        if first is not None:
            self.setFocusProxy(first)

    def lines_changed(self) -> None:
        lines = self.grid.model_of_lines
        debit, credit = lines.total("debit"), lines.total("credit")
        text = translate("PostEntryPage", "Debit {debit}, credit {credit}")
        figures = {"debit": shown(debit, CellKind.MONEY), "credit": shown(credit, CellKind.MONEY)}
        self.show_text("line_count", text.format(**figures))
        if debit == credit:
            self.show_text("total", translate("PostEntryPage", "Balanced") if debit else "")
        else:
            text = translate("PostEntryPage", "Difference {difference}")
            self.show_text("total", text.format(difference=shown(debit - credit, CellKind.MONEY)))
        self.offer_actions()

    def offer_actions(self) -> None:
        if hasattr(self, "do_post"):
            self.allow(self.do_post, self.may("ledger.post"))
            self.offer(self.do_post)

    def save(self, then: Callable[[], object] | None = None) -> None:
        """Posts the entry; afterwards the tab closes."""
        self.when_settled(partial(self._save, then))

    def _save(self, then: Callable[[], object] | None) -> None:
        values = self.read_form()
        if values is None:
            return
        lines = self.grid.lines()
        if not lines:
            text = translate("PostEntryPage", "Type at least a debit and a credit.")
            self.binder.bar.show_problems([(text, self.grid.setFocus)])
            self.grid.setFocus()
            return
        action = PostJournalEntry(
            self.document_id, values["dated_on"], values["text"], tuple(_entry_line(line) for line in lines)
        )

        def done() -> None:
            self.set_dirty(False)
            self.tell(translate("PostEntryPage", "Entry posted; its voucher number comes from the centre"))
            if then is not None:
                then()
            else:
                self.close_asked.emit()

        self.perform(action, done, self.say_refusal)

    def say_refusal(self, refused: Refused) -> None:
        self.show_line_refusal(refused, "debit", FIELD_OF_REFUSAL)


def _entry_line(line: dict[str, Any]) -> EntryLine:
    cost_centre = line.get("cost_centre")
    return EntryLine(
        line["account"].id,
        line.get("debit") or ZERO,
        line.get("credit") or ZERO,
        cost_centre.id if cost_centre is not None else None,
    )
