"""Refusals of pages."""

from service.core.errors import Invalid, Kind, StowageError


class NoDocument(Invalid):
    code = "pages.none"
    public = "This file has no pages to show: PDF and office documents have."


class DocumentUnreadable(StowageError):
    """Its text is the reader's own."""

    code = "pages.unreadable"
    kind = Kind.CONFLICT
    public = "This document can't be shown."


class StillRendering(StowageError):
    code = "pages.rendering"
    kind = Kind.CONFLICT
    public = "These pages are being made. Try again in a moment."
