"""Of the request that is being answered: its id and where it comes from. Empty outside of one."""

from contextvars import ContextVar

request_id: ContextVar[str] = ContextVar("request_id", default="")
address: ContextVar[str] = ContextVar("address", default="")
