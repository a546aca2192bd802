"""Partial and final uploads."""

import sqlalchemy as sa
from alembic import op

revision = '0002'
down_revision = '0001'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column('uploads', sa.Column('kind', sa.Text(), server_default='whole', nullable=False))
    op.add_column('uploads', sa.Column('partials', sa.ARRAY(sa.Uuid()), nullable=True))
    op.add_column('uploads', sa.Column('joined_into', sa.Uuid(), nullable=True))
    op.create_check_constraint(op.f('ck_uploads_kind'), 'uploads', "kind IN ('whole', 'partial', 'final') AND (kind = 'final') = (partials IS NOT NULL)")
    op.create_index('ix_uploads_joined_into', 'uploads', ['joined_into'], unique=False, postgresql_where=sa.text('joined_into IS NOT NULL'))
    op.create_index('ix_uploads_idle_partials', 'uploads', ['expires_at'], unique=False, postgresql_where=sa.text("kind = 'partial' AND state = 'COMPLETE'"))


def downgrade() -> None:
    op.drop_index('ix_uploads_idle_partials', table_name='uploads', postgresql_where=sa.text("kind = 'partial' AND state = 'COMPLETE'"))
    op.drop_index('ix_uploads_joined_into', table_name='uploads', postgresql_where=sa.text('joined_into IS NOT NULL'))
    op.drop_constraint(op.f('ck_uploads_kind'), 'uploads', type_='check')
    op.drop_column('uploads', 'joined_into')
    op.drop_column('uploads', 'partials')
    op.drop_column('uploads', 'kind')
