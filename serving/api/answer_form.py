"""The form of a forecast that a client accepts: the language of its sentences, and JSON or FHIR.

Not here: sentences (`serving.wording`), the FHIR resource (`serving.api.fhir`), media types of tables
(`serving.input.arrow_files`).
"""

import datetime as dt

import msgspec
from starlette.requests import Request

from serving.api import fhir
from serving.api.bodies import JSON
from serving.contract.responses import Prediction
from serving.wording.languages import Language, negotiate

# Longer headers are not read: browsers send less than 100 characters.
_LONGEST = 500

_encode = msgspec.json.Encoder().encode


class AnswerForm(msgspec.Struct, frozen=True, gc=False):
    """The form of an answer. `language`: of its sentences. `is_fhir`: FHIR instead of the service's own JSON."""

    language: Language = "en"
    is_fhir: bool = False

    @property
    def media_type(self) -> str:
        """The media type of the answer."""
        return fhir.MEDIA_TYPE if self.is_fhir else JSON

    def encode(self, answer: Prediction, participant: str | None, *, now: dt.datetime) -> bytes:
        """Encode the forecast for `participant` (None: anonymous), made `now`."""
        return _encode(fhir.risk_assessment(answer, participant, now=now) if self.is_fhir else answer)


DEFAULT = AnswerForm()


def form_of(request: Request) -> AnswerForm:
    """Return the form that the client accepts.

    `?language=` takes precedence over `Accept-Language`; English is the default. The media type of FHIR in
    `Accept` selects FHIR.
    """
    language, accept = b"", b""
    # One pass over the raw headers is faster than a look-up of each.
    for name, value in request.scope["headers"]:
        if name == b"accept-language":
            language = value
        elif name == b"accept":
            accept = value
    if request.scope.get("query_string") and (parameter := request.query_params.get("language")):
        language = parameter.encode()
    is_fhir = fhir.MEDIA_TYPE.encode() in accept.lower()
    if not language and not is_fhir:
        return DEFAULT
    return AnswerForm(negotiate(language[:_LONGEST].decode("latin-1")), is_fhir)
