"""What an action would change, before it is confirmed: stock, cost of sales, ledger, and posted documents that it corrects.

The centre works it out; without it the panel says so and nobody is kept from posting. Here: when to ask, and showing it.

    panel = EffectPanel(desk, shell)                    # hidden for who may not see costs
    panel.set_action(lambda: action_or_none)            # called on the window's thread; None: not filled in yet
    form.changed.connect(panel.note_change)             # it asks anew a moment after the last change
    panel.open_if_back_dated(day, product_ids)          # opens by itself where a date comes before what is in the books
"""

from collections.abc import Callable, Iterable
from concurrent.futures import Future
from datetime import date
from functools import partial
from typing import TYPE_CHECKING
from uuid import UUID

from PySide6.QtCore import Qt, QTimer, Signal
from PySide6.QtGui import QKeyEvent, QShowEvent
from PySide6.QtWidgets import (
    QApplication,
    QHBoxLayout,
    QLabel,
    QSizePolicy,
    QTabWidget,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from erp_desktop.actions.base import Action
from erp_desktop.actions.refusals import Refused
from erp_desktop.i18n import translate
from erp_desktop.queries.back_dating import LastMovedOn
from erp_desktop.reports.report import Link
from erp_desktop.reports.screen import ScreenSection
from erp_desktop.sync.state import SyncKind, SyncState
from erp_desktop.views.reports.opening import open_document
from erp_desktop.views.widgets import effect_tables
from erp_desktop.views.widgets.asking import Failure, when_done
from erp_desktop.views.widgets.fields import company_today
from erp_desktop.views.widgets.icons import set_icon
from erp_desktop.views.widgets.report_table import ReportTable
from erp_desktop.views.widgets.theme import ROW_HEIGHT
from erp_desktop.wire import Effect

if TYPE_CHECKING:
    from erp_desktop.desk import Desk
    from erp_desktop.views.shell.main_window import MainWindow

PERMISSION = "cost.read"
PAUSE_MS = 400  # after the last change, before the centre is asked
NEWS_PAUSE_MS = 2_000  # after somebody else's change
HEIGHT = 190  # of the tables at most, in pixels
HEADS = 40 + 34 + 6  # of the names of the tables, of a table's columns, and what frames them
_MOVES_FIGURES = frozenset({"cost_pool", "journal_entry", "period"})
_NO_CENTRE = frozenset({"effect_out_of_reach", "effect_not_offered"})
_NO_FAULT = _NO_CENTRE | {"effect_takes_too_long"}  # which is asked again by hand only: others wait meanwhile

MakeAction = Callable[[], Action | None]


class EffectPanel(QWidget):
    """One line that opens into tables. `effect` is what is shown, None while there is nothing to show."""

    effect_shown = Signal()  # an answer, of whatever kind, is on the screen

    def __init__(self, desk: "Desk", shell: "MainWindow | None" = None, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._desk, self._shell = desk, shell
        self.effect: Effect | None = None
        self._make: MakeAction = lambda: None
        self._number = 0  # of the last question: answers to others come too late
        self._future: Future[Effect] | None = None
        self._waits_for_centre = False
        self._closed_by_hand = False
        self._looked_up: tuple[date, frozenset[UUID]] | None = None
        self._build()
        self._pause = QTimer(self, singleShot=True)
        self._pause.timeout.connect(self._ask)
        desk.changed.connect(self._hear)
        desk.sync_state_changed.connect(self._follow_centre)
        desk.signed_in_changed.connect(self._offer)
        self._offer()

    # --- what a page uses

    def set_action(self, make: MakeAction) -> None:
        """`make` gives the action as it would be performed now, or None while something is missing. It may not ask back."""
        self._make = make
        self.note_change()

    def note_change(self) -> None:
        """Something was typed: ask anew in a moment."""
        if self.is_open and self.isVisible():
            self._number += 1  # what is under way is about what stood there before
            self._say_working()
            self._pause.start(PAUSE_MS)

    @property
    def is_open(self) -> bool:
        return self.toggle.isChecked()

    def set_open(self, is_open: bool) -> None:
        self.toggle.setChecked(is_open)

    def open_if_back_dated(self, day: date | None, product_ids: Iterable[UUID] = ()) -> None:
        """Opens where `day` lies before today, or before the last move of one of the products; once closed by hand it stays
        closed."""
        if day is None or self.isHidden() or self.is_open or self._closed_by_hand:
            return
        if day < company_today():
            self.set_open(True)
            return
        wanted = (day, frozenset(product_ids))
        if wanted[1] and wanted != self._looked_up:
            self._looked_up = wanted
            when_done(self._desk.ask(LastMovedOn(wanted[1])), self, partial(self._compare, wanted))

    # --- parts

    def _build(self) -> None:
        self.setObjectName("effectPanel")
        self.toggle = QToolButton()
        self.toggle.setCheckable(True)
        self.toggle.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
        self.toggle.setText(translate("EffectPanel", "Effect on stock, cost of sales and ledger"))
        self.toggle.setToolTip(
            translate("EffectPanel", "What this would change, as the centre works it out; nothing is written (F7)")
        )
        self.toggle.setShortcut("F7")
        self.toggle.setAccessibleName(self.toggle.text())
        set_icon(self.toggle, "chevron_right")
        self.toggle.toggled.connect(self._open_or_close)
        self.toggle.clicked.connect(self._note_hand)
        self.state = QLabel()
        self.state.setProperty("tone", "secondary")
        self.summary = QLabel()
        self.summary.setWordWrap(True)
        self.summary.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self.tabs = QTabWidget()
        self.tabs.setFixedHeight(HEIGHT)
        self.tabs.setAccessibleName(self.toggle.text())
        self.tabs.tabBar().setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        head = QHBoxLayout()
        head.setContentsMargins(0, 0, 0, 0)
        head.setSpacing(12)
        head.addWidget(self.toggle)
        head.addWidget(self.summary, 1)
        head.addWidget(self.state)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(6)
        layout.addLayout(head)
        layout.addWidget(self.tabs)
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Maximum)
        self._arrange()

    def _offer(self) -> None:
        """Costs are for those who may see them."""
        self.setVisible(PERMISSION in self._desk.permissions)

    def _open_or_close(self, is_open: bool) -> None:
        set_icon(self.toggle, "chevron_down" if is_open else "chevron_right")
        if is_open:
            self._ask()
        else:
            self._drop()
            self._say_state("")
        self._arrange()

    def _note_hand(self) -> None:
        self._closed_by_hand = not self.is_open

    def _compare(self, wanted: tuple[date, frozenset[UUID]], last: date | None) -> None:
        if wanted == self._looked_up and last is not None and wanted[0] < last and not self._closed_by_hand:
            self.set_open(True)

    # --- asking

    def _drop(self) -> None:
        """Whatever is under way comes too late."""
        self._number += 1
        self._pause.stop()
        if self._future is not None:
            self._future.cancel()
            self._future = None

    def _ask(self) -> None:
        if not self.is_open or not self.isVisible():
            return
        action = self._make()
        self._drop()
        if action is None:
            self._say_nothing()
            return
        self._say_working()
        self._future = self._desk.preview(action)
        number = self._number
        when_done(
            self._future,
            self,
            partial(self._take, number),
            partial(self._take_refusal, number),
            partial(self._take_failure, number),
        )

    def _hear(self, tables: frozenset[str]) -> None:
        """The books changed, so the figures are old."""
        if self.is_open and self.isVisible() and tables & _MOVES_FIGURES and not self._pause.isActive():
            self._pause.start(NEWS_PAUSE_MS)

    def _follow_centre(self, state: SyncState) -> None:
        """It could not be reached, and now it can."""
        is_there = state.kind in (SyncKind.SYNCED, SyncKind.CENTRE_OLDER)
        if self._waits_for_centre and is_there and self.is_open and self.isVisible():
            self._waits_for_centre = False
            self._pause.start(PAUSE_MS)

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        if self.is_open:
            self._pause.start(0)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Esc inside the tables goes back to the line that opened them; there it is the page's."""
        focus = QApplication.focusWidget()
        if event.key() == Qt.Key.Key_Escape and focus is not None and self.tabs.isAncestorOf(focus):
            self.toggle.setFocus()
        else:
            super().keyPressEvent(event)

    # --- showing

    def _take(self, number: int, effect: Effect) -> None:
        if number != self._number:
            return
        self.effect = effect
        self._say(_sentence_of(effect), "")
        self._say_state("")
        self._show_tables(effect)
        self._arrange()
        self.effect_shown.emit()

    def _take_refusal(self, number: int, refused: Refused) -> None:
        if number == self._number:
            self._waits_for_centre = refused.code in _NO_CENTRE
            self._clear(refused.problem.sentence, "secondary" if refused.code in _NO_FAULT else "late")

    def _take_failure(self, number: int, failure: Failure) -> None:
        if number == self._number:
            text = translate(
                "EffectPanel", "The effect could not be worked out ({reference}); you can post without it."
            )
            self._clear(text.format(reference=failure.reference), "secondary")

    def _say_nothing(self) -> None:
        self._clear(translate("EffectPanel", "Fill in the form, and its effect is shown here."), "secondary")

    def _clear(self, sentence: str, tone: str) -> None:
        self.effect = None
        self._say(sentence, tone)
        self._say_state("")
        self._arrange()
        self.effect_shown.emit()

    def _say(self, sentence: str, tone: str) -> None:
        self.summary.setText(sentence)
        self.summary.setProperty("tone", tone)
        self.summary.style().unpolish(self.summary)
        self.summary.style().polish(self.summary)
        self.summary.setAccessibleName(sentence)
        self.toggle.setAccessibleDescription(sentence)

    def _say_working(self) -> None:
        """An effect that is shown stays until the next one comes; a sentence in its place is about what stood there before."""
        if self.effect is None:
            self._say("", "")
        self._say_state(translate("EffectPanel", "Being worked out …"))

    def _say_state(self, text: str) -> None:
        self.state.setText(text)

    def _arrange(self) -> None:
        if not self.is_open:
            self.summary.setText("")
        self.tabs.setVisible(self.is_open and self.effect is not None and self.tabs.count() > 0)

    def _show_tables(self, effect: Effect) -> None:
        shown: list[tuple[str, int, ScreenSection]] = []
        for section, count in (
            (effect_tables.stock_section(effect), effect.stock_count),
            (effect_tables.journal_section(effect), effect.entry_count),
            (effect_tables.corrections_section(effect), effect.correction_count),
            (effect_tables.books_section(effect), len(effect.books) if len(effect.books) > 1 else 0),
        ):
            if count:
                shown.append((section.title, count, section))
        focus = QApplication.focusWidget()
        had_focus = focus is not None and self.tabs.isAncestorOf(focus)
        before = self.tabs.tabText(self.tabs.currentIndex()).rpartition(" ")[0]
        old = [self.tabs.widget(number) for number in range(self.tabs.count())]
        self.tabs.clear()
        for widget in old:
            if widget is not None:
                widget.deleteLater()
        for title, count, section in shown:
            table = ReportTable(section)
            table.drilled.connect(self._open)
            number = self.tabs.addTab(table, f"{title} ({count:,})")
            if title == before:
                self.tabs.setCurrentIndex(number)
        longest = max((len(section.rows) for _, _, section in shown), default=0)
        self.tabs.setFixedHeight(min(HEADS + longest * ROW_HEIGHT, HEIGHT))  # the form needs the rest
        if had_focus and self.tabs.count():
            self.tabs.currentWidget().setFocus()

    def _open(self, link: Link) -> None:
        if self._shell is not None:
            open_document(self._shell, link.kind, link.id)


def _sentence_of(effect: Effect) -> str:
    """The effect in one line: stock value, allowance, write-down, goods dispatched, price variance, exchange difference, cost of
    sales, how many posted documents are corrected. That stock or cost of sales stays as it is, is said where nothing else changes instead of it."""
    posting = next((book for book in effect.books if book.posts_to_ledger), None)
    special = [
        (translate("EffectPanel", "Allowance against stock {amount} {currency}"), effect.allowance),
        (translate("EffectPanel", "Write-down expense {amount} {currency}"), effect.written_down),
        (translate("EffectPanel", "Goods dispatched {amount} {currency}"), effect.goods_dispatched),
        (translate("EffectPanel", "Purchase price variance {amount} {currency}"), effect.price_variance),
        (translate("EffectPanel", "Exchange difference {amount} {currency}"), effect.exchange_difference),
    ]
    special = [figure for figure in special if figure[1]]
    if posting is None or not (effect.stock_count or effect.entry_count or effect.correction_count or special):
        return translate("EffectPanel", "Stock value, cost of sales and ledger stay as they are.")
    stock = (translate("EffectPanel", "Stock value {amount} {currency}"), posting.inventory)
    sold = (translate("EffectPanel", "Cost of sales {amount} {currency}"), posting.cost_of_sales)
    figures = [figure for figure in (stock, *special, sold) if figure[1] or not special]
    parts = [
        text.format(amount=effect_tables.change(amount, effect.currency_places), currency=effect.currency)
        for text, amount in figures
    ]
    if effect.correction_count:
        text = translate("EffectPanel", "Posted documents corrected: {count}")
        parts.append(text.format(count=f"{effect.correction_count:,}"))
    return "   ·   ".join(parts)
