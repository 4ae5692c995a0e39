"""Speed, each figure against its peer in the same run: ``python -m bench`` (docs/benchmarks.md)."""
