"""Access tokens (JWT, RFC 9068 `at+jwt`); refresh tokens, API tokens and links (opaque, stored as SHA-256); S3 keys (derived).

Pure but for the clock and the dice.
"""

import base64
import hashlib
import hmac
import secrets
import time
from dataclasses import dataclass
from uuid import UUID, uuid4

import jwt

from service.accounts.errors import TokenExpired, TokenRefused
from service.core.settings import AuthSettings

ISSUER = "stowage"
AUDIENCE = "stowage-api"
ALGORITHM = "HS256"
TYPE = "at+jwt"
LEEWAY_S = 10
# So that a leaked API token is known for one, by people and by scanners.
KEY_PREFIX = "stwg_"
S3_KEY_PREFIX = "STWG"
_REQUIRED = ["iss", "aud", "sub", "exp", "iat", "jti", "sid", "ver"]


@dataclass(frozen=True, slots=True)
class Claims:
    user_id: UUID
    session_id: UUID
    session_version: int
    is_expired: bool


def issue_access(settings: AuthSettings, user_id: UUID, session_id: UUID, session_version: int) -> str:
    now = int(time.time())
    claims = {
        "iss": ISSUER,
        "aud": AUDIENCE,
        "sub": str(user_id),
        "iat": now,
        "exp": now + settings.access_ttl_s,
        "jti": uuid4().hex,
        "sid": str(session_id),
        "ver": session_version,
    }
    return jwt.encode(claims, settings.secret_key, algorithm=ALGORITHM, headers={"typ": TYPE})


def read_access(settings: AuthSettings, token: str) -> Claims:
    """Check everything but the age, which is told in `is_expired`. Raises TokenRefused."""
    try:
        if jwt.get_unverified_header(token).get("typ") != TYPE:
            raise TokenRefused
        claims = jwt.decode(
            token,
            settings.secret_key,
            algorithms=[ALGORITHM],
            audience=AUDIENCE,
            issuer=ISSUER,
            leeway=LEEWAY_S,
            options={"require": _REQUIRED, "verify_exp": False, "strict_aud": True},
        )
        # A token that claims to live longer than ours do was not made by us as an access token.
        if claims["exp"] - claims["iat"] > settings.access_ttl_s:
            raise TokenRefused
        return Claims(UUID(claims["sub"]), UUID(claims["sid"]), int(claims["ver"]), claims["exp"] + LEEWAY_S < time.time())
    except (jwt.PyJWTError, ValueError, TypeError, KeyError) as error:
        raise TokenRefused(internal=str(error)) from error


def check_fresh(claims: Claims) -> None:
    """Raises TokenExpired."""
    if claims.is_expired:
        raise TokenExpired


def new_secret() -> str:
    return secrets.token_urlsafe(32)


def successor(settings: AuthSettings, token: str) -> str:
    """The token that replaces `token`: derived, so a client that lost our answer gets the same one again."""
    made = hmac.new(settings.secret_key.encode(), b"refresh:" + token.encode(), hashlib.sha256).digest()
    return base64.urlsafe_b64encode(made).rstrip(b"=").decode()


def new_s3_key_id() -> str:
    """20 letters and digits, as access key ids have."""
    return S3_KEY_PREFIX + base64.b32encode(secrets.token_bytes(10)).decode()


def s3_secret(settings: AuthSettings, key_id: str) -> str:
    """The secret of an S3 key: derived, because a signature can only be checked by who knows it, and a database must not."""
    made = hmac.digest(settings.secret_key.encode(), b"s3:" + key_id.encode(), "sha256")
    return base64.urlsafe_b64encode(made[:30]).decode()


def digest(token: str) -> bytes:
    """What the database keeps of a refresh token, an API token or a link."""
    return hashlib.sha256(token.encode()).digest()
