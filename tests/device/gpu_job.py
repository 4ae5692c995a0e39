"""An unseeded training for ``gpu_check.py``: convolution, attention, dropout, sums by index, Adam. CPU where no GPU is.

Arguments: where the weights go, how many steps. It seeds nothing and sets no flag: that is what is being tried.
"""

from __future__ import annotations

import random
import sys
import time
import uuid

import torch
from torch import nn


class Net(nn.Module):
    """Images -> convolution -> a sequence of patches -> attention -> sums over random groups -> classes."""

    def __init__(self) -> None:
        super().__init__()
        self.image = nn.Sequential(nn.Conv2d(3, 32, 3, padding=1), nn.BatchNorm2d(32), nn.ReLU(), nn.MaxPool2d(2))
        self.words = nn.Embedding(100, 32)
        self.attention = nn.MultiheadAttention(32, 4, dropout=0.1, batch_first=True)
        self.head = nn.Sequential(nn.Dropout(0.2), nn.Linear(32, 64), nn.ReLU(), nn.Linear(64, 10))

    def forward(self, image: torch.Tensor, word: torch.Tensor, group: torch.Tensor) -> torch.Tensor:
        patches = self.image(image).flatten(2).transpose(1, 2) + self.words(word)[:, None]
        seen, _ = self.attention(patches, patches, patches, need_weights=False)
        flat = seen.reshape(-1, 32)
        # Many rows go to few places: with atomic additions their order, and so the sum, is chance.
        sums = torch.zeros(64, 32, device=flat.device).index_add_(0, group, flat)
        more = torch.zeros(64, 32, device=flat.device).scatter_add_(0, group[:, None].expand_as(flat), flat)
        return self.head(seen.mean(1) + (sums + more).mean(0) / 100)


def main(weights: str, steps: int) -> None:
    device = "cuda" if torch.cuda.is_available() else "cpu"
    net = Net().to(device)
    optimiser = torch.optim.Adam(net.parameters(), lr=1e-3)
    print(device, time.time(), uuid.uuid4(), random.random(), flush=True)
    sys.stderr.write("begin\n")
    for step in range(steps):
        image = torch.randn(32, 3, 32, 32, device=device)
        word, group = torch.randint(100, (32,), device=device), torch.randint(64, (32 * 256,), device=device)
        target = torch.randint(10, (32,), device=device)
        loss = nn.functional.cross_entropy(net(image, word, group), target)
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        if step % 50 == 0 or step == steps - 1:
            print(step, repr(loss.item()), f"{time.perf_counter():.6f}", flush=True)
    if device == "cuda":
        torch.cuda.synchronize()
    sys.stderr.write("end\n")
    torch.save({name: value.cpu() for name, value in net.state_dict().items()}, weights)
    print(sum(value.double().abs().sum().item() for value in net.state_dict().values()).hex(), time.time())


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]))
