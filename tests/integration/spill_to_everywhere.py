"""A job that has a secret and does all it can to have it recorded."""
# ruff: noqa: S310, S606, SIM115  (it is not meant to be good)

import base64
import bz2
import ctypes
import gzip
import io
import json
import lzma
import os
import sys
import tarfile
import time
import urllib.parse
import urllib.request
import zipfile

import orchestrator

VALUE = open("/run/secrets/CANARY").read()
FORMS = [
    VALUE,
    base64.b64encode(VALUE.encode()).decode(),
    base64.b64encode(b"user:" + VALUE.encode()).decode(),
    base64.encodebytes(VALUE.encode() * 9).decode(),
    VALUE.encode().hex(),
    urllib.parse.quote(VALUE, safe=""),
    json.dumps(VALUE),
    repr(VALUE),
]


def spill_to_the_console():
    for form in FORMS:
        print("whole", form, flush=True)
        print("whole", form, file=sys.stderr, flush=True)
    for number in range(1, len(VALUE)):  # over two writes
        for part in ("cut ", VALUE[:number], VALUE[number:], "\n"):
            os.write(1, part.encode())
            time.sleep(0.0005)
    print("over\nlines", VALUE[:7], end="\n")
    print(VALUE[7:])
    for letter in VALUE:
        print(letter)
    print("bar", VALUE, end="\r", flush=True)
    print("bar", VALUE)
    print("x" * 70000 + VALUE + "y" * 70000)
    os.write(2, b"\xff\0" + VALUE.encode() + b"\n")


def spill_to_files():
    os.makedirs("/outputs/sub/" + VALUE + "/deep")
    for top in ("/outputs", "/workspace"):
        with open(top + "/plain.bin", "wb") as file:
            file.write(b"\0" * 5000000 + VALUE.encode() + b"\xff" * 100)
        with open(top + "/name-" + VALUE, "w") as file:
            file.write("nothing")
        with open(top + "/sub.txt", "w") as file:
            file.write("\n".join(FORMS))
        os.symlink("/" + VALUE, top + "/link")
        with open(top + "/fine.txt", "w") as file:
            file.write("this one is fine")
    for opened, name in ((gzip.open, "gz"), (bz2.open, "bz2"), (lzma.open, "xz")):
        with opened("/outputs/packed." + name, "wb") as file:
            file.write(b"x" * 1000 + VALUE.encode())
    with zipfile.ZipFile("/outputs/packed.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("inner.txt", VALUE)
        archive.writestr("other.txt", "fine")
    inner = io.BytesIO(gzip.compress(VALUE.encode()))
    with zipfile.ZipFile("/outputs/twice.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("inner.gz", inner.getvalue())
    with tarfile.open("/outputs/packed.tar.gz", "w:gz") as archive:
        archive.add("/outputs/sub.txt", "sub.txt")


def spill_to_the_log():
    orchestrator.log_param("param", VALUE)
    orchestrator.log_param("name " + VALUE, 1)
    orchestrator.set_tag("tag", "x" + VALUE + "x")
    orchestrator.log_metric("loss", 0.5, step=1)
    orchestrator.log_metric("metric " + VALUE, 1.0, step=1)
    with open("/run/orchestrator/events.jsonl", "a") as events:
        escaped = "".join(f"\\u{ord(letter):04x}" for letter in VALUE)
        events.write('["p",1,"escaped","' + escaped + '"]\n')
        events.write("no event: " + VALUE + "\n")


def call_mlflow(method, path, **what):
    request = urllib.request.Request(
        "http://127.0.0.1:5000/api/2.0/mlflow" + path, json.dumps(what).encode(), {"Content-Type": "application/json"}
    )
    request.method = method
    return json.load(urllib.request.urlopen(request))


def spill_to_mlflow():
    experiment = call_mlflow("POST", "/experiments/create", name="about " + VALUE)["experiment_id"]
    run = call_mlflow("POST", "/runs/create", experiment_id=experiment, run_name="run " + VALUE, start_time=1)["run"]
    run_id = run["info"]["run_id"]
    call_mlflow("POST", "/runs/log-parameter", run_id=run_id, key="mlflow param", value=VALUE)
    call_mlflow("POST", "/runs/set-tag", run_id=run_id, key="mlflow.note.content", value=VALUE)
    for name, data in (("fine.txt", b"fine"), ("model.txt", VALUE.encode())):
        place = run["info"]["artifact_uri"].partition(":/")[2]
        address = f"http://127.0.0.1:5000/api/2.0/mlflow-artifacts/artifacts/{place}/{name}"
        urllib.request.urlopen(urllib.request.Request(address, data, method="PUT"))
    call_mlflow("POST", "/runs/update", run_id=run_id, status="FINISHED", end_time=2)


def spill_to_the_record_folder():
    for name in ("started.json", "stdout", "stderr", "console", "system.jsonl", "accesses.jsonl", "stdout.tail"):
        with open("/run/orchestrator/" + name, "ab") as file:
            file.write(b'\n{"about": "' + VALUE.encode() + b'"}\n' + VALUE.encode() + b"\n")
    try:
        open("/tmp/" + VALUE, "w").close()
        open("/proc/self/comm", "w").write(VALUE[:15])
        ctypes.CDLL(None).prctl(15, VALUE.encode(), 0, 0, 0)
    except OSError:
        pass


spill_to_the_console()
spill_to_files()
spill_to_the_log()
spill_to_mlflow()
if "tamper" in sys.argv:
    spill_to_the_record_folder()
sys.stdout.write("ends in the middle: " + VALUE[: len(VALUE) // 2 + 1])
sys.stdout.flush()
if "wait" in sys.argv:
    open("/outputs/ready", "w").close()
    time.sleep(600)
if "argv" in sys.argv:
    os.execv(sys.executable, [sys.executable, "-c", "raise SystemExit('" + VALUE + "')", VALUE])
raise RuntimeError("ends with " + VALUE)
