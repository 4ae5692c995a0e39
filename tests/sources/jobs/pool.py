"""A pool of threads whose tasks draw: which thread has which task is left to chance, and so is what it draws."""

import uuid
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from time import sleep


def task(number):
    sleep(0.001)
    return number, uuid.uuid4()


with ThreadPoolExecutor(4) as pool:
    done = list(pool.map(task, range(200)))
Path("/outputs/done").write_text("\n".join(map(str, done)))
