"""One program on one cache: a second start brings the first one's window forward, and ends."""

import hashlib
import logging
from collections.abc import Callable
from pathlib import Path

from PySide6.QtCore import QObject
from PySide6.QtNetwork import QLocalServer, QLocalSocket

log = logging.getLogger(__name__)

MILLISECONDS_TO_KNOCK = 500


def _name(cache: Path) -> str:
    return "erp-desktop-" + hashlib.sha256(str(cache.resolve()).encode()).hexdigest()[:16]


def bring_forward(cache: Path) -> bool:
    """If a window of the program works on `cache`, it comes to the front. False where there is none."""
    socket = QLocalSocket()
    socket.connectToServer(_name(cache))
    if not socket.waitForConnected(MILLISECONDS_TO_KNOCK):
        return False
    socket.write(b"show\n")
    socket.waitForBytesWritten(MILLISECONDS_TO_KNOCK)
    socket.disconnectFromServer()
    return True


class Door(QObject):
    """Where other starts of the program knock, for as long as it is open."""

    def __init__(self, cache: Path, on_knock: Callable[[], None], parent: QObject) -> None:
        super().__init__(parent)
        self._on_knock = on_knock
        self._server = server = QLocalServer(self)
        server.setSocketOptions(QLocalServer.SocketOption.UserAccessOption)
        QLocalServer.removeServer(_name(cache))  # of a program that was killed: the cache is ours, so it is gone
        server.newConnection.connect(self._answer)
        if not server.listen(_name(cache)):
            log.warning("a second start cannot bring this window forward: %s", server.errorString())

    def close(self) -> None:
        self._server.close()
        self.deleteLater()

    def _answer(self) -> None:
        if (visitor := self._server.nextPendingConnection()) is not None:
            visitor.disconnected.connect(visitor.deleteLater)
        self._on_knock()
