"""What costing takes: the engine alone, and with its database. Run: python -m benchmarks.costing [--short] [--engine | --books]"""

import sys

from benchmarks.costing_books import books
from benchmarks.costing_engine import engine


def main() -> None:
    if "--books" not in sys.argv:
        engine()
    if "--engine" not in sys.argv:
        books(is_short="--short" in sys.argv)


if __name__ == "__main__":
    main()
