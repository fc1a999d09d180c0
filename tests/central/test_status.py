"""How the centre is: told to who looks after it, right also with several workers, and to nobody else."""

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest
import requests
from central_desk import OpenedCompany, RemoteDesk, pushed, save_unit
from sqlalchemy import select, update

from erp_desktop.central.measuring import CompanyFigures, Figures, Measures, metrics_text
from erp_desktop.central.serving import Server
from erp_desktop.models.sync import Device
from erp_desktop.wire import PushResult


def samples(text: str) -> dict[str, float]:
    return {
        name: float(value)
        for name, _, value in (line.rpartition(" ") for line in text.splitlines() if not line.startswith("#"))
    }


def get(server: Server, path: str, **headers: str) -> requests.Response:
    return requests.get(server.url + path, headers=headers, timeout=60)


def test_status_tells_the_clock_of_each_company(server: Server, acme: OpenedCompany) -> None:
    acme.perform(save_unit("DOZEN"))
    told = get(server, "/status").json()
    (company,) = told["companies"]
    assert (company["code"], company["tick"]) == ("ACME", 2)
    assert told["workers"] == [1]
    assert told["end"] is True


def test_metrics_count_what_was_pushed_pulled_and_refused(
    server: Server, desk: RemoteDesk, acme: OpenedCompany, new_desk: Callable[[], RemoteDesk]
) -> None:
    desk.results(pushed(save_unit("DOZEN"), acme.owner_id), pushed(save_unit("GROSS"), acme.owner_id))
    (refused,) = desk.results(pushed(save_unit("DOZEN"), acme.owner_id))
    assert refused.outcome == "refused"
    assert refused.problem is not None
    new_desk().log_in("lin", "wrong")
    desk.pull_all()
    answer = get(server, "/metrics")
    assert answer.headers["Content-Type"].startswith("text/plain; version=0.0.4")
    told = samples(answer.text)
    assert told['erp_actions_total{worker="1",outcome="applied"}'] == 2
    assert told['erp_actions_total{worker="1",outcome="refused"}'] == 1
    assert told[f'erp_refusals_total{{worker="1",code="{refused.problem["code"]}"}}'] == 1
    assert told['erp_refusals_total{worker="1",code="wrong_password"}'] == 1
    assert told['erp_push_seconds_count{worker="1"}'] == 2
    assert told['erp_push_seconds_bucket{worker="1",le="+Inf"}'] == 2
    assert told['erp_pull_seconds_count{worker="1"}'] >= 1
    assert told['erp_transactions_total{worker="1"}'] >= 2
    assert told['erp_company_tick{company="ACME"}'] == 4
    assert told['erp_clients_connected{worker="1"}'] >= 1


def test_the_lag_of_the_slowest_desk_is_told(server: Server, desk: RemoteDesk, acme: OpenedCompany) -> None:
    acme.perform(save_unit("DOZEN"), save_unit("GROSS"))
    with acme.engine.begin() as connection:
        connection.execute(update(Device).values(seen_tick=1, seen_at=datetime.now(UTC)))
    assert samples(get(server, "/metrics").text)['erp_company_lag_ticks{company="ACME"}'] == 2


@pytest.mark.parametrize("path", ["/status", "/metrics"])
def test_nobody_is_told_through_a_proxy_but_who_shows_the_token(
    server: Server, path: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    from_outside = {"X-Forwarded-For": "203.0.113.7"}
    assert get(server, path, **from_outside).json()["code"] == "not_for_you"
    assert get(server, path, **from_outside, Authorization="Bearer ").status_code == 403
    monkeypatch.setenv("ERP_METRICS_TOKEN", "long and random")
    assert get(server, path, **from_outside, Authorization="Bearer guessed").status_code == 403
    assert get(server, path, **from_outside, Authorization="Bearer long and random").status_code == 200
    assert get(server, path).status_code == 200  # this machine itself


def test_any_worker_tells_the_figures_of_all(tmp_path: Path) -> None:
    one, other = Measures(1, tmp_path), Measures(2, tmp_path)
    one.pushed(0.02, [])
    other.pushed(3.0, [PushResult(id=_ID, outcome="refused", problem={"code": "short"})])
    other.share(other.figures(waiting=4))
    (tmp_path / "3.figures").write_bytes(b"half of it")
    workers = one.of_all(one.figures(waiting=2))
    text = metrics_text(workers, [CompanyFigures(code='A"B\\', tick=9, epoch="e", lag=0)])
    told = samples(text)
    assert told['erp_clients_waiting{worker="1"}'] == 2
    assert told['erp_clients_waiting{worker="2"}'] == 4
    assert told['erp_push_seconds_bucket{worker="1",le="0.025"}'] == 1
    assert told['erp_push_seconds_bucket{worker="2",le="2.5"}'] == 0
    assert told['erp_push_seconds_bucket{worker="2",le="5"}'] == 1
    assert told['erp_company_tick{company="A\\"B\\\\"}'] == 9
    assert all(line.startswith("#") or line.count(" ") == 1 for line in text.splitlines())


def test_refusals_of_made_up_kinds_do_not_fill_the_memory() -> None:
    measures = Measures()
    for number in range(1_000):
        measures.refused(f"code {number}")
    assert len(measures.figures().refusals) <= 201
    assert Figures(worker=1).actions == {}


_ID = pushed(save_unit("X"), save_unit("X").unit_id).id


def test_a_clock_of_millions_and_a_long_time_are_told_to_the_last_digit() -> None:
    measures = Measures()
    for _ in range(3):
        measures.pushed(1234.5625, [])
    one = measures.figures(transactions=12_345_678)
    told = samples(metrics_text([one], [CompanyFigures(code="ACME", tick=1_234_567, epoch="e", lag=0)]))
    assert told['erp_company_tick{company="ACME"}'] == 1_234_567
    assert told['erp_transactions_total{worker="1"}'] == 12_345_678
    assert told['erp_push_seconds_sum{worker="1"}'] == 3_703.6875


def test_status_tells_what_was_refused_and_why(
    server: Server, desk: RemoteDesk, acme: OpenedCompany, new_desk: Callable[[], RemoteDesk]
) -> None:
    acme.perform(save_unit("DOZEN"))
    desk.results(pushed(save_unit("DOZEN"), acme.owner_id))
    new_desk().log_in("lin", "wrong")
    assert get(server, "/status").json()["refusals"] == {"code_taken": 1, "wrong_password": 1}


def test_what_any_worker_has_seen_of_a_desk_is_no_lag_before_it_is_noted(
    server: Server, desk: RemoteDesk, acme: OpenedCompany, new_desk: Callable[[], RemoteDesk]
) -> None:
    desk.pull_all()
    other = new_desk()
    assert other.log_in("lin").status_code == 200
    other.pull_all()
    acme.perform(save_unit("DOZEN"), save_unit("GROSS"))
    for one in (desk, other):
        one.pull_all()
    assert samples(get(server, "/metrics").text)['erp_company_lag_ticks{company="ACME"}'] == 0
    acme.perform(save_unit("SCORE"))
    desk.pull_all()
    assert samples(get(server, "/metrics").text)['erp_company_lag_ticks{company="ACME"}'] == 1
    elsewhere = {other.device_id.hex: 4}  # it asked another worker
    with acme.engine.connect() as connection:
        assert connection.scalars(select(Device.seen_tick)).all() != [4, 4]
    companies = server.service.status_calls._companies(
        [server.service.figures_now(), Figures(worker=2, seen=elsewhere)]
    )
    assert [company.lag for company in companies] == [0]
