"""The first window: sign in to an office, open a company on this computer, or look at the sample company.

It asks and shows; what the answers lead to is done by whoever made it, on another thread.
"""

from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass
from datetime import date
from typing import Any

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import (
    QComboBox,
    QDialog,
    QFormLayout,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QPushButton,
    QStackedWidget,
    QVBoxLayout,
    QWidget,
)

from erp_desktop.actions.refusals import Refused
from erp_desktop.i18n import translate
from erp_desktop.views.widgets.asking import Failure, when_done
from erp_desktop.views.widgets.theme import TITLE_PX, current_theme, sized_font


@dataclass(frozen=True)
class SignIn:
    """Somebody signs in to an office."""

    centre: str
    company: str
    login: str
    password: str


@dataclass(frozen=True)
class NewCompany:
    """A first company, kept on this computer."""

    code: str
    name: str
    currency: str
    chart: str
    owner_name: str
    first_period_on: date


@dataclass(frozen=True)
class SampleWanted:
    """Somebody wants to look at the sample company."""


Wish = SignIn | NewCompany | SampleWanted


class StartWindow(QDialog):
    """Shows one page at a time. `wish` is handed what the person wants and gives a future; `opened` carries its answer."""

    opened = Signal(object)

    def __init__(
        self,
        wish: Callable[[Wish], "Future[Any]"],
        charts: dict[str, str],
        today: date,
        known: SignIn | None = None,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self._wish = wish
        self._charts = charts
        self._today = today
        self.setWindowTitle("ERP Desktop")
        self.setMinimumWidth(460)
        self.pages = QStackedWidget()
        self.trouble = QLabel()
        self.trouble.setWordWrap(True)
        self.trouble.setObjectName("trouble")
        self.trouble.setStyleSheet(f"color: {current_theme().color('late').name()}")
        self.trouble.hide()
        self.progress = QLabel()
        self.progress.setWordWrap(True)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(28, 24, 28, 24)
        layout.setSpacing(14)
        layout.addWidget(self.pages)
        layout.addWidget(self.trouble)
        layout.addWidget(self.progress)
        self._choice = self._add_choice()
        self._sign_in = self._add_sign_in(known)
        self._new_company = self._add_new_company()
        if known is not None:
            self._show(self._sign_in)
            (self.password if known.login else self.login).setFocus()

    # --- pages

    def _add_choice(self) -> QWidget:
        page, layout = self._page(translate("StartWindow", "Welcome to ERP Desktop"))
        choices: tuple[tuple[str, Callable[[], None]], ...] = (
            (translate("StartWindow", "Open a company on this computer"), lambda: self._show(self._new_company)),
            (translate("StartWindow", "Sign in to an office"), lambda: self._show(self._sign_in)),
            (translate("StartWindow", "Look at a sample company"), lambda: self._ask(SampleWanted())),
        )
        for text, go in choices:
            button = QPushButton(text)
            button.setMinimumHeight(44)
            button.clicked.connect(lambda _checked=False, go=go: go())
            layout.addWidget(button)
        return page

    def _add_sign_in(self, known: SignIn | None) -> QWidget:
        page, layout = self._page(translate("StartWindow", "Sign in"))
        self.centre = QLineEdit(known.centre if known else "")
        self.centre.setPlaceholderText("https://")
        self.company = QLineEdit(known.company if known else "")
        self.login = QLineEdit(known.login if known else "")
        self.password = QLineEdit()
        self.password.setEchoMode(QLineEdit.EchoMode.Password)
        form = _form(layout)
        form.addRow(translate("StartWindow", "Central service"), self.centre)
        form.addRow(translate("StartWindow", "Company"), self.company)
        form.addRow(translate("StartWindow", "Name"), self.login)
        form.addRow(translate("StartWindow", "Password"), self.password)

        def go() -> None:
            fields = [self.centre, self.company, self.login, self.password]
            if not self._is_filled(fields):
                return
            centre, company, login = (field.text().strip() for field in fields[:3])
            self._ask(SignIn(centre, company, login, self.password.text()))

        self.sign_in_button = self._add_buttons(layout, translate("StartWindow", "Sign in"), go)
        return page

    def _add_new_company(self) -> QWidget:
        page, layout = self._page(translate("StartWindow", "Open a company"))
        self.name = QLineEdit()
        self.code = QLineEdit()
        self.code.setMaxLength(12)
        self.currency = QComboBox()
        self.currency.addItems(["CNY", "EUR", "USD", "GBP", "HKD", "SGD", "TWD"])
        self.chart = QComboBox()
        for key, title in self._charts.items():
            self.chart.addItem(title, key)
        self.owner_name = QLineEdit()
        form = _form(layout)
        form.addRow(translate("StartWindow", "Name of the company"), self.name)
        form.addRow(translate("StartWindow", "Short code"), self.code)
        form.addRow(translate("StartWindow", "Currency"), self.currency)
        form.addRow(translate("StartWindow", "Chart of accounts"), self.chart)
        form.addRow(translate("StartWindow", "Your name"), self.owner_name)
        self.name.editingFinished.connect(self._suggest_code)

        def go() -> None:
            if not self._is_filled([self.name, self.code, self.owner_name]):
                return
            self._ask(
                NewCompany(
                    code=self.code.text().strip(),
                    name=self.name.text().strip(),
                    currency=self.currency.currentText(),
                    chart=self.chart.currentData(),
                    owner_name=self.owner_name.text().strip(),
                    first_period_on=self._today.replace(month=1, day=1),
                )
            )

        self.new_company_button = self._add_buttons(layout, translate("StartWindow", "Open the company"), go)
        return page

    def _suggest_code(self) -> None:
        if not self.code.text():
            letters = "".join(mark for mark in self.name.text() if mark.isascii() and mark.isalnum())
            self.code.setText(letters[:8].upper())

    def _page(self, title: str) -> tuple[QWidget, QVBoxLayout]:
        page = QWidget()
        layout = QVBoxLayout(page)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(12)
        heading = QLabel(title)
        heading.setFont(sized_font(self.font(), TITLE_PX, bold=True))
        layout.addWidget(heading)
        self.pages.addWidget(page)
        return page, layout

    def _add_buttons(self, layout: QVBoxLayout, text: str, go: Callable[[], None]) -> QPushButton:
        back = QPushButton(translate("StartWindow", "Back"))
        back.setAutoDefault(False)
        back.clicked.connect(lambda: self._show(self._choice))
        main = QPushButton(text)
        main.setObjectName("primary")
        main.setDefault(True)
        main.clicked.connect(go)
        row = QHBoxLayout()
        row.addWidget(back)
        row.addStretch(1)
        row.addWidget(main)
        layout.addLayout(row)
        return main

    def _show(self, page: QWidget) -> None:
        self._say_trouble("")
        self.pages.setCurrentWidget(page)
        first = page.findChild(QLineEdit)
        if first is not None:
            first.setFocus(Qt.FocusReason.OtherFocusReason)

    # --- asking

    def _is_filled(self, fields: list[QLineEdit]) -> bool:
        for field in fields:
            if not field.text().strip():
                field.setFocus(Qt.FocusReason.OtherFocusReason)
                self._say_trouble(translate("StartWindow", "Please fill in every field."))
                return False
        return True

    def _ask(self, wish: Wish) -> None:
        self.wait_for(self._wish(wish))

    def wait_for(self, opening: "Future[Any]") -> None:
        """Shows that books are being opened until `opening` is done."""
        self._say_trouble("")
        self.pages.setEnabled(False)
        self.progress.setText(translate("StartWindow", "One moment, the books are being opened …"))
        when_done(opening, self, self._done, self._refused, self._failed)

    def _done(self, answer: object) -> None:
        self.opened.emit(answer)
        self.accept()

    def _refused(self, refused: Refused) -> None:
        self._say_trouble(refused.problem.sentence)

    def _failed(self, failure: Failure) -> None:
        text = translate("StartWindow", "This did not work; nothing was changed. For support: {reference}.")
        self._say_trouble(text.format(reference=failure.reference))

    def _say_trouble(self, sentence: str) -> None:
        self.pages.setEnabled(True)
        self.progress.clear()
        self.trouble.setText(sentence)
        self.trouble.setVisible(bool(sentence))


def _form(layout: QVBoxLayout) -> QFormLayout:
    form = QFormLayout()
    form.setLabelAlignment(Qt.AlignmentFlag.AlignLeft)
    form.setHorizontalSpacing(16)
    form.setVerticalSpacing(8)
    layout.addLayout(form)
    return form
