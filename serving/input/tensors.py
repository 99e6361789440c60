"""Tensors of the Open Inference Protocol: JSON, and the binary extension (raw bytes after a JSON header).

Here belongs the wire format. Not here: endpoints and models (`serving.api.v2`).
"""

from typing import Annotated, Any

import msgspec
import numpy as np
from msgspec import Meta
from numpy.typing import NDArray

from serving.contract.problems import Refused

# The limit is needed because each number of a JSON body takes tens of bytes when decoded.
MOST_VALUES = 3_000_000
HEADER = "inference-header-content-length"
_TYPES: dict[str, np.dtype[Any]] = {"FP32": np.dtype("<f4"), "FP64": np.dtype("<f8")}

Names = Annotated[str, Meta(max_length=256)]
Shape = Annotated[list[Annotated[int, Meta(ge=0)]], Meta(min_length=1, max_length=4)]


class InputParameters(msgspec.Struct, frozen=True):
    """Parameters of one input. Unknown parameters are ignored."""

    binary_data_size: int | None = None


class InputTensor(msgspec.Struct):
    """One input. `data`: numbers, row by row, flat or nested; null means "not asked"."""

    name: Names
    shape: Shape
    datatype: Names
    data: list[float | list[float | None] | None] | None = None
    parameters: InputParameters = InputParameters()


class OutputParameters(msgspec.Struct, frozen=True):
    """Parameters of one requested output."""

    binary_data: bool | None = None


class OutputRequest(msgspec.Struct):
    """One requested output."""

    name: Names
    parameters: OutputParameters = OutputParameters()


class RequestParameters(msgspec.Struct, frozen=True):
    """Parameters of a request."""

    binary_data_output: bool | None = None


class InferRequest(msgspec.Struct):
    """An inference request."""

    inputs: Annotated[list[InputTensor], Meta(min_length=1, max_length=8)]
    id: Annotated[str, Meta(max_length=256)] | None = None
    outputs: Annotated[list[OutputRequest], Meta(max_length=8)] | None = None
    parameters: RequestParameters = RequestParameters()


class OutputTensor(msgspec.Struct, omit_defaults=True):
    """One output."""

    name: str
    datatype: str
    shape: list[int]
    data: list[float] | None = None
    parameters: dict[str, Any] = {}


class InferResponse(msgspec.Struct, omit_defaults=True):
    """The response of one model. `model_version`: the bundle hash."""

    model_name: str
    model_version: str
    outputs: list[OutputTensor]
    id: str | None = None


_decoder = msgspec.json.Decoder(InferRequest)
_encode = msgspec.json.Encoder().encode


def whole_number(text: str) -> int | None:
    """Return the number in the header `text`, or None for anything but digits and for more digits than a size has."""
    return int(text) if len(text) < 20 and text.isascii() and text.isdigit() else None


def parse(body: bytes, header_length: str | None) -> tuple[InferRequest, memoryview]:
    """Decode the request. Returns it with the raw bytes that follow its JSON. Raises `Refused` (400)."""
    size = len(body)
    if header_length is not None:
        declared = whole_number(header_length)
        if declared is None or declared > len(body):
            raise Refused("unreadable-tensors", "Inference-Header-Content-Length must be a length within the body.")
        size = declared
    if body.count(b",", 0, size) > MOST_VALUES:
        raise Refused("too-large", f"At most {MOST_VALUES} numbers are accepted as JSON. Send them as binary data.")
    try:
        return _decoder.decode(body[:size]), memoryview(body)[size:]
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        raise Refused("unreadable-tensors", "The body is not a JSON inference request.") from None


def matrix(request: InferRequest, raw: memoryview, *, name: str, width: int, most: int) -> NDArray[np.float32]:
    """Return the only input, `name`, as float32[rows, width], with at most `most` rows. Raises `Refused` (400)."""
    if len(request.inputs) != 1 or request.inputs[0].name != name:
        raise Refused("unreadable-tensors", f"The model has one input, '{name}'.")
    tensor = request.inputs[0]
    kind, shape = _TYPES.get(tensor.datatype), tensor.shape
    if kind is None or len(shape) != 2 or shape[1] != width or not 0 < shape[0] <= most:
        raise Refused(
            "unreadable-tensors", f"'{name}' must be FP32 or FP64 of shape [rows, {width}], with 1 to {most} rows."
        )
    size = tensor.parameters.binary_data_size
    values = _listed(tensor) if size is None else _binary(raw, size, kind)
    if values.size != shape[0] * width:
        raise Refused("unreadable-tensors", f"The number of values of '{name}' does not match its shape.")
    rows = values.reshape(shape[0], width).astype(np.float32, copy=False)
    if np.isinf(rows).any():
        raise Refused("unreadable-tensors", f"'{name}' contains an infinite number.")
    return rows


def _binary(raw: memoryview, size: object, kind: np.dtype[Any]) -> NDArray[Any]:
    if type(size) is not int or size != len(raw) or size % kind.itemsize:
        raise Refused("unreadable-tensors", "binary_data_size must be the number of bytes after the JSON.")
    return np.frombuffer(raw, dtype=kind)


def _listed(tensor: InputTensor) -> NDArray[Any]:
    rows = tensor.data or []
    lists = [row for row in rows if type(row) is list]
    if lists and len(lists) < len(rows):
        raise Refused("unreadable-tensors", "The data must be numbers or null, flat or as one list per row.")
    flat = [value for row in lists for value in row] if lists else rows
    with np.errstate(over="ignore"):
        return np.array(flat, dtype=np.float64).astype(np.float32)


def wants_binary(request: InferRequest, output: str) -> bool:
    """Return whether `output` is requested as raw bytes."""
    default = request.parameters.binary_data_output is True
    for requested in request.outputs or ():
        if requested.name == output:
            binary = requested.parameters.binary_data
            return default if binary is None else binary
    return default


def respond(
    request: InferRequest, response: InferResponse, values: NDArray[np.float32]
) -> tuple[bytes, dict[str, str]]:
    """Return the body and headers of the response, with `values` float32[rows, 1] as its only output."""
    output = response.outputs[0]
    if not wants_binary(request, output.name):
        output.data = values.ravel().tolist()
        return _encode(response), {"content-type": "application/json"}
    raw = values.astype("<f4").tobytes()
    output.parameters = {"binary_data_size": len(raw)}
    header = _encode(response)
    return header + raw, {"content-type": "application/octet-stream", HEADER: str(len(header))}
