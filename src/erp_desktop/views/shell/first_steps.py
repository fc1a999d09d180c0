"""Where to begin in a company that has nothing yet: a few steps on the start page, ticked off as they are done."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QPushButton, QVBoxLayout, QWidget

from erp_desktop.i18n import QT_TRANSLATE_NOOP, translate
from erp_desktop.ids import new_id
from erp_desktop.queries.base import ListPage, ListRequest, Query
from erp_desktop.queries.masters import Parties, Products
from erp_desktop.queries.purchasing import PurchaseOrders
from erp_desktop.queries.stock import StockOnHand
from erp_desktop.views.widgets.asking import when_done
from erp_desktop.views.widgets.picture import Picture
from erp_desktop.views.widgets.theme import SECTION_PX, bold_font, sized_font

if TYPE_CHECKING:
    from erp_desktop.desk import Desk
    from erp_desktop.views.shell.main_window import MainWindow


@dataclass(frozen=True)
class Way:
    """A button of a step: what it says (source text, context "FirstSteps"), the screen that it opens, and who may."""

    text: str
    screen: str
    permission: str
    target: str = ""  # of the import; empty: a new record


@dataclass(frozen=True)
class Step:
    """Something that a new company needs. Texts are source texts, context "FirstSteps"; done once `query` finds a row."""

    title: str
    detail: str
    query: Callable[[ListRequest], Query[ListPage[Any]]]
    ways: tuple[Way, ...]


_NEW = QT_TRANSLATE_NOOP("FirstSteps", "New")
_IMPORT = QT_TRANSLATE_NOOP("FirstSteps", "Import")

STEPS = (
    Step(
        QT_TRANSLATE_NOOP("FirstSteps", "Products"),
        QT_TRANSLATE_NOOP("FirstSteps", "What is bought and sold. One by one, or all from an Excel or CSV file."),
        Products,
        (Way(_NEW, "product", "master.write"), Way(_IMPORT, "import", "master.write", "products")),
    ),
    Step(
        QT_TRANSLATE_NOOP("FirstSteps", "Customers and suppliers"),
        QT_TRANSLATE_NOOP("FirstSteps", "Who it is bought from and sold to."),
        Parties,
        (Way(_NEW, "party", "master.write"), Way(_IMPORT, "import", "master.write", "suppliers")),
    ),
    Step(
        QT_TRANSLATE_NOOP("FirstSteps", "Opening stock"),
        QT_TRANSLATE_NOOP("FirstSteps", "What is in the warehouse today, with its cost; skip it if there is nothing."),
        StockOnHand,
        (
            Way(QT_TRANSLATE_NOOP("FirstSteps", "Count"), "count_stock", "goods.count"),
            Way(_IMPORT, "import", "goods.count", "opening-stock"),
        ),
    ),
    Step(
        QT_TRANSLATE_NOOP("FirstSteps", "The first purchase order"),
        QT_TRANSLATE_NOOP("FirstSteps", "Its goods are then received in the warehouse, and can be sold."),
        PurchaseOrders,
        (Way(_NEW, "purchase_order", "purchasing.write"),),
    ),
)
_MUST_BE_DONE = 2  # the first ones: a company with products and parties has begun


class FirstSteps(QFrame):
    """The steps that this person may take. Shown until the company has begun; `looked` after each look at the books."""

    looked = Signal()

    def __init__(self, desk: "Desk", shell: "MainWindow", parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("homeCard")
        self._desk, self._shell = desk, shell
        self._counts: dict[int, int] = {}
        self._marks: list[Picture] = []
        self.buttons: list[QPushButton] = []
        layout = QVBoxLayout(self)
        layout.setContentsMargins(16, 12, 16, 12)
        layout.setSpacing(10)
        heading = QLabel(translate("FirstSteps", "Begin here"))
        heading.setFont(sized_font(self.font(), SECTION_PX, bold=True))
        layout.addWidget(heading)
        if "master.write" in desk.permissions:  # for others somebody else begins
            for step in STEPS:
                layout.addLayout(self._row(step))
        self.hide()

    @property
    def tables(self) -> frozenset[str]:
        """Whose changes can finish a step."""
        found: frozenset[str] = frozenset()
        for step in STEPS:
            found |= getattr(step.query, "tables", frozenset())
        return found

    def look(self) -> None:
        """Looks which steps are done. A company that has begun is not asked again."""
        if self.is_over:
            return
        for number, step in enumerate(STEPS):
            asked = self._desk.ask(step.query(ListRequest(count_only=True)))
            when_done(asked, self, partial(self._note, number))

    @property
    def is_over(self) -> bool:
        """The company has begun, or nothing here is this person's to do."""
        return not self.buttons or all(self._counts.get(number) for number in range(_MUST_BE_DONE))

    def _note(self, number: int, page: ListPage[Any]) -> None:
        self._counts[number] = page.count or 0
        if len(self._counts) == len(STEPS):
            self.setVisible(not self.is_over)
            self._draw()
            self.looked.emit()

    def _row(self, step: Step) -> QHBoxLayout:
        mark, title, detail = Picture(20), QLabel(translate("FirstSteps", step.title)), QLabel()
        title.setFont(bold_font(self.font()))
        detail.setText(translate("FirstSteps", step.detail))
        detail.setWordWrap(True)
        detail.setProperty("tone", "secondary")
        self._marks.append(mark)
        words = QVBoxLayout()
        words.setSpacing(2)
        words.addWidget(title)
        words.addWidget(detail)
        row = QHBoxLayout()
        row.setSpacing(12)
        row.addWidget(mark)
        row.addLayout(words, 1)
        for way in step.ways:
            if way.permission not in self._desk.permissions or not self._shell.has_screen(way.screen):
                continue
            button = QPushButton(translate("FirstSteps", way.text))
            button.setAutoDefault(True)  # Enter presses it
            button.setAccessibleName(f"{title.text()}: {button.text()}")
            button.clicked.connect(partial(self._go, way))
            row.addWidget(button)
            self.buttons.append(button)
        return row

    def _go(self, way: Way) -> None:
        if way.target:
            self._shell.open_screen(way.screen, target=way.target)
        elif way.screen == "count_stock":
            self._shell.open_screen(way.screen, id=new_id())
        else:
            self._shell.open_screen(way.screen, id=new_id(), is_new=True)

    def _draw(self) -> None:
        for number, mark in enumerate(self._marks):
            is_done = bool(self._counts.get(number))
            mark.show_icon("check" if is_done else "ring", "done" if is_done else "secondary")
            mark.setAccessibleName(translate("FirstSteps", "done") if is_done else translate("FirstSteps", "to do"))
