import subprocess
import sys

MANY_SIGNALS = """
from erp_desktop import qt_booleans
from PySide6.QtCore import QObject, Signal

class Bell(QObject):
    rang = Signal(int)

bell = Bell()
for n in range(20_000):
    bell.rang.emit(n)
print("still here")
"""


def test_a_program_outlives_many_thousand_signals() -> None:
    ended = subprocess.run([sys.executable, "-c", MANY_SIGNALS], capture_output=True, text=True, check=False)
    assert (ended.returncode, ended.stdout.strip()) == (0, "still here"), ended.stderr
