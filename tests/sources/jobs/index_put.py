"""Two threads that add to the same places of a tensor: which one comes first shows in the last bits."""

import torch

generator = torch.Generator().manual_seed(0)
torch.set_num_threads(2)
places = torch.randint(0, 10, (200_000,), generator=generator)
values = torch.rand(200_000, generator=generator)
sums = [torch.zeros(10).index_put_((places,), values, accumulate=True) for _ in range(20)]
torch.save(sums, "/outputs/sums.pt")
