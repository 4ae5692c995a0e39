"""The clock where scripts leave it: on the console, in files, in names."""

import datetime
import gzip
import logging
import os
import sqlite3
import subprocess
import tarfile
import time
import zipfile
from pathlib import Path

OUT = Path("/outputs")
logging.basicConfig(filename=OUT / "log", format="%(asctime)s,%(relativeCreated)d %(message)s", level=logging.INFO)

print(f"{datetime.datetime.now()}: epoch 1 took {time.perf_counter():.9f} s")
logging.info("logged")
OUT.joinpath("text").write_text(f"{time.time_ns()} {time.monotonic_ns()} {time.process_time_ns()} {os.times()}")
OUT.joinpath("date").write_bytes(subprocess.check_output(["date", "+%s.%N"]))

named = OUT / f"run-{time.time_ns()}"
named.mkdir()
named.joinpath("model").write_text("the same")

with sqlite3.connect(OUT / "database") as database:
    database.execute("create table run (began default (strftime('%J', 'now')), number)")
    database.execute("insert into run (number) values (1)")

# Seconds, or two: nothing of it differs within the same one.
with gzip.open(OUT / "data.gz", "wb") as stream:
    stream.write(b"the same")
with zipfile.ZipFile(OUT / "written.zip", "w") as archive:
    archive.writestr("model", b"the same")
with zipfile.ZipFile(OUT / "added.zip", "w") as archive:
    archive.write(named / "model", "model")
with tarfile.open(OUT / "added.tar", "w") as archive:
    archive.add(named / "model", "model")
