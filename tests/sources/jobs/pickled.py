"""torch's old format: it names each storage by where it lay in memory."""

import torch

model = {"weight": torch.arange(12.0).reshape(3, 4), "bias": torch.ones(3)}
torch.save(model, "/outputs/model.pt", _use_new_zipfile_serialization=False)
