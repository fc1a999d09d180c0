"""A central worker as a program of its own that can be killed: python mortal_worker.py DATABASE POINT NTH

Prints its address, and serves until it comes to POINT for the NTH time, where it kills itself, or its input ends.
"""

import os
import signal
import sys

from erp_desktop import failpoints
from erp_desktop.central.serving import Server
from erp_desktop.database import open_engine


def main(database: str, point: str, nth: str) -> None:
    left = int(nth)

    def listen(reached: str) -> None:
        nonlocal left
        if reached == point:
            left -= 1
            if left == 0:
                os.kill(os.getpid(), signal.SIGKILL)

    failpoints.listener = listen
    engine = open_engine(database)
    server = Server(engine)
    server.when_ready = lambda: print(server.url, flush=True)
    server.stop_at_the_end_of(sys.stdin.buffer)
    server.serve_until_stopped()
    engine.dispose()


if __name__ == "__main__":
    main(*sys.argv[1:])
