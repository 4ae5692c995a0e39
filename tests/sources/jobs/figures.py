"""Figures as documents: their dates, and the ids that tie their parts together."""

import matplotlib

matplotlib.use("Agg")
import matplotlib.pyplot as plt
import numpy

figure, axes = plt.subplots()
axes.plot(numpy.arange(10) ** 2, clip_path=None, label="loss")
axes.pcolormesh(numpy.arange(16).reshape(4, 4))
axes.legend()
for kind in ("svg", "pdf", "ps", "eps"):
    figure.savefig(f"/outputs/figure.{kind}")
