"""Table `quota_slots`."""

from uuid import UUID

from sqlalchemy import BigInteger, CheckConstraint, SmallInteger, Text
from sqlalchemy.orm import Mapped, mapped_column

from service.core.db import Model


class QuotaSlot(Model):
    """Bytes of one owner (`user` or `project`); slot 0 today, more for a hot project later."""

    __tablename__ = "quota_slots"
    __table_args__ = (
        CheckConstraint("owner_kind IN ('user', 'project')", name="owner_kind"),
        CheckConstraint("reserved_bytes >= 0 AND used_bytes >= 0", name="not_negative"),
        # Busy rows: leave room for HOT updates.
        {"postgresql_with": {"fillfactor": 50}},
    )

    owner_kind: Mapped[str] = mapped_column(Text, primary_key=True)
    owner_id: Mapped[UUID] = mapped_column(primary_key=True)
    slot: Mapped[int] = mapped_column(SmallInteger, primary_key=True, server_default="0")
    limit_bytes: Mapped[int] = mapped_column(BigInteger)
    reserved_bytes: Mapped[int] = mapped_column(BigInteger, server_default="0")
    used_bytes: Mapped[int] = mapped_column(BigInteger, server_default="0")
    # How full its owner was told it is: 0, 80 or 95.
    warned_percent: Mapped[int] = mapped_column(SmallInteger, server_default="0")
