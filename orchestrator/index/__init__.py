"""Recorded runs, searchable. A cache of the store: it can be dropped and rebuilt."""
