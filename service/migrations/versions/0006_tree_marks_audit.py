"""A tree that can be moved, counted and searched; tags, favourites, selections for ZIP downloads; the access log."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = '0006'
down_revision = '0005'
branch_labels = None
depends_on = None

# Statement-level, so that moving or deleting many files costs one row per folder, not per file. Size and count of a folder's own
# live files; whatever the statement was, nobody has to remember to count.
FUNCTION = """
CREATE FUNCTION note_folder_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'INSERT' THEN
        INSERT INTO folder_changes (folder_id, files, bytes)
        SELECT folder_id, count(*), sum(size_bytes) FROM new_files WHERE trashed_at IS NULL GROUP BY folder_id;
    ELSIF TG_OP = 'DELETE' THEN
        INSERT INTO folder_changes (folder_id, files, bytes)
        SELECT folder_id, -count(*), -sum(size_bytes) FROM old_files WHERE trashed_at IS NULL GROUP BY folder_id;
    ELSE
        INSERT INTO folder_changes (folder_id, files, bytes)
        SELECT folder_id, sum(files), sum(bytes) FROM (
            SELECT folder_id, 1 AS files, size_bytes AS bytes FROM new_files WHERE trashed_at IS NULL
            UNION ALL
            SELECT folder_id, -1, -size_bytes FROM old_files WHERE trashed_at IS NULL) both_sides
        GROUP BY folder_id HAVING sum(files) <> 0 OR sum(bytes) <> 0;
    END IF;
    RETURN NULL;
END $$"""
TRIGGERS = {
    'insert': 'REFERENCING NEW TABLE AS new_files',
    'delete': 'REFERENCING OLD TABLE AS old_files',
    'update': 'REFERENCING OLD TABLE AS old_files NEW TABLE AS new_files',
}
LIVE = sa.text('trashed_at IS NULL')


def upgrade() -> None:
    op.add_column('file_versions', sa.Column('crc32', sa.BigInteger(), nullable=True))
    op.add_column('projects', sa.Column('keep_versions', sa.Integer(), nullable=True))
    op.create_check_constraint(op.f('ck_projects_keep_versions'), 'projects', 'keep_versions >= 1')

    op.add_column('files', sa.Column('size_bytes', sa.BigInteger(), server_default='0', nullable=False))
    op.add_column('files', sa.Column('media_type', sa.Text(), nullable=True))
    op.add_column('files', sa.Column('trashed_by', sa.Uuid(), nullable=True))
    op.add_column('files', sa.Column('doomed_at', sa.DateTime(timezone=True), nullable=True))
    op.add_column('files', sa.Column('revision', sa.Integer(), server_default='1', nullable=False))
    op.create_foreign_key(op.f('fk_files_trashed_by_users'), 'files', 'users', ['trashed_by'], ['id'], ondelete='SET NULL')
    op.execute("""UPDATE files SET size_bytes = v.size_bytes, media_type = coalesce(v.media_type, v.claimed_type)
                  FROM file_versions v WHERE v.id = files.current_version_id""")
    op.create_index('ix_files_version', 'files', ['current_version_id'])
    op.create_index('ix_files_size', 'files', ['folder_id', 'size_bytes', 'id'], postgresql_where=LIVE)
    op.create_index('ix_files_changed', 'files', ['folder_id', 'changed_at', 'id'], postgresql_where=LIVE)
    op.create_index('ix_files_type', 'files', ['folder_id', sa.text("coalesce(media_type, '')"), 'id'], postgresql_where=LIVE)
    op.create_index('ix_files_kind', 'files', ['project_id', sa.text("split_part(coalesce(media_type, ''), '/', 1)"), 'id'], postgresql_where=LIVE)
    op.create_index('ix_files_uploader', 'files', ['project_id', 'created_by', 'id'], postgresql_where=LIVE)
    op.create_index('ix_files_project_size', 'files', ['project_id', 'size_bytes', 'id'], postgresql_where=LIVE)
    op.create_index('ix_files_doomed', 'files', ['doomed_at'], postgresql_where=sa.text('doomed_at IS NOT NULL'))
    op.create_index('ix_files_trashed', 'files', ['trashed_at'], postgresql_where=sa.text('trashed_at IS NOT NULL'))
    op.create_index('ix_file_versions_charged', 'file_versions', ['charged_to'])

    op.add_column('folders', sa.Column('trashed_by', sa.Uuid(), nullable=True))
    op.add_column('folders', sa.Column('doomed_at', sa.DateTime(timezone=True), nullable=True))
    op.add_column('folders', sa.Column('revision', sa.Integer(), server_default='1', nullable=False))
    op.add_column('folders', sa.Column('is_hidden', sa.Boolean(), server_default=sa.text('false'), nullable=False))
    op.add_column('folders', sa.Column('files', sa.BigInteger(), server_default='0', nullable=False))
    op.add_column('folders', sa.Column('bytes', sa.BigInteger(), server_default='0', nullable=False))
    op.create_foreign_key(op.f('fk_folders_trashed_by_users'), 'folders', 'users', ['trashed_by'], ['id'], ondelete='SET NULL')
    op.create_index('ix_folders_parent', 'folders', ['parent_id', 'name'])
    op.create_index('ix_folders_trash', 'folders', ['project_id', 'trashed_at'], postgresql_where=sa.text('trashed_at IS NOT NULL'))
    op.create_index('ix_folders_doomed', 'folders', ['doomed_at'], postgresql_where=sa.text('doomed_at IS NOT NULL'))
    op.add_column('users', sa.Column('notices_seen_at', sa.DateTime(timezone=True), server_default=sa.text('now()'), nullable=False))
    op.add_column('jobs', sa.Column('result', postgresql.JSONB(), nullable=True))
    op.create_table(
        'folder_changes',
        sa.Column('id', sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column('folder_id', sa.Uuid(), nullable=False),
        sa.Column('files', sa.BigInteger(), nullable=False),
        sa.Column('bytes', sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint('id', name=op.f('pk_folder_changes')),
    )
    op.execute('INSERT INTO folder_changes (folder_id, files, bytes) '
               'SELECT folder_id, count(*), sum(size_bytes) FROM files WHERE trashed_at IS NULL GROUP BY folder_id')
    op.execute(FUNCTION)
    for event, tables in TRIGGERS.items():
        op.execute(f'CREATE TRIGGER tr_files_{event} AFTER {event.upper()} ON files {tables} '
                   'FOR EACH STATEMENT EXECUTE FUNCTION note_folder_change()')

    op.create_table(
        'file_tags',
        sa.Column('file_id', sa.Uuid(), nullable=False),
        sa.Column('tag', sa.Text(), nullable=False),
        sa.Column('project_id', sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(['file_id'], ['files.id'], name=op.f('fk_file_tags_file_id_files'), ondelete='CASCADE'),
        sa.ForeignKeyConstraint(['project_id'], ['projects.id'], name=op.f('fk_file_tags_project_id_projects'), ondelete='CASCADE'),
        sa.PrimaryKeyConstraint('file_id', 'tag', name=op.f('pk_file_tags')),
    )
    op.create_index('ix_file_tags_tag', 'file_tags', ['project_id', 'tag', 'file_id'])
    op.create_table(
        'favourites',
        sa.Column('user_id', sa.Uuid(), nullable=False),
        sa.Column('file_id', sa.Uuid(), nullable=False),
        sa.Column('created_at', sa.DateTime(timezone=True), server_default=sa.text('now()'), nullable=False),
        sa.ForeignKeyConstraint(['user_id'], ['users.id'], name=op.f('fk_favourites_user_id_users'), ondelete='CASCADE'),
        sa.ForeignKeyConstraint(['file_id'], ['files.id'], name=op.f('fk_favourites_file_id_files'), ondelete='CASCADE'),
        sa.PrimaryKeyConstraint('user_id', 'file_id', name=op.f('pk_favourites')),
    )
    op.create_index('ix_favourites_file', 'favourites', ['file_id'])
    op.create_table(
        'selections',
        sa.Column('id', sa.Uuid(), nullable=False),
        sa.Column('user_id', sa.Uuid(), nullable=False),
        sa.Column('project_id', sa.Uuid(), nullable=False),
        sa.Column('name', sa.Text(), nullable=False),
        sa.Column('files', postgresql.ARRAY(sa.Uuid()), nullable=False),
        sa.Column('folders', postgresql.ARRAY(sa.Uuid()), nullable=False),
        sa.Column('expires_at', sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(['user_id'], ['users.id'], name=op.f('fk_selections_user_id_users'), ondelete='CASCADE'),
        sa.ForeignKeyConstraint(['project_id'], ['projects.id'], name=op.f('fk_selections_project_id_projects'), ondelete='CASCADE'),
        sa.PrimaryKeyConstraint('id', name=op.f('pk_selections')),
    )
    op.create_index('ix_selections_expiry', 'selections', ['expires_at'])

    op.create_table(
        'access_log',
        sa.Column('id', sa.Uuid(), nullable=False),
        sa.Column('at', sa.DateTime(timezone=True), server_default=sa.text('now()'), nullable=False),
        sa.Column('actor_kind', sa.Text(), nullable=False),
        sa.Column('actor_id', sa.Uuid(), nullable=True),
        sa.Column('actor', sa.Text(), nullable=False),
        sa.Column('verb', sa.Text(), nullable=False),
        sa.Column('object_kind', sa.Text(), server_default='', nullable=False),
        sa.Column('object_id', sa.Uuid(), nullable=True),
        sa.Column('object_name', sa.Text(), server_default='', nullable=False),
        sa.Column('project_id', sa.Uuid(), nullable=True),
        sa.Column('address', sa.Text(), server_default='', nullable=False),
        sa.Column('request_id', sa.Text(), server_default='', nullable=False),
        sa.Column('outcome', sa.Text(), server_default='done', nullable=False),
        sa.Column('details', postgresql.JSONB(), server_default=sa.text("'{}'::jsonb"), nullable=False),
        sa.PrimaryKeyConstraint('at', 'id', name=op.f('pk_access_log')),
        postgresql_partition_by='RANGE (at)',
    )
    op.create_index('ix_access_log_project', 'access_log', ['project_id', 'at', 'id'])
    op.create_index('ix_access_log_actor', 'access_log', ['actor_id', 'at', 'id'])
    op.create_index('ix_access_log_object', 'access_log', ['object_id', 'at', 'id'])
    # Months are made ahead by the scheduler; what falls outside of them is kept all the same.
    op.execute('CREATE TABLE access_log_rest PARTITION OF access_log DEFAULT')


def downgrade() -> None:
    op.drop_table('access_log')
    op.drop_column('jobs', 'result')
    op.drop_column('users', 'notices_seen_at')
    op.drop_table('selections')
    op.drop_table('favourites')
    op.drop_table('file_tags')
    for event in TRIGGERS:
        op.execute(f'DROP TRIGGER tr_files_{event} ON files')
    op.execute('DROP FUNCTION note_folder_change()')
    op.drop_table('folder_changes')
    for index in ('ix_folders_doomed', 'ix_folders_trash', 'ix_folders_parent'):
        op.drop_index(index, 'folders')
    for column in ('bytes', 'files', 'is_hidden', 'revision', 'doomed_at', 'trashed_by'):
        op.drop_column('folders', column)
    op.drop_index('ix_file_versions_charged', 'file_versions')
    for index in ('ix_files_trashed', 'ix_files_doomed', 'ix_files_project_size', 'ix_files_uploader', 'ix_files_kind', 'ix_files_type', 'ix_files_changed', 'ix_files_size', 'ix_files_version'):
        op.drop_index(index, 'files')
    for column in ('revision', 'doomed_at', 'trashed_by', 'media_type', 'size_bytes'):
        op.drop_column('files', column)
    op.drop_column('projects', 'keep_versions')
    op.drop_column('file_versions', 'crc32')
