"""A desk without a window, as a program of its own that can be killed: python headless_desk.py FOLDER CENTRE LOGIN POINT NTH CODE...

Opens the cache in FOLDER, begins to sync, saves a party of each CODE, prints the code once it is confirmed, and ends with the
line "synced" when nothing waits any more. It kills itself when it comes to POINT for the NTH time ("-": never).
"""

import os
import signal
import sys
from pathlib import Path

from erp_desktop import failpoints
from erp_desktop.actions.masters import SaveParty
from erp_desktop.ids import new_id
from erp_desktop.sync import outbox
from erp_desktop.sync.cache import Cache, cache_path
from erp_desktop.sync.engine import Engine
from erp_desktop.sync.secrets import Secrets
from erp_desktop.sync.signing_in import Credentials
from erp_desktop.sync.transport import Timing, Transport

PASSWORD = "correct horse"
PATIENT = Timing(connect=60, answer=60, body=60)


class HeadlessDesk:
    """Cache and sync engine with their own threads, as `Desk` has them."""

    def __init__(self, folder: Path, centre: str, login: str) -> None:
        self.address = centre
        path = cache_path("the centre", "ACME", login, folder)
        secrets = Secrets(path.parent, use_keyring=False)
        self.cache = Cache(path, secrets)
        self.credentials = Credentials(self.cache, secrets)
        if self.credentials.who is None or secrets.get(f"refresh {self.credentials.device_id}") is None:
            transport = Transport(lambda: centre, PATIENT)
            self.credentials.sign_in(transport, "ACME", login, PASSWORD)
            transport.close()
        self.engine = Engine(
            self.cache, self.credentials, lambda: self.address, lambda _: None, lambda _: None, PATIENT
        )

    def save_party(self, code: str) -> None:
        who = self.credentials.who
        assert who is not None
        action = SaveParty(party_id=new_id(), code=code, name=f"Party {code}", is_supplier=True)
        self.cache.write(lambda connection: outbox.perform(connection, who, action)).result()
        self.engine.noticed(self.cache.read_here(outbox.waiting))

    def sync(self) -> None:
        """Until nothing waits."""
        self.engine.start()
        while not self.engine.wait_for(self.engine.wake(), 60) or self.engine.state.waiting:
            pass

    def close(self) -> None:
        self.engine.close()
        self.cache.close()


def main(folder: str, centre: str, login: str, point: str, nth: str, *codes: str) -> None:
    desk = HeadlessDesk(Path(folder), centre, login)
    left = int(nth)

    def listen(reached: str) -> None:
        nonlocal left
        if reached == point:
            left -= 1
            if left == 0:
                os.kill(os.getpid(), signal.SIGKILL)

    failpoints.listener = listen
    for code in codes:
        desk.save_party(code)
        print(code, flush=True)
    desk.sync()
    print("synced", flush=True)
    desk.close()


if __name__ == "__main__":
    main(*sys.argv[1:])
