"""Refusals of projects."""

from service.core.errors import Forbidden, Kind, StowageError


class Archived(Forbidden):
    code = "projects.archived"
    public = "This project is archived: nothing in it changes until its owner takes it out of the archive."


class LastOwner(StowageError):
    code = "projects.last_owner"
    kind = Kind.CONFLICT
    public = "A project has an owner: make somebody else one first."


class NobodyOfThatName(StowageError):
    code = "projects.nobody_of_that_name"
    kind = Kind.MISSING
    public = "Nobody here has that name."


class AlreadyMember(StowageError):
    code = "projects.already_member"
    kind = Kind.CONFLICT
    public = "That person is a member already: change the role instead."


class NotDeleted(StowageError):
    code = "projects.not_deleted"
    kind = Kind.CONFLICT
    public = "The project was not deleted, or is gone for good."
