"""Where objects lie in memory: printed, and what is sorted by it."""

import pathlib


class Layer:
    pass


layers = [Layer() for _ in range(200)] + [object() for _ in range(200)]
pathlib.Path("/outputs/printed").write_text(f"{layers[0]} {id(layers)} {layers[0].__init__}")
pathlib.Path("/outputs/hashed").write_text(" ".join(str(hash(layer) % 1021) for layer in layers))
