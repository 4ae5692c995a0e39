"""A signal ends the command before a job runs, and the job first afterwards."""

from __future__ import annotations

import signal

import pytest

from orchestrator.errors import ExitCode, Interrupted
from orchestrator.operations.signals import Stop


def test_before_a_job_runs_the_command_ends():
    with pytest.raises(Interrupted) as error:
        Stop().request(signal.SIGTERM)
    assert error.value.exit_code == ExitCode.TERMINATED


def test_a_running_job_is_told_once_and_the_second_signal_kills():
    stop = Stop()
    stop.shield()
    stop.request(signal.SIGINT)
    assert [stop.take(), stop.take()] == [signal.SIGINT, None]
    stop.request(signal.SIGINT)
    assert stop.take() == signal.SIGKILL
    with pytest.raises(Interrupted) as error:
        stop.raise_if_requested("20261101-101010-000aaa")
    assert error.value.exit_code == ExitCode.INTERRUPTED


def test_without_a_request_nothing_happens():
    stop = Stop()
    stop.shield()
    assert stop.take() is None
    stop.raise_if_requested("20261101-101010-000aaa")
