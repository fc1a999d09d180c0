"""`erp-desktop demo`: the sample company, opened in the window; without a screen, one business day that leaves its papers."""

import os
import platform
import time
from argparse import Namespace
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

from erp_desktop.i18n import translate

if TYPE_CHECKING:
    from erp_desktop.demo.business_day import BusinessDay
    from erp_desktop.embedded import CompanyHere

USUAL_FOLDER = Path("demo-output")
SIZE = (1280, 720)


def has_screen() -> bool:
    """Whether windows can be shown to a person here."""
    asked_for_none = os.environ.get("QT_QPA_PLATFORM") == "offscreen"
    by_itself = os.name == "nt" or platform.system() == "Darwin"
    return not asked_for_none and (by_itself or bool(os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY")))


def run_demo(options: Namespace) -> int:
    """0 when the demo ran. With a screen: until the window is closed."""
    out = (getattr(options, "dir", None) or USUAL_FOLDER).resolve()
    directory = out / "data"
    is_headless = not has_screen()
    if is_headless:
        os.environ["QT_QPA_PLATFORM"] = "offscreen"
    from erp_desktop.app import make_application, run

    language = getattr(options, "language", None)
    app = make_application(language)
    today = date.today()  # noqa: DTZ011  the person's own calendar
    company = _sample(directory, options.seed, today)
    if not is_headless:
        _say(translate("Command line", "Opening the window. The company stays in {folder}.").format(folder=directory))
        return run(Namespace(data_dir=directory, language=language, company=company.code))
    _say(translate("Command line", "No screen here: one business day runs through the same windows, unseen."))
    from erp_desktop.demo.business_day import BusinessDay
    from erp_desktop.demo.here import office_open
    from erp_desktop.demo.person import Person
    from erp_desktop.demo.tour import visit_every_screen

    with office_open(directory, company) as office:
        window = office.window(office.desk(), SIZE)
        day = BusinessDay(office, Person(window, out / "day"), out, today, _say)
        day.run()
        seen = visit_every_screen(window, out / "screens")
    app.processEvents()
    _tell_what_is_left(out, day, seen)
    return 0


def _sample(directory: Path, seed: int, today: date) -> "CompanyHere":
    from erp_desktop.demo.here import sample_here

    begun = time.monotonic()
    _say(translate("Command line", "Making a sample company: a distributor with a year of history."))
    shown = [0]

    def progress(done: int, days: int) -> None:
        if done * 4 // days > shown[0]:
            shown[0] = done * 4 // days
            _say(translate("Command line", "  {done} of {days} days").format(done=done, days=days))

    company = sample_here(directory, seed, today, progress)
    seconds = round(time.monotonic() - begun)
    _say(translate("Command line", "The sample company is ready after {seconds} s.").format(seconds=seconds))
    return company


def _tell_what_is_left(out: Path, day: "BusinessDay", seen: list[Path]) -> None:
    _say("")
    _say(translate("Command line", "The day is over. In {folder} you find:").format(folder=out))
    pictures = len(day.person.pictures)
    _say(translate("Command line", "  day/        {count} pictures of the day, step by step").format(count=pictures))
    _say(
        translate("Command line", "  screens/    {count} pictures: every screen of the program").format(count=len(seen))
    )
    for path in day.files:
        _say(f"  {path.relative_to(out)}")
    _say(
        translate(
            "Command line", "  data/       the company itself: open it with  erp-desktop --data-dir {folder}"
        ).format(folder=out / "data")
    )


def _say(text: str) -> None:
    print(text, flush=True)
