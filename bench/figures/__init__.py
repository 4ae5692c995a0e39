"""One module for each figure: ``ROUNDS``, and ``measure(setting, rounds)``."""

FIGURES = {
    "submit": "submit",
    "help": "help",
    "image-nothing-changed": "nothing_changed",
    "image-one-wheel": "one_wheel",
    "image-cold": "cold",
    "artifact": "artifact",
    "log-metric": "log_metric",
    "mlflow-client": "mlflow_client",
    "million-points": "million_points",
    "search": "search",
    "search-postgres": "search_postgres",
    "search-mlflow": "search_mlflow",
    "ui-runs": "ui_runs",
    "ui-chart": "ui_chart",
    "sweep": "sweep",
    "agent-start": "agent_start",
    "level-start": "level_start",
    "calls": "calls",
    "training-mlp": "training_mlp",
    "training-cnn": "training_cnn",
    "training-trees": "training_trees",
    "controls": "controls",
}
"""The name on the command line -> the module."""
