"""Derivatives have all their states, transcodes can be cancelled, and sound is read in one pass with what else is not cut in chunks."""

from alembic import op

revision = '0008'
down_revision = '0007'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.drop_constraint(op.f('ck_derivatives_state'), 'derivatives')
    op.create_check_constraint(op.f('ck_derivatives_state'), 'derivatives', "state IN ('wanted', 'running', 'ready', 'failed', 'skipped')")
    op.drop_constraint(op.f('ck_transcodes_state'), 'transcodes')
    op.create_check_constraint(op.f('ck_transcodes_state'), 'transcodes', "state IN ('running', 'ready', 'failed', 'cancelled')")
    op.execute("""INSERT INTO derivatives (version_id, kind, state, bytes, error)
        SELECT DISTINCT ON (version_id) version_id, 'hls', state, bytes, reason FROM transcodes ORDER BY version_id, id DESC
        ON CONFLICT DO NOTHING""")
    # One job for all sound of a film instead of one for each track.
    op.execute("DELETE FROM transcode_chunks WHERE track LIKE 'audio%' AND track <> 'audio0'")
    op.execute("UPDATE transcode_chunks SET track = 'through' WHERE track = 'audio0'")
    op.execute("UPDATE jobs SET state = 'cancelled', finished_at = now() WHERE tag = 'media.encode_audio' AND payload ->> 'track' <> '0' AND state IN ('queued', 'running')")
    op.execute("UPDATE jobs SET tag = 'media.read_through', payload = payload - 'track' WHERE tag = 'media.encode_audio'")


def downgrade() -> None:
    op.execute("UPDATE jobs SET tag = 'media.encode_audio', payload = payload || '{\"track\": 0}' WHERE tag = 'media.read_through'")
    op.execute("UPDATE transcode_chunks SET track = 'audio0' WHERE track = 'through'")
    op.execute("DELETE FROM derivatives WHERE kind = 'hls' OR state NOT IN ('ready', 'failed')")
    op.execute("UPDATE transcodes SET state = 'failed' WHERE state = 'cancelled'")
    op.drop_constraint(op.f('ck_transcodes_state'), 'transcodes')
    op.create_check_constraint(op.f('ck_transcodes_state'), 'transcodes', "state IN ('running', 'ready', 'failed')")
    op.drop_constraint(op.f('ck_derivatives_state'), 'derivatives')
    op.create_check_constraint(op.f('ck_derivatives_state'), 'derivatives', "state IN ('ready', 'failed')")
