"""What the first window asks about a new company on this computer."""

from datetime import date

from PySide6.QtCore import QRegularExpression, Qt
from PySide6.QtGui import QRegularExpressionValidator
from PySide6.QtWidgets import QComboBox, QFormLayout, QLabel, QLineEdit, QVBoxLayout, QWidget

from erp_desktop.i18n import translate
from erp_desktop.views.start.wishes import NewCompany

CURRENCIES = ("CNY", "EUR", "USD", "GBP", "HKD", "SGD", "TWD")


def entry_form() -> QFormLayout:
    """As both forms of the first window are laid out."""
    form = QFormLayout()
    form.setLabelAlignment(Qt.AlignmentFlag.AlignLeft)
    form.setHorizontalSpacing(16)
    form.setVerticalSpacing(8)
    return form


class NewCompanyForm(QWidget):
    """`charts` are the charts of accounts by key."""

    def __init__(self, charts: dict[str, str]) -> None:
        super().__init__()
        self.name = QLineEdit()
        self.code = QLineEdit()
        self.code.setMaxLength(12)
        self.code.setValidator(QRegularExpressionValidator(QRegularExpression(r"\S*"), self.code))
        self.code.setPlaceholderText(translate("StartWindow", "a few letters or digits, such as ACME"))
        self.currency = QComboBox()
        self.currency.addItems(CURRENCIES)
        self.chart = QComboBox()
        for key, title in charts.items():
            self.chart.addItem(title, key)
        self.owner_name = QLineEdit()
        self.required = [self.name, self.code, self.owner_name]
        form = entry_form()
        form.addRow(translate("StartWindow", "Name of the company"), self.name)
        form.addRow(translate("StartWindow", "Short code"), self.code)
        form.addRow(translate("StartWindow", "Currency"), self.currency)
        form.addRow(translate("StartWindow", "Chart of accounts"), self.chart)
        form.addRow(translate("StartWindow", "Your name"), self.owner_name)
        lasting = QLabel(translate("StartWindow", "Currency and chart of accounts cannot be changed later."))
        lasting.setWordWrap(True)
        lasting.setProperty("tone", "secondary")
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(10)
        layout.addLayout(form)
        layout.addWidget(lasting)
        self.name.editingFinished.connect(self._suggest_code)

    def wish(self, today: date) -> NewCompany:
        """The company whose first period begins with this year."""
        return NewCompany(
            code=self.code.text().strip(),
            name=self.name.text().strip(),
            currency=self.currency.currentText(),
            chart=self.chart.currentData(),
            owner_name=self.owner_name.text().strip(),
            first_period_on=today.replace(month=1, day=1),
        )

    def _suggest_code(self) -> None:
        if not self.code.text():
            letters = "".join(mark for mark in self.name.text() if mark.isascii() and mark.isalnum())
            self.code.setText(letters[:8].upper())
