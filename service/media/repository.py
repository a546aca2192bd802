"""Every statement on probes, derivatives, transcodes, chunks and segments."""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

import msgspec
from sqlalchemy import delete, func, literal, select, text, update
from sqlalchemy.dialects.postgresql import insert

from service.core.db import ReadSession, WriteSession
from service.media.facts import SourceFacts
from service.media.models import Derivative, HlsSegments, Probe, Transcode, TranscodeChunk


async def put_probe(session: WriteSession, version_id: UUID, facts: dict[str, object]) -> None:
    statement = insert(Probe).values(version_id=version_id, facts=facts)
    await session.execute(statement.on_conflict_do_update(index_elements=["version_id"], set_={"facts": statement.excluded.facts}))


async def facts_of(session: ReadSession, version_id: UUID) -> SourceFacts | None:
    found = (await session.scalars(select(Probe.facts).where(Probe.version_id == version_id))).one_or_none()
    return msgspec.convert(found, SourceFacts) if found is not None else None


async def drop_derivatives(session: WriteSession, version_id: UUID, kinds: Sequence[str]) -> None:
    await session.execute(delete(Derivative).where(Derivative.version_id == version_id, Derivative.kind.in_(kinds)))


async def put_derivative(session: WriteSession, row: Derivative) -> int:
    """Store or replace; returns the bytes of the one replaced."""
    old = (
        await session.scalars(
            select(Derivative.bytes).where(Derivative.version_id == row.version_id, Derivative.kind == row.kind).with_for_update()
        )
    ).one_or_none()
    values = {
        "version_id": row.version_id,
        "kind": row.kind,
        "state": row.state,
        "prefix": row.prefix,
        "bytes": row.bytes or 0,
        "facts": row.facts or {},
        "error": row.error,
    }
    statement = insert(Derivative).values(**values)
    await session.execute(statement.on_conflict_do_update(index_elements=["version_id", "kind"], set_=values))
    return old or 0


async def want(session: WriteSession, version_id: UUID, kinds: Sequence[str]) -> None:
    """Note what is to be made; what is there or under way stays as it is."""
    if not kinds:
        return
    statement = insert(Derivative).values([{"version_id": version_id, "kind": kind, "state": "wanted"} for kind in kinds])
    await session.execute(
        statement.on_conflict_do_update(
            index_elements=["version_id", "kind"],
            set_={"state": "wanted", "error": None},
            where=Derivative.state.in_(["failed", "skipped"]),
        )
    )


async def set_state(
    session: WriteSession, version_id: UUID, kinds: Sequence[str], state: str, error: str | None, *, size_bytes: int | None = None
) -> None:
    """Move what is wanted or under way; what is ready stays so, or is ready anew."""
    values: dict[str, object] = {"state": state, "error": error} | ({} if size_bytes is None else {"bytes": size_bytes})
    await session.execute(
        update(Derivative)
        .where(Derivative.version_id == version_id, Derivative.kind.in_(kinds), (Derivative.state != "ready") | literal(state == "ready"))
        .values(**values)
    )


async def derivative(session: ReadSession, version_id: UUID, kind: str) -> Derivative | None:
    return (await session.scalars(select(Derivative).where(Derivative.version_id == version_id, Derivative.kind == kind))).one_or_none()


async def derivatives_of(session: ReadSession, version_id: UUID) -> Sequence[Derivative]:
    return (await session.scalars(select(Derivative).where(Derivative.version_id == version_id).order_by(Derivative.kind))).all()


async def add_transcode(session: WriteSession, row: Transcode, chunks: Sequence[TranscodeChunk]) -> bool:
    """False where the very same plan exists already."""
    values = {
        "id": row.id,
        "version_id": row.version_id,
        "file_id": row.file_id,
        "project_id": row.project_id,
        "plan": row.plan,
        "plan_hash": row.plan_hash,
        "prefix": row.prefix,
    }
    made = (
        await session.scalars(
            insert(Transcode).values(**values).on_conflict_do_nothing(index_elements=["version_id", "plan_hash"]).returning(Transcode.id)
        )
    ).one_or_none()
    if made is None:
        return False
    session.add_all(chunks)
    return True


async def transcode(session: ReadSession, transcode_id: UUID) -> Transcode | None:
    return (await session.scalars(select(Transcode).where(Transcode.id == transcode_id))).one_or_none()


async def lock_transcode(session: WriteSession, transcode_id: UUID) -> Transcode | None:
    return (await session.scalars(select(Transcode).where(Transcode.id == transcode_id).with_for_update())).one_or_none()


async def current_transcode(session: ReadSession, version_id: UUID) -> Transcode | None:
    """The newest plan of a version."""
    return (
        await session.scalars(select(Transcode).where(Transcode.version_id == version_id).order_by(Transcode.id.desc()).limit(1))
    ).one_or_none()


async def chunk_is_done(session: ReadSession, transcode_id: UUID, track: str, no: int) -> bool:
    query = select(TranscodeChunk.done_at).where(
        TranscodeChunk.transcode_id == transcode_id, TranscodeChunk.track == track, TranscodeChunk.no == no
    )
    return (await session.scalars(query)).one_or_none() is not None


async def done_chunks(session: ReadSession, transcode_id: UUID) -> set[tuple[str, int]]:
    query = select(TranscodeChunk.track, TranscodeChunk.no).where(
        TranscodeChunk.transcode_id == transcode_id, TranscodeChunk.done_at.is_not(None)
    )
    return {(row[0], row[1]) for row in (await session.execute(query)).all()}


async def restart(session: WriteSession, version_id: UUID, digest: str) -> UUID | None:
    """Let a plan that failed or was cancelled run again; None where it is none of the kind."""
    statement = (
        update(Transcode)
        .where(Transcode.version_id == version_id, Transcode.plan_hash == digest, Transcode.state.in_(["failed", "cancelled"]))
        .values(state="running", reason=None)
        .returning(Transcode.id)
    )
    return (await session.scalars(statement)).one_or_none()


async def is_ready(session: ReadSession, version_id: UUID, digest: str) -> bool:
    query = select(Transcode.id).where(Transcode.version_id == version_id, Transcode.plan_hash == digest, Transcode.state == "ready")
    return (await session.scalars(query)).one_or_none() is not None


async def mark_chunk_done(session: WriteSession, transcode_id: UUID, track: str, no: int) -> int:
    """Returns how many chunks of any track are left; the caller holds the transcode's lock."""
    await session.execute(
        update(TranscodeChunk)
        .where(TranscodeChunk.transcode_id == transcode_id, TranscodeChunk.track == track, TranscodeChunk.no == no)
        .values(done_at=func.now())
    )
    left = (
        select(func.count())
        .select_from(TranscodeChunk)
        .where(TranscodeChunk.transcode_id == transcode_id, TranscodeChunk.done_at.is_(None))
    )
    return (await session.scalars(left)).one()


async def add_segments(session: WriteSession, row: HlsSegments) -> None:
    """A replay writes the very same row."""
    values = {
        "transcode_id": row.transcode_id,
        "rung": row.rung,
        "chunk_no": row.chunk_no,
        "key": row.key,
        "segments": row.segments,
        "init_key": row.init_key,
        "init_hash": row.init_hash,
        "codecs": row.codecs,
        "bytes": row.bytes,
    }
    await session.execute(insert(HlsSegments).values(**values).on_conflict_do_nothing(index_elements=["transcode_id", "rung", "chunk_no"]))


async def segments_of(session: ReadSession, transcode_id: UUID, rung: str | None = None) -> Sequence[HlsSegments]:
    query = select(HlsSegments).where(HlsSegments.transcode_id == transcode_id).order_by(HlsSegments.rung, HlsSegments.chunk_no)
    if rung is not None:
        query = query.where(HlsSegments.rung == rung)
    return (await session.scalars(query)).all()


@dataclass(frozen=True, slots=True)
class Advance:
    """All in s: of the film done (with what is done of running chunks) and planned; since it began to play, and of the film done by then."""

    done_s: float
    total_s: float
    since_s: float
    early_s: float

    @property
    def fraction(self) -> float:
        return round(min(1.0, self.done_s / self.total_s), 4) if self.total_s else 0.0

    @property
    def left_s(self) -> float | None:
        """The pace since the film began to play holds for the rest; the first chunk alone says too little."""
        paced = self.done_s - self.early_s
        if paced <= 0 or self.since_s <= 0:
            return None
        return round((self.total_s - self.done_s) * self.since_s / paced, 1)


async def advance_of(session: ReadSession, transcode_id: UUID) -> Advance:
    query = text("""
        SELECT coalesce(sum(c.seconds * CASE WHEN c.done_at IS NOT NULL THEN 1 ELSE coalesce(j.progress, 0) END), 0),
            coalesce(sum(c.seconds), 0),
            coalesce(extract(epoch FROM now() - t.playable_at), 0), coalesce(sum(c.seconds) FILTER (WHERE c.done_at <= t.playable_at), 0)
        FROM transcodes t JOIN transcode_chunks c ON c.transcode_id = t.id
        LEFT JOIN jobs j ON j.file_id = t.file_id AND j.state = 'running' AND j.payload->>'transcode_id' = t.id::text
            AND (j.payload->>'no')::integer = c.no AND c.track = 'video'
        WHERE t.id = :id AND (c.track = 'video' OR NOT EXISTS
            (SELECT 1 FROM transcode_chunks other WHERE other.transcode_id = :id AND other.track = 'video'))
        GROUP BY t.playable_at""")
    row = (await session.execute(query, {"id": transcode_id})).one_or_none()
    return Advance(*map(float, row)) if row is not None else Advance(0, 0, 0, 0)


async def set_transcode(session: WriteSession, transcode_id: UUID, **values: object) -> bool:
    """Change a transcode that is still running."""
    statement = update(Transcode).where(Transcode.id == transcode_id, Transcode.state == "running").values(**values).returning(Transcode.id)
    return (await session.scalars(statement)).one_or_none() is not None


async def set_playable(session: WriteSession, transcode_id: UUID) -> None:
    await session.execute(
        update(Transcode).where(Transcode.id == transcode_id, Transcode.playable_at.is_(None)).values(playable_at=func.now())
    )
