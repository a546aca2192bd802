"""Alembic's environment: which models there are, and a lock timeout so that a migration never blocks uploads for long."""

from alembic import context
from sqlalchemy import create_engine, text

from service.accounts import models as accounts
from service.audit import models as audit
from service.core.db import Model
from service.files import models as files
from service.media import models as media
from service.outbox import models as outbox
from service.projects import models as projects
from service.quota import models as quota
from service.uploads import models as uploads

MODELS = (accounts, audit, files, media, outbox, projects, quota, uploads)
LOCK_TIMEOUT = "5s"


def _is_ours(name: str | None, kind: str, _: object) -> bool:
    """Partitions come and go with the months; no migration speaks of them."""
    return not (kind == "table" and str(name).startswith("access_log_"))


def run() -> None:
    url = context.config.attributes["url"].replace("postgresql://", "postgresql+psycopg://", 1)
    engine = create_engine(url)
    with engine.connect() as connection:
        connection.execute(text(f"SET lock_timeout = '{LOCK_TIMEOUT}'"))
        connection.commit()
        context.configure(connection=connection, target_metadata=Model.metadata, compare_type=True, include_name=_is_ours)
        with context.begin_transaction():
            context.run_migrations()
    engine.dispose()


run()
