"""One module for each figure: ``ROUNDS``, and ``measure(setting, rounds)``."""

FIGURES = {
    "submit": "submit",
    "help": "help",
    "image-nothing-changed": "nothing_changed",
    "image-one-wheel": "one_wheel",
    "image-cold": "cold",
    "artifact": "artifact",
}
"""The name on the command line -> the module."""
