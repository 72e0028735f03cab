"""What the deployed stack costs: ``python -m benchmarks.cost > docs/cost.md``."""
