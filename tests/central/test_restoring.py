"""Who had signed in while what a restore took back stays signed in, once, and only as long as nobody signed their computer out."""

from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
from central_desk import PASSWORD, OpenedCompany
from sqlalchemy import delete, update

from erp_desktop.central.accounts import Accounts
from erp_desktop.central.devices import SignInRefused, sign_out
from erp_desktop.central.restoring import note_restore
from erp_desktop.central.signing import identity_of
from erp_desktop.ids import new_id
from erp_desktop.models.sync import Device, RefreshToken
from erp_desktop.wire import LoginRequest, RefreshRequest, Session


class Centre:
    """A centre that loses what it knew of tokens, as by a restore from a backup of the moment `forgets` names."""

    def __init__(self, acme: OpenedCompany) -> None:
        self.engine = acme.engine
        self.company_id = acme.id
        self.accounts = Accounts(acme.engine, identity_of(acme.engine).signer)

    def sign_in(self) -> Session:
        device = new_id()
        request = LoginRequest(company="ACME", login="lin", password=PASSWORD, device_id=device, device_name="Dock")
        session = self.accounts.log_in(request)
        self.device_id = device
        return session

    def forgets(self, since: datetime) -> None:
        with self.engine.begin() as connection:
            connection.execute(delete(RefreshToken))
            note_restore(connection, since)

    def refresh(self, session: Session) -> Session:
        return self.accounts.refresh(
            RefreshRequest(company_id=self.company_id, device_id=self.device_id, refresh_token=session.refresh_token)
        )

    def sign_out(self, device_id: UUID) -> None:
        with self.engine.begin() as connection:
            sign_out(connection, (Device.company_id == self.company_id) & (Device.id == device_id))


@pytest.fixture
def lossy(acme: OpenedCompany) -> Centre:
    return Centre(acme)


def hour_ago() -> datetime:
    return datetime.now(UTC) - timedelta(hours=1)


def test_who_signed_in_before_the_first_of_two_restores_stays_signed_in_after_the_second(lossy: Centre) -> None:
    session = lossy.sign_in()
    lossy.forgets(hour_ago())
    lossy.forgets(datetime.now(UTC))  # a backup that was made since, and knows of the first restore
    assert lossy.refresh(session).access_token


def test_a_token_that_a_restore_forgot_is_good_until_its_computer_is_signed_out(lossy: Centre) -> None:
    session = lossy.sign_in()
    lossy.forgets(hour_ago())
    lossy.sign_out(lossy.device_id)
    with pytest.raises(SignInRefused, match="token_expired"):
        lossy.refresh(session)


def test_a_sign_out_that_the_restore_forgot_as_well_shuts_nobody_out(lossy: Centre) -> None:
    lossy.sign_in()
    lossy.sign_out(lossy.device_id)
    request = LoginRequest(
        company="ACME", login="lin", password=PASSWORD, device_id=lossy.device_id, device_name="Dock"
    )
    again = lossy.accounts.log_in(request)
    lossy.forgets(hour_ago())
    with lossy.engine.begin() as connection:
        connection.execute(update(Device).values(sign_outs=0))
    assert lossy.refresh(again).access_token
