"""A typed client of the HTTP service, synchronous (`Client`) and asynchronous (`AsyncClient`).

It needs httpx and msgspec alone, and imports neither the service nor the training side. Not here: the service
(`serving`), the description of its API (`docs/api.md`).
"""

from migraine_client.asynchronous import AsyncClient
from migraine_client.errors import ClientError, FieldProblem, Problem, Unreachable
from migraine_client.retries import Retries
from migraine_client.synchronous import Client

__all__ = ["AsyncClient", "Client", "ClientError", "FieldProblem", "Problem", "Retries", "Unreachable"]
