"""What narrows the list of who did and saw what: of what, a text, a person, a computer, what was done, with what outcome, days."""

from collections.abc import Iterable
from datetime import date, datetime, time, timedelta
from typing import Any
from uuid import UUID

from PySide6.QtCore import QSignalBlocker, Signal
from PySide6.QtWidgets import QComboBox, QGridLayout, QHBoxLayout, QLabel, QLineEdit, QPushButton, QWidget

from erp_desktop.i18n import translate
from erp_desktop.views.settings.audit_words import choices
from erp_desktop.views.widgets.fields import DateField


class AuditFilters(QWidget):
    """Two lines of fields. `changed` when something else is asked for; texts and dates count with Enter."""

    changed = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._record: UUID | None = None
        self.of = QComboBox()
        self.of.addItem(translate("Audit", "Changes"), "changes")
        self.of.addItem(translate("Audit", "Looked at, printed, saved as files"), "reads")
        self.of.addItem(translate("Audit", "Sign-ins, computers, passwords, backups"), "events")
        self.of.setAccessibleName(translate("Audit", "Of what"))
        self.search = QLineEdit()
        self.search.setPlaceholderText(translate("Audit", "Person, code, number"))
        self.search.setAccessibleName(translate("Audit", "Person, code, number"))
        self.search.setClearButtonEnabled(True)
        self.since, self.until = DateField(self), DateField(self)
        self.person, self.computer, self.what, self.outcome = (QComboBox() for _ in range(4))
        self.record_label = QLabel()
        self.record_button = QPushButton(translate("Audit", "Show all"))
        self.record_button.setAutoDefault(True)
        self.record_button.clicked.connect(lambda: self.only_record(None, ""))
        first, second = QHBoxLayout(), QHBoxLayout()
        first.addWidget(self.of)
        first.addWidget(self.search, 1)
        for text, field in ((translate("Audit", "From"), self.since), (translate("Audit", "To"), self.until)):
            label = QLabel(text)
            label.setBuddy(field)
            field.setAccessibleName(text)
            first.addWidget(label)
            first.addWidget(field)
        for name, choice in (
            (translate("Audit", "Person"), self.person),
            (translate("Audit", "Computer"), self.computer),
            (translate("Audit", "What"), self.what),
            (translate("Audit", "Outcome"), self.outcome),
        ):
            choice.setAccessibleName(name)
            choice.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
            choice.setMinimumContentsLength(12)
            second.addWidget(choice, 1)
        second.addWidget(self.record_label)
        second.addWidget(self.record_button)
        layout = QGridLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addLayout(first, 0, 0)
        layout.addLayout(second, 1, 0)
        self._offer(self.person, translate("Audit", "Everybody"), ())
        self._offer(self.computer, translate("Audit", "All computers"), ())
        self._offer(
            self.outcome,
            translate("Audit", "Done and refused"),
            (("applied", translate("Audit", "Done")), ("refused", translate("Audit", "Refused"))),
        )
        self._choose_what()
        self._show_record("")
        self.of.currentIndexChanged.connect(self._of_another_kind)
        for choice in (self.person, self.computer, self.what, self.outcome):
            choice.currentIndexChanged.connect(lambda _row: self.changed.emit())
        for typed_into in (self.search, self.since, self.until):
            typed_into.returnPressed.connect(self.changed)
        self.setFocusProxy(self.search)

    def offer_people(self, people: Iterable[tuple[str, str]]) -> None:
        self._offer(self.person, translate("Audit", "Everybody"), people)

    def offer_computers(self, computers: Iterable[tuple[str, str]]) -> None:
        self._offer(self.computer, translate("Audit", "All computers"), computers)

    def only_record(self, record_id: UUID | None, words: str) -> None:
        """Only what was done to one record, which is called so; None: to all."""
        self._record = record_id
        self._show_record(words)
        self.changed.emit()

    def asked(self) -> dict[str, Any]:
        """As AuditRequest takes it. Raises NotReadable for a date that is none."""
        since, until = self.since.value(), self.until.value()
        return {
            "of": self.of.currentData(),
            "text": self.search.text(),
            "since": _start_of(since),
            "until": _start_of(until + timedelta(days=1) if until is not None else None),
            "person": _id(self.person),
            "computer": _id(self.computer),
            "what": self.what.currentData() or "",
            "outcome": (self.outcome.currentData() or "") if self.of.currentData() == "changes" else "",
            "record": self._record,
        }

    def in_words(self) -> list[tuple[str, str]]:
        """What is asked for, as a page says it: what it is, and what was chosen or typed."""
        chosen = (
            (translate("Audit", "Of what"), self.of.currentText()),
            (translate("Audit", "Person, code, number"), self.search.text()),
            (translate("Audit", "From"), self.since.text()),
            (translate("Audit", "To"), self.until.text()),
            (translate("Audit", "Person"), self.person.currentText() if self.person.currentData() else ""),
            (translate("Audit", "Computer"), self.computer.currentText() if self.computer.currentData() else ""),
            (translate("Audit", "What"), self.what.currentText() if self.what.currentData() else ""),
            (translate("Audit", "Outcome"), self.outcome.currentText() if self.outcome.currentData() else ""),
            (translate("Audit", "To what"), self.record_label.text() if self._record else ""),
        )
        return [(name, value) for name, value in chosen if value]

    def _of_another_kind(self) -> None:
        self._choose_what()
        self.outcome.setEnabled(self.of.currentData() == "changes")
        self.changed.emit()

    def _choose_what(self) -> None:
        self._offer(self.what, translate("Audit", "Whatever was done"), choices(self.of.currentData()))

    def _show_record(self, words: str) -> None:
        self.record_label.setText(words)
        self.record_label.setVisible(self._record is not None)
        self.record_button.setVisible(self._record is not None)

    @staticmethod
    def _offer(choice: QComboBox, all_of_them: str, offered: Iterable[tuple[str, str]]) -> None:
        """Keeps what is chosen, where it is still offered."""
        chosen = choice.currentData()
        with QSignalBlocker(choice):
            choice.clear()
            choice.addItem(all_of_them, None)
            for value, words in offered:
                choice.addItem(words, value)
            choice.setCurrentIndex(max(0, choice.findData(chosen)))


def _id(choice: QComboBox) -> UUID | None:
    return UUID(choice.currentData()) if choice.currentData() else None


def _start_of(day: date | None) -> datetime | None:
    return None if day is None else datetime.combine(day, time()).astimezone()
