"""Makes `files/` anew, with the libraries themselves: torch, safetensors, joblib, scikit-learn, skops, Pillow.

    python -m venv /tmp/v && /tmp/v/bin/pip install torch==2.13.0 safetensors joblib scikit-learn skops pillow
    /tmp/v/bin/python tests/unit/compare/content/make_files.py

Every file is written by a process of its own, so that addresses are others in each.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

FILES = Path(__file__).parent / "files"

STATE = """
import torch
torch.manual_seed(0)
model = torch.nn.Sequential(torch.nn.Linear(4, 3), torch.nn.ReLU(), torch.nn.Linear(3, 2))
saved = {"model": model.state_dict(), "epoch": 3, "shared": [model[0].weight.data, model[0].weight.data.t()],
         "half": torch.arange(6, dtype=torch.bfloat16).reshape(2, 3), "loss": float("nan")}
"""
OTHER = "\nwith torch.no_grad(): model[2].bias[1] += 1e-6\n"
JOBLIB = """
import joblib, numpy as np
from sklearn.linear_model import Ridge
x = np.arange(20.0).reshape(10, 2) ** 1.5
model = Ridge(alpha={alpha}).fit(x, x[:, 0])
saved = {{"model": model, "columns": np.asfortranarray(x[:3]), "names": ["a", "b"], "scalar": np.float32({alpha})}}
"""
FOREST = """
import joblib, numpy as np
from sklearn.ensemble import RandomForestClassifier
x = np.arange(40.0).reshape(20, 2) % 7
forest = RandomForestClassifier(2, max_depth=2, random_state=0, min_samples_leaf={leaf}).fit(x, x[:, 0] > 3)
mixed = np.array(["a", {leaf}, None], dtype=object)
saved = [forest, mixed, np.array(["2026-01-0{leaf}"], "M8[D]"), np.array([(1, {leaf})], "i4,f8")]
joblib.dump(saved, path)
"""
SKOPS = """
import numpy as np, skops.io
from sklearn.linear_model import Ridge
x = np.arange(20.0).reshape(10, 2) ** 1.5
skops.io.dump(Ridge(alpha={alpha}).fit(x, x[:, 0]), path)
"""
PILLOW = """
from PIL import Image
picture = Image.new("RGBA", (9, 7))
picture.putdata([(x * 20, y * 30, x * y, 255) for y in range(7) for x in range(9)])
"""
SAFE = """
import torch
from safetensors.torch import save_file
torch.manual_seed(0)
tensors = {"weight": torch.randn(2, 3), "bias": torch.arange(3).to(torch.bfloat16)}
"""

MADE = {
    "state.pt": STATE + "torch.save(saved, path)",
    "renamed.pt": STATE + "import shutil\ntorch.save(saved, path.parent / 'x.pt')\n(path.parent / 'x.pt').rename(path)",
    "other.pt": STATE + OTHER + "torch.save(saved, path)",
    "model.pt": STATE + "torch.save(model, path)",
    "old.pt": STATE + "torch.save(saved, path, _use_new_zipfile_serialization=False)",
    "old_again.pt": STATE + "keep = [torch.zeros(99) for _ in range(9)]\n"
    "torch.save(saved, path, _use_new_zipfile_serialization=False)",
    "old_other.pt": STATE + OTHER + "torch.save(saved, path, _use_new_zipfile_serialization=False)",
    "a.safetensors": SAFE + "save_file(tensors, path)",
    "note.safetensors": SAFE + "save_file(tensors, path, {'format': 'pt'})",
    "b.safetensors": SAFE + "tensors['weight'][1, 2] += 1\ntensors['bias'][2] = 7\nsave_file(tensors, path)",
    "model.joblib": JOBLIB.format(alpha=1.0) + "joblib.dump(saved, path)",
    "packed.joblib": JOBLIB.format(alpha=1.0) + "joblib.dump(saved, path, compress=3)",
    "packed_more.joblib": JOBLIB.format(alpha=1.0) + "joblib.dump(saved, path, compress=9)",
    "other.joblib": JOBLIB.format(alpha=2.0) + "joblib.dump(saved, path)",
    "model.pkl": JOBLIB.format(alpha=1.0) + "import pickle\npickle.dump(saved, open(path, 'wb'))",
    "model_protocol2.pkl": JOBLIB.format(alpha=1.0) + "import pickle\npickle.dump(saved, open(path, 'wb'), 2)",
    "other.pkl": JOBLIB.format(alpha=2.0) + "import pickle\npickle.dump(saved, open(path, 'wb'))",
    "forest.joblib": FOREST.format(leaf=1),
    "other_forest.joblib": FOREST.format(leaf=4),
    "model.skops": SKOPS.format(alpha=1.0),
    "again.skops": SKOPS.format(alpha=1.0),
    "other.skops": SKOPS.format(alpha=2.0),
    "picture.png": PILLOW + "picture.save(path, compress_level=9)",
    "picture_filtered.png": PILLOW + "picture.save(path, compress_level=1)",
    "picture_noted.png": PILLOW + "from PIL.PngImagePlugin import PngInfo\nnote = PngInfo()\n"
    "note.add_text('Software', 'x')\npicture.save(path, pnginfo=note)",
    "picture_other.png": PILLOW + "picture.putpixel((4, 2), (1, 2, 3, 4))\npicture.save(path)",
}

if __name__ == "__main__":
    FILES.mkdir(exist_ok=True)
    for name, program in MADE.items():
        if sys.argv[1:] and name not in sys.argv[1:]:
            continue
        head = f"from pathlib import Path\npath = Path({str(FILES / name)!r})\n"
        subprocess.run([sys.executable, "-c", head + program], check=True)
