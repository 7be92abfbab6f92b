"""A prefix of an S3 bucket. The only module that knows boto3.

Credentials, region and endpoint come the usual AWS way: AWS_ACCESS_KEY_ID and the like, profiles, roles, AWS_ENDPOINT_URL for
servers of other makers. boto3 itself repeats what failed for a reason that passes (503 SlowDown, timeouts, dropped connections).
"""

import os
import secrets
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from vr_assets.errors import SettingsError, StorageError

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

SCHEME = "s3://"

_ATTEMPTS = 8
_A_PAGE = 1000
_CONNECT_S = 10
_READ_S = 60
_MISSING = frozenset({"404", "NoSuchKey", "NotFound"})
# What a browser opens; a page without its type would be offered for download.
_TYPES: Mapping[str, str] = {
    ".html": "text/html; charset=utf-8",
    ".js": "text/javascript",
    ".css": "text/css",
    ".svg": "image/svg+xml",
    ".jpg": "image/jpeg",
    ".png": "image/png",
    ".mp4": "video/mp4",
}
_CURES: Mapping[str, str] = {
    "NoSuchBucket": "make the bucket, or correct the address",
    "AccessDenied": "allow s3:ListBucket, GetObject, PutObject and DeleteObject there, or set other credentials",
    "403": "allow s3:ListBucket, GetObject, PutObject and DeleteObject there, or set other credentials",
    "InvalidAccessKeyId": "correct AWS_ACCESS_KEY_ID",
    "SignatureDoesNotMatch": "correct AWS_SECRET_ACCESS_KEY",
    "ExpiredToken": "sign in again: the credentials have expired",
}


def is_plain(key: str) -> bool:
    """Whether a key leads nowhere else when it is taken for a path, as clients, servers and local copies do."""
    return not {".", ".."} & set(key.split("/")) and "\0" not in key


class TakenError(StorageError):
    """There is an object of that name already."""


@dataclass(frozen=True)
class Object:
    """An object as it is now. `etag` names its content: the MD5 of the bytes for those written here, unless KMS encrypts."""

    size_bytes: int
    etag: str


class Bucket:
    """Objects by key; keys are relative to the prefix.

    Args:
        address: `s3://bucket` or `s3://bucket/prefix`.

    Raises:
        SettingsError: the address names no bucket.
    """

    def __init__(self, address: str) -> None:
        parts = urlsplit(address)
        if parts.scheme != "s3" or not parts.netloc or parts.query or parts.fragment or not is_plain(address):
            raise SettingsError(f"{address!r} is no place in a bucket; write s3://bucket/prefix")
        self.name = parts.netloc
        self._prefix = f"{parts.path.strip('/')}/" if parts.path.strip("/") else ""

    def address(self, key: str = "") -> str:
        """What people know an object by."""
        return f"{SCHEME}{self.name}/{self._prefix}{key}".rstrip("/")

    def listed(self, below: str) -> dict[str, Object]:
        """All objects whose key starts with `below`. Raises StorageError."""
        found = {}
        with self._told(below, "listed"):
            pages = (
                _client()
                .get_paginator("list_objects_v2")
                .paginate(Bucket=self.name, Prefix=f"{self._prefix}{below}", PaginationConfig={"PageSize": _A_PAGE})
            )
            for page in pages:
                for one in page.get("Contents", ()):
                    key = one["Key"].removeprefix(self._prefix)
                    found[key] = Object(one["Size"], one["ETag"].strip('"'))
        return found

    def find(self, key: str) -> Object | None:
        """The object as it is now; None where there is none. Raises StorageError."""
        with self._told(key, "looked at"):
            try:
                found = _client().head_object(Bucket=self.name, Key=f"{self._prefix}{key}")
            except _errors().ClientError as error:
                if _code(error) in _MISSING:
                    return None
                raise
        return Object(found["ContentLength"], found["ETag"].strip('"'))

    def fetch(self, key: str, path: Path) -> bool:
        """Copy an object to a file, whole or not at all; False where there is none. Raises StorageError."""
        path.parent.mkdir(parents=True, exist_ok=True)
        temporary = path.with_name(f".{path.name}.{secrets.token_hex(4)}.tmp")
        with self._told(key, "fetched"):
            try:
                body = _client().get_object(Bucket=self.name, Key=f"{self._prefix}{key}")["Body"]
                with temporary.open("wb") as file:
                    for piece in body.iter_chunks(1 << 20):
                        file.write(piece)
                temporary.replace(path)
            except _errors().ClientError as error:
                if _code(error) in _MISSING:
                    return False
                raise
            finally:
                temporary.unlink(missing_ok=True)
        return True

    def read(self, key: str) -> bytes | None:
        """An object's bytes; None where there is none. Raises StorageError."""
        with self._told(key, "read"):
            try:
                return _client().get_object(Bucket=self.name, Key=f"{self._prefix}{key}")["Body"].read()
            except _errors().ClientError as error:
                if _code(error) in _MISSING:
                    return None
                raise

    def put(self, key: str, content: bytes | Path, *, new: bool = False) -> None:
        """Write an object, whole or not at all.

        Raises:
            TakenError: `new`, and there is one already.
            StorageError: it cannot be written.
        """
        how: dict[str, Any] = {"IfNoneMatch": "*"} if new else {}
        if kind := _TYPES.get(PurePosixPath(key).suffix):
            how["ContentType"] = kind
        with self._told(key, "written"):
            try:
                if isinstance(content, bytes):
                    _client().put_object(Bucket=self.name, Key=f"{self._prefix}{key}", Body=content, **how)
                else:
                    with content.open("rb") as file:
                        _client().put_object(Bucket=self.name, Key=f"{self._prefix}{key}", Body=file, **how)
            except _errors().ClientError as error:
                if _code(error) in ("PreconditionFailed", "412"):
                    raise TakenError(f"{self.address(key)} is there already") from error
                raise

    def delete(self, key: str) -> None:
        """Remove an object, if it is there. Raises StorageError."""
        with self._told(key, "deleted"):
            _client().delete_object(Bucket=self.name, Key=f"{self._prefix}{key}")

    @contextmanager
    def _told(self, key: str, what: str) -> Iterator[None]:
        if not is_plain(key):
            raise StorageError(f"{self.address(key)!r}: cannot be {what}: `..` in a key leads elsewhere; copy it to another key")
        try:
            yield
        except _errors().ClientError as error:
            code = _code(error)
            cure = _CURES.get(code, "look whether the service is well, and run again: what was answered is kept")
            raise StorageError(f"{self.address(key)}: cannot be {what} ({code}); {cure}") from error
        except _errors().NoCredentialsError as error:
            cure = "set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or a profile or role"
            raise StorageError(f"{self.address(key)}: cannot be {what} without credentials; {cure}") from error
        except (_errors().BotoCoreError, OSError) as error:
            cure = "check the network and AWS_ENDPOINT_URL"
            raise StorageError(f"{self.address(key)}: cannot be {what} ({error}); {cure}") from error


def _code(error: Any) -> str:
    return str(error.response.get("Error", {}).get("Code", ""))


def _errors() -> Any:
    # botocore takes 0.2 s to import: only who uses a bucket waits.
    from botocore import exceptions

    return exceptions


@cache
def _client_of(pid: int) -> "S3Client":
    import boto3
    from botocore.config import Config

    usual = Config(
        retries={"mode": "standard", "total_max_attempts": _ATTEMPTS},
        connect_timeout=_CONNECT_S,
        read_timeout=_READ_S,
        # Newer checksums are unknown to many servers that speak S3; TLS and ETags guard what is sent.
        request_checksum_calculation="when_required",
        response_checksum_validation="when_required",
    )
    # Not boto3's session of the whole program, which others may have set up.
    session = boto3.session.Session()
    client = session.client("s3", config=usual)
    if not client.meta.endpoint_url.endswith(".amazonaws.com"):
        # Servers of other makers often have no name for each bucket.
        client = session.client("s3", config=usual.merge(Config(s3={"addressing_style": "path"})))
    return client


def _client() -> "S3Client":
    """One for each process; it is safe for threads, not over a fork."""
    return _client_of(os.getpid())
