"""A claim to have signed a request with an S3 key, as AWS Signature Version 4 (header form) signs. Pure.

Source: "Signature Version 4 signing process", AWS General Reference.
"""

import hashlib
import hmac
from dataclasses import dataclass

from service.core.errors import Invalid, Kind, StowageError

ALGORITHM = "AWS4-HMAC-SHA256"
SERVICE = "s3"
ENDING = "aws4_request"
UNSIGNED = "UNSIGNED-PAYLOAD"


class SignatureRefused(StowageError):
    code = "auth.signature_refused"
    kind = Kind.UNAUTHENTICATED
    public = "The signature does not fit the request, or its clock is more than 15 minutes off."


class PayloadMismatch(Invalid):
    code = "auth.payload_mismatch"
    public = "The body is not the one that was signed. Large bodies are sent with x-amz-content-sha256: UNSIGNED-PAYLOAD."


@dataclass(frozen=True, slots=True)
class Signed:
    """`key_id` is said to have signed `canonical` at `stamp` (`YYYYMMDDThhmmssZ`) for `region`: `is_by` tells whether it did.

    `payload` is the SHA-256 of the body in hex, or UNSIGNED.
    """

    key_id: str
    region: str
    signature: str
    canonical: str
    stamp: str
    payload: str

    def is_by(self, secret: str) -> bool:
        """Whether `secret` made the signature; takes the same time for any."""
        scope = [self.stamp[:8], self.region, SERVICE, ENDING]
        key = b"AWS4" + secret.encode()
        for part in scope:
            key = hmac.digest(key, part.encode(), "sha256")
        text = "\n".join([ALGORITHM, self.stamp, "/".join(scope), hashlib.sha256(self.canonical.encode()).hexdigest()])
        return hmac.compare_digest(hmac.new(key, text.encode(), "sha256").hexdigest(), self.signature)
