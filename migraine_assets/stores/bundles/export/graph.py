"""A small, deterministic builder of ONNX graphs from constants and operators.

Not here: the operators of models (`stores.bundles.export.dense`, `stores.bundles.export.trees`).
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray

# Old enough for every current ONNX Runtime, and new enough for double precision in all operators used.
OPSET, ML_OPSET, IR_VERSION = 17, 3, 8
ML = "ai.onnx.ml"


class Graph:
    """A graph, with nodes and constants in the order in which they are added. Names are consecutive numbers."""

    def __init__(self) -> None:
        self._nodes: list[Any] = []
        self._constants: list[Any] = []

    def constant(self, values: NDArray[Any] | np.float64) -> str:
        """Store a tensor and return its name."""
        from onnx import numpy_helper

        name = f"c{len(self._constants)}"
        self._constants.append(numpy_helper.from_array(np.ascontiguousarray(values), name))
        return name

    def doubles(self, values: Any) -> str:
        """Store a float64 tensor of at least two dimensions (rows, columns) and return its name."""
        return self.constant(np.atleast_2d(np.asarray(values, dtype=np.float64)))

    def add(
        self, kind: str, *inputs: str, domain: str = "", output: str = "", outputs: int = 1, **attributes: Any
    ) -> str:
        """Add an operator and return the name of its last output."""
        from onnx import helper

        number = len(self._nodes)
        names = [output] if output else [f"n{number}_{index}" for index in range(outputs)]
        node = helper.make_node(kind, list(inputs), names, name=f"{kind}_{number}", domain=domain, **attributes)
        self._nodes.append(node)
        return names[-1]

    def cast(self, source: str, kind: type[np.floating[Any]], *, output: str = "") -> str:
        """Convert `source` to float32 or float64, and return the name of the result."""
        from onnx import TensorProto

        return self.add(
            "Cast", source, to=TensorProto.DOUBLE if kind is np.float64 else TensorProto.FLOAT, output=output
        )

    def serialize(self, *, source: str, width: int, result: str) -> bytes:
        """Return the model: input `source` float32 [None, width], output `result` float32 [None, 1]."""
        from onnx import TensorProto, checker, helper

        inputs = helper.make_tensor_value_info(source, TensorProto.FLOAT, [None, width])
        outputs = helper.make_tensor_value_info(result, TensorProto.FLOAT, [None, 1])
        graph = helper.make_graph(self._nodes, "migraine", [inputs], [outputs], self._constants)
        opsets = [helper.make_opsetid("", OPSET), helper.make_opsetid(ML, ML_OPSET)]
        model = helper.make_model(graph, opset_imports=opsets, ir_version=IR_VERSION, producer_name="migraine")
        checker.check_model(model)
        content: bytes = model.SerializeToString(deterministic=True)
        return content
