"""Replies: JSON as HTTP sends it, and who asked, as the audit knows him."""

from starlette.requests import Request
from starlette.responses import Response

from ratingd.http.gate import client_of
from ratingd.http.refusal import encoded


def reply(body: object, status: int = 200) -> Response:
    return Response(encoded(body), status, media_type="application/json")


def asker(request: Request) -> str:
    """Who asks: until identities exist, from where."""
    return f"http {client_of(request.scope)}"
