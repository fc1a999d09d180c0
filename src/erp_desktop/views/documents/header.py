"""The top of a document's page: what it is and with whom, the path of its states, and what can be done with it now."""

from collections.abc import Callable

from PySide6.QtCore import Qt
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QHBoxLayout, QLabel, QMenu, QPushButton, QSizePolicy, QVBoxLayout, QWidget

from erp_desktop.i18n import translate
from erp_desktop.views.documents.status_path import StatusPath
from erp_desktop.views.widgets.icons import set_icon


class DocumentHeader(QWidget):
    """Title and path in the first line, buttons in the second: the primary action first, the rare ones under More."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.title, self.party, self.hint = QLabel(), QLabel(), QLabel()
        self.title.setObjectName("pageTitle")
        self.title.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self.title.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.party.setProperty("tone", "secondary")
        self.party.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
        self.hint.setProperty("tone", "secondary")
        self.path = StatusPath()
        self.path.hide()
        first = QHBoxLayout()
        first.setSpacing(12)
        first.addWidget(self.title)
        first.addWidget(self.party, 1)
        first.addWidget(self.path)
        self._row = QHBoxLayout()
        self._row.setSpacing(8)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(10)
        layout.addLayout(first)
        layout.addLayout(self._row)
        self._offered: tuple[object, ...] = ()
        self._follows: list[tuple[QAction, Callable[[], None]]] = []
        self.buttons: dict[QAction, QPushButton] = {}
        self.more_menu: QMenu | None = None

    def name(self, title: str, party: str = "") -> None:
        self.title.setText(title)
        self.party.setText(party)

    def offer(self, primary: QAction | None, others: tuple[QAction, ...] = (), more: tuple[QAction, ...] = ()) -> None:
        """Shows these buttons, in this order; the keyboard focus stays with the primary one if a button had it."""
        if (primary, others, more) == self._offered:
            return
        self._offered = (primary, others, more)
        for action, follow in self._follows:
            action.changed.disconnect(follow)
        self._follows = []
        had_focus = any(button.hasFocus() for button in self.buttons.values())
        while (item := self._row.takeAt(0)) is not None:
            old = item.widget()
            if old is not None and old is not self.hint:
                old.hide()
                old.deleteLater()
        self.buttons = {}
        self.more_menu = None
        for action in (*((primary,) if primary else ()), *others):
            self._row.addWidget(self._button(action, is_primary=action is primary))
        if more:
            self._row.addWidget(self._more(more))
        self._row.addStretch(1)
        self._row.addWidget(self.hint)
        if had_focus and primary is not None:
            self.buttons[primary].setFocus()

    def _button(self, action: QAction, *, is_primary: bool) -> QPushButton:
        button = QPushButton()
        button.setAutoDefault(True)  # Enter presses it
        button.setProperty("primary", is_primary)
        name = str(action.property("iconName") or "")
        if name:
            set_icon(button, name, "on_accent" if is_primary else "secondary")
        button.clicked.connect(action.trigger)

        def follow() -> None:
            button.setText(action.text())
            button.setEnabled(action.isEnabled())
            button.setToolTip(action.toolTip())
            button.setAccessibleName(action.text())
            button.setAccessibleDescription(action.toolTip())

        follow()
        action.changed.connect(follow)
        self._follows.append((action, follow))
        self.buttons[action] = button
        return button

    def _more(self, actions: tuple[QAction, ...]) -> QPushButton:
        button = QPushButton(translate("DocumentHeader", "More"))
        button.setAccessibleName(button.text())
        menu = QMenu(button)
        menu.setToolTipsVisible(True)
        menu.addActions(list(actions))
        button.setMenu(menu)
        self.more_menu = menu
        return button
