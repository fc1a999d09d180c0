"""One program at a time on one thing (a cache, a restore), watched over by the operating system: a crash lets go by itself."""

import os
import sys
import time
from pathlib import Path
from typing import IO

_LOOK_AGAIN_SECONDS = 0.02


class FileLock:
    """Held from `take` to `release`, or to the end of the process."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._file: IO[bytes] | None = None

    def take(self) -> bool:
        """False where another program, or another part of this one, holds it."""
        file = self._path.open("a+b")
        try:
            if sys.platform == "win32":
                import msvcrt

                file.seek(0)
                msvcrt.locking(file.fileno(), msvcrt.LK_NBLCK, 1)
            else:
                import fcntl

                fcntl.flock(file.fileno(), fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            file.close()
            return False
        file.truncate(0)
        file.write(str(os.getpid()).encode())
        file.flush()
        self._file = file
        return True

    def take_within(self, seconds: float) -> bool:
        """Take it as soon as whoever holds it lets go; False where nobody does for so long."""
        until = time.monotonic() + seconds
        while not self.take():
            if time.monotonic() >= until:
                return False
            time.sleep(_LOOK_AGAIN_SECONDS)
        return True

    def release(self) -> None:
        """Let go. Releasing twice does no harm."""
        if self._file is not None:
            self._file.close()
            self._file = None
