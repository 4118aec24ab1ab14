"""Puts the backward part of a graph behind an `If`, so that plain scores cost no more than the plain network.

ONNX Runtime computes every node of a graph, whichever outputs are asked for (measured with 1.31, also with
`only_execute_path_to_fetches`). A map of nothing is zero everywhere, so where no target is given (all
weights 0) the branch that computes it can be left out without changing any output.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

CHEAP = frozenset({"MatMul", "Gemm", "Mul", "Unsqueeze", "ReduceSum", "Relu"})
"""A branch of nothing but these (the closed form of pooling + linear) is not worth a condition."""


def maps_on_demand(model: Any, maps: Iterable[str], shapes: dict[str, tuple[int, ...]]) -> None:
    """Move the nodes that only `maps` need into a branch that runs where any target weight is not 0.

    Args:
        model: `onnx.ModelProto` with an input `target`; changed in place.
        maps: names of the saliency outputs.
        shapes: their fixed shapes.
    """
    from onnx import TensorProto, helper

    names = list(maps)
    outer_outputs = [o.name for o in model.graph.output if o.name not in names]
    outer = _needed(model.graph.node, outer_outputs)
    inner = [node for index, node in enumerate(model.graph.node) if index not in outer]
    if all(node.op_type in CHEAP for node in inner):
        return
    inside = {name: f"{name}_asked" for name in names}
    renamed = [_renamed(node, inside) for node in inner]
    outputs = [helper.make_tensor_value_info(inside[n], TensorProto.FLOAT, shapes[n]) for n in names]
    asked = helper.make_graph(renamed, "asked", [], outputs)
    zeros = [helper.make_tensor_value_info(f"{n}_zero", TensorProto.FLOAT, shapes[n]) for n in names]
    zero_nodes = [node for n in names for node in _zeros(f"{n}_zero", shapes[n])]
    not_asked = helper.make_graph(zero_nodes, "not_asked", [], zeros)
    condition = [
        helper.make_node("Abs", ["target"], ["target_size"], name="target_size"),
        helper.make_node("ReduceMax", ["target_size"], ["largest_target"], name="largest_target", keepdims=0),
        helper.make_node("Greater", ["largest_target", "no_weight"], ["map_asked"], name="map_asked"),
        helper.make_node("If", ["map_asked"], names, name="maps", then_branch=asked, else_branch=not_asked),
    ]
    kept = [node for index, node in enumerate(model.graph.node) if index in outer]
    del model.graph.node[:]
    model.graph.node.extend([*kept, *condition])
    model.graph.initializer.append(helper.make_tensor("no_weight", TensorProto.FLOAT, [], [0.0]))


def _needed(nodes: Any, outputs: list[str]) -> set[int]:
    """Indices of the nodes that the outputs depend on."""
    made_by = {name: index for index, node in enumerate(nodes) for name in node.output}
    waiting, found = list(outputs), set()
    while waiting:
        index = made_by.get(waiting.pop())
        if index is not None and index not in found:
            found.add(index)
            waiting.extend(nodes[index].input)
    return found


def _renamed(node: Any, names: dict[str, str]) -> Any:
    """A copy of the node with its tensors renamed where a name is listed."""
    copied = type(node)()
    copied.CopyFrom(node)
    copied.input[:] = [names.get(name, name) for name in node.input]
    copied.output[:] = [names.get(name, name) for name in node.output]
    return copied


def _zeros(name: str, shape: tuple[int, ...]) -> list[Any]:
    """Nodes that give zeros of that shape without storing them."""
    from onnx import TensorProto, helper

    sides = helper.make_tensor(f"{name}_sides", TensorProto.INT64, [len(shape)], list(shape))
    return [
        helper.make_node("Constant", [], [f"{name}_shape"], name=f"{name}_shape", value=sides),
        helper.make_node("ConstantOfShape", [f"{name}_shape"], [name], name=name),
    ]
