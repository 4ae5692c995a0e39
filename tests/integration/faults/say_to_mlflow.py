"""For jobs of the tests: MLflow's REST API, spoken by hand. An answer comes at once: nothing here is tried again."""

import http.client
import json

ARTIFACTS = "/api/2.0/mlflow-artifacts/artifacts"


class Client:
    """One connection that is kept open."""

    def __init__(self):
        self._connection = http.client.HTTPConnection("127.0.0.1", 5000, timeout=60)

    def request(self, method, path, body=None):
        """Status and body of an answer."""
        self._connection.request(method, path, body)
        answer = self._connection.getresponse()
        return answer.status, answer.read()

    def call(self, call, **body):
        """Status and document of an answer to a POST."""
        status, answer = self.request("POST", "/api/2.0/mlflow/" + call, json.dumps(body).encode())
        return status, json.loads(answer)

    def post(self, call, **body):
        """A call that succeeds."""
        status, answer = self.call(call, **body)
        assert status == 200, answer
        return answer

    def run(self, name, parent=None):
        """A new run's id."""
        tags = [{"key": "mlflow.parentRunId", "value": parent}] if parent else []
        made = self.post("runs/create", experiment_id="0", start_time=1, run_name=name, tags=tags)
        return made["run"]["info"]["run_id"]

    def log(self, run, key, value, step=0):
        """One point."""
        self.post("runs/log-metric", run_id=run, key=key, value=value, step=step, timestamp=1)

    def end(self, run, status="FINISHED"):
        """The run's end."""
        self.post("runs/update", run_id=run, status=status, end_time=2)

    def put(self, run, path, content):
        """Status and body of the answer to an artifact of a run."""
        return self.request("PUT", f"{ARTIFACTS}/0/{run}/artifacts/{path}", content)
