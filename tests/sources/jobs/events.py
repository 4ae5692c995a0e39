"""TensorBoard's event files: the time in each event and in the name, besides host and process."""

from torch.utils.tensorboard import SummaryWriter

with SummaryWriter("/outputs/events") as writer:
    for step in range(5):
        writer.add_scalar("loss", 1 / (step + 1), step)
