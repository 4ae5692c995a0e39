"""The Python API: what the commands do, one module a verb. Each takes a Workspace and says what it did in a value.

>>> from orchestrator import operations
>>> from orchestrator.workspace import Workspace
>>> submitted = operations.submit(Workspace(), Path("runspec.yaml"))
>>> replayed = operations.replay(Workspace(), submitted.id)
>>> replayed.verdict.answer
'identical'
"""

from orchestrator.operations.building import build
from orchestrator.operations.checkup import doctor
from orchestrator.operations.differences import diff
from orchestrator.operations.locking import lock
from orchestrator.operations.outlook import plan
from orchestrator.operations.replaying import replay
from orchestrator.operations.runs import ls, show
from orchestrator.operations.scaffolding import init
from orchestrator.operations.submitting import submit
from orchestrator.operations.verifying import verify

__all__ = ["build", "diff", "doctor", "init", "lock", "ls", "plan", "replay", "show", "submit", "verify"]
