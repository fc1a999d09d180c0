"""The bar above the tabs: company, the palette's field, sync pill, who is signed in."""

from typing import TYPE_CHECKING

from PySide6.QtCore import Qt
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QHBoxLayout, QLabel, QMenu, QPushButton, QSizePolicy, QToolButton, QWidget

from erp_desktop.i18n import translate
from erp_desktop.views.shell.sync_pill import SyncPill
from erp_desktop.views.widgets.cells import cell_value
from erp_desktop.views.widgets.icons import set_icon

if TYPE_CHECKING:
    from erp_desktop.desk import CompanyHere

HEIGHT = 48


class TopBar(QWidget):
    """Shows; what a click does is the main window's."""

    def __init__(self, company: "CompanyHere", user: str, rail_action: QAction, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("topBar")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self.setFixedHeight(HEIGHT)
        self._user = user
        self.rail_button = QToolButton()
        self.rail_button.setDefaultAction(rail_action)
        self.rail_button.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonIconOnly)
        self._company = company
        self.company = QLabel()
        self.company.setObjectName("companyName")
        self.palette_button = QPushButton()
        self.palette_button.setObjectName("paletteField")
        self.palette_button.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.palette_button.setMaximumWidth(460)
        set_icon(self.palette_button, "search")
        self.pill = SyncPill()
        self.user_button = QToolButton()
        self.user_button.setText(user)
        self.user_button.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
        self.user_button.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        set_icon(self.user_button, "user")
        self.user_menu = QMenu(self.user_button)
        self.user_button.setMenu(self.user_menu)
        layout = QHBoxLayout(self)
        layout.setContentsMargins(10, 0, 10, 0)
        layout.setSpacing(8)
        layout.addWidget(self.rail_button)
        layout.addWidget(self.company)
        layout.addStretch(1)
        layout.addWidget(self.palette_button, 4)
        layout.addStretch(1)
        layout.addWidget(self.pill)
        layout.addWidget(self.user_button)
        self.retranslate()

    def retranslate(self) -> None:
        self.company.setText(str(cell_value(self._company, "name")))
        hint = translate("TopBar", "Search screens, commands and records")
        self.palette_button.setText(f" {hint}   Ctrl+K")
        self.palette_button.setAccessibleName(hint)
        self.palette_button.setToolTip(f"{hint} (Ctrl+K)")
        menu = translate("TopBar", "{user}: language, theme, sign out").format(user=self._user)
        self.user_button.setAccessibleName(menu)
        self.user_button.setToolTip(menu)
        self.rail_button.setAccessibleName(self.rail_button.defaultAction().text())
        self.pill.retranslate()
