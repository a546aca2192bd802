"""Worker processes say what they are."""

import sqlalchemy as sa
from alembic import op

revision = '0009'
down_revision = '0008'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        'workers',
        sa.Column('id', sa.Text(), nullable=False),
        sa.Column('queue', sa.Text(), nullable=False),
        sa.Column('host', sa.Text(), nullable=False),
        sa.Column('slots', sa.Integer(), nullable=False),
        sa.Column('running', sa.Integer(), server_default='0', nullable=False),
        sa.Column('sandbox', sa.Text(), nullable=False),
        sa.Column('ffmpeg', sa.Text(), nullable=False),
        sa.Column('started_at', sa.DateTime(timezone=True), server_default=sa.text('now()'), nullable=False),
        sa.Column('seen_at', sa.DateTime(timezone=True), server_default=sa.text('now()'), nullable=False),
        sa.PrimaryKeyConstraint('id', name=op.f('pk_workers')),
    )


def downgrade() -> None:
    op.drop_table('workers')
