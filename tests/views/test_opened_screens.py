"""Opening what not everybody may see is told to the centre; everyday lists are not."""

from typing import Any

from fake_desk import FakeDesk

from erp_desktop.sync.reads import ReadKind
from erp_desktop.views import all_screens

assert all_screens


def test_screens_of_people_and_costs_are_told_once_for_each_time_they_are_opened(shell: Any, desk: FakeDesk) -> None:
    shell.open_screen("sales_orders")
    assert desk.reads.noted == []
    shell.open_screen("employees")
    shell.open_screen("employees")  # comes forward
    shell.open_screen("cost_books")
    assert desk.reads.noted == [(ReadKind.OPENED, "employees", None), (ReadKind.OPENED, "cost_books", None)]
