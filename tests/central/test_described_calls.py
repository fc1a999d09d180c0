"""Everything that the description allows, and much that it does not, is asked of a served centre: nothing makes it stumble.

Schemathesis makes the requests from /v1/openapi.json and looks at each answer: no 5xx, no status, type, header or body but the
described ones. It runs as a program of its own, because as a plugin it would cost every test process 0.6 s; as many times
more as SCHEMATHESIS_EXAMPLES says.
"""

import json
import logging
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import requests
from central_desk import PASSWORD, OpenedCompany, RemoteDesk, on_sqlite, opening
from sqlalchemy import Engine

from erp_desktop.actions.base import _actions
from erp_desktop.central.performing import Centre
from erp_desktop.central.serving import Server, served

EXAMPLES = int(os.environ.get("SCHEMATHESIS_EXAMPLES", "4"))
PHASES = "coverage,fuzzing" if EXAMPLES > 50 else "fuzzing"
CHECKS = (
    "not_a_server_error",
    "status_code_conformance",
    "content_type_conformance",
    "response_headers_conformance",
    "response_schema_conformance",
)
PROGRAM = "from schemathesis.cli import schemathesis; schemathesis()"


engine = pytest.fixture(on_sqlite)


@pytest.fixture
def company(engine: Engine) -> OpenedCompany:
    centre, first = Centre(engine), opening()
    return OpenedCompany(centre, centre.open_company(first, PASSWORD), first.owner_id, first.code)


@pytest.fixture
def running(company: OpenedCompany) -> Iterator[Server]:
    with served(company.engine) as server:
        yield server


@pytest.fixture
def signed_in(running: Server) -> Iterator[RemoteDesk]:
    desk = RemoteDesk(running.url)
    assert desk.log_in("lin").status_code == 200
    yield desk
    desk.http.close()


def narrowed(told: dict[str, Any], desk: RemoteDesk, company: OpenedCompany) -> dict[str, Any]:
    """The description as it concerns the desk that is signed in, so that requests get past the door; nobody waits for news."""
    schemas = told["components"]["schemas"]
    ours = {
        name for (name, _), made in _actions.items() if made.__module__.startswith("erp_desktop.")
    }  # none of a test
    for schema in schemas.values():
        own = schema.get("properties", {})
        if "schema_revision" in own and "device_id" in own:
            own["device_id"] = {"const": str(desk.device_id)}
            own["schema_revision"] = {"enum": [1, 2, 2**40]}
    for told_of in told["paths"].values():
        for operation in told_of.values():
            for place in operation.get("parameters", []):
                if place["name"] == "device_id":
                    place["schema"] = {"const": str(desk.device_id)}
    schemas["PullRequest"]["properties"]["wait"] = {"const": 0}
    pair = schemas["Hello"]["properties"][
        "protocol"
    ]  # schemathesis takes a tuple for one of an older draft, and stumbles
    pair["items"] = pair.pop("prefixItems")[0]
    for name in ("PushedAction", "PreviewRequest"):
        schemas[name]["properties"]["name"] = {"enum": sorted(ours)}
        schemas[name]["properties"]["version"] = {"const": 1}
    schemas["PushedAction"]["properties"]["actor_id"] = {"const": str(company.owner_id)}
    return told


def test_nothing_that_can_be_asked_makes_the_service_stumble(
    running: Server, signed_in: RemoteDesk, company: OpenedCompany, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    told = requests.get(f"{running.url}/v1/openapi.json", timeout=60).json()
    file = tmp_path / "openapi.json"
    file.write_text(json.dumps(narrowed(told, signed_in, company)))
    assert signed_in.session is not None
    options = ["--url", running.url, "--header", f"Authorization: Bearer {signed_in.session.access_token}"]
    options += ["--checks", ",".join(CHECKS), "--phases", PHASES, "--max-examples", str(EXAMPLES), "--seed", "20260316"]
    options += ["--suppress-health-check", "all", "--warnings", "off", "--no-color", "--continue-on-failure"]
    with caplog.at_level(logging.ERROR):
        asked = subprocess.run(
            [sys.executable, "-c", PROGRAM, "run", str(file), *options],
            cwd=tmp_path,
            capture_output=True,
            text=True,
            check=False,
            timeout=590,
        )
    assert asked.returncode == 0, asked.stdout[-6000:] + asked.stderr[-2000:]
    assert "Tested: " in asked.stdout
    assert [record.getMessage() for record in caplog.records] == []
