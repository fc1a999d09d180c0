"""What can be asked of the central service, as OpenAPI 3.1: served at /v1/openapi.json, made from the messages of wire.py.

FastAPI's own description is switched off: the routes read their bodies themselves (http.py), so it would know none of them.
A test compares this table with the routes, another asks the service everything that the description allows.
"""

from dataclasses import dataclass
from functools import cache
from typing import Any

import msgspec

from erp_desktop import __version__, wire, wire_audit, wire_backups, wire_blobs
from erp_desktop.central.audit_calls import READS_BYTES
from erp_desktop.central.status_calls import Status

SMALL_MESSAGE_BYTES = 16 * 1024  # everything but a push or a preview
_PROBLEM = "application/problem+json"
_BYTES = "application/octet-stream"
_REF = "#/components/schemas/{name}"


@dataclass(frozen=True)
class Call:
    """One call. `asked` and `answered` are messages; `answered` None is text. `most_bytes` of the request's body."""

    method: str
    path: str
    summary: str
    asked: type[msgspec.Struct] | None
    answered: type[msgspec.Struct] | None
    needs_token: bool = True
    most_bytes: int = SMALL_MESSAGE_BYTES
    place: type[msgspec.Struct] | None = (
        None  # what stands in the address; then what is neither asked nor answered is bytes
    )


def calls() -> list[Call]:
    """Every call that the service answers, but for the one that gives the description."""
    push, preview = wire.PushRequest, wire.PreviewRequest
    states, place, received = wire_blobs.BlobStatesRequest, wire_blobs.BlobPlace, wire_blobs.BlobReceived
    blob, most = "/v1/blobs/{sha256}", wire_blobs.PIECE_BYTES
    return [
        Call("get", "/v1/sync/hello", "Who the centre is and what it understands", None, wire.Hello, False),
        Call("post", "/v1/sync/push", "Perform actions", push, wire.PushReply, most_bytes=wire.MAX_PUSH_BYTES),
        Call(
            "post",
            "/v1/sync/preview",
            "What an action would change",
            preview,
            wire.Effect,
            most_bytes=wire.MAX_PUSH_BYTES,
        ),
        Call("post", "/v1/sync/pull", "Changes and answers after a cursor", wire.PullRequest, wire.PullReply),
        Call("post", "/v1/sync/snapshot", "A table by key, for a first fill", wire.SnapshotRequest, wire.SnapshotReply),
        Call("post", "/v1/sync/sizes", "How much there is to fill", wire.SizesRequest, wire.SizesReply),
        Call("post", "/v1/sync/verify", "What a desk should hold", wire.VerifyRequest, wire.VerifyReply),
        Call("post", "/v1/sync/older", "Documents that a desk holds no more", wire.OlderRequest, wire.OlderReply),
        Call("post", "/v1/auth/login", "Sign in with a password", wire.LoginRequest, wire.Session, False),
        Call("post", "/v1/auth/refresh", "Stay signed in", wire.RefreshRequest, wire.Session, False),
        Call("post", "/v1/auth/password", "Choose one's own password", wire.PasswordRequest, wire.Done, False),
        Call("post", "/v1/admin/devices", "The computers that have signed in", wire.AdminRequest, wire.DeviceRows),
        Call("post", "/v1/admin/device", "Sign a computer out, or take it out", wire.DeviceOrder, wire.Done),
        Call("post", "/v1/admin/user", "Sign a person out, or give a password", wire.UserOrder, wire.UserOrderDone),
        *_calls_of_audit(),
        Call("post", "/v1/admin/backup/begin", "Begin to write a backup", wire.AdminRequest, wire.BackupBegun),
        Call("post", "/v1/admin/backup/piece", "Fetch a backup", wire.BackupPieceRequest, wire.BackupPiece),
        *_calls_of_restoring(),
        Call("post", "/v1/blobs/states", "What there is of attachments", states, wire_blobs.BlobStates),
        Call("put", blob, "Send a piece of an attachment", None, received, most_bytes=most, place=place),
        Call("get", blob, "Fetch a piece of an attachment", None, None, place=place),
        Call("get", "/metrics", "Figures in Prometheus' format", None, None, False),
        Call("get", "/status", "How the service does", None, Status, False),
    ]


def _calls_of_audit() -> list[Call]:
    told, checked = wire_audit.ReadsTold, wire_audit.LogChecked
    history = wire_audit.HistoryRequest
    return [
        Call("post", "/v1/admin/audit", "Who did and saw what", wire_audit.AuditRequest, wire_audit.AuditRows),
        Call("post", "/v1/admin/check-log", "Is the log as it was written", wire_audit.LogCheckRequest, checked),
        Call("post", "/v1/sync/history", "What was done to a record", history, wire_audit.HistoryRows),
        Call("post", "/v1/sync/reads", "What was looked at", told, wire.Done, most_bytes=READS_BYTES),
    ]


def _calls_of_restoring() -> list[Call]:
    begin, begun, go = wire_backups.RestoreRequest, wire_backups.RestoreBegun, wire_backups.RestoreOrder
    piece, received, most = wire_backups.RestorePiece, wire_backups.RestoreReceived, wire_backups.PIECE_MESSAGE_BYTES
    look, state = wire_backups.RestoreLook, wire_backups.RestoreState
    return [
        Call("post", "/v1/admin/restore/begin", "Bring a backup to be restored", begin, begun),
        Call("post", "/v1/admin/restore/piece", "Send a piece of it", piece, received, most_bytes=most),
        Call("post", "/v1/admin/restore/go", "Restore it in the place of what is kept", go, wire.Done),
        Call("post", "/v1/admin/restore/look", "How the restoring goes", look, state),
    ]


@cache
def description() -> bytes:
    """The whole description as JSON."""
    return msgspec.json.encode(described(calls()))


def described(offered: list[Call]) -> dict[str, Any]:
    """The OpenAPI document of these calls."""
    messages: list[type[msgspec.Struct]] = [wire.WireProblem]
    for call in offered:
        messages += [message for message in (call.asked, call.answered) if message is not None]
    _, schemas = msgspec.json.schema_components(messages, ref_template=_REF)
    paths: dict[str, dict[str, Any]] = {}
    for call in offered:
        paths.setdefault(call.path, {})[call.method] = _operation(call)
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "ERP central service",
            "version": __version__,
            "description": "Every body carries its Content-Digest, and every successful JSON body ends with `end`. Requests are sent "
            "uncompressed. Everything else is told as problem+json (RFC 9457) with a `code`.",
        },
        "paths": paths,
        "components": {
            "schemas": schemas,
            "securitySchemes": {"token": {"type": "http", "scheme": "bearer"}},
        },
    }


def _operation(call: Call) -> dict[str, Any]:
    digest = {"Content-Digest": {"required": True, "schema": {"type": "string"}}}
    if call.answered is None and call.place is not None:
        answer: dict[str, Any] = {"headers": digest, "content": {_BYTES: {}}}
    elif call.answered is None:
        answer = {"content": {"text/plain": {"schema": {"type": "string"}}}}
    else:
        answer = {"headers": digest, "content": {"application/json": {"schema": _ref(call.answered)}}}
    problem = {"headers": digest, "content": {_PROBLEM: {"schema": _ref(wire.WireProblem)}}}
    operation: dict[str, Any] = {
        "operationId": call.path.removeprefix("/v1").strip("/").replace("/", "_"),
        "summary": call.summary,
        "security": [{"token": []}] if call.needs_token else [],
        "responses": {
            "200": {"description": "Done.", **answer},
            "default": {"description": "Not done; the code says why.", **problem},
        },
    }
    if call.asked is not None:
        operation["requestBody"] = {
            "required": True,
            "description": f"At most {call.most_bytes} bytes.",
            "content": {"application/json": {"schema": _ref(call.asked)}},
        }
    if call.place is not None:
        operation["operationId"] = f"{call.method}_blob"
        operation["parameters"] = _address(call.place)
        if call.method == "put":
            operation["parameters"].append(
                {"name": "Content-Digest", "in": "header", "required": True, "schema": {"type": "string"}}
            )
            operation["requestBody"] = {
                "required": True,
                "description": f"At most {call.most_bytes} bytes.",
                "content": {_BYTES: {}},
            }
    return operation


def _address(place: type[msgspec.Struct]) -> list[dict[str, Any]]:
    (_, components) = msgspec.json.schema_components([place], ref_template=_REF)
    told = components[place.__name__]
    hashed = {"type": "string", "pattern": wire_blobs.IS_HASH.pattern}
    return [
        {"name": "sha256", "in": "path", "required": True, "schema": hashed},
        *(
            {"name": name, "in": "query", "required": name in told["required"], "schema": schema}
            for name, schema in told["properties"].items()
        ),
    ]


def _ref(message: type[msgspec.Struct]) -> dict[str, str]:
    return {"$ref": _REF.format(name=message.__name__)}
