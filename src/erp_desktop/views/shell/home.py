"""The start page: how much waits for this role, each figure opening its list."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import Qt, QTimer
from PySide6.QtGui import QKeyEvent, QMouseEvent
from PySide6.QtWidgets import QFrame, QGridLayout, QHBoxLayout, QLabel, QVBoxLayout, QWidget

from erp_desktop.i18n import QT_TRANSLATE_NOOP, translate
from erp_desktop.models.purchasing import PurchaseOrderStatus
from erp_desktop.models.sales import SalesOrderStatus
from erp_desktop.queries.base import ListPage, ListRequest, OneOf, Query
from erp_desktop.queries.masters import Products
from erp_desktop.queries.purchasing import PurchaseOrders
from erp_desktop.queries.selling import SalesOrders
from erp_desktop.views.shell.first_steps import FirstSteps
from erp_desktop.views.widgets.asking import when_done
from erp_desktop.views.widgets.picture import Picture
from erp_desktop.views.widgets.screen_view import ScreenView
from erp_desktop.views.widgets.theme import FIGURE_PX, SECTION_PX, sized_font

if TYPE_CHECKING:
    from erp_desktop.desk import Desk
    from erp_desktop.views.shell.main_window import MainWindow

TO_RECEIVE = (PurchaseOrderStatus.CONFIRMED, PurchaseOrderStatus.PART_RECEIVED)
TO_SHIP = (SalesOrderStatus.CONFIRMED, SalesOrderStatus.ALLOCATED, SalesOrderStatus.PART_SHIPPED)

_COLUMNS = 4


@dataclass(frozen=True)
class Figure:
    """A count that somebody acts on. `title` is source text, context "Home"."""

    title: str
    icon: str
    tone: str  # of the figure, when it is above 0
    screen: str  # opened by it, with these filters
    filters: tuple[tuple[str, Any], ...]
    query: Callable[[ListRequest], Query[ListPage[Any]]]


def _statuses(statuses: tuple[str, ...]) -> tuple[tuple[str, Any], ...]:
    return (("status", OneOf(tuple(str(status) for status in statuses))),)


FIGURES = (
    Figure(
        QT_TRANSLATE_NOOP("Home", "Purchase orders to receive"),
        "goods_receipt",
        "",
        "expected_orders",
        _statuses(TO_RECEIVE),
        PurchaseOrders,
    ),
    Figure(
        QT_TRANSLATE_NOOP("Home", "Sales orders to ship"),
        "shipment",
        "",
        "orders_to_ship",
        _statuses(TO_SHIP),
        SalesOrders,
    ),
    Figure(
        QT_TRANSLATE_NOOP("Home", "Products below their minimum"),
        "stock",
        "warning",
        "products",
        (("is_low", True),),
        Products,
    ),
)


class FigureCard(QFrame):
    """A figure with its title; click or Enter opens the list behind it."""

    def __init__(
        self, title: str, icon_name: str, open_list: Callable[[], object], parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self.setObjectName("homeCard")
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self.setMinimumSize(200, 108)
        self.title = title
        self._open = open_list
        picture, self.figure = Picture(22), QLabel("…")
        picture.show_icon(icon_name)
        words = QLabel(title)
        words.setWordWrap(True)
        words.setProperty("tone", "secondary")
        self.figure.setFont(sized_font(self.font(), FIGURE_PX, bold=True))
        layout = QVBoxLayout(self)
        layout.setContentsMargins(16, 12, 16, 12)
        first = QHBoxLayout()
        first.addWidget(self.figure)
        first.addStretch(1)
        first.addWidget(picture)
        layout.addLayout(first)
        layout.addWidget(words)
        layout.addStretch(1)
        self.show_figure(None)

    def show_figure(self, count: int | None, tone: str = "") -> None:
        """The count, or that it is on its way; `tone` "late" or "warning" colours it beside its words."""
        text = "…" if count is None else f"{count:,}"
        self.figure.setText(text)
        self.figure.setProperty("tone", tone)
        self.figure.style().unpolish(self.figure)
        self.figure.style().polish(self.figure)
        self.setAccessibleName(f"{self.title}: {text}")

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        super().mouseReleaseEvent(event)
        if event.button() == Qt.MouseButton.LeftButton and self.rect().contains(event.position().toPoint()):
            self._open()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter, Qt.Key.Key_Space):
            self._open()
        else:
            super().keyPressEvent(event)


class HomeView(ScreenView):
    """Figures for what this role may open; they follow every change of the data."""

    def __init__(self, desk: "Desk", shell: "MainWindow") -> None:
        super().__init__()
        self._desk = desk
        self._shell = shell
        self._cards: list[tuple[Figure, FigureCard]] = []
        layout = QVBoxLayout(self)
        layout.setContentsMargins(24, 20, 24, 20)
        layout.setSpacing(12)
        greeting = QLabel(_greeting(datetime.now().astimezone().hour).format(name=desk.user.name))
        greeting.setObjectName("pageTitle")
        layout.addWidget(greeting)
        heading = QLabel(translate("Home", "Waiting for you"))
        heading.setFont(sized_font(self.font(), SECTION_PX, bold=True))
        layout.addWidget(heading)
        grid = QGridLayout()
        grid.setSpacing(12)
        self.attention = FigureCard(
            translate("Home", "Changes that need attention"), "alerts", lambda: shell.open_screen("attention"), self
        )
        cards = [self.attention]
        for figure in FIGURES:
            if shell.has_screen(figure.screen):
                card = FigureCard(translate("Home", figure.title), figure.icon, self._opener(figure), self)
                self._cards.append((figure, card))
                cards.append(card)
        for number, card in enumerate(cards):
            grid.addWidget(card, number // _COLUMNS, number % _COLUMNS)
        for column in range(_COLUMNS):
            grid.setColumnStretch(column, 1)
        layout.addLayout(grid)
        self.first_steps = FirstSteps(desk, shell, self)
        layout.addWidget(self.first_steps)
        layout.addStretch(1)
        self._pause = QTimer(self, singleShot=True, interval=200)
        self._pause.timeout.connect(self._count)
        desk.changed.connect(self._notice)
        desk.sync_state_changed.connect(self._show_attention)
        self.setFocusProxy(self.attention)
        self._tables: frozenset[str] = self.first_steps.tables
        for figure, _ in self._cards:
            self._tables |= getattr(figure.query, "tables", frozenset())
        self.first_steps.looked.connect(self._offer_first_step)
        self._show_attention(desk.sync_state)
        self._count()

    def _opener(self, figure: Figure) -> Callable[[], object]:
        return lambda: self._shell.open_screen(figure.screen, filters=figure.filters)

    def _show_attention(self, state: Any) -> None:
        self.attention.show_figure(state.attention, "late" if state.attention else "")

    def _notice(self, tables: frozenset[str]) -> None:
        if tables & self._tables:
            self._pause.start()

    def _offer_first_step(self) -> None:
        """In a company without anything the keyboard stands where one begins."""
        begins = self.first_steps.isVisibleTo(self)
        self.setFocusProxy(self.first_steps.buttons[0] if begins else self.attention)
        if begins and self.attention.hasFocus():
            self.first_steps.buttons[0].setFocus()

    def _count(self) -> None:
        self.first_steps.look()
        for figure, card in self._cards:
            request = ListRequest(filters=figure.filters, count_only=True)
            when_done(
                self._desk.ask(figure.query(request)),
                card,
                partial(_show_count, card, figure.tone),
            )


def _show_count(card: FigureCard, tone: str, page: ListPage[Any]) -> None:
    card.show_figure(page.count, tone if page.count else "")


def _greeting(hour: int) -> str:
    if hour < 12:
        return translate("Home", "Good morning, {name}")
    if hour < 18:
        return translate("Home", "Good afternoon, {name}")
    return translate("Home", "Good evening, {name}")
