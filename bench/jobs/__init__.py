"""What runs in containers: ``python -m bench.jobs.NAME``. Standard library, and what the figure's image has."""
