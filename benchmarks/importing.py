"""`python -m benchmarks.importing [--lines N]`: half a million real order lines taken in through a desk.

Through the real `erp-desktop import online_retail`: read from the file, performed on the desk's cache, sent to the embedded
central service, performed there again, and acknowledged. Without the data the benchmark says so and measures nothing.
"""

import os
import sys
import tempfile
import time
from pathlib import Path

from benchmarks.figures import arguments, tell

DATA = Path(os.environ.get("ERP_SHARED", Path(__file__).parents[2] / "shared")) / "data" / "online_retail_2009_2010"
FILE = DATA / "online_retail_II_2009-2010.csv.gz"


def main() -> int:
    if not FILE.is_file():
        print(f"{FILE} is not here: nothing measured", file=sys.stderr)
        return 0
    os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
    from erp_desktop.cli import main as erp_desktop

    wanted = int(arguments()[1]) if arguments()[:1] == ["--lines"] else None
    with tempfile.TemporaryDirectory(prefix="erp-bench.") as folder:
        path, lines = _slice(Path(folder), wanted)
        start = time.perf_counter()
        status = erp_desktop(["--data-dir", folder, "import", "online_retail", str(path)])
        seconds = time.perf_counter() - start
        tell("online retail order lines taken in", lines / seconds, "lines/s", lines=lines, seconds=round(seconds, 1))
    return status


def _slice(folder: Path, wanted: int | None) -> tuple[Path, int]:
    import gzip

    path = folder / "lines.csv"
    count = -1
    with gzip.open(FILE, "rt", encoding="utf-8") as source, path.open("w", encoding="utf-8") as target:
        for line in source:
            target.write(line)
            count += 1
            if count == wanted:
                break
    return path, count


if __name__ == "__main__":
    sys.exit(main())
