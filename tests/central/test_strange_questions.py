"""Questions that no desk of ours would ask, at doors where what is asked goes into a search. On both databases: each has
texts and numbers that it does not take.
"""

import logging
from typing import Any

import msgspec
import pytest
from central_desk import OpenedCompany, RemoteDesk, save_unit

from erp_desktop.wire import PullReply

TEXTS = ("\x00", "a\x00b", "%", "_", "\\", "'; DROP TABLE unit; --", "\ufffe", "螺丝", "x" * 100, "\u202e", "🔩" * 50)
BEFORE = (
    "²",
    "٣",
    "-1",
    "9" * 80,
    str(2**63),
    "1e9",
    " ",
    "2026-01-01 x",
    f"2026-01-01 {'0' * 32}",
    f"0001-01-01T00:00:00+14:00 {'0' * 32}",
)
MOMENTS = ("0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-12:00", "2026-03-01T08:00:00Z")


def asked(desk: RemoteDesk, path: str, **more: Any) -> tuple[int, str]:
    answer = desk.post(path, {"device_id": desk.device_id, "schema_revision": 1, **more})
    return answer.status_code, "" if answer.status_code == 200 else answer.json()["code"]


def test_whatever_is_searched_for_is_found_or_not_and_nothing_stumbles(
    desk: RemoteDesk, acme: OpenedCompany, caplog: pytest.LogCaptureFixture
) -> None:
    acme.perform(save_unit("DOZEN"))
    cursor = msgspec.json.decode(desk.pull().content, type=PullReply).cursor
    answers = set()
    with caplog.at_level(logging.ERROR):
        for text in TEXTS:
            for of in ("changes", "reads", "events"):
                answers.add(asked(desk, "/v1/admin/audit", of=of, text=text))
            answers.add(asked(desk, "/v1/admin/audit", of="changes", what=text[:60]))
            for table in ("sales_order", "purchase_order"):
                answers.add(asked(desk, "/v1/sync/older", cursor=cursor, table=table, text=text))
        for before in BEFORE:
            for of in ("changes", "reads", "events"):
                answers.add(asked(desk, "/v1/admin/audit", of=of, before=before))
        for moment in MOMENTS:
            answers.add(asked(desk, "/v1/admin/audit", of="changes", since=moment, until=moment))
    assert answers <= {(200, ""), (422, "malformed")}
    assert [record.getMessage() for record in caplog.records] == []


def test_a_moment_without_a_zone_is_not_guessed_at(desk: RemoteDesk) -> None:
    assert asked(desk, "/v1/admin/audit", of="changes", since="2026-03-01T08:00:00") == (422, "malformed")
