"""What the projects slice tells others."""

from uuid import UUID

from service.outbox.base import Event


class ProjectChanged(Event, frozen=True, tag="projects.changed"):
    """Its name, state or quota."""

    project_id: UUID


class MembersChanged(Event, frozen=True, tag="projects.members_changed"):
    """Somebody came, went or has another role."""

    project_id: UUID
    user_id: UUID
