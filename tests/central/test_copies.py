"""Two who hold the same device: told by their tokens and by their numbers. Both sign in again, one under another id."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
import pytest
import requests
from central_desk import OpenedCompany, RemoteDesk, pushed, save_unit
from sqlalchemy import select, update

from erp_desktop.central import devices
from erp_desktop.ids import new_id
from erp_desktop.models.sync import AuditEvent, Device, RefreshToken
from erp_desktop.wire import Session


def problem(answer: requests.Response) -> tuple[int, str]:
    return answer.status_code, answer.json()["code"]


def refresh(desk: RemoteDesk, token: str) -> requests.Response:
    assert desk.session is not None
    wanted = {"company_id": desk.session.company_id, "device_id": desk.device_id, "refresh_token": token}
    return desk.post("/v1/auth/refresh", wanted, token=False)


def next_token(desk: RemoteDesk, token: str) -> str:
    return msgspec.json.decode(refresh(desk, token).content, type=Session).refresh_token


def events(company: OpenedCompany) -> list[Any]:
    with company.engine.connect() as connection:
        return list(connection.execute(select(AuditEvent).order_by(AuditEvent.id)).all())


def test_a_refresh_token_is_replaced_and_its_copy_locks_the_device_out(
    desk: RemoteDesk, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert desk.session is not None
    first = desk.session.refresh_token
    second = next_token(desk, first)
    assert second != first
    assert refresh(desk, first).status_code == 200, "its answer may have been lost on the way"
    next_token(desk, second)

    monkeypatch.setattr(devices, "SECONDS_TO_USE_A_REFRESH_TOKEN_AGAIN", -1)
    assert problem(refresh(desk, first)) == (409, "device_forked")
    assert problem(refresh(desk, second)) == (401, "token_expired"), "thief and owner both sign in again"
    assert problem(desk.pull()) == (401, "token_expired"), "at once"


def test_a_token_that_two_used_within_the_minute_locks_both_out_when_the_second_goes_on(desk: RemoteDesk) -> None:
    assert desk.session is not None
    first = desk.session.refresh_token
    owners, thiefs = next_token(desk, first), next_token(desk, first)
    next_token(desk, owners)
    assert problem(refresh(desk, thiefs)) == (409, "device_forked")
    assert problem(desk.pull()) == (401, "token_expired")


def test_an_answer_that_was_lost_before_a_long_sleep_costs_nothing_and_is_no_copy(
    desk: RemoteDesk, acme: OpenedCompany
) -> None:
    """When the faults stop, everything goes on by itself. Should the lost answer be in other hands after all, it shows."""
    assert desk.session is not None
    lost = next_token(desk, desk.session.refresh_token)
    two_hours_ago = datetime.now(UTC) - timedelta(hours=2)
    with acme.engine.begin() as connection:
        connection.execute(
            update(RefreshToken).where(RefreshToken.replaced_at.is_not(None)).values(replaced_at=two_hours_ago)
        )
        connection.execute(update(Device).values(seen_at=two_hours_ago))
    found = next_token(desk, desk.session.refresh_token)
    later = next_token(desk, found)
    assert [event.kind for event in events(acme)] == ["signed_in"]
    assert problem(refresh(desk, lost)) == (409, "device_forked")
    assert problem(refresh(desk, later)) == (401, "token_expired")


def test_nobody_makes_their_computer_a_copy_of_somebody_elses(
    desk: RemoteDesk, new_desk: Callable[[], RemoteDesk], acme: OpenedCompany
) -> None:
    acme.add_user("buyer", "purchasing")
    other = new_desk()
    assert other.log_in("buyer", forked_from=desk.device_id).status_code == 200
    with acme.engine.connect() as connection:
        assert connection.execute(select(Device.forked_from, Device.has_copies)).all() == [(None, False)] * 2


def test_a_number_that_a_device_gives_twice_shows_its_copy_and_nothing_of_the_second_is_performed(
    desk: RemoteDesk, acme: OpenedCompany
) -> None:
    done, other = (pushed(save_unit(code), acme.owner_id, seq=7) for code in ("DOZEN", "GROSS"))
    assert [result.outcome for result in desk.results(done)] == ["applied"]
    later = pushed(save_unit("SCORE"), acme.owner_id, seq=8)
    assert problem(desk.push(done, other, later)) == (409, "device_forked")
    assert {"DOZEN"} == acme.unit_codes() & {"DOZEN", "GROSS", "SCORE"}
    assert problem(desk.pull()) == (401, "token_expired")
    assert [event.kind for event in events(acme)] == ["signed_in", "device_forked"]

    first, desk.device_id = desk.device_id, new_id()
    assert desk.log_in("lin", forked_from=first).status_code == 200
    assert [result.outcome for result in desk.results(done, other, later)] == ["applied"] * 3
    known = {ack.id for ack in desk.pull_all().acks}
    assert known == {done.id, other.id, later.id}, "also what was sent under the name that both had"
    assert acme.unit_codes() >= {"DOZEN", "GROSS", "SCORE"}
