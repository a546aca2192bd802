"""Table `access_log`, partitioned by month."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import DateTime, Index, Text, func, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from service.core.db import Model
from service.core.ids import new_id


class AccessRow(Model):
    """No foreign keys: a line outlives whom and what it speaks of, and says both by name too."""

    __tablename__ = "access_log"
    __table_args__ = (
        Index("ix_access_log_project", "project_id", "at", "id"),
        Index("ix_access_log_actor", "actor_id", "at", "id"),
        Index("ix_access_log_object", "object_id", "at", "id"),
        {"postgresql_partition_by": "RANGE (at)"},
    )

    at: Mapped[datetime] = mapped_column(DateTime(timezone=True), primary_key=True, server_default=func.now())
    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    actor_kind: Mapped[str] = mapped_column(Text)
    actor_id: Mapped[UUID | None] = mapped_column()
    actor: Mapped[str] = mapped_column(Text)
    verb: Mapped[str] = mapped_column(Text)
    object_kind: Mapped[str] = mapped_column(Text, server_default="")
    object_id: Mapped[UUID | None] = mapped_column()
    object_name: Mapped[str] = mapped_column(Text, server_default="")
    project_id: Mapped[UUID | None] = mapped_column()
    address: Mapped[str] = mapped_column(Text, server_default="")
    request_id: Mapped[str] = mapped_column(Text, server_default="")
    outcome: Mapped[str] = mapped_column(Text, server_default="done")
    details: Mapped[dict[str, object]] = mapped_column(JSONB, server_default=text("'{}'::jsonb"))
