"""Ways to show a difference and a verdict. JSON needs none: it is ``model_dump``."""
