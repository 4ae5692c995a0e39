"""An MLflow tracking server inside the agent: the REST API and artifact proxy that any MLflow client speaks.

It listens on the container's own loopback and lives in the agent's loop. Everything that is logged is in the record
folder before the client is told that it was. What clients say was recorded from mlflow 2.22 and 3.17; a route that is
not here answers 404, as an older server would: never 5xx, which clients retry for minutes.
"""
