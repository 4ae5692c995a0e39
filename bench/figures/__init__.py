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
    "agent-start": "agent_start",
}
"""The name on the command line -> the module."""
