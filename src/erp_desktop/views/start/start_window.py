"""The first window: sign in to an office, open a company on this computer, or look at the sample company.

It asks and shows; what the answers lead to is done by whoever made it, on another thread.
"""

from collections.abc import Callable, Sequence
from concurrent.futures import Future
from dataclasses import replace
from datetime import date
from functools import partial
from typing import Any

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import (
    QComboBox,
    QDialog,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QProgressBar,
    QPushButton,
    QStackedWidget,
    QVBoxLayout,
    QWidget,
)

from erp_desktop.actions.refusals import Refused
from erp_desktop.i18n import translate
from erp_desktop.sync.signing_in import PasswordToChange
from erp_desktop.views.start.choose_password import ChoosePassword
from erp_desktop.views.start.new_company_form import NewCompanyForm, entry_form
from erp_desktop.views.start.wishes import KnownCompany, SampleWanted, SignIn, Wish
from erp_desktop.views.translation import LANGUAGES, current_language, show_language
from erp_desktop.views.widgets.asking import Failure, when_done
from erp_desktop.views.widgets.banner import Banner
from erp_desktop.views.widgets.theme import TITLE_PX, current_theme, sized_font

# What a refusal of signing in is about, so that the keyboard stands where it can be mended; anything else: the password.
_ABOUT_THE_ADDRESS = frozenset(
    {
        "not_an_address",
        "nobody_by_that_name",
        "not_the_centre",
        "certificate_not_trusted",
        "not_encrypted",
        "centre_out_of_reach",
    }
)
_ABOUT_THE_COMPANY = frozenset({"company_not_there"})


class StartWindow(QDialog):
    """Shows one page at a time. `wish` is handed what the person wants and gives a future; `opened` carries its answer.

    `charts` gives the charts of accounts by key, in the language that is shown when it is called. `note` is said once.
    """

    opened = Signal(object)

    def __init__(
        self,
        wish: Callable[[Wish], "Future[Any]"],
        charts: Callable[[], dict[str, str]],
        today: date,
        known: SignIn | None = None,
        note: str = "",
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self._wish = wish
        self._charts = charts
        self._today = today
        self._companies: tuple[KnownCompany, ...] = ()
        self._asked: Wish | None = None
        self.chosen_language = ""  # what the person chose here, empty as long as they did not
        self.setWindowTitle("ERP Desktop")
        self.setMinimumWidth(500)
        self.note = Banner(self)
        self.note.close_button.hide()
        if note:
            self.note.show_sentence("warning", note)
        self.trouble = QLabel()
        self.trouble.setWordWrap(True)
        self.trouble.setObjectName("trouble")
        self.trouble.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self.trouble.setStyleSheet(f"color: {current_theme().color('late').name()}")
        self.trouble.hide()
        self.progress = QLabel()
        self.progress.setWordWrap(True)
        self.progress.hide()
        self.progress_bar = QProgressBar()
        self.progress_bar.setRange(0, 0)
        self.progress_bar.setTextVisible(False)
        self.progress_bar.hide()
        self.language = QComboBox()
        for code, name in LANGUAGES.items():
            self.language.addItem(name, code)
        self.language.setCurrentIndex(self.language.findData(current_language()))
        self.language.setAccessibleName("Language · 语言")
        self.language.activated.connect(lambda _row: self._choose_language(self.language.currentData()))
        foot = QHBoxLayout()
        foot.addStretch(1)
        foot.addWidget(self.language)
        self._pages_place = QVBoxLayout()
        layout = QVBoxLayout(self)
        layout.setContentsMargins(28, 24, 28, 20)
        layout.setSpacing(14)
        layout.addWidget(self.note)
        layout.addLayout(self._pages_place)
        for widget in (self.trouble, self.progress, self.progress_bar):
            layout.addWidget(widget)
        layout.addStretch(1)
        layout.addLayout(foot)
        self._add_pages(known)
        if known is not None:
            self._show(self._sign_in)
            (self.password if known.login else self.login if known.company else self.centre).setFocus()

    # --- pages

    def _add_pages(self, known: SignIn | None) -> None:
        self.pages = QStackedWidget()
        self._main_buttons: dict[QWidget, QPushButton] = {}
        self._choice = self._add_choice()
        self._sign_in = self._add_sign_in(known)
        self._new_company = self._add_new_company()
        self._pages_place.addWidget(self.pages)
        self._show(self._choice)

    def _add_choice(self) -> QWidget:
        page, layout = self._page(translate("StartWindow", "Welcome to ERP Desktop"))
        self._companies_place = QVBoxLayout()
        self._companies_place.setSpacing(layout.spacing())
        layout.addLayout(self._companies_place)
        self._main_buttons[page] = _offer(
            layout,
            translate("StartWindow", "Sign in to an office"),
            translate("StartWindow", "The company is at a central service that other people use too."),
            lambda: self._show(self._sign_in),
        )
        _offer(
            layout,
            translate("StartWindow", "Start a new company on this computer"),
            translate("StartWindow", "Empty books, for one person without a network."),
            lambda: self._show(self._new_company),
        )
        _offer(
            layout,
            translate("StartWindow", "Look at a sample company"),
            translate("StartWindow", "A trading company with a year of business, to try everything out."),
            lambda: self._ask(SampleWanted()),
        )
        layout.addStretch(1)
        self._offer_companies(page)
        return page

    def show_companies(self, companies: Sequence[KnownCompany]) -> None:
        """Offers the companies of this computer, once they are known."""
        self._companies = tuple(companies)
        self._offer_companies(self._choice)
        if self._companies and self.pages.isEnabled() and self.pages.currentWidget() is self._choice:
            self._show(self._choice)

    def _offer_companies(self, page: QWidget) -> None:
        before: QWidget | None = None
        for company in self._companies:
            button = _offer(
                self._companies_place,
                translate("StartWindow", "Open {company}").format(company=f"{company.name} ({company.code})"),
                translate("StartWindow", "Kept on this computer."),
                partial(self._ask, company),
            )
            if before is None:
                button.show()  # at once, not when the layout comes to it: it is to have the keyboard
                QWidget.setTabOrder(button, self._main_buttons[page])
                self._main_buttons[page].setDefault(False)
                self._main_buttons[page] = button
            else:
                QWidget.setTabOrder(before, button)
            before = button

    def _add_sign_in(self, known: SignIn | None) -> QWidget:
        page, layout = self._page(translate("StartWindow", "Sign in"))
        self.centre = QLineEdit(known.centre if known else "")
        self.centre.setPlaceholderText("https://erp.example.com")
        self.company = QLineEdit(known.company if known else "")
        self.login = QLineEdit(known.login if known else "")
        self.password = QLineEdit()
        self.password.setEchoMode(QLineEdit.EchoMode.Password)
        form = entry_form()
        layout.addLayout(form)
        form.addRow(translate("StartWindow", "Central service"), self.centre)
        form.addRow(translate("StartWindow", "Company"), self.company)
        form.addRow(translate("StartWindow", "User name"), self.login)
        form.addRow(translate("StartWindow", "Password"), self.password)

        def go() -> None:
            fields = [self.centre, self.company, self.login, self.password]
            if not self._is_filled(fields):
                return
            centre, company, login = (field.text().strip() for field in fields[:3])
            self._ask(SignIn(centre, company, login, self.password.text()))

        self.sign_in_button = self._add_buttons(page, layout, translate("StartWindow", "Sign in"), go)
        return page

    def _add_new_company(self) -> QWidget:
        page, layout = self._page(translate("StartWindow", "Start a new company"))
        self.new_company = form = NewCompanyForm(self._charts())
        layout.addWidget(form)

        def go() -> None:
            if self._is_filled(form.required):
                self._ask(form.wish(self._today))

        self.new_company_button = self._add_buttons(page, layout, translate("StartWindow", "Start the company"), go)
        return page

    def _page(self, title: str) -> tuple[QWidget, QVBoxLayout]:
        page = QWidget()
        layout = QVBoxLayout(page)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(10)
        heading = QLabel(title)
        heading.setFont(sized_font(self.font(), TITLE_PX, bold=True))
        layout.addWidget(heading)
        self.pages.addWidget(page)
        return page, layout

    def _add_buttons(self, page: QWidget, layout: QVBoxLayout, text: str, go: Callable[[], None]) -> QPushButton:
        back = QPushButton(translate("StartWindow", "Back"))
        back.setAutoDefault(False)
        back.clicked.connect(lambda: self._show(self._choice))
        main = QPushButton(text)
        main.setAutoDefault(True)
        main.clicked.connect(go)
        row = QHBoxLayout()
        row.addWidget(back)
        row.addStretch(1)
        row.addWidget(main)
        layout.addStretch(1)
        layout.addLayout(row)
        QWidget.setTabOrder(main, back)  # after the last field comes what one wants
        self._main_buttons[page] = main
        return main

    def _show(self, page: QWidget) -> None:
        """Brings `page` forward: Enter presses its own main button, the keyboard stands in its first empty field."""
        self._say_trouble("")
        self.pages.setCurrentWidget(page)
        for other, button in self._main_buttons.items():
            button.setDefault(other is page)
        fields = page.findChildren(QLineEdit)
        first = next((field for field in fields if not field.text()), None) or next(iter(fields), None)
        (first or self._main_buttons[page]).setFocus(Qt.FocusReason.OtherFocusReason)

    def _choose_language(self, code: str) -> None:
        """The same page in another language, with what was typed."""
        if code == current_language():
            return
        show_language(code)
        self.chosen_language = code
        number, typed = self.pages.currentIndex(), [field.text() for field in self.pages.findChildren(QLineEdit)]
        chosen = [box.currentIndex() for box in self.pages.findChildren(QComboBox)]
        old = self.pages
        self._pages_place.removeWidget(old)
        old.hide()
        old.deleteLater()
        self._add_pages(None)
        for field, text in zip(self.pages.findChildren(QLineEdit), typed, strict=True):
            field.setText(text)
        for box, row in zip(self.pages.findChildren(QComboBox), chosen, strict=True):
            box.setCurrentIndex(row)
        self._show((self._choice, self._sign_in, self._new_company)[number])
        self.note.hide()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Escape goes back a page; on the first one it closes the program."""
        if event.key() == Qt.Key.Key_Escape and self.pages.currentWidget() is not self._choice:
            if self.pages.isEnabled():
                self._show(self._choice)
        else:
            super().keyPressEvent(event)

    # --- asking

    def _is_filled(self, fields: list[QLineEdit]) -> bool:
        for field in fields:
            if not field.text().strip():
                self._say_trouble(translate("StartWindow", "Please fill in every field."))
                field.setFocus(Qt.FocusReason.OtherFocusReason)
                return False
        return True

    def _ask(self, wish: Wish) -> None:
        self._asked = wish
        self.wait_for(self._wish(wish))

    def wait_for(self, opening: "Future[Any]") -> None:
        """Shows that books are being opened until `opening` is done."""
        self._say_trouble("")
        self.pages.setEnabled(False)
        self.language.setEnabled(False)
        self.progress.setText(self._waiting_sentence())
        self.progress_bar.setRange(0, 0)
        self.progress.show()
        self.progress_bar.show()
        when_done(opening, self, self._done, self._refused, self._failed)

    def show_progress(self, fetched: int, of: int) -> None:
        """How many rows of the company are here, while books are being opened."""
        if self.progress.isHidden() or not of:
            return
        text = translate("StartWindow", "The company's data are fetched: {done} of {total} rows …")
        self.progress.setText(text.format(done=f"{fetched:,}", total=f"{of:,}"))
        self.progress_bar.setRange(0, of)
        self.progress_bar.setValue(fetched)

    def _waiting_sentence(self) -> str:
        if isinstance(self._asked, SignIn):
            return translate("StartWindow", "One moment, the central service is asked …")
        if isinstance(self._asked, SampleWanted):
            return translate("StartWindow", "The sample company is made. The first time that takes up to a minute …")
        return translate("StartWindow", "One moment, the books are being opened …")

    def _done(self, answer: object) -> None:
        self.opened.emit(answer)
        self.accept()

    def _refused(self, refused: Refused) -> None:
        self._say_trouble(refused.problem.sentence)
        if self.pages.currentWidget() is not self._sign_in:
            return
        if refused.code == PasswordToChange.code and isinstance(self._asked, SignIn):
            self._choose_password(self._asked, refused)
            return
        field = self.password
        if refused.code in _ABOUT_THE_ADDRESS:
            field = self.centre
        elif refused.code in _ABOUT_THE_COMPANY:
            field = self.company
        field.setFocus(Qt.FocusReason.OtherFocusReason)
        field.selectAll()

    def _choose_password(self, asked: SignIn, refused: Refused) -> None:
        """The password was good for one time: with another one it goes on."""

        def go_on(_old: str, new: str) -> "Future[None]":
            chosen: Future[None] = Future()
            chosen.set_result(None)
            self._ask(replace(asked, new_password=new))
            return chosen

        ChoosePassword(refused.problem.sentence, asked.password, go_on, self).open()

    def _failed(self, failure: Failure) -> None:
        text = translate("StartWindow", "This did not work; nothing was changed. For support: {reference}.")
        self._say_trouble(text.format(reference=failure.reference))

    def _say_trouble(self, sentence: str) -> None:
        self.pages.setEnabled(True)
        self.language.setEnabled(True)
        self.progress.hide()
        self.progress_bar.hide()
        self.trouble.setText(sentence)
        self.trouble.setAccessibleName(sentence)
        self.trouble.setVisible(bool(sentence))
        layout = self.layout()
        if layout is not None:
            layout.activate()
        self.resize(self.width(), max(self.heightForWidth(self.width()), self.minimumSizeHint().height()))


def _offer(layout: QVBoxLayout, text: str, detail: str, go: Callable[[], object]) -> QPushButton:
    """A button for one way to begin, and below it what that means."""
    button = QPushButton(text)
    button.setAutoDefault(True)
    button.setAccessibleDescription(detail)
    button.clicked.connect(lambda _checked=False: go())
    words = QLabel(detail)
    words.setWordWrap(True)
    words.setProperty("tone", "secondary")
    layout.addWidget(button)
    layout.addWidget(words)
    return button
