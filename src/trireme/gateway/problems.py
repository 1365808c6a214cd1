"""Errors as strangers see them: RFC 9457 problem details with a stable code, and nothing of Triton's own words or paths.

https://www.rfc-editor.org/rfc/rfc9457
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import orjson

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

MEDIA_TYPE = "application/problem+json"
REFUSED = 422
"""The status of what is wrong with an item itself: of many items, the others have their answers."""


class Kind(NamedTuple):
    """What a code stands for: its HTTP status, and a title that never changes."""

    status: int
    title: str


CODES: Mapping[str, Kind] = {
    "malformed-json": Kind(400, "The body is not JSON"),
    "malformed-request": Kind(400, "The request is not one"),
    "unauthenticated": Kind(401, "No valid key"),
    "forbidden": Kind(403, "The key may not do this"),
    "unknown-route": Kind(404, "There is no such route"),
    "unknown-model": Kind(404, "There is no such model or version"),
    "unknown-endpoint": Kind(404, "There is no such Triton"),
    "method-not-allowed": Kind(405, "The route takes another method"),
    "slow-client": Kind(408, "The request took too long to arrive"),
    "too-large": Kind(413, "The request is larger than a limit"),
    "unsupported-media-type": Kind(415, "The body is of another media type"),
    "invalid-input": Kind(422, "A field is not what the model takes"),
    "refused-by-model": Kind(422, "The model refused the input"),
    "rate-limited": Kind(429, "The key has used up its rate"),
    "internal": Kind(500, "Something went wrong here"),
    "model-failed": Kind(502, "The model failed"),
    "overloaded": Kind(503, "There is too much to do"),
    "unavailable": Kind(503, "The model cannot be reached"),
    "deadline-exceeded": Kind(504, "No answer within the deadline"),
}
"""Every code there is; a code never changes its meaning."""


class ProblemError(Exception):
    """A refusal: its code, a sentence, the fields concerned as (JSON path, what is wrong), seconds after which to try again.

    allow are the methods of a route that was asked with another one.
    """

    def __init__(
        self,
        code: str,
        detail: str,
        *,
        fields: Sequence[tuple[str, str]] = (),
        retry_after: int | None = None,
        allow: str = "",
    ) -> None:
        super().__init__(detail)
        self.code = code
        self.detail = detail
        self.fields = fields
        self.retry_after = retry_after
        self.allow = allow

    @property
    def status(self) -> int:
        """The HTTP status."""
        return CODES[self.code].status

    def table(self, request_id: str = "", path: str = "") -> dict[str, object]:
        """Return the members of the problem; the request's id is its instance.

        KServe's v2 protocol has a member of its own, `error`, which is all that its clients show.
        """
        kind = CODES[self.code]
        table: dict[str, object] = {"type": f"/problems/{self.code}", "title": kind.title, "status": kind.status}
        table |= {"code": self.code, "detail": self.detail}
        if self.fields:
            table["errors"] = [{"field": field, "message": message} for field, message in self.fields]
        if request_id:
            table["instance"] = f"urn:request:{request_id}"
        if path.startswith("/v2"):
            table["error"] = "; ".join([self.detail, *(f"{field}: {message}" for field, message in self.fields)])
        return table

    def body(self, request_id: str, path: str = "") -> bytes:
        """Return the problem as JSON."""
        return orjson.dumps(self.table(request_id, path))

    def headers(self) -> dict[str, str]:
        """Return the headers of the answer."""
        found = {"content-type": MEDIA_TYPE}
        if self.retry_after is not None:
            found["retry-after"] = str(self.retry_after)
        if self.allow:
            found["allow"] = self.allow
        if self.code == "unauthenticated":
            found["www-authenticate"] = "Bearer"
        return found


class UnaskedError(ProblemError):
    """The time was used up before the model was asked: it says nothing of the model."""

    def __init__(self) -> None:
        super().__init__("deadline-exceeded", "the time of the request was used up before the model was asked")
