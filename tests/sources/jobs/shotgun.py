"""Threads that update one model without waiting for each other, as XGBoost's gblinear does by default."""

import numpy
import xgboost

data = numpy.random.RandomState(0).rand(20_000, 30)
training = xgboost.DMatrix(data, data @ numpy.arange(30.0))
model = xgboost.train({"booster": "gblinear", "updater": "shotgun"}, training, 20)
numpy.save("/outputs/predicted.npy", model.predict(training))
