"""A company at its centre, in this process."""

from collections.abc import Callable

from sqlalchemy import Engine

from company_fixtures import opening_of
from erp_desktop.actions.base import Action
from erp_desktop.actions.opening import SaveUser
from erp_desktop.central.accounts import set_password
from erp_desktop.central.performing import Centre
from erp_desktop.desk import Desk
from erp_desktop.ids import new_id
from erp_desktop.sync.transport import Timing
from erp_desktop.wire import PushResult

PASSWORD = "correct horse"
PATIENT = Timing(connect=60, answer=60, body=60)  # a loaded machine is not a slow program
HASTY = Timing(connect=60, answer=60, body=3)  # for answers that begin at once and never end

OpenDesk = Callable[..., Desk]


class Office:
    """A company at its centre. Lin is its administrator. `revenue_at`: when it posts revenue."""

    def __init__(self, engine: Engine, revenue_at: str = "shipment") -> None:
        self.engine = engine
        self.centre = Centre(engine)
        self.owner_id = new_id()
        self.company_id = self.centre.open_company(
            opening_of(owner_id=self.owner_id, owner_login="lin", owner_name="Lin Wei", revenue_at=revenue_at), PASSWORD
        )

    def add_user(self, login: str, *roles: str) -> None:
        user_id = new_id()
        (result,) = self.perform(SaveUser(user_id=user_id, login=login, name=login.title(), role_codes=roles))
        assert result.outcome == "applied", result
        set_password(self.engine, self.company_id, user_id, PASSWORD)

    def perform(self, *actions: Action) -> list[PushResult]:
        return self.centre.perform_local(self.company_id, self.owner_id, actions)
