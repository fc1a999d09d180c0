"""The bytes of attachments over HTTP (/v1/blobs/...): routes, and what is said no to (blobs.py does the rest)."""

from collections.abc import Callable

import anyio
import anyio.to_thread
import msgspec
from fastapi import FastAPI, Request, Response
from sqlalchemy import Engine
from sqlalchemy.exc import OperationalError

from erp_desktop import wire
from erp_desktop.central.admin_calls import SMALL_MESSAGE_BYTES, FromADevice
from erp_desktop.central.blobs import Blobs, NoRoom, NotThereYet, NotWanted, WrongBytes
from erp_desktop.central.changes import Reader
from erp_desktop.central.http import WireError, message_response, read_body, read_message
from erp_desktop.wire_blobs import IS_HASH, PIECE_BYTES, BlobPlace, BlobStates, BlobStatesRequest

THREADS_FOR_BLOBS = 3  # a morning's photographs must not stand before somebody who sells
RETRY_AFTER_SECONDS = 600  # until somebody has made room
_FULL = ("53100", "SQLITE_FULL")  # PostgreSQL's disk_full, SQLite's


class BlobCalls:
    """The routes. `identify` says who asks."""

    def __init__(self, engine: Engine, identify: Callable[[Request, FromADevice], Reader]) -> None:
        self.blobs = Blobs(engine)
        self._identify = identify
        self._threads = anyio.CapacityLimiter(THREADS_FOR_BLOBS)

    def add_to(self, app: FastAPI) -> None:
        app.add_api_route("/v1/blobs/states", self.states, methods=["POST"])
        app.add_api_route("/v1/blobs/{sha256}", self.put, methods=["PUT"])
        app.add_api_route("/v1/blobs/{sha256}", self.get, methods=["GET"])

    async def states(self, request: Request) -> Response:
        wanted = await read_message(request, BlobStatesRequest, SMALL_MESSAGE_BYTES)

        def answer() -> Response:
            states = self.blobs.states(self._identify(request, wanted), wanted.hashes)
            return message_response(request, BlobStates(states=states))

        return await self._answered(answer)

    async def put(self, request: Request, sha256: str) -> Response:
        place = _place(request, sha256)
        data = await read_body(request, PIECE_BYTES)
        if wire.body_digest(data) not in wire.digests_in(request.headers.get("content-digest", "")):
            raise WireError(422, "wrong_digest", "This piece did not arrive as it was sent.")

        def answer() -> Response:
            who = self._identify(request, place)
            return message_response(request, self.blobs.put(who, sha256, place.offset, data))

        return await self._answered(answer)

    async def get(self, request: Request, sha256: str) -> Response:
        place = _place(request, sha256)

        def answer() -> Response:
            data = self.blobs.piece(self._identify(request, place), sha256, place.offset)
            headers = {
                "Content-Digest": wire.body_digest(data),
                "Cache-Control": "no-store",
                "Content-Disposition": "attachment",  # should a browser ever ask: it shows none of it
                "X-Content-Type-Options": "nosniff",
            }
            return Response(data, 200, headers, media_type="application/octet-stream")

        return await self._answered(answer)

    async def _answered(self, answer: Callable[[], Response]) -> Response:
        try:
            return await anyio.to_thread.run_sync(answer, limiter=self._threads)
        except NotWanted:
            raise WireError(404, "unknown_blob", "No attachment names this.") from None
        except NotThereYet:
            raise WireError(404, "blob_on_its_way", "Nobody has sent all of it yet.") from None
        except WrongBytes:
            raise WireError(422, "wrong_bytes", "These are not the bytes of this hash.") from None
        except NoRoom:
            raise _no_room() from None
        except OperationalError as error:
            if getattr(error.orig, "sqlstate", None) in _FULL or getattr(error.orig, "sqlite_errorname", "") in _FULL:
                raise _no_room() from None
            raise


def _place(request: Request, sha256: str) -> BlobPlace:
    if not IS_HASH.fullmatch(sha256):
        raise WireError(422, "malformed", "This is no SHA-256.")
    if len(request.query_params.multi_items()) != len(request.query_params):
        raise WireError(422, "malformed", "Something stands twice in the address.")
    try:
        return msgspec.convert(dict(request.query_params), BlobPlace, strict=False)
    except msgspec.MsgspecError as error:
        raise WireError(422, "malformed", "The address is not right.", detail=str(error)[:300]) from None


def _no_room() -> WireError:
    title = "The central service has no room for more attachments."
    return WireError(507, "no_room", title, retry_after=RETRY_AFTER_SECONDS)
