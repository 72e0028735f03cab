"""A deterministic simulation of the whole repository: see CONTRIBUTING.md, "The simulation"."""

import os

# Before anything of Powertools is imported, which writes metrics to the output.
os.environ.setdefault("POWERTOOLS_METRICS_NAMESPACE", "ImageRepo")
