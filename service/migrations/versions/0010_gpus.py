"""GPUs of workers, what they were proven to do and how busy they were."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = '0010'
down_revision = '0009'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column('workers', sa.Column('gpu', sa.Text(), server_default='', nullable=False))
    op.create_table(
        'gpus',
        sa.Column('id', sa.Text(), nullable=False),
        sa.Column('worker', sa.Text(), nullable=False),
        sa.Column('host', sa.Text(), nullable=False),
        sa.Column('index', sa.Integer(), nullable=False),
        sa.Column('uuid', sa.Text(), nullable=False),
        sa.Column('name', sa.Text(), nullable=False),
        sa.Column('driver', sa.Text(), nullable=False),
        sa.Column('memory_bytes', sa.BigInteger(), nullable=False),
        sa.Column('mode', sa.Text(), nullable=False),
        sa.Column('reason', sa.Text(), nullable=False),
        sa.Column('slots', sa.Integer(), nullable=False),
        sa.Column('proven_at', sa.DateTime(timezone=True), server_default=sa.text('now()'), nullable=False),
        sa.Column('seen_at', sa.DateTime(timezone=True), server_default=sa.text('now()'), nullable=False),
        sa.CheckConstraint("mode IN ('full', 'hybrid', 'cpu')", name=op.f('ck_gpus_mode')),
        sa.PrimaryKeyConstraint('id', name=op.f('pk_gpus')),
    )
    op.create_table(
        'gpu_samples',
        sa.Column('gpu_id', sa.Text(), nullable=False),
        sa.Column('taken_at', sa.DateTime(timezone=True), server_default=sa.text('now()'), nullable=False),
        sa.Column('figures', postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.ForeignKeyConstraint(['gpu_id'], ['gpus.id'], name=op.f('fk_gpu_samples_gpu_id_gpus'), ondelete='CASCADE'),
        sa.PrimaryKeyConstraint('gpu_id', 'taken_at', name=op.f('pk_gpu_samples')),
    )


def downgrade() -> None:
    op.drop_table('gpu_samples')
    op.drop_table('gpus')
    op.drop_column('workers', 'gpu')
