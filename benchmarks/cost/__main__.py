"""Print ``docs/cost.md``."""

from benchmarks.cost.report import report

if __name__ == "__main__":
    print(report(), end="")
