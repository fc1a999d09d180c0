"""What stands below every document and record, closed until it is asked for: its history, its files."""

from collections.abc import Callable

from PySide6.QtCore import QSize, Qt
from PySide6.QtGui import QKeySequence, QShortcut
from PySide6.QtWidgets import QHBoxLayout, QStackedWidget, QToolButton, QVBoxLayout, QWidget

from erp_desktop.i18n import translate
from erp_desktop.views.widgets.icons import set_icon

HEIGHT = 210


class LowerArea(QWidget):
    """A line of buttons, one for each part; pressing one shows its part, pressing it again gives the room back."""

    def __init__(self, page: QWidget) -> None:
        super().__init__(page)
        self._page = page
        self.buttons: list[QToolButton] = []
        self._opened: list[Callable[[], object]] = []
        self._widgets: list[QWidget] = []
        self._line = QHBoxLayout()
        self._line.setContentsMargins(0, 0, 0, 0)
        self._line.setSpacing(8)
        self._line.addStretch(1)
        self.parts = QStackedWidget(self)
        self.parts.setFixedHeight(HEIGHT)
        self.parts.hide()
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(6)
        layout.addLayout(self._line)
        layout.addWidget(self.parts)

    def add_part(
        self, title: str, icon: str, part: QWidget, opened: Callable[[], object], shortcut: str = ""
    ) -> QToolButton:
        """A part after those that are there; `opened` is called each time it is shown. Answers its button, whose text may change."""
        number = len(self.buttons)
        button = QToolButton(self)
        button.setText(title)
        button.setAccessibleName(title)
        button.setCheckable(True)
        button.setProperty("part", True)
        button.setIconSize(QSize(16, 16))
        button.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
        button.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        set_icon(button, icon, "secondary")
        button.clicked.connect(lambda is_checked: self.show_part(number if is_checked else None))
        if shortcut:
            button.setToolTip(
                translate("LowerArea", "{part} ({keys})").format(
                    part=title, keys=QKeySequence(shortcut).toString(QKeySequence.SequenceFormat.NativeText)
                )
            )
            here = Qt.ShortcutContext.WidgetWithChildrenShortcut
            QShortcut(QKeySequence(shortcut), self._page, button.click, context=here)
        self._line.insertWidget(number, button)
        self.parts.addWidget(part)
        self.buttons.append(button)
        self._widgets.append(part)
        self._opened.append(opened)
        return button

    def show_part(self, number: int | None) -> None:
        """Shows one part, or closes the area with None."""
        for index, button in enumerate(self.buttons):
            button.setChecked(index == number)
        self.parts.setVisible(number is not None)
        if number is not None:
            self.parts.setCurrentIndex(number)
            self._opened[number]()
            self._widgets[number].setFocus()

    def is_shown(self, part: QWidget) -> bool:
        """Whether this part can be seen now."""
        return not self.parts.isHidden() and self.parts.currentWidget() is part
