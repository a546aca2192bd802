"""What handlers are given by name: annotations for dependencies that the root provides (`service/app/main.py`)."""

from typing import Annotated

from litestar.params import Dependency, Parameter

from service.core.db import Database, ReadSession, WriteSession
from service.core.principal import Principal
from service.core.settings import Settings

# The root builds these; there is nothing to validate per request.
Injected = Dependency(skip_validation=True)
Reading = Annotated[ReadSession, Injected]
Writing = Annotated[WriteSession, Injected]
Db = Annotated[Database, Injected]
Caller = Annotated[Principal, Injected]
Config = Annotated[Settings, Injected]
# Where a page goes on; opaque to clients (`core.pagination`).
Cursor = Annotated[str | None, Parameter(max_length=2_000)]
