"""Writes a network with its saliency maps as one ONNX file without external data."""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import nn

from training.export.on_demand import maps_on_demand
from training.export.saliency_graph import (
    INPUT_NAMES,
    Example,
    example_inputs,
    frozen,
    saliency_function,
    traced,
)

OPSET = 18  # read by every ONNX Runtime since 1.14, the plug-in builds for DirectML and OpenVINO among them
MOST_BYTES = 20 * 2**20  # a package's graph may not be larger


@dataclass(frozen=True)
class Exported:
    """What was written: its outputs, whether the map is in closed form, shapes, file size and opset."""

    path: Path
    outputs: tuple[str, ...]
    closed_form: bool
    input_shape: tuple[int, int, int, int]
    score_shape: tuple[int, ...]
    feature_shape: tuple[int, int, int, int]
    size_bytes: int
    opset: int


def export_onnx(network: nn.Module, path: Path, batch: int, channels: int, size: tuple[int, int]) -> Exported:
    """Export `network` (with `features` and `rest`) for tiles of a fixed shape.

    Args:
        network: torch module; it is copied, not changed.
        path: file to write.
        batch, channels, size: the fixed input shape (B, C, H, W).

    Raises:
        ValueError: the graph can't be made of ordinary operators, refers to data outside, or is over 20 MB.
    """
    import onnx

    still = frozen(network)
    example = example_inputs(still, batch, channels, size)
    function = saliency_function(still, example)
    model = _exported_model(traced(function, example), example, function.outputs)
    _without_traces_of_this_machine(model)
    with torch.no_grad():
        found = dict(zip(function.outputs, function.call(*example.arguments()), strict=True))
    shapes = {name: tuple(tensor.shape) for name, tensor in found.items()}
    maps_on_demand(model, function.maps(), shapes)
    onnx.checker.check_model(model, full_check=True)
    if any(tensor.data_location == onnx.TensorProto.EXTERNAL for tensor in model.graph.initializer):
        raise ValueError("the graph keeps weights outside its file")
    if model.ByteSize() > MOST_BYTES:
        raise ValueError(f"the graph has {model.ByteSize() / 2**20:.1f} MB; a package may hold 20 MB")
    onnx.save_model(model, path, save_as_external_data=False)
    features = shapes["features"]
    return Exported(
        path=path,
        outputs=function.outputs,
        closed_form=function.closed_form,
        input_shape=(batch, channels, size[0], size[1]),
        score_shape=shapes["scores"],
        feature_shape=(features[0], features[1], features[2], features[3]),
        size_bytes=path.stat().st_size,
        opset=OPSET,
    )


def _exported_model(graph: torch.fx.GraphModule, example: Example, outputs: tuple[str, ...]) -> Any:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the exporter's remarks about torchvision and future defaults
        program = torch.onnx.export(
            graph,
            example.arguments(),
            dynamo=True,
            external_data=False,
            opset_version=OPSET,
            input_names=list(INPUT_NAMES),
            output_names=list(outputs),
            verbose=False,
        )
    if program is None:
        raise ValueError("torch gave no ONNX program")
    return program.model_proto


def _without_traces_of_this_machine(model: Any) -> None:
    """The exporter notes source files and call stacks at every node; a model that ships holds neither."""
    del model.metadata_props[:]
    del model.graph.metadata_props[:]
    del model.graph.value_info[:]  # every reader infers these shapes again
    model.doc_string = model.graph.doc_string = ""
    model.graph.name = "medviewer"
    for owner in (*model.graph.node, *model.graph.initializer, *model.graph.input, *model.graph.output):
        del owner.metadata_props[:]
        owner.doc_string = ""
    for function in model.functions:
        raise ValueError(f"the graph holds a function ({function.name}) instead of plain operators")
