"""The pane beside the list of causes: what happened, what it is about, both versions, and the buttons that help."""

from collections.abc import Callable, Iterable, Sequence
from functools import partial
from typing import TYPE_CHECKING
from uuid import UUID

from PySide6.QtCore import Qt
from PySide6.QtGui import QAction
from PySide6.QtWidgets import (
    QAbstractItemView,
    QGridLayout,
    QLabel,
    QListWidget,
    QListWidgetItem,
    QPushButton,
    QScrollArea,
    QVBoxLayout,
    QWidget,
)

from erp_desktop.actions.both_versions import names_of, versions_of
from erp_desktop.i18n import translate
from erp_desktop.views.shell.action_titles import action_title
from erp_desktop.views.shell.attention_cases import Case, CasesModel, why
from erp_desktop.views.shell.both_versions import BothVersionsTable
from erp_desktop.views.widgets.theme import SECTION_PX, sized_font

if TYPE_CHECKING:
    from erp_desktop.desk import AttentionItem

_HIGHEST_LIST = 132  # pixels of the list of what a case holds
_MOST_IN_A_ROW, _FEW_IN_A_ROW = 3, 2  # of the buttons that always help
_SHORT_WORDS = 190  # pixels of a button's words that leave room for another beside it
_ITEM_ROLE = Qt.ItemDataRole.UserRole

Way = tuple[str, Callable[[], object]]  # words, and what does it


class AttentionPane(QWidget):
    """Above what is read, and scrolled where there is much of it; below the buttons, always in sight."""

    def __init__(self, model: CasesModel, actions: Sequence[QAction], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._model, self._actions = model, actions
        self.setObjectName("sidePane")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self.what, self.happened, self.to_do, self.entered = QLabel(), QLabel(), QLabel(), QLabel()
        self.what.setFont(sized_font(self.font(), SECTION_PX, bold=True))
        for label in (self.what, self.happened, self.to_do, self.entered):
            label.setWordWrap(True)
            label.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self.members = QListWidget(self)
        self.members.setSelectionMode(QAbstractItemView.SelectionMode.ExtendedSelection)
        self.members.setAccessibleName(translate("NeedsAttention", "What it is about"))
        self.members.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.members.setWordWrap(True)
        self.versions = BothVersionsTable(self)
        self.ways: list[QPushButton] = []  # what helps here, the best first
        self._does: list[Callable[[], object]] = []
        self.buttons: list[QPushButton] = []  # what always helps
        lines = QVBoxLayout(self)
        lines.setContentsMargins(1, 1, 1, 14)
        lines.setSpacing(10)
        lines.addWidget(self._told(), 1)
        lines.addLayout(self._offered(actions))
        self.setMinimumWidth(400)

    def _told(self) -> QScrollArea:
        inside = QWidget()
        inside.setObjectName("sidePaneInside")
        lines = QVBoxLayout(inside)
        lines.setContentsMargins(15, 13, 15, 0)
        lines.setSpacing(8)
        lines.addWidget(self.what)
        for heading, widgets in (
            (translate("NeedsAttention", "What happened"), (self.happened,)),
            (translate("NeedsAttention", "What it is about"), (self.entered, self.members)),
            (translate("NeedsAttention", "What to do"), (self.to_do, self.versions)),
        ):
            title = QLabel(heading)
            title.setProperty("tone", "secondary")
            lines.addSpacing(4)
            lines.addWidget(title)
            for widget in widgets:
                lines.addWidget(widget)
        lines.addStretch(1)
        around = QScrollArea(self)
        around.setObjectName("sidePaneAround")
        around.setWidget(inside)
        around.setWidgetResizable(True)
        around.setFrameShape(QScrollArea.Shape.NoFrame)
        around.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        return around

    def _offered(self, actions: Sequence[QAction]) -> QVBoxLayout:
        self._ways, self._always = QGridLayout(), QGridLayout()
        for layout in (self._ways, self._always):
            layout.setSpacing(8)
        for action in actions:
            button = _button(action.text(), self)
            button.setToolTip(action.toolTip())
            button.clicked.connect(action.trigger)
            action.changed.connect(self._arrange)
            self.buttons.append(button)
        self._arrange()
        offered = QVBoxLayout()
        offered.setContentsMargins(15, 0, 15, 0)
        offered.setSpacing(8)
        offered.addLayout(self._ways)
        offered.addLayout(self._always)
        return offered

    def _arrange(self) -> None:
        """Those that can be used here, side by side, without gaps."""
        usable = []
        for button, action in zip(self.buttons, self._actions, strict=True):
            button.setEnabled(action.isEnabled())
            button.setVisible(action.isVisible())
            if action.isVisible():
                usable.append(button)
        if usable != [self._always.itemAt(place).widget() for place in range(self._always.count())]:  # type: ignore[union-attr]
            for button in self.buttons:
                self._always.removeWidget(button)
            in_a_row = len(usable) if len(usable) <= _MOST_IN_A_ROW else _FEW_IN_A_ROW
            for place, button in enumerate(usable):
                self._always.addWidget(button, *divmod(place, in_a_row))

    # --- what is told

    def show_case(self, case: Case) -> None:
        """What happened, to what, and both versions where two people changed one thing."""
        self.what.setText(action_title(case.first.name))
        self.happened.setText(why(case.first))
        self._show_members(case)
        item = case.first
        is_clash = item.code == "changed_meanwhile" and "theirs" in item.fields
        found = versions_of(item.action, item.fields) if is_clash and item.action is not None else ()
        self.versions.show_versions(found, names_of(item.fields) if found else {})

    def _show_members(self, case: Case) -> None:
        is_one = len(case.items) == 1
        document, about = self._model.document(case.first.action), self._model.about(case.first)
        told = "\n".join(filter(None, (document, about)))
        self.entered.setText(told or translate("NeedsAttention", "Nothing more is known about it here."))
        self.entered.setVisible(is_one)
        wanted: list[tuple[str, UUID | None]]
        wanted = (
            [] if is_one else [(self._model.known_by(item) or self._model.what(item), item.id) for item in case.items]
        )
        for item in case.held:
            behind = translate("NeedsAttention", "Waits behind it: {what}").format(what=self._model.what(item))
            wanted.append((behind, None))
        lines = [self.members.item(row) for row in range(self.members.count())]
        if [(line.text(), line.data(_ITEM_ROLE)) for line in lines] != wanted:
            self._list(wanted)
        height = sum(self.members.sizeHintForRow(row) for row in range(self.members.count())) + 6
        self.members.setFixedHeight(min(height, _HIGHEST_LIST))
        self.members.setVisible(bool(wanted))

    def _list(self, wanted: Iterable[tuple[str, UUID | None]]) -> None:
        """What was selected stays selected."""
        chosen = self.selected()
        self.members.blockSignals(True)
        self.members.clear()
        for text, item_id in wanted:
            line = QListWidgetItem(text, self.members)
            line.setToolTip(text)
            line.setData(_ITEM_ROLE, item_id)
            if item_id is None:
                line.setFlags(Qt.ItemFlag.ItemIsEnabled)
            line.setSelected(item_id in chosen)
        self.members.blockSignals(False)

    def selected(self) -> frozenset[UUID]:
        """The ids of the items that are selected in the list of what a case holds."""
        return frozenset(line.data(_ITEM_ROLE) for line in self.members.selectedItems() if line.data(_ITEM_ROLE))

    # --- what is offered

    def offer(self, ways: Sequence[Way]) -> None:
        """Buttons for what helps here; the first of all buttons is the one that Enter presses."""
        self._does = [do for _words, do in ways]
        if [button.text() for button in self.ways] != [
            words for words, _do in ways
        ]:  # else the keyboard stays where it is
            self._make([words for words, _do in ways])
        first = self.primary()
        for button in (*self.ways, *self.buttons):
            is_primary = button is first
            if button.property("primary") != is_primary:
                button.setProperty("primary", is_primary)
                button.style().unpolish(button)
                button.style().polish(button)

    def _make(self, ways: Sequence[str]) -> None:
        for button in self.ways:
            self._ways.removeWidget(button)
            button.hide()
            button.deleteLater()
        self.ways = [_button(words, self) for words in ways]
        is_short = all(self.fontMetrics().horizontalAdvance(words) <= _SHORT_WORDS for words in ways)
        in_a_row = _FEW_IN_A_ROW if is_short and len(ways) > 1 else 1
        for place, button in enumerate(self.ways):
            button.clicked.connect(partial(self._do, place))
            self._ways.addWidget(button, *divmod(place, in_a_row))

    def _do(self, place: int) -> None:
        self._does[place]()

    def primary(self) -> QPushButton | None:
        """The button of what helps best."""
        always = zip(self.buttons, self._actions, strict=True)
        usable = [button for button, action in always if action.isEnabled() and action.isVisible()]
        return next(iter((*self.ways, *usable)), None)

    def advise(self, items: "Sequence[AttentionItem]", *, can_be_edited: bool) -> None:
        """What to do, in a sentence."""
        if items[0].status == "held":
            said = translate("NeedsAttention", "Settle the change before it; this one is then sent by itself.")
        elif self.ways:
            said = translate(
                "NeedsAttention", "Choose what is to be done; what waits behind it then follows by itself."
            )
        elif can_be_edited:
            said = translate("NeedsAttention", "Put it right and send it, send it again as it is, or drop it.")
        else:
            said = translate("NeedsAttention", "Send it again once the reason is gone, or drop it and enter it anew.")
        self.to_do.setText(said)


def _button(text: str, parent: QWidget) -> QPushButton:
    button = QPushButton(text, parent)
    button.setAutoDefault(True)  # Enter presses it
    button.setAccessibleName(text)
    button.setToolTip(text)
    return button
