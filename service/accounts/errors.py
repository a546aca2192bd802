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
