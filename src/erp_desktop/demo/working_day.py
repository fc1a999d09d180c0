"""What the people of a day share: who sits at the window, which day it is, and where papers and news go."""

from datetime import date
from pathlib import Path
from typing import Any, Protocol
from uuid import UUID

from erp_desktop.demo.person import Person
from erp_desktop.reports.report import Report
from erp_desktop.wire import Effect


class WorkingDay(Protocol):
    """The day as those who work in it know it (business_day.py is one)."""

    @property
    def person(self) -> Person: ...
    @property
    def today(self) -> date: ...
    @property
    def out(self) -> Path: ...

    def write(self, report: Report) -> None: ...
    def print(self, document: type[Any], document_id: UUID) -> None: ...
    def say(self, text: str, /) -> None: ...


def say_effect(day: WorkingDay, effect: Effect | None, what: str) -> None:
    """Tells what a form said of its effect on the books before it was posted."""
    if effect is None or not effect.books:
        day.say(f"{what}: entered.")
        return
    posting = effect.books[0]
    figures = [
        ("stock", posting.inventory),
        ("cost of sales", posting.cost_of_sales),
        ("price variance", effect.price_variance),
        ("write-down", effect.written_down),
    ]
    shown = ", ".join(f"{name} {amount:+,.2f}" for name, amount in figures if amount)
    count = effect.correction_count
    corrected = f"; {count} correction{'s' if count > 1 else ''}" if count else ""
    day.say(f"{what}: {shown or 'nothing changes in the books'}{corrected}, shown before it was posted.")
