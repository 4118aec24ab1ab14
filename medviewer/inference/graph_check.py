"""What a package's ONNX graph may be: self-contained, standard operators, the inputs and outputs of the contract."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from medviewer.inference.package_files import fault

if TYPE_CHECKING:
    import onnx

LEAST_IR, MOST_IR = 7, 13
LEAST_OPSET, MOST_OPSET = 11, 26
"""What the oldest supported onnxruntime reads (1.31: IR 13, opset 26)."""
_UNBOUNDED = {"Loop", "Scan", "SequenceMap", "StringNormalizer", "ImageDecoder", "RegexFullMatch"}
_STANDARD = ("", "ai.onnx")
_KINDS = {1: "float32", 10: "float16", 7: "int64", 6: "int32"}


@dataclass(frozen=True)
class GraphFacts:
    """What `models show` tells of a graph. Shapes by name; None for a free dimension."""

    ir_version: int
    opset: int
    operators: dict[str, int]
    inputs: dict[str, tuple[int | None, ...]]
    outputs: dict[str, tuple[int | None, ...]]


def check_graph(raw: bytes) -> GraphFacts:
    """Parse and check the bytes of model.onnx without running anything.

    Raises MedViewerError: package.external_data, .operator, .opset, .onnx.
    """
    import onnx

    try:
        model = onnx.load_model_from_string(raw)
    except Exception as broken:  # protobuf raises its own errors; whatever it is, the file is no model
        raise _unreadable(broken) from None
    for tensor in _tensors(model):
        if tensor.data_location == onnx.TensorProto.EXTERNAL or len(tensor.external_data):
            raise fault(
                "external_data", "The network keeps tensors outside its own file; that is refused.",
                "网络将张量存放在文件之外，已拒绝。",
            )  # fmt: skip
    opset = max((o.version for o in model.opset_import if o.domain in _STANDARD), default=0)
    if not LEAST_IR <= model.ir_version <= MOST_IR or not LEAST_OPSET <= opset <= MOST_OPSET:
        raise fault(
            "opset", "The network is of ONNX IR {ir}, operators {opset}; this program reads IR {a} to {b}, {c} to {d}.",
            "网络为 ONNX IR {ir}、算子集 {opset}；本程序支持 IR {a} 至 {b}、算子集 {c} 至 {d}。",
            ir=model.ir_version, opset=opset, a=LEAST_IR, b=MOST_IR, c=LEAST_OPSET, d=MOST_OPSET,
        )  # fmt: skip
    operators = _operators(model)
    try:
        onnx.checker.check_model(model)
    except Exception as broken:  # the checker raises several kinds
        raise _unreadable(broken) from None
    return GraphFacts(
        int(model.ir_version), int(opset), operators,
        {v.name: _shape(v) for v in model.graph.input}, {v.name: _shape(v) for v in model.graph.output},
    )  # fmt: skip


def _unreadable(broken: Exception) -> Exception:
    return fault(
        "onnx", "The package's network can't be read.", "无法读取模型包中的网络。", detail=str(broken)[:500]
    )


def _operators(model: onnx.ModelProto) -> dict[str, int]:
    local = {(f.domain, f.name) for f in model.functions}
    counts: dict[str, int] = {}
    for node in _nodes(model):
        if (node.domain, node.op_type) in local:
            continue
        if node.domain not in _STANDARD or node.op_type in _UNBOUNDED:
            raise fault(
                "operator", "The network uses an operator that is not allowed: {name}.", "网络使用了不允许的算子：{name}。",
                name=f"{node.domain}.{node.op_type}".strip(".")[:80],
            )  # fmt: skip
        counts[node.op_type] = counts.get(node.op_type, 0) + 1
    return dict(sorted(counts.items()))


def _graphs(model: onnx.ModelProto) -> Iterator[Any]:
    """Every graph and function, those inside attributes too."""
    waiting: list[Any] = [model.graph, *model.functions]
    for training in model.training_info:
        waiting += [training.initialization, training.algorithm]
    while waiting:
        graph = waiting.pop()
        yield graph
        for node in graph.node:
            for attribute in node.attribute:
                waiting += ([attribute.g] if attribute.HasField("g") else []) + list(attribute.graphs)


def _nodes(model: onnx.ModelProto) -> Iterator[onnx.NodeProto]:
    for graph in _graphs(model):
        yield from graph.node


def _tensors(model: onnx.ModelProto) -> Iterator[onnx.TensorProto]:
    for graph in _graphs(model):
        yield from getattr(graph, "initializer", ())
        for sparse in getattr(graph, "sparse_initializer", ()):
            yield from (sparse.values, sparse.indices)
        for node in graph.node:
            for attribute in node.attribute:
                if attribute.HasField("t"):
                    yield attribute.t
                yield from attribute.tensors
                for sparse in [attribute.sparse_tensor, *attribute.sparse_tensors]:
                    yield from (sparse.values, sparse.indices)


def _shape(value: onnx.ValueInfoProto) -> tuple[int | None, ...]:
    dims = value.type.tensor_type.shape.dim
    return tuple(int(d.dim_value) if d.HasField("dim_value") else None for d in dims)
