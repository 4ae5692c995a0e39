"""A small convolutional network on batches that a DataLoader shuffles."""

from __future__ import annotations

import sys

import torch
from torch.utils.data import DataLoader, TensorDataset

from bench.jobs.loop import loop


def main(epochs: int) -> None:
    torch.manual_seed(0)
    data = TensorDataset(torch.randn(2048, 1, 28, 28), torch.randint(0, 10, (2048,)))
    model = torch.nn.Sequential(
        torch.nn.Conv2d(1, 16, 3),
        torch.nn.ReLU(),
        torch.nn.MaxPool2d(2),
        torch.nn.Conv2d(16, 32, 3),
        torch.nn.ReLU(),
        torch.nn.MaxPool2d(2),
        torch.nn.Flatten(),
        torch.nn.Linear(800, 10),
    )
    optimizer = torch.optim.SGD(model.parameters(), lr=0.01, momentum=0.9)
    criterion = torch.nn.CrossEntropyLoss()
    with loop():
        for _ in range(epochs):
            for images, labels in DataLoader(data, batch_size=64, shuffle=True):
                optimizer.zero_grad()
                loss = criterion(model(images), labels)
                loss.backward()
                optimizer.step()
    print(f"loss {loss.item()}")


main(int(sys.argv[1]))
