"""Uploaded and generated files, on disk, with their lives of 48 hours and six weeks.

Source: gemini-facts §2.3 and §6.
"""

from __future__ import annotations

import base64
import hashlib
import re
import secrets
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from gemtag_tui.simulator.clock import Clock, timestamp
from gemtag_tui.simulator.errors import ApiError, invalid

UPLOAD_LIFE = 48 * 3600.0
RESULT_LIFE = 6 * 7 * 86400.0
MAX_FILE = 2 * 2**30
MAX_PROJECT = 20 * 2**30
MAX_ID = 40
ID = re.compile(r"[a-z0-9](?:[a-z0-9-]*[a-z0-9])?")
ALPHABET = "abcdefghijklmnopqrstuvwxyz0123456789"


@dataclass(slots=True)
class StoredFile:
    """One file that can be named in a request."""

    id: str
    path: Path
    size: int
    mime: str
    sha256: str
    created: float
    expires: float
    display_name: str = ""
    generated: bool = False
    visible_from: float = 0.0

    def resource(self, base_url: str) -> dict[str, Any]:
        """The File message."""
        made = timestamp(self.created)
        result = {
            "name": f"files/{self.id}",
            "mimeType": self.mime,
            "sizeBytes": str(self.size),
            "createTime": made,
            "updateTime": made,
            "expirationTime": timestamp(self.expires),
            "sha256Hash": base64.b64encode(self.sha256.encode()).decode(),
            "uri": f"{base_url}/v1beta/files/{self.id}",
            "state": "ACTIVE",
            "source": "GENERATED" if self.generated else "UPLOADED",
        }
        if self.generated:
            result["downloadUri"] = f"{base_url}/v1beta/files/{self.id}:download?alt=media"
        if self.display_name:
            result["displayName"] = self.display_name
        return result


@dataclass(slots=True)
class Upload:
    """A resumable upload under way."""

    id: str
    path: Path
    expected: int
    mime: str
    display_name: str
    received: int = 0
    digest: Any = field(default_factory=hashlib.sha256)

    def write(self, data: bytes) -> None:
        """Append a piece."""
        with self.path.open("ab") as out:
            out.write(data)
        self.digest.update(data)
        self.received += len(data)


class FileStore:
    """The project's files.

    Args:
        folder: Where contents are kept.
        clock: For expiry.
    """

    def __init__(self, folder: Path, clock: Clock) -> None:
        self._folder = folder
        self._clock = clock
        self._files: dict[str, StoredFile] = {}
        self._uploads: dict[str, Upload] = {}

    def begin(self, *, size: int, mime: str, name: str, display_name: str) -> str:
        """Begin an upload and return its token.

        Raises:
            ApiError: 400 for a size or name that is not allowed, 409 for a name in use.
        """
        file_id = name.removeprefix("files/") or new_id(12)
        if len(file_id) > MAX_ID:
            raise long_id()
        if not ID.fullmatch(file_id):
            raise invalid(f"Invalid file name: files/{file_id}")
        if file_id in self._files:
            raise ApiError(409, f"File files/{file_id} already exists.", status="ALREADY_EXISTS")
        if size > MAX_FILE:
            raise invalid(f"File size {size} exceeds the limit of {MAX_FILE} bytes.")
        if sum(file.size for file in self._files.values()) + size > MAX_PROJECT:
            raise ApiError(429, "The project's file storage quota is exceeded.")
        token = secrets.token_urlsafe(24)
        path = self._folder / secrets.token_hex(12)
        self._uploads[token] = Upload(file_id, path, size, mime, display_name)
        return token

    def upload(self, token: str) -> Upload:
        """An upload under way.

        Raises:
            ApiError: 404.
        """
        found = self._uploads.get(token)
        if found is None:
            raise ApiError(404, "Upload not found or already finalized.")
        return found

    def abandon(self, token: str) -> None:
        """Throw an upload away."""
        self.upload(token).path.unlink(missing_ok=True)
        del self._uploads[token]

    def finish(self, token: str) -> StoredFile:
        """Turn a complete upload into a file."""
        upload = self._uploads.pop(token)
        upload.path.touch()
        now = self._clock.now()
        stored = StoredFile(
            id=upload.id,
            path=upload.path,
            size=upload.received,
            mime=upload.mime,
            sha256=upload.digest.hexdigest(),
            created=now,
            expires=now + UPLOAD_LIFE,
            display_name=upload.display_name,
        )
        self._files[stored.id] = stored
        return stored

    def new_path(self) -> Path:
        """A place for contents that the simulator makes itself."""
        return self._folder / secrets.token_hex(12)

    def add_result(self, file_id: str, path: Path, visible_from: float) -> StoredFile:
        """Add a generated file, which can be found from a moment on."""
        now = self._clock.now()
        with path.open("rb") as content:
            digest = hashlib.file_digest(content, "sha256").hexdigest()
        stored = StoredFile(
            id=file_id,
            path=path,
            size=path.stat().st_size,
            mime="application/jsonl",
            sha256=digest,
            created=now,
            expires=now + RESULT_LIFE,
            generated=True,
            visible_from=visible_from,
        )
        self._files[file_id] = stored
        return stored

    def find(self, file_id: str) -> StoredFile:
        """A file that is there and has not expired.

        Raises:
            ApiError: 403, as Google says for a file that is not there.
        """
        now, found = self._clock.now(), self._files.get(file_id)
        if found is None or found.expires <= now or found.visible_from > now:
            raise ApiError(
                403,
                f"You do not have permission to access the File {file_id} or it may not exist.",
            )
        return found

    def delete(self, file_id: str) -> None:
        """Delete a file.

        Raises:
            ApiError: 403 when it is not there.
        """
        self.find(file_id).path.unlink(missing_ok=True)
        del self._files[file_id]

    def listed(self) -> list[StoredFile]:
        """Uploaded files that have not expired, newest first."""
        now = self._clock.now()
        alive = [f for f in self._files.values() if f.expires > now and not f.generated]
        return alive[::-1]

    def read_uri(self, uri: str) -> bytes:
        """The contents behind a file's address.

        Raises:
            ApiError: 400 for an address elsewhere, 403 for a file that is not there.
        """
        path = urlsplit(uri).path
        if "/files/" not in f"/{path}":
            raise invalid("Cannot fetch content from the provided URL.")
        return self.find(path.rpartition("files/")[2]).path.read_bytes()


def long_id() -> ApiError:
    """400 for an id over the limit, which result files of batch jobs hit themselves."""
    return invalid(f"File ID (name excluding 'files/') cannot be more than {MAX_ID} characters.")


def new_id(length: int) -> str:
    """A random id of lower-case letters and digits."""
    return "".join(secrets.choice(ALPHABET) for _ in range(length))
