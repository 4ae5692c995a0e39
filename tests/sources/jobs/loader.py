"""Workers of a DataLoader that draw: each something else than the others, and the same when it comes again."""

import random
import uuid
from pathlib import Path

import numpy
import torch
from torch.utils.data import DataLoader, Dataset, RandomSampler


class Drawing(Dataset):
    def __len__(self):
        return 8

    def __getitem__(self, index):
        drawn = random.random(), numpy.random.default_rng().random(), torch.rand(1).item(), str(uuid.uuid4())
        return {"index": index, "drawn": drawn}


if __name__ == "__main__":
    data = Drawing()
    for name, more in {"workers": {}, "persistent": {"persistent_workers": True}}.items():
        loader = DataLoader(data, 2, sampler=RandomSampler(data), num_workers=2, collate_fn=list, **more)
        rows = [row for _ in range(2) for batch in loader for row in batch]
        assert len({row["drawn"][3] for row in rows}) == len(rows), "two workers drew the same"
        Path("/outputs", name).write_text("\n".join(map(str, rows)))
