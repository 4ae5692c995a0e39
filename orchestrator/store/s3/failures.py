"""What can go wrong with a server: what is worth another try, and what to tell the user. No secret is in a message."""

from __future__ import annotations

import http.client

import urllib3.exceptions
from botocore import exceptions as boto
from botocore.parsers import ResponseParserError

from orchestrator.errors import EnvironmentProblem, OrchestratorError, UsageError

FOREIGN = (
    boto.BotoCoreError,
    boto.ClientError,
    ResponseParserError,  # an answer that is no XML, or half of one
    urllib3.exceptions.HTTPError,
    http.client.HTTPException,
    ConnectionError,
    TimeoutError,
)
"""All that a request may raise."""

ABSENT = frozenset({"404", "NoSuchKey"})
EXISTS = frozenset({"412", "PreconditionFailed"})
NO_UPLOAD = frozenset({"NoSuchUpload"})
OTHER_PARTS = frozenset({"InvalidPart", "InvalidPartOrder", "EntityTooSmall"})
BEYOND = frozenset({"416", "InvalidRange"})

_BROKEN_OFF = (
    boto.ConnectionError,
    boto.HTTPClientError,
    boto.ResponseStreamingError,
    boto.IncompleteReadError,
)
_DENIED = frozenset({"403", "AccessDenied", "AllAccessDisabled"})
_PASSING = frozenset(
    {
        "BadDigest",  # the bytes were damaged on their way
        "ConditionalRequestConflict",
        "IncompleteBody",
        "InternalError",
        "OperationAborted",
        "PreconditionFailed",  # where it was no condition of ours
        "RequestTimeout",
        "ServiceUnavailable",
        "SlowDown",
        "Throttling",
        "TooManyRequests",
        "XAmzContentSHA256Mismatch",  # as BadDigest
        "412",
        "429",
    }
)
_KEYS = "check AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or AWS_PROFILE"
_POLICY = "docs/stores.md has the policy that a store needs; `store` must name your own prefix"
_REGION = "set the bucket's region (store-region)"
_TOLD: dict[str, tuple[type[OrchestratorError], str, str]] = {
    "NoSuchBucket": (UsageError, "there is no such bucket", "correct `store`, or have the bucket made"),
    "InvalidBucketName": (UsageError, "no bucket can be called so", "correct `store`"),
    "InvalidAccessKeyId": (EnvironmentProblem, "the server does not know the access key", _KEYS),
    "SignatureDoesNotMatch": (EnvironmentProblem, "the secret key is not the access key's", _KEYS),
    "AuthorizationHeaderMalformed": (EnvironmentProblem, "the request was signed for another region", _REGION),
    "PermanentRedirect": (EnvironmentProblem, "the bucket lies in another region", _REGION),
    "IllegalLocationConstraintException": (EnvironmentProblem, "the bucket lies in another region", _REGION),
    "ExpiredToken": (EnvironmentProblem, "the session of these keys has ended", "sign in again"),
    "InvalidToken": (EnvironmentProblem, "the session of these keys is not valid", "sign in again"),
    "RequestTimeTooSkewed": (EnvironmentProblem, "this machine's clock is wrong", "set it (NTP), and try again"),
    "QuotaExceeded": (
        EnvironmentProblem,
        "the store is full: a quota is reached",
        "`orchestrator gc`, or a larger quota",
    ),
}


class AccessRefused(EnvironmentProblem):
    """These keys may not do this."""

    default_hint = _POLICY


def code(error: boto.ClientError) -> str:
    """The error's code; of an answer without a body, its HTTP status."""
    return str(error.response.get("Error", {}).get("Code", ""))


def passes(error: BaseException) -> bool:
    """Whether the same request may well succeed in a moment."""
    if isinstance(error, boto.ClientError):
        return code(error) in _PASSING or _status(error) >= 500
    if isinstance(error, boto.SSLError):
        return "CERTIFICATE_VERIFY_FAILED" not in str(error)  # else a connection that broke off
    if isinstance(error, boto.BotoCoreError):
        return isinstance(error, _BROKEN_OFF)
    return True


def explained(error: BaseException, where: str, tries: int) -> OrchestratorError:
    """The error in our words. ``where``: the store's address and server; ``tries``: how often it was asked."""
    if isinstance(error, boto.ClientError):
        return _answered(error, where, tries)
    if isinstance(error, boto.SSLError) and not passes(error):
        return EnvironmentProblem(
            f"{where}: the server's certificate is signed by nobody this machine knows",
            hint="name the certificate of its authority, a PEM file, as store-ca",
        )
    if isinstance(error, boto.NoCredentialsError | boto.PartialCredentialsError):
        return EnvironmentProblem(f"{where}: there are no keys to sign in with", hint=_KEYS)
    if isinstance(error, boto.ProfileNotFound | boto.CredentialRetrievalError | boto.TokenRetrievalError):
        return EnvironmentProblem(f"{where}: keys cannot be had: {_kind(error)}", hint=_KEYS)
    if passes(error):
        return EnvironmentProblem(
            f"{where} does not answer ({_kind(error)}, {tries} tries)",
            hint="check store-endpoint and the network; nothing is lost: run the command again once the server is back",
        )
    return EnvironmentProblem(f"{where}: {_kind(error)}", hint="check `store` and its settings: docs/stores.md")


def _answered(error: boto.ClientError, where: str, tries: int) -> OrchestratorError:
    told, operation = code(error), error.operation_name
    if told in _TOLD:
        kind, text, hint = _TOLD[told]
        return kind(f"{where}: {text}", hint=hint)
    if told in _DENIED or _status(error) == 403:
        return AccessRefused(f"{where}: these keys may not do {operation}")
    if passes(error):
        return EnvironmentProblem(
            f"{where}: {operation} failed {tries} times, the last time with {_status(error)} {told}",
            hint="the server is busy or broken; nothing is lost: run the command again later",
        )
    return EnvironmentProblem(f"{where}: {operation} was answered with {_status(error)} {told}", hint=_POLICY)


def _kind(error: BaseException) -> str:
    """What kind of error it is. Its text may hold an address that was signed."""
    return type(error).__name__


def _status(error: boto.ClientError) -> int:
    return int(error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0))
