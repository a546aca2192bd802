"""Digests of whole files; who holds an upload, since when and from which offset; open uploads by project."""

import sqlalchemy as sa
from alembic import op

revision = '0004'
down_revision = '0003'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column('uploads', sa.Column('sha256', sa.Text(), nullable=True))
    op.add_column('uploads', sa.Column('holder', sa.Text(), nullable=True))
    op.add_column('uploads', sa.Column('held_since', sa.DateTime(timezone=True), nullable=True))
    op.add_column('uploads', sa.Column('held_from', sa.BigInteger(), nullable=True))
    op.create_index('ix_uploads_open_in_project', 'uploads', ['project_id'], postgresql_where=sa.text("state IN ('OPEN', 'COMPLETING')"))
    op.add_column('file_versions', sa.Column('sha256', sa.Text(), nullable=True))
    op.add_column('file_versions', sa.Column('expected_sha256', sa.Text(), nullable=True))
    op.create_index(
        'ix_file_versions_corrupt', 'file_versions', ['created_by', 'id'], postgresql_where=sa.text("state = 'corrupt'")
    )


def downgrade() -> None:
    op.drop_index('ix_file_versions_corrupt', 'file_versions')
    op.drop_column('file_versions', 'expected_sha256')
    op.drop_column('file_versions', 'sha256')
    op.drop_index('ix_uploads_open_in_project', 'uploads')
    op.drop_column('uploads', 'held_from')
    op.drop_column('uploads', 'held_since')
    op.drop_column('uploads', 'holder')
    op.drop_column('uploads', 'sha256')
