"""A job that logs through a SummaryWriter, and prints what TensorBoard itself then reads of its files.

argv: the package that the writer comes from.
"""

import importlib
import json
import sys
from pathlib import Path

import numpy as np
from tensorboard.backend.event_processing.plugin_event_accumulator import EventAccumulator
from tensorboard.compat.proto.event_pb2 import Event
from tensorboard.compat.proto.summary_pb2 import Summary, SummaryMetadata
from tensorboard.summary.writer.event_file_writer import EventFileWriter
from tensorboard.util.tensor_util import make_ndarray, make_tensor_proto

SummaryWriter = importlib.import_module(sys.argv[1]).SummaryWriter
TORCH = sys.argv[1].startswith("torch")
NUMBERS = [
    np.float32(0.1),
    np.float64(0.1),
    np.float16(0.1),
    np.int32(-5),
    np.uint8(200),
    np.int64(-(2**53)),
    np.bool_(1),
]


def log():
    writer = SummaryWriter()  # runs/<time>_<host>
    for step in range(300):
        writer.add_scalar("train/loss", 1 / (step + 3), step)
    for step, value in enumerate([np.nan, np.inf, -np.inf, -0.0, 1e-45]):
        writer.add_scalar("ödd", value, step - 2)
    writer.add_scalar("high", 1.0, 2**62)
    writer.add_histogram("histogram", np.arange(100.0), 1)
    writer.add_image("image", np.zeros((3, 8, 8), dtype=np.uint8), 1)
    writer.add_text("text", "words", 1)
    writer.add_pr_curve("curve", np.array([0, 1, 1]), np.array([0.1, 0.5, 0.6]), 1)
    writer.add_scalars("many", {"a": 1.0, "b": 2.0}, 3)
    writer.add_hparams({"lr": 0.1}, {"hparam/accuracy": 0.5})
    if TORCH:
        for step in range(3):
            writer.add_scalar("new", 1 / (step + 3), step, new_style=True)
        writer.add_scalar("double", 0.1, 1, new_style=True, double_precision=True)
    writer.close()


def log_splits():
    for name in ("train", "val"):
        writer = SummaryWriter(f"/outputs/tb/{name}", purge_step=0)
        for step in range(5):
            writer.add_scalar("loss", len(name) / (step + 1), step)
        writer.close()
        again = SummaryWriter(f"/outputs/tb/{name}", purge_step=3, filename_suffix=".1")
        again.add_scalar("loss", -1.0, 3)
        again.close()


def log_tensors():
    """As TensorFlow 2 writes: metadata with the first value of a tag only."""
    writer = EventFileWriter("/outputs/tb/tensors")
    metadata = SummaryMetadata(plugin_data=SummaryMetadata.PluginData(plugin_name="scalars"))
    for step in range(2):
        for number in NUMBERS:
            tag = f"number/{number.dtype}"
            value = Summary.Value(tag=tag, tensor=make_tensor_proto(number), metadata=None if step else metadata)
            writer.add_event(Event(step=step, summary=Summary(value=[value])))
    writer.close()


def what_tensorboard_reads():
    """{folder: {tag: [[step, value], …]}}, for each folder with event files."""
    found = {}
    for folder in {file.parent for top in ("/outputs", "/workspace") for file in Path(top).rglob("*tfevents*")}:
        events = EventAccumulator(str(folder), size_guidance={"tensors": 0}).Reload()
        found[str(folder)[1:]] = {
            tag: [[event.step, repr(float(make_ndarray(event.tensor_proto)))] for event in events.Tensors(tag)]
            for tag in events.PluginTagToContent("scalars")
        }
    return found


log()
log_splits()
log_tensors()
sys.stdout.write(json.dumps(what_tensorboard_reads()))
