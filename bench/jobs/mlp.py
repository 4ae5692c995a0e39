"""Many tiny steps of a small network, each timed by the script itself: nothing hides what a step costs more."""

from __future__ import annotations

import sys
import time

import torch

from bench.jobs.loop import loop


def main(steps: int) -> None:
    torch.manual_seed(0)
    model = torch.nn.Sequential(torch.nn.Linear(100, 64), torch.nn.ReLU(), torch.nn.Linear(64, 10))
    optimizer = torch.optim.Adam(model.parameters())
    images, labels = torch.randn(32, 100), torch.randint(0, 10, (32,))
    criterion = torch.nn.CrossEntropyLoss()
    spent = 0.0
    with loop():
        for _ in range(steps):
            start = time.perf_counter()
            optimizer.zero_grad()
            loss = criterion(model(images), labels)
            loss.backward()
            optimizer.step()
            spent += time.perf_counter() - start
    print(f"loss {loss.item()}, {spent} s")


main(int(sys.argv[1]))
