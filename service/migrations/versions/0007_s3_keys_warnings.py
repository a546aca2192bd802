"""Access keys are of two kinds: tokens that go along as a bearer, S3 keys that sign. How full a quota was last said to be."""

import sqlalchemy as sa
from alembic import op

revision = '0007'
down_revision = '0006'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column('access_keys', sa.Column('kind', sa.Text(), server_default='token', nullable=False))
    op.create_check_constraint(op.f('ck_access_keys_kind'), 'access_keys', "kind IN ('token', 's3')")
    op.add_column('quota_slots', sa.Column('warned_percent', sa.SmallInteger(), server_default='0', nullable=False))


def downgrade() -> None:
    op.drop_column('quota_slots', 'warned_percent')
    # What signs is worth nothing to a server that knows bearers only.
    op.execute("DELETE FROM access_keys WHERE kind = 's3'")
    op.drop_column('access_keys', 'kind')
