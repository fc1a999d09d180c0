"""What costing takes: the engine alone. Run: python -m benchmarks.costing"""

from benchmarks.costing_engine import engine


def main() -> None:
    engine()


if __name__ == "__main__":
    main()
