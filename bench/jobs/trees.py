"""scikit-learn and NumPy: boosted trees on OpenMP's threads, clusters and linear algebra on BLAS's."""

from __future__ import annotations

import sys

import numpy as np
from sklearn.cluster import KMeans
from sklearn.ensemble import HistGradientBoostingClassifier

from bench.jobs.loop import loop


def main(rounds: int) -> None:
    random = np.random.default_rng(0)
    features = random.normal(size=(20_000, 20))
    labels = (features[:, :5].sum(axis=1) + random.normal(size=20_000) > 0).astype(int)
    with loop():
        for number in range(rounds):
            trees = HistGradientBoostingClassifier(max_iter=50, random_state=number).fit(features, labels)
            clusters = KMeans(8, n_init=2, random_state=number).fit(features)
            values = np.linalg.svd(features[:1000] @ features[:1000].T, compute_uv=False)
    print(trees.score(features, labels), clusters.inertia_, values[0])


main(int(sys.argv[1]))
