"""What is left of a closed screen is destroyed on the window's thread, and on no other: elsewhere it ends the program."""

import gc
import threading
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor

import pytest
from PySide6.QtCore import QAbstractTableModel, QObject, Qt
from PySide6.QtWidgets import QWidget

from erp_desktop.views.shell.jobs import JobTray
from erp_desktop.views.widgets.asking import when_done
from erp_desktop.views.widgets.garbage import GarbageCollector

WINDOWS_THREAD = threading.main_thread().name


class Leftover(QAbstractTableModel):
    """A model of ours without a parent. It notes which thread destroyed it."""

    def __init__(self, ends: list[str]) -> None:
        super().__init__()
        self.destroyed.connect(lambda: ends.append(threading.current_thread().name), Qt.ConnectionType.DirectConnection)


@pytest.fixture
def automatic_collector(qapp: object) -> Iterator[None]:
    """On, and quick to run, until something turns it off."""
    before = gc.get_threshold()
    gc.collect()
    gc.set_threshold(100, 1, 1)
    gc.enable()
    yield
    gc.set_threshold(*before)


def make_much() -> None:
    """More objects than any threshold asks for, on a thread beside the window."""
    worker = threading.Thread(target=lambda: [[[]] for _ in range(50_000)], name="report")
    worker.start()
    worker.join()


def test_a_thread_beside_the_window_collects_nothing(automatic_collector: None) -> None:
    ends: list[str] = []
    owner = QObject()
    collector = GarbageCollector(owner)
    leftover = Leftover(ends)
    leftover.itself = leftover
    del leftover
    make_much()
    assert ends == []
    for _ in range(5):  # each look comes at one older generation
        make_here = [[[]] for _ in range(500)]
        collector.collect_what_is_due()
        del make_here
    assert ends == [WINDOWS_THREAD]


def test_nothing_is_collected_while_nothing_is_due(automatic_collector: None) -> None:
    owner = QObject()
    collector = GarbageCollector(owner)
    gc.set_threshold(1_000_000, 20, 20)
    gc.collect()
    rounds = sum(generation["collections"] for generation in gc.get_stats())
    collector.collect_what_is_due()
    assert sum(generation["collections"] for generation in gc.get_stats()) == rounds


def test_who_answers_a_question_never_holds_the_last_of_who_asked(qtbot: object) -> None:
    ends: list[str] = []
    may_answer, is_answered, is_over = threading.Event(), threading.Event(), threading.Event()
    with ThreadPoolExecutor(1, "reader") as worker:
        future = worker.submit(may_answer.wait)
        when_done(future, Leftover(ends), lambda _: is_answered.set())
        future.add_done_callback(lambda _: is_over.wait())  # it still holds the future when the window goes on
        may_answer.set()
        qtbot.waitUntil(is_answered.is_set)
        before_the_worker_lets_go = list(ends)
        is_over.set()
    assert before_the_worker_lets_go == [WINDOWS_THREAD]


def test_a_job_lets_go_of_its_screen_before_it_is_done(qtbot: object) -> None:
    ends: list[str] = []
    may_count, is_done, is_over = threading.Event(), threading.Event(), threading.Event()
    owner = QWidget()
    qtbot.addWidget(owner)
    tray = JobTray(owner)

    def start() -> "tuple[Leftover, Future[object]]":
        model = Leftover(ends)
        return model, tray.run("Counting", lambda _job: may_count.wait() and bool(model), lambda _: is_done.set())

    screen, future = start()
    future.add_done_callback(lambda _: is_over.wait())  # it is not free yet when the window goes on
    may_count.set()
    qtbot.waitUntil(is_done.is_set)
    del screen
    before_the_worker_lets_go = list(ends)
    is_over.set()
    assert before_the_worker_lets_go == [WINDOWS_THREAD]
    tray.stop()
    tray._workers.shutdown(wait=True)
