"""What is shown of a console holds no secret, wherever its pieces are cut."""

from __future__ import annotations

from orchestrator.agent.redact import Secrets
from orchestrator.execution.follow import Piece
from orchestrator.operations.hiding import Hiding


def test_a_value_that_is_cut_between_two_pieces():
    hiding = Hiding(Secrets({"TOKEN": b"kanarie-7Q2xWv9z"}))
    written = [
        ("stdout", b"a kanarie"),
        ("stderr", b"kanarie-7Q\n"),
        ("stdout", b"-7Q2xWv9z b\nkan"),
        ("stderr", b"2xWv9z"),
    ]
    shown = [hiding.piece(Piece(stream, data)).data for stream, data in written]
    assert shown == [b"a ", b"", b"*** b\n", b"***\n"]
    assert hiding.tails([Piece("stdout", b"arie-7Q2"), Piece("stderr", b"fine")]) == [
        ("stdout", b""),
        ("stderr", b"fine"),
    ]
    assert hiding.rest() == [("stdout", b"kan")]
