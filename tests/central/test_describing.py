"""The service's OpenAPI description says what it answers: every call, every message."""

import json
from typing import Any

import pytest
import requests
from central_desk import on_sqlite
from fastapi import FastAPI
from starlette.routing import Route

from erp_desktop.central.describing import calls, described
from erp_desktop.central.serving import Server

DESCRIPTION = "/v1/openapi.json"

engine = pytest.fixture(on_sqlite)


def routes(app: FastAPI) -> set[tuple[str, str]]:
    return {
        (method.lower(), route.path)
        for route in app.routes
        if isinstance(route, Route)
        for method in (route.methods or set()) - {"HEAD"}  # which comes with every GET
    }


def test_every_call_is_described_and_nothing_else(server: Server) -> None:
    told = {(call.method, call.path) for call in calls()}
    assert told == routes(server.service.app) - {("get", DESCRIPTION)}
    assert len(told) == len(calls())


def test_the_description_is_served_whole(server: Server) -> None:
    answer = requests.get(server.url + DESCRIPTION, timeout=60)
    assert answer.headers["Content-Type"] == "application/json"
    found: dict[str, Any] = answer.json()
    assert found == json.loads(json.dumps(described(calls())))
    push = found["paths"]["/v1/sync/push"]["post"]
    assert push["security"] == [{"token": []}]
    assert push["requestBody"]["content"]["application/json"]["schema"] == {"$ref": "#/components/schemas/PushRequest"}
    for path in found["paths"].values():
        for operation in path.values():
            assert "application/problem+json" in operation["responses"]["default"]["content"]


def test_every_message_that_is_named_is_there() -> None:
    found = described(calls())
    assert references(found) <= {f"#/components/schemas/{name}" for name in found["components"]["schemas"]}
    pushed = found["components"]["schemas"]["PushedAction"]
    assert pushed["properties"]["id"] == {"type": "string", "format": "uuid"}
    assert pushed["additionalProperties"] is False


def references(part: Any) -> set[str]:
    if isinstance(part, dict):
        own = {part["$ref"]} if isinstance(part.get("$ref"), str) else set()
        return own.union(*(references(inner) for inner in part.values()))
    if isinstance(part, list):
        return set().union(*(references(inner) for inner in part))
    return set()
