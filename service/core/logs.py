"""JSON logs, one object a line, with the request id and without secrets.

Every process writes to stdout. The loggers `stowage.uploads` and `stowage.files` also write to rotating files of
their own in the data directory's `logs/`, shared by all processes of the machine.
"""

import contextlib
import fcntl
import json
import logging
import logging.handlers
import os
import re
import sys
import time
from pathlib import Path

from service.core.caller import request_id

MAX_FILE_BYTES = 20 << 20
KEPT_FILES = 5
_FIELDS = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime", "taskName"}
_LINE = "json_line"
_SECRETS = re.compile(
    r"(?i)(authorization|proxy-authorization|cookie|set-cookie)(['\"]?\s*[:=]\s*['\"]?)(?:bearer\s+|basic\s+)?[^\s,;'\"}]+"
    r"|(x-amz-[a-z-]+=)[^&\s'\"]+"
    r"|(https?://[^\s'\"?]+\?)[^\s'\"]+"
    r"|\b(eyJ[\w-]{5,})\.[\w-]+\.[\w-]+"
)
_USERINFO = re.compile(r"(//[^/\s:@]*:)[^@\s/]+(?=@)")


def redact(text: str) -> str:
    """Remove credentials: Authorization, cookies, X-Amz-*, query strings of URLs, passwords in URLs, JWTs."""

    def mask(match: re.Match[str]) -> str:
        header, separator, amz, url, token = match.groups()
        if header:
            return f"{header}{separator}***"
        return f"{amz or url or ('eyJ' if token else '')}***"

    return _SECRETS.sub(mask, _USERINFO.sub(r"\1***", text))


class JsonFormatter(logging.Formatter):
    """One redacted JSON object per record: time (UTC), level, logger, message, request_id, extras."""

    converter = staticmethod(time.gmtime)

    def format(self, record: logging.LogRecord) -> str:
        # A record that goes to two places is put into words once.
        line: str | None = getattr(record, _LINE, None)
        if line is None:
            line = self._line(record)
            setattr(record, _LINE, line)
        return line

    def _line(self, record: logging.LogRecord) -> str:
        entry: dict[str, object] = {
            "time": self.formatTime(record, "%Y-%m-%dT%H:%M:%S") + f".{int(record.msecs):03d}Z",
            "level": record.levelname,
            "logger": record.name,
            "message": record.getMessage(),
        }
        if current := request_id.get():
            entry["request_id"] = current
        entry |= {key: value for key, value in vars(record).items() if key not in _FIELDS}
        if record.exc_info:
            entry["error"] = self.formatException(record.exc_info)
        return redact(json.dumps(entry, default=str, ensure_ascii=False))


class SharedRotatingHandler(logging.handlers.WatchedFileHandler):
    """A rotating file that several processes append to: whoever finds it too large renames it under a lock."""

    def emit(self, record: logging.LogRecord) -> None:
        path = Path(self.baseFilename)
        if path.exists() and path.stat().st_size > MAX_FILE_BYTES:
            self._rotate(path)
        super().emit(record)

    def _rotate(self, path: Path) -> None:
        with path.with_suffix(".lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            if path.stat().st_size <= MAX_FILE_BYTES:
                return
            for number in range(KEPT_FILES - 1, 0, -1):
                with contextlib.suppress(FileNotFoundError):
                    path.with_suffix(f".log.{number}").rename(path.with_suffix(f".log.{number + 1}"))
            path.rename(path.with_suffix(".log.1"))


def configure(level: str, logs_dir: Path | None) -> None:
    """Set up logging of this process once. `logs_dir` None: stdout only."""
    stream = logging.StreamHandler(sys.stdout)
    stream.setFormatter(JsonFormatter())
    root = logging.getLogger()
    root.handlers[:] = [stream]
    root.setLevel(level)
    logging.getLogger("uvicorn.access").disabled = True
    for noisy in ("botocore", "boto3", "urllib3", "dramatiq", "PIL", "alembic"):
        logging.getLogger(noisy).setLevel("WARNING")
    if logs_dir is None or not os.access(logs_dir, os.W_OK):
        return
    for name in ("uploads", "files"):
        handler = SharedRotatingHandler(logs_dir / f"{name}.log", delay=True)
        handler.setFormatter(JsonFormatter())
        logging.getLogger(f"stowage.{name}").addHandler(handler)
