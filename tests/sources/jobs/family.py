"""Processes and threads that draw: each something else than the others, and the same when it comes again."""

import multiprocessing
import os
import subprocess
import sys
import threading
import uuid
from pathlib import Path


def programs():
    program = [sys.executable, "-c", "import uuid; print(uuid.uuid4())"]
    ours = [subprocess.run(program, capture_output=True, check=True).stdout for _ in range(3)]
    return [*ours, *(os.popen("cat /proc/sys/kernel/random/uuid").read() for _ in range(2))]


def forks():
    for _ in range(3):
        reader, writer = os.pipe()
        if os.fork() == 0:
            os.write(writer, uuid.uuid4().bytes)
            os._exit(0)
        os.wait()
        yield os.read(reader, 16).hex()


def spawned():
    for method in ("fork", "spawn", "forkserver"):
        context = multiprocessing.get_context(method)
        queue = context.SimpleQueue()
        for _ in range(2):
            process = context.Process(target=draw, args=(queue,))
            process.start()
            yield queue.get()
            process.join()


def draw(queue):
    queue.put(uuid.uuid4())


def threads():
    found = {}
    crowd = [
        threading.Thread(target=lambda i=i: found.update({i: [uuid.uuid4() for _ in range(50)]})) for i in range(4)
    ]
    for thread in crowd:
        thread.start()
    for thread in crowd:
        thread.join()
    return [one for _, some in sorted(found.items()) for one in some]


if __name__ == "__main__":
    seen = set()
    for kind in (programs, forks, spawned, threads):
        drawn = [str(one) for one in kind()]
        assert not seen & {*drawn} and len({*drawn}) == len(drawn), "two of them drew the same"
        seen |= {*drawn}
        Path("/outputs", kind.__name__).write_text("\n".join(drawn))
