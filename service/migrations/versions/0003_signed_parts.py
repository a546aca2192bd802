"""Parts that clients send to the store themselves."""

import sqlalchemy as sa
from alembic import op

revision = '0003'
down_revision = '0002'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.alter_column('upload_parts', 'start_bytes', existing_type=sa.BigInteger(), nullable=True)


def downgrade() -> None:
    op.execute('DELETE FROM upload_parts WHERE start_bytes IS NULL')
    op.alter_column('upload_parts', 'start_bytes', existing_type=sa.BigInteger(), nullable=False)
