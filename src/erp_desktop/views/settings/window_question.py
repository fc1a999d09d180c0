"""How many months back computers hold documents: what it means, the number, and a button that sets it."""

from collections.abc import Callable

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QDialog, QDialogButtonBox, QHBoxLayout, QLabel, QSpinBox, QVBoxLayout, QWidget

from erp_desktop.actions.window import LONGEST_WINDOW
from erp_desktop.i18n import translate
from erp_desktop.views.settings.questions import LEAST_WIDTH


def months_in_words(months: int) -> str:
    """As a fact of the company."""
    if not months:
        return translate("WindowQuestion", "all of them")
    text = translate("WindowQuestion", "open ones, and others on which something was done within {months} months")
    return text.format(months=months)


class WindowQuestion(QDialog):
    """Calls `set_months` with the number that was entered. Escape goes back."""

    def __init__(self, months: int, set_months: Callable[[int], object], parent: QWidget) -> None:
        super().__init__(parent)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setWindowTitle(translate("WindowQuestion", "Documents on computers"))
        self.setMinimumWidth(LEAST_WIDTH)
        words = QLabel(
            translate(
                "WindowQuestion",
                "Computers of people who see neither costs nor the ledger hold open documents, and closed ones on which "
                "something was done within this time. Older ones stay at the central service and can be looked for there. "
                "A longer time reaches computers at once, a shorter one when they are filled the next time.",
            )
        )
        words.setWordWrap(True)
        self.months = QSpinBox()
        self.months.setRange(0, LONGEST_WINDOW)
        self.months.setValue(months)
        self.months.setSpecialValueText(translate("WindowQuestion", "All documents"))
        self.months.setSuffix(" " + translate("WindowQuestion", "months"))
        self.months.setMinimumWidth(140)
        label = QLabel(translate("WindowQuestion", "Hold documents of (0: all)"))
        label.setBuddy(self.months)
        row = QHBoxLayout()
        row.addWidget(label)
        row.addWidget(self.months)
        row.addStretch(1)
        buttons = QDialogButtonBox(self)
        self.set_button = buttons.addButton(translate("WindowQuestion", "Set"), QDialogButtonBox.ButtonRole.AcceptRole)
        buttons.addButton(translate("Question", "Go back"), QDialogButtonBox.ButtonRole.RejectRole)
        buttons.accepted.connect(self.accept)
        buttons.rejected.connect(self.reject)
        self.accepted.connect(lambda: set_months(self.months.value()))
        layout = QVBoxLayout(self)
        layout.setContentsMargins(20, 18, 20, 16)
        layout.setSpacing(12)
        layout.addWidget(words)
        layout.addLayout(row)
        layout.addWidget(buttons)
        self.months.setFocus()
