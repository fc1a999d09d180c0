"""`erp-desktop tour`: which company is visited, how its window looks, and where the pictures go.

Here: opening it without a screen. Not here: which screens there are and how each is filled (demo/tour.py).
"""

import os
from argparse import Namespace
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

from erp_desktop.cli import CommandFailed
from erp_desktop.i18n import translate

if TYPE_CHECKING:
    from erp_desktop.embedded import CompanyHere

SAMPLE_SEED = 7


def run_tour(options: Namespace) -> int:
    """Visit every screen of a company of this computer; without --data-dir, of the sample company of the demo."""
    os.environ["QT_QPA_PLATFORM"] = "offscreen"
    from erp_desktop import embedded
    from erp_desktop.app import make_application
    from erp_desktop.demo.command import USUAL_FOLDER
    from erp_desktop.demo.here import office_open, sample_here
    from erp_desktop.demo.tour import visit_every_screen

    app = make_application(options.shown_in)
    given: Path | None = getattr(options, "data_dir", None)
    if given is None:
        directory = (USUAL_FOLDER / "data").resolve()
        print(translate("Command line", "Visiting the sample company in {folder}.").format(folder=directory))
        company = sample_here(directory, SAMPLE_SEED, date.today())  # noqa: DTZ011  the person's own calendar
    else:
        directory = given.resolve()
        company = _chosen(embedded.companies_here(directory), getattr(options, "company", None))
    with office_open(directory, company) as office:
        window = office.window(office.desk("tour"), options.size)
        window.choose_language(options.shown_in)
        window.choose_theme(options.theme)
        pictures = visit_every_screen(window, options.out.resolve(), lambda: office.desk("tour, a colleague"))
    app.processEvents()
    text = translate("Command line", "{count} pictures in {folder}.")
    print(text.format(count=len(pictures), folder=options.out.resolve()))
    return 0


def _chosen(here: "list[CompanyHere]", code: str | None) -> "CompanyHere":
    for company in here:
        if code is None or company.code.casefold() == code.casefold():
            return company
    text = translate("Command line", "There is no company {code} here. There are: {codes}.")
    raise CommandFailed(text.format(code=code or "", codes=", ".join(company.code for company in here) or "–"))
