"""A job for other CPUs: a little NumPy, torch, scikit-learn and XGBoost. Writes one JSON object: item -> digest.

All that is drawn comes from ``random``, whose bits are the same everywhere: what differs is arithmetic.
"""

from __future__ import annotations

import hashlib
import json
import math
import random
import sys

import numpy as np
import torch
import xgboost
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.tree import DecisionTreeRegressor
from torch import nn

FOUND: dict[str, str] = {}
CHANCE = random.Random(0)  # noqa: S311


def note(name: str, array) -> None:
    values = np.ascontiguousarray(array.detach().numpy() if isinstance(array, torch.Tensor) else array)
    FOUND[name] = hashlib.sha256(values.tobytes()).hexdigest()[:16]


def drawn(*shape: int) -> np.ndarray:
    return np.array([CHANCE.uniform(-2, 2) for _ in range(math.prod(shape))]).reshape(shape)


def with_math() -> None:
    x = [abs(value) + 0.1 for value in drawn(2000)]
    for name in ("sin", "exp", "log", "tanh"):
        note(f"math.{name}", [getattr(math, name)(value) for value in x])


def with_numpy() -> None:
    x, a, b = np.abs(drawn(4099)) + 0.1, drawn(67, 129), drawn(129, 45)
    for name in ("sin", "exp", "log", "sqrt"):
        note(f"numpy.{name}", getattr(np, name)(x))
        note(f"numpy.{name}32", getattr(np, name)(x.astype(np.float32)))
    note("numpy.sum32", x.astype(np.float32).sum())
    note("numpy.matmul", a @ b)
    note("numpy.matmul32", a.astype(np.float32) @ b.astype(np.float32))
    note("numpy.svd", np.linalg.svd(a)[1])
    note("numpy.fft", np.fft.fft(x))


def with_torch() -> None:
    x = torch.from_numpy(drawn(64, 37)).float()
    note("torch.sqrt", (x.abs() + 0.1).sqrt())
    note("torch.sqrt, as IEEE 754 has it", np.sqrt((x.abs() + 0.1).numpy()))
    note("torch.exp", x.exp())
    note("torch.softmax", x.softmax(1))
    note("torch.matmul", x @ x.T)
    note("torch.matmul64", x.double() @ x.double().T)
    torch.manual_seed(0)
    note("torch.randn", torch.randn(64))
    note("torch.adam", trained(nn.Sequential(nn.Linear(37, 50), nn.ReLU(), nn.Linear(50, 10)), x))
    image = torch.from_numpy(drawn(4, 3, 12, 12)).float()
    note("torch.cnn", trained(nn.Sequential(nn.Conv2d(3, 8, 3), nn.BatchNorm2d(8), nn.ReLU(), nn.Flatten()), image))
    words = torch.from_numpy(drawn(2, 9, 32)).float()
    note("torch.transformer", trained(nn.TransformerEncoderLayer(32, 4, 64, batch_first=True), words))


def trained(model: nn.Module, x: torch.Tensor) -> torch.Tensor:
    """Five steps of Adam, by hand: ``torch.optim`` takes a third of the time to import on an emulated CPU."""
    weights = list(model.parameters())
    first, second = [torch.zeros_like(weight) for weight in weights], [torch.zeros_like(weight) for weight in weights]
    for _ in range(5):
        gradients = torch.autograd.grad(model(x).pow(2).mean(), weights)
        with torch.no_grad():
            for weight, m, v, gradient in zip(weights, first, second, gradients, strict=True):
                m.mul_(0.9).add_(gradient, alpha=0.1)
                v.mul_(0.999).addcmul_(gradient, gradient, value=0.001)
                weight.addcdiv_(m, v.sqrt().add_(1e-8), value=-0.01)
    return torch.cat([weight.flatten() for weight in weights])


def with_trees() -> None:
    x = drawn(400, 8)
    y = x[:, 0] * 2 + np.array([math.sin(value) for value in x[:, 1]])
    note("sklearn.logistic", LogisticRegression().fit(x, y > 0).coef_)
    note("sklearn.ridge", Ridge().fit(x, y).coef_)
    note("sklearn.tree", DecisionTreeRegressor(random_state=0).fit(x, y).predict(x + 0.01))
    data = xgboost.DMatrix(x, y)
    for method in ("hist", "exact"):
        note(f"xgboost.{method}", xgboost.train({"nthread": 1, "tree_method": method}, data, 5).predict(data))


for part in (with_math, with_numpy, with_torch, with_trees):
    part()
json.dump(FOUND, sys.stdout)
