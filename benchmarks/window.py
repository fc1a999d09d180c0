"""`python -m benchmarks.window`: start of the window, performing on the desk, and the longest block of its thread.

Offscreen, on the sample company in a folder of its own, with the embedded central service as a process beside it.
"""

import json
import os
import subprocess
import sys
import tempfile
import time
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

from PySide6.QtCore import QElapsedTimer, QTimer
from PySide6.QtWidgets import QApplication

from benchmarks.figures import tell
from erp_desktop.actions.purchasing import PurchaseLine, SavePurchaseOrder
from erp_desktop.app import make_application
from erp_desktop.demo.here import Office, office_open, sample_here
from erp_desktop.desk import Desk
from erp_desktop.ids import new_id
from erp_desktop.queries.base import ListRequest
from erp_desktop.queries.masters import Parties, Products, Warehouses
from erp_desktop.views.documents.form_page import FormPage
from erp_desktop.views.shell.screens import load_screens_ahead

PERFORMED = 200
PASTED = 1_000
STARTS = 7
SCREENS = ("purchase_orders", "sales_orders", "shipments", "goods_receipts")


class Heartbeat:
    """How long the window's thread was away from its events, at the longest, since `reset`."""

    def __init__(self) -> None:
        self.longest_ms = 0.0
        self._clock = QElapsedTimer()
        self._timer = QTimer()
        self._timer.setInterval(0)
        self._timer.timeout.connect(self._beat)

    def start(self) -> None:
        self.longest_ms = 0.0
        self._clock.start()
        self._timer.start()

    def stop(self) -> float:
        self._beat()
        self._timer.stop()
        return self.longest_ms

    def _beat(self) -> None:
        self.longest_ms = max(self.longest_ms, self._clock.nsecsElapsed() / 1e6)
        self._clock.restart()


def main() -> None:
    with tempfile.TemporaryDirectory(prefix="erp-bench.") as folder:
        directory = Path(folder)
        company = sample_here(directory, 1, datetime.now(UTC).date())
        app = make_application("en")
        with office_open(directory, company) as office:
            perform_and_look(app, office)
            paste(app, office)
        starts(directory)


def perform_and_look(app: QApplication, office: Office) -> None:
    """The desk's own speed, and whether its window stays alive meanwhile."""
    desk = office.desk()
    heartbeat = Heartbeat()
    window = office.window(desk, (1280, 720))
    load_screens_ahead().join()  # as the program does beside its window
    _settle(app, 1.0)
    heartbeat.start()
    times = sorted(_performed(app, desk))
    tell("perform on the desk p50", times[len(times) // 2], "ms")
    tell("perform on the desk p95", times[int(len(times) * 0.95)], "ms", 50.0, count=len(times))
    tell("longest block of the window's thread while performing", heartbeat.stop(), "ms", 50.0)
    for key in SCREENS:
        if window.has_screen(key):
            heartbeat.start()
            window.open_screen(key)
            _settle(app, 0.7)
            tell(f"longest block while {key.replace('_', ' ')} open", heartbeat.stop(), "ms", 50.0)


def _performed(app: QApplication, desk: Desk) -> list[float]:
    """Milliseconds from perform to the durable outbox, for drafts of three lines."""
    supplier = desk.ask(Parties(ListRequest(filters=(("is_supplier", True),), limit=1))).result().rows[0].id
    warehouse = desk.ask(Warehouses(ListRequest(limit=1))).result().rows[0].id
    products = [row.id for row in desk.ask(Products(ListRequest(limit=3))).result().rows]
    today = datetime.now(UTC).date()
    times = []
    for _ in range(PERFORMED):
        lines = tuple(PurchaseLine(new_id(), product, Decimal(10), Decimal("3.5")) for product in products)
        start = time.perf_counter()
        done = desk.perform(SavePurchaseOrder(new_id(), supplier, warehouse, today, today, lines))
        while not done.done():
            app.processEvents()
        times.append((time.perf_counter() - start) * 1000)
        done.result()
        _settle(app, 0.02)
    return times


def paste(app: QApplication, office: Office) -> None:
    """From Ctrl+V until every code has its product, its unit and its price, and the totals say so."""
    desk = office.desk()
    window = office.window(desk, (1280, 720))
    products = desk.ask(Products(ListRequest(limit=PASTED))).result().rows
    rows = [f"{products[place % len(products)].code}\t{place % 90 + 1}" for place in range(PASTED)]
    heartbeat = Heartbeat()
    for kind, name in (("purchase_order", "a purchase order"), ("sales_order", "a sales order")):
        page = window.open_screen(kind, id=new_id(), is_new=True)
        assert isinstance(page, FormPage)
        _settle(app, 1.0)
        QApplication.clipboard().setText("\n".join(rows))
        page.grid.go_to(0, 0)
        _settle(app, 0.2)
        heartbeat.start()
        start = time.perf_counter()
        page.grid.paste()
        while page.grid.is_waiting:
            app.processEvents()
        took = time.perf_counter() - start
        longest = heartbeat.stop()
        lines = page.grid.lines()
        known = sum(line.get("product") is not None for line in lines)
        priced = sum(line.get("unit_price") is not None for line in lines)
        told = {"products": len(products), "known": known, "priced": priced}
        tell(f"{PASTED:,} rows pasted into {name}", took, "s", 1.0, **told)
        tell(f"longest block while {PASTED:,} rows are pasted into {name}", longest, "ms", 50.0)
        page.set_dirty(False)


def _settle(app: QApplication, seconds: float) -> None:
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        app.processEvents()


def starts(directory: Path) -> None:
    """From the start of the process to a window that takes input, files warm.

    With compiled code, as every installed program has it (pip and the installers compile; Python itself does, where the
    environment does not forbid it). The first start is not counted: it compiles, and fetches the company.
    """
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    environment["PYTHONPYCACHEPREFIX"] = str(directory / "compiled")

    def once() -> dict[str, float]:
        command = [sys.executable, "-m", "benchmarks.window_start", str(directory)]
        told = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True, env=environment).stdout
        figures: dict[str, float] = json.loads(told.strip().splitlines()[-1])
        return figures

    once()
    figures = [once() for _ in range(STARTS)]
    usable = sorted(round(figure["usable_s"], 2) for figure in figures)
    cpu = sorted(round(figure["cpu_s"], 2) for figure in figures)
    tell("window usable after", usable[STARTS // 2], "s", 1.5, best=usable[0], worst=usable[-1], cpu=cpu[STARTS // 2])


if __name__ == "__main__":
    sys.exit(main())
