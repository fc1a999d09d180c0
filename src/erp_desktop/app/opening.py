"""How a desk is opened: on this computer's own centre or on an office's, on a new company or the sample.

Here: what blocks, and what may run on a worker. Not here: any window (program.py).
"""

import logging
from collections.abc import Callable
from datetime import date
from pathlib import Path

from PySide6.QtCore import QObject, QThread, Signal

from erp_desktop import embedded
from erp_desktop.app.places import Place
from erp_desktop.desk import Desk
from erp_desktop.embedded import EmbeddedCentre
from erp_desktop.sync.cache import facts_in
from erp_desktop.views.start.wishes import KnownCompany, NewCompany, SignIn, Wish

log = logging.getLogger(__name__)

SAMPLE_SEED = 7


class Opening(QObject):
    """Opens the desks of one program, and owns the embedded centre that they may need."""

    fetching = Signal(object)  # SyncState: how far a fill behind the start window is

    def __init__(self, directory: Path) -> None:
        super().__init__()
        self._directory = directory
        self._centre: EmbeddedCentre | None = None

    def close(self) -> None:
        """The embedded centre finishes what it performs."""
        if self._centre is not None:
            self._centre.close()

    def has_been_here(self, place: Place) -> bool:
        """Whether the company is in the cache, so that work can begin before the centre answers."""
        path = place.cache(self._directory)
        if not path.is_file():
            return False
        facts = facts_in(path)
        return {"filled", "session"} <= facts and "signed_out" not in facts

    def kept_password(self, place: Place) -> str | None:
        """With which whoever is alone here is signed in unasked."""
        return embedded.kept_password(place.company, place.login, self._directory)

    def _address(self, place: Place) -> str | Callable[[], str]:
        if place.centre:
            return place.centre
        if self._centre is None:
            self._centre = EmbeddedCentre(self._directory)
        return self._centre.address  # starts it when the desk first asks

    def open_desk(self, place: Place, password: str | None, new_password: str | None = None) -> Desk:
        """Blocks where the company has to be fetched first. May run on a worker: the desk then moves to this thread."""
        cache, centre = place.cache(self._directory), self._address(place)
        desk = Desk.open(
            cache,
            centre,
            place.company,
            place.login,
            password,
            new_password=new_password,
            sync_later=True,
            on_progress=self.fetching.emit,
        )
        if QThread.currentThread() != self.thread():
            desk.moveToThread(self.thread())
        return desk

    def companies_here(self) -> list[KnownCompany]:
        """Those of this computer's own centre."""
        try:
            found = embedded.companies_here(self._directory)
        except Exception:  # books that cannot be read must not keep anybody from signing in to an office
            log.exception("the companies of this computer could not be listed")
            return []
        return [KnownCompany(here.code, here.name, here.login) for here in found]

    def open_as_wished(self, wish: Wish) -> tuple[Desk, Place]:
        """What was chosen in the start window. Blocks."""
        if isinstance(wish, SignIn):
            from erp_desktop.sync.knocking import knock

            door = knock(wish.centre, wish.company)
            place = Place(door.company, wish.login, door.address)
            return self.open_desk(place, wish.password, wish.new_password or None), place
        if isinstance(wish, KnownCompany):
            place = Place(wish.code, wish.login)
            password = None if self.has_been_here(place) else self.kept_password(place)
            return self.open_desk(place, password), place
        here = self._new_company(wish) if isinstance(wish, NewCompany) else self._sample_company()
        place = Place(here.code, here.login)
        return self.open_desk(place, self.kept_password(place)), place

    def _new_company(self, wish: NewCompany) -> embedded.CompanyHere:
        from erp_desktop.actions.opening import OpenCompany
        from erp_desktop.ids import new_id

        opening = OpenCompany(
            code=wish.code,
            name=wish.name,
            currency=wish.currency,
            time_zone=local_time_zone(),
            chart=wish.chart,
            first_period_on=wish.first_period_on,
            owner_id=new_id(),
            owner_login="owner",
            owner_name=wish.owner_name,
        )
        return embedded.open_company(opening, self._directory)

    def _sample_company(self) -> embedded.CompanyHere:
        from erp_desktop.demo.here import sample_here

        return sample_here(self._directory, SAMPLE_SEED, date.today())  # noqa: DTZ011  the person's own calendar

    def bring_back(self, backup: Path) -> Path:
        """The books of this computer as they are in `backup`. Gives where those of until now were put. Blocks."""
        assert self._centre is not None, "a desk of this computer has asked for its address"
        return embedded.restore_here(backup, self._centre, self._directory)


def local_time_zone() -> str:
    """This computer's time zone by its IANA name; UTC where it has none that is known."""
    from PySide6.QtCore import QTimeZone

    name = bytes(QTimeZone.systemTimeZoneId().data()).decode("ascii", "replace")
    return name if "/" in name else "UTC"
