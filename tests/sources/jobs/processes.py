"""joblib's processes, as many as the machine has: which of them has which task is left to chance."""

import os
import time
import uuid
from pathlib import Path

from joblib import Parallel, delayed


def task(number):
    time.sleep(0.01 * (number % 3))
    return number, os.getpid(), uuid.uuid4()


done = Parallel(n_jobs=-1)(delayed(task)(number) for number in range(60))
Path("/outputs/done").write_text("\n".join(map(str, done)))
