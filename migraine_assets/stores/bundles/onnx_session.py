"""ONNX Runtime sessions: loading and running a graph in evaluation, agreement check and service.

This is the only module that imports onnxruntime, and it does so only when called. Not here: bundles
(`stores.bundles.bundles`).
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from migraine_assets.errors import BundleRefused
from migraine_assets.stores.bundles.manifest import INPUT

# Rows per chunk, which limits the memory of kernel and neighbor models: their matrices have a column per stored row.
CHUNK = 1024

_REFUSALS = (
    "Fail",
    "InvalidArgument",
    "InvalidGraph",
    "InvalidProtobuf",
    "NoSuchFile",
    "NotImplemented",
    "RuntimeException",
)


def open_session(model: bytes, *, width: int, output: str, threads: int = 1, where: str = "this model") -> Any:
    """Return a session of `model`, which maps `features` float32 [None, width] to `output` float32 [None, 1].

    Raises `BundleRefused` if ONNX Runtime cannot load it, or if it has other inputs or outputs. Running a graph
    executes only operators of ONNX Runtime; the file contains no other code.
    """
    import onnxruntime
    from onnxruntime.capi import onnxruntime_pybind11_state as errors

    # ONNX Runtime's exceptions have no common base class.
    refusals = tuple(getattr(errors, name) for name in _REFUSALS)
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads, options.inter_op_num_threads = threads, 1
    options.log_severity_level = 4
    # Idle threads of one replica must not take CPU time from other replicas.
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    try:
        session = onnxruntime.InferenceSession(model, options, providers=["CPUExecutionProvider"])
    except refusals as error:
        raise BundleRefused(f"ONNX Runtime cannot load {where}: {error}") from error
    actual = [(end.name, end.type, end.shape[1:]) for end in (*session.get_inputs(), *session.get_outputs())]
    expected = [(INPUT, "tensor(float)", [width]), (output, "tensor(float)", [1])]
    if actual != expected:
        raise BundleRefused(
            f"The graph of {where} has inputs and outputs {actual}, but its manifest states {expected}."
        )
    return session


def run_session(session: Any, X: NDArray[np.float32]) -> NDArray[np.float64]:
    """Return the predictions float64[n] for X float32[n, F], computed in chunks."""
    rows = np.ascontiguousarray(X, dtype=np.float32)
    parts = [session.run(None, {INPUT: rows[at : at + CHUNK]})[0][:, 0] for at in range(0, len(rows), CHUNK)]
    return np.concatenate([*parts, np.empty(0)])
