"""What claims on a store promise, held against each adapter: who removes is alone, whoever adds is not in the way."""

from __future__ import annotations

import queue
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from orchestrator.errors import EnvironmentProblem, StoreBusy
from orchestrator.store.claims import LocalClaims
from orchestrator.store.memory import MemoryRecords
from orchestrator.store.record_claims import ClaimLost, RecordClaims

PEOPLE = 6


@pytest.fixture(params=["local", "records"])
def claims(request, tmp_path) -> Callable:
    """Makes the claims of one process after the other, on one store."""
    if request.param == "local":
        return lambda: LocalClaims(tmp_path)
    records = MemoryRecords()
    return lambda: RecordClaims(records, time.time, pause=lambda attempt: time.sleep(0.002))


@dataclass
class House:
    """Who is inside; says at once where two are who must not be."""

    adding: int = 0
    alone: int = 0
    most: int = 0
    wrong: list[str] = field(default_factory=list)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def enter(self, *, alone: bool) -> None:
        with self.lock:
            self.alone += alone
            self.adding += not alone
            self.most = max(self.most, self.adding)
            if self.alone > 1 or (self.alone and self.adding):
                self.wrong.append(f"{self.alone} alone, {self.adding} adding")

    def leave(self, *, alone: bool) -> None:
        with self.lock:
            self.alone -= alone
            self.adding -= not alone


def together(*work: Callable[[], None]) -> None:
    threads = [threading.Thread(target=one) for one in work]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert not any(thread.is_alive() for thread in threads)


def test_many_add_at_once(claims):
    house, all_in = House(), threading.Barrier(PEOPLE)

    def add() -> None:
        with claims().shared():
            house.enter(alone=False)
            all_in.wait(30)
            house.leave(alone=False)

    together(*[add] * PEOPLE)
    assert house.most == PEOPLE


def test_who_wants_to_be_alone_is(claims):
    house = House()

    def visit(*, alone: bool) -> None:
        mine = claims()
        for _ in range(15):
            with mine.exclusive() if alone else mine.shared():
                house.enter(alone=alone)
                time.sleep(0.0005)
                house.leave(alone=alone)

    together(*[lambda: visit(alone=False)] * PEOPLE, *[lambda: visit(alone=True)] * 2)
    assert house.wrong == []


def test_blocks_within_blocks_are_one(claims):
    mine, entered = claims(), threading.Event()

    def remove() -> None:
        with claims().exclusive():
            entered.set()

    with mine.shared():
        remover = threading.Thread(target=remove)
        with mine.shared():
            remover.start()
            assert not entered.wait(0.1)
        assert not entered.wait(0.05)
    remover.join(30)
    assert entered.is_set()


def test_threads_of_one_process_share_a_claim(claims):
    mine, inside = claims(), threading.Barrier(3)

    def add() -> None:
        with mine.shared():
            inside.wait(30)

    together(add, add, add)
    with mine.exclusive():
        pass


def test_an_error_within_gives_the_claim_up(claims):
    for block in (lambda: claims().shared(), lambda: claims().exclusive()):
        with pytest.raises(ZeroDivisionError), block():
            raise ZeroDivisionError
    with claims().exclusive():
        pass


def test_nothing_is_left_of_claims_in_records():
    records = MemoryRecords()
    with RecordClaims(records, time.time).shared():
        assert len(list(records.list("claims/"))) == 1
    with RecordClaims(records, time.time).exclusive():
        pass
    assert list(records.list("")) == []


class Clock:
    def __init__(self) -> None:
        self.time = 1000.0

    def __call__(self) -> float:
        return self.time


def fail(attempt: int) -> None:
    raise TimeoutError


def test_a_dead_process_is_in_nobodys_way_once_its_claim_has_expired():
    records, clock, dead = MemoryRecords(), Clock(), []
    for block in ("shared", "exclusive"):
        dead.append(getattr(RecordClaims(records, clock, seconds=60), block)())
        dead[-1].__enter__()
        with pytest.raises(TimeoutError), RecordClaims(records, clock, pause=fail, seconds=60).exclusive():
            pass
        clock.time += 76  # the claim's time, and a quarter for clocks that are apart
        with RecordClaims(records, clock, pause=fail, seconds=60).exclusive():
            pass
        assert list(records.list("")) == []


@pytest.mark.parametrize("block", ["shared", "exclusive"])
def test_whoever_stood_still_for_too_long_learns_of_it(block):
    records, clock = MemoryRecords(), Clock()
    with pytest.raises(ClaimLost), getattr(RecordClaims(records, clock, seconds=60), block)():
        clock.time += 61


def test_a_claim_is_renewed():
    records = MemoryRecords()
    with RecordClaims(records, time.time, seconds=0.4).shared():
        before = list(records.list("claims/"))
        until = time.monotonic() + 30
        while list(records.list("claims/")) in (before, []) and time.monotonic() < until:
            time.sleep(0.01)
        assert len(list(records.list("claims/"))) >= 1
        assert list(records.list("claims/")) != before


@pytest.mark.parametrize("content", [b"junk", b"", f"{time.time() + 1e6!r} 1\n".encode()])
@pytest.mark.parametrize("how", ["shared", "exclusive"])
def test_a_claim_that_cannot_be_right_is_told(how, content):
    """Nobody knows whether somebody is at work: a person has to look, and is not kept waiting."""
    records = MemoryRecords()
    records.create("claims/adding-x-1", content)
    records.create("claims/alone-x-1", content)
    with (
        pytest.raises(EnvironmentProblem, match="claims/alone-x-1"),
        getattr(RecordClaims(records, time.time, pause=fail), how)(),
    ):
        pass


def test_whoever_wants_to_be_alone_gives_up(tmp_path):
    """One at work may wait for a pipe that nobody reads; nobody else is to wait for that."""
    with LocalClaims(tmp_path).shared():
        with pytest.raises(StoreBusy), LocalClaims(tmp_path, patience=0.1).exclusive():
            pass
        with LocalClaims(tmp_path).shared():
            pass
    records = MemoryRecords()
    with RecordClaims(records, time.time).shared():
        with pytest.raises(StoreBusy), RecordClaims(records, time.time, patience=0.1).exclusive():
            pass
        with RecordClaims(records, time.time).shared():
            pass


class Baton:
    """Lets one of several threads go on at a time, from one step to its next: a schedule that hypothesis chooses."""

    def __init__(self) -> None:
        self.local = threading.local()
        self.waiting: queue.Queue[int] = queue.Queue()
        self.go: dict[int, threading.Semaphore] = {}

    def step(self) -> None:
        who = getattr(self.local, "who", None)
        if who is not None:
            self.waiting.put(who)
            self.go[who].acquire()

    def play(self, actors: list[Callable[[], None]], choices: list[int]) -> None:
        left = set(range(len(actors)))
        done: queue.Queue[int] = queue.Queue()

        def run(who: int) -> None:
            self.local.who = who
            self.step()
            actors[who]()
            done.put(who)
            self.waiting.put(-1)

        threads = [threading.Thread(target=run, args=(who,), daemon=True) for who in left]
        self.go = {who: threading.Semaphore(0) for who in left}
        for thread in threads:
            thread.start()
        ready = [self.waiting.get(timeout=30) for _ in threads]
        for turn in range(20_000):
            if not ready:
                return
            choice = choices[turn] if turn < len(choices) else 0  # then each in its turn
            self.go[ready.pop(choice % len(ready))].release()
            came = self.waiting.get(timeout=30)
            if came >= 0:
                ready.append(came)
        raise AssertionError("they stand in each other's way for ever")


class Stepwise(MemoryRecords):
    """Records between any two uses of which another process may come."""

    def __init__(self, baton: Baton) -> None:
        super().__init__()
        self.baton = baton

    def read(self, key):
        self.baton.step()
        return super().read(key)

    def create(self, key, data):
        self.baton.step()
        return super().create(key, data)

    def remove(self, key):
        self.baton.step()
        super().remove(key)

    def list(self, prefix):
        self.baton.step()
        return super().list(prefix)


@settings(max_examples=150)
@given(
    kinds=st.lists(st.booleans(), min_size=2, max_size=4),
    choices=st.lists(st.integers(0, 3), min_size=40, max_size=120),
)
def test_however_their_steps_fall_together_nobody_is_beside_who_is_alone(kinds, choices):
    baton, house = Baton(), House()
    records = Stepwise(baton)

    def actor(alone: bool) -> Callable[[], None]:
        def visit() -> None:
            mine = RecordClaims(records, lambda: 1000.0, pause=lambda attempt: baton.step())
            with mine.exclusive() if alone else mine.shared():
                house.enter(alone=alone)
                for _ in range(4):
                    baton.step()
                house.leave(alone=alone)

        return visit

    baton.play([actor(alone) for alone in kinds], choices)
    assert house.wrong == []
    assert list(MemoryRecords.list(records, "claims/")) == []
