"""The Files API: https://ai.google.dev/api/files, by the resumable protocol that the SDK speaks."""

import json
import re
import threading
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field

from pydantic import JsonValue

from vr_assets_tests.servers.serving import Beside, Fault

_START = re.compile(r"/upload/v1beta/files(?:\?.*)?")
_SESSION = re.compile(r"/upload/v1beta/files\?.*upload_id=(\w+).*")
_FILE = re.compile(r"/v1beta/(files/[a-z0-9-]{1,40})(?:\?.*)?")
_GONE = "You do not have permission to access the File {} or it may not exist."


@dataclass
class _File:
    name: str
    mime_type: str
    size_bytes: int
    content: bytes = b""
    polls_left: int = 0
    state: str = "PROCESSING"


@dataclass
class FileStore:
    """What was uploaded, and how the API behaves.

    A file is PROCESSING for `polls` looks, then ACTIVE, or FAILED when `fails`. `key` is the only one that is let in.
    `faults` go by the number of the request, from 1, among those to the Files API. `forgetful`: no file is known when it is used.
    `says_host` and `says_key` go into the address that uploads are sent to, and the key into URIs. `most_at_once` counts
    uploads that were started and not yet finished.
    """

    polls: int = 0
    fails: bool = False
    key: str | None = None
    faults: Mapping[int, Fault] = field(default_factory=dict)
    forgetful: bool = False
    says_host: str = ""
    says_key: str = ""
    files: dict[str, _File] = field(default_factory=dict)
    most_at_once: int = 0
    _sessions: dict[str, _File] = field(default_factory=dict)
    _lock: threading.RLock = field(default_factory=threading.RLock)
    _number: int = 0

    def forget(self) -> None:
        """As if 48 hours had gone by."""
        with self._lock:
            self.files.clear()

    def find(self, uri: str) -> tuple[str, bytes]:
        """MIME type and content."""
        file = self.files[_name(uri)]
        return file.mime_type, file.content

    def serve(self, method: str, path: str, headers: Mapping[str, str], raw: bytes, *, url: str) -> Beside | None:
        """The answer to a request about files; None for any other, and for a question about files that are ACTIVE."""
        with self._lock:
            if path.partition("?")[0].endswith(":generateContent"):
                return self._unusable(raw)
            if not (_START.fullmatch(path) or _FILE.fullmatch(path)):
                return None
            self._number += 1
            if fault := self.faults.get(self._number):
                refused = _error(fault.status, fault.message)
                body = refused.body if fault.body is None else fault.body
                return Beside(fault.status, fault.headers, body, fault)
            if (session := _SESSION.fullmatch(path)) and "x-goog-upload-offset" in headers:
                return self._take(session[1], headers, raw, url)
            if self.key is not None and headers.get("x-goog-api-key") != self.key:
                return _error(401, f"Incorrect API key provided: {headers.get('x-goog-api-key')}")
            if method == "POST":
                return self._start(headers, raw, url)
            found = _FILE.fullmatch(path)
            file = self.files.get(found[1]) if found else None
            if file is None:
                return _error(403, _GONE.format(found[1] if found else path))
            if method == "DELETE":
                del self.files[file.name]
                return Beside(200, {}, b"{}")
            self._look(file)
            return Beside(200, {}, json.dumps(self._described(file, url)).encode())

    def _start(self, headers: Mapping[str, str], raw: bytes, url: str) -> Beside:
        if (headers.get("x-goog-upload-protocol"), headers.get("x-goog-upload-command")) != ("resumable", "start"):
            return _error(400, "uploads start with X-Goog-Upload-Command: start")
        asked = json.loads(raw)["file"]
        file = _File(
            name=asked.get("name") or f"files/{uuid.uuid4().hex}",
            mime_type=headers["x-goog-upload-header-content-type"],
            size_bytes=int(headers["x-goog-upload-header-content-length"]),
            polls_left=self.polls,
        )
        if not _FILE.fullmatch(f"/v1beta/{file.name}"):
            return _error(400, f"{file.name} is no file name")
        if file.name in self.files:
            return _error(409, f"{file.name} exists already")
        session = uuid.uuid4().hex
        self._sessions[session] = file
        self.most_at_once = max(self.most_at_once, len(self._sessions))
        key = f"key={self.says_key}&" if self.says_key else ""
        address = f"{self.says_host or url}/upload/v1beta/files?{key}upload_id={session}&upload_protocol=resumable"
        return Beside(200, {"X-Goog-Upload-URL": address, "X-Goog-Upload-Status": "active"}, b"{}")

    def _take(self, session: str, headers: Mapping[str, str], raw: bytes, url: str) -> Beside:
        file = self._sessions.get(session)
        if file is None or int(headers["x-goog-upload-offset"]) != len(file.content):
            return _error(400, "no such upload, or not its next piece")
        if "x-goog-api-key" in headers:
            return _error(400, "the key does not belong here")
        file.content += raw
        if "finalize" not in headers["x-goog-upload-command"]:
            return Beside(200, {"X-Goog-Upload-Status": "active"}, b"")
        if len(file.content) != file.size_bytes:
            return _error(400, f"{len(file.content)} bytes came, not {file.size_bytes}")
        del self._sessions[session]
        self.files[file.name] = file
        if not file.polls_left:
            self._look(file)
        return Beside(200, {"X-Goog-Upload-Status": "final"}, json.dumps({"file": self._described(file, url)}).encode())

    def _look(self, file: _File) -> None:
        file.polls_left -= 1
        if file.polls_left <= 0:
            file.state = "FAILED" if self.fails else "ACTIVE"

    def _described(self, file: _File, url: str) -> dict[str, JsonValue]:
        described: dict[str, JsonValue] = {
            "name": file.name,
            "mimeType": file.mime_type,
            "sizeBytes": str(file.size_bytes),
            "uri": f"{url}/v1beta/{file.name}" + (f"?key={self.says_key}" if self.says_key else ""),
            "state": file.state,
            "source": "UPLOADED",
        }
        return described | ({"error": {"code": 13, "message": "cannot be decoded"}} if file.state == "FAILED" else {})

    def _unusable(self, raw: bytes) -> Beside | None:
        for uri in map(bytes.decode, re.findall(rb'"file_?[uU]ri": ?"([^"]+)"', raw)):
            file = self.files.get(_name(uri))
            if file is None or self.forgetful:
                return _error(403, _GONE.format(_name(uri).removeprefix("files/")))
            if file.state != "ACTIVE":
                said = f"The File {file.name} is not in an ACTIVE state and usage is not allowed."
                return _error(400, said, name="FAILED_PRECONDITION")
        return None


def _name(uri: str) -> str:
    return "files/" + uri.partition("?")[0].rpartition("/")[2]


def _error(status: int, message: str, *, name: str = "") -> Beside:
    names = {400: "INVALID_ARGUMENT", 401: "UNAUTHENTICATED", 403: "PERMISSION_DENIED", 409: "ALREADY_EXISTS"}
    error = {"code": status, "message": message, "status": name or names.get(status, "UNKNOWN")}
    return Beside(status, {}, json.dumps({"error": error}).encode())
