"""Refusals at the door."""

from service.core.errors import Invalid, Kind, StowageError


class WrongCredentials(StowageError):
    code = "auth.wrong_credentials"
    kind = Kind.UNAUTHENTICATED
    public = "Wrong name or password."


class TokenExpired(StowageError):
    code = "auth.token_expired"
    kind = Kind.UNAUTHENTICATED
    public = "The access token has expired. Refresh it."


class TokenRefused(StowageError):
    code = "auth.token_refused"
    kind = Kind.UNAUTHENTICATED
    public = "The token is not valid."


class AccountDisabled(StowageError):
    code = "auth.account_disabled"
    kind = Kind.FORBIDDEN
    public = "This account is disabled. Ask your administrator."


class WeakPassword(Invalid):
    code = "accounts.weak_password"
    public = "A password has 12 to 128 characters."


class NameTaken(StowageError):
    code = "accounts.name_taken"
    kind = Kind.CONFLICT
    public = "Somebody already has that name."


class LinkRefused(StowageError):
    code = "accounts.link_refused"
    kind = Kind.GONE
    public = "This link was used already, has expired, or was never one. Ask for a new one."


class LastAdmin(StowageError):
    code = "accounts.last_admin"
    kind = Kind.CONFLICT
    public = "Somebody has to be administrator: make another one first."


class BadUsername(Invalid):
    code = "accounts.bad_username"
    public = "A username has 1 to 64 letters, digits, dots, hyphens and underscores, and begins with a letter or a digit."


class TooManyKeys(StowageError):
    code = "accounts.too_many_keys"
    kind = Kind.CONFLICT
    public = "You have as many API tokens as one person may have. Delete one first."
