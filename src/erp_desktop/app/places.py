"""Where somebody works: which company as whom, at which office; and what this computer remembers of it."""

import json
from argparse import Namespace
from dataclasses import asdict, dataclass
from pathlib import Path

from erp_desktop import embedded
from erp_desktop.sync.cache import cache_path


@dataclass(frozen=True)
class Place:
    """Where somebody works: which company as whom, and the office's address (empty: alone on this computer)."""

    company: str
    login: str
    centre: str = ""

    def cache(self, directory: Path) -> Path:
        return cache_path(self.centre or embedded.THIS_COMPUTER, self.company, self.login, directory)


def wanted_place(options: Namespace, directory: Path) -> Place | None:
    """What the options say, else where this computer was used last, else the only company here; None: ask."""
    centre = _one_address(getattr(options, "centre", None) or "")
    company = getattr(options, "company", None)
    user = getattr(options, "user", None)
    last = _last_place(directory)
    if centre:
        known = last if last is not None and last.centre == centre else Place("", "", centre)
        return Place(company or known.company, user or known.login, centre)
    if company is None and last is not None:
        return last
    for here in embedded.companies_here(directory):
        if company is None or here.code.casefold() == company.casefold():
            return Place(here.code, user or here.login)
    return None


def _one_address(typed: str) -> str:
    """`typed` as the office is known here; what is no address stays as it is, the sign-in window says so."""
    if not typed:
        return ""
    from erp_desktop.sync.knocking import NotAnAddress, tidy_address

    try:
        return tidy_address(typed)
    except NotAnAddress:
        return typed


def _last_place(directory: Path) -> Place | None:
    try:
        place = Place(**json.loads((directory / "place.json").read_text("utf-8")))
    except (OSError, ValueError, TypeError):
        return None
    return place if place.centre or embedded.database_path(directory).is_file() else None


def remember(place: Place, directory: Path) -> None:
    directory.mkdir(parents=True, exist_ok=True)
    (directory / "place.json").write_text(json.dumps(asdict(place)), "utf-8")
