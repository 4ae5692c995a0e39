"""A forest whose trees vote in threads: their votes are added up as they come."""

import numpy
from sklearn.ensemble import RandomForestRegressor

data = numpy.random.RandomState(0).rand(2000, 5)
forest = RandomForestRegressor(30, max_depth=5, random_state=0, n_jobs=2).fit(data, data.sum(axis=1))
numpy.save("/outputs/predicted.npy", [forest.predict(data) for _ in range(5)])
