"""The HTTP application: every path, behind the gate.

    GET  /api/v1/metrics/+4930111?window=300        how a number is called
    POST /api/v1/event                              what happened to a call
    WS   /ws/threat-stream                          what is going on, once a second
    GET  /metrics, /health                          for who watches the daemon
    GET  /docs, /openapi.json                       all of it

Nobody is authenticated yet, so it is served to this machine alone unless the operator says otherwise, and a page of
another site that makes somebody's browser ask is refused. What waits for the disk waits on a thread of its own.
"""

import re
from typing import Any, Final

from fastapi import FastAPI, WebSocket
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from ratingd import observe
from ratingd.errors import RatingdError
from ratingd.http.alert_paths import alert_routes
from ratingd.http.analysis_paths import analysis_routes
from ratingd.http.campaign_paths import campaign_routes
from ratingd.http.case_paths import case_routes
from ratingd.http.deadletter_paths import deadletter_routes
from ratingd.http.event_paths import event_routes
from ratingd.http.gate import WRONG, Gate, GateTerms
from ratingd.http.incident_paths import incident_routes
from ratingd.http.list_paths import list_routes
from ratingd.http.lookup_paths import lookup_routes
from ratingd.http.metric_paths import metric_routes
from ratingd.http.model_paths import model_routes
from ratingd.http.parts import HttpParts
from ratingd.http.reference_page import POLICY, reference_page
from ratingd.http.refusal import CODES, Refused, faults, refused
from ratingd.http.score_paths import score_routes
from ratingd.http.status_paths import status_routes
from ratingd.http.threat_socket import ThreatSockets
from ratingd.store.faults import StoreFault

ABOUT: Final = """Call events in, verdicts, alerts and traffic out.

WebSocket /ws/threat-stream tells what is going on: once a second {"events": [...], "sampled": false, "stats": {...}} \
with at most 50 calls, the riskiest first, and each alert at once as {"alert": {...}}.

A refusal is {"detail": ..., "code": ...}; programs act on the code."""
ROUTES: Final = (
    status_routes, event_routes, analysis_routes, lookup_routes, metric_routes, alert_routes, incident_routes,
    campaign_routes, case_routes, list_routes, model_routes, score_routes, deadletter_routes,
)  # fmt: skip


def create_app(parts: HttpParts, terms: GateTerms, sockets: ThreatSockets) -> Gate:
    app = FastAPI(
        title="ratingd",
        version=parts.version,
        description=ABOUT,
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,
        generate_unique_id_function=lambda route: route.name,
    )
    for routes in ROUTES:
        app.include_router(routes(parts))

    @app.get("/docs", include_in_schema=False)
    async def get_docs() -> Response:
        return HTMLResponse(reference_page(app.openapi()), headers={"Content-Security-Policy": POLICY})

    @app.websocket("/ws/threat-stream")
    async def threat_stream(socket: WebSocket) -> None:
        await sockets.serve(socket)

    _tell_refusals(app)
    return Gate(app, terms)


def _tell_refusals(app: FastAPI) -> None:
    @app.exception_handler(RatingdError)
    async def daemon_refuses(request: Request, error: RatingdError) -> Response:
        observe.count(f"http.refused reason={error.reason}")
        return _answer(refused(error))

    @app.exception_handler(StoreFault)
    async def store_fails(request: Request, error: StoreFault) -> Response:
        observe.event("http.store_fault", error=str(error))
        return _answer(Refused(503, "the store does not answer; ask again", retry_after_s=1.0))

    @app.exception_handler(Refused)
    async def http_refuses(request: Request, error: Refused) -> Response:
        return _answer(error)

    @app.exception_handler(RequestValidationError)
    async def values_are_wrong(request: Request, error: RequestValidationError) -> Response:
        found = error.errors()
        if any(each["type"] == "json_invalid" for each in found):
            return _answer(Refused(400, f"the body is no JSON: {found[0].get('ctx', {}).get('error', '')}"))
        return _answer(Refused(422, faults(found)))

    @app.exception_handler(Exception)
    async def something_is_wrong(request: Request, error: Exception) -> Response:
        return _answer(Refused(500, WRONG))

    @app.exception_handler(HTTPException)
    async def nothing_there(request: Request, error: HTTPException) -> Response:
        status = error.status_code if error.status_code in CODES else 400
        answer = Refused(status, f"{request.method} {request.url.path}: {error.detail}. GET /docs lists what there is.")
        if status == 405:
            answer.headers["Allow"] = ", ".join(sorted(allowed(app, request)))
        return _answer(answer)


def allowed(app: FastAPI, request: Request) -> set[str]:
    """The methods that a path knows."""
    path, found = request.url.path, set[str]()
    for known, operations in app.openapi()["paths"].items():
        if re.fullmatch(re.sub(r"\\{.*?\\}", "[^/]+", re.escape(known)), path):
            found |= {method.upper() for method in operations}
    return found


def _answer(error: Refused) -> Response:
    headers: dict[str, Any] = dict(error.headers)
    return Response(error.content, error.status, headers, media_type="application/json")
