"""Generators of libraries that nobody has seeded."""

from pathlib import Path

import numpy
import pyarrow.compute
import torch
from sklearn.cluster import KMeans
from sklearn.linear_model import SGDClassifier

data = numpy.arange(200.0).reshape(100, 2) % 17
drawn = {
    "numpy": lambda: numpy.random.rand(),
    "default_rng": lambda: numpy.random.default_rng().random(),
    "RandomState": lambda: numpy.random.RandomState().rand(),
    "SeedSequence": lambda: numpy.random.SeedSequence().entropy,
    "torch": lambda: torch.rand(1).item(),
    "torch_generator": lambda: torch.Generator().seed(),
    "torch_seed": lambda: torch.seed(),
    "KMeans": lambda: KMeans(5, n_init=1, init="random").fit(data).cluster_centers_.tolist(),
    "SGDClassifier": lambda: SGDClassifier(max_iter=2, tol=None).fit(data, data[:, 0] > 8).coef_.tolist(),
    "random_device": lambda: pyarrow.compute.random(2).to_pylist(),  # std::random_device
}
for name, draw in drawn.items():
    Path("/outputs", name).write_text(f"{draw()}\n")
