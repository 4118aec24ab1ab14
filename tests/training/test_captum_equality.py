"""The maps that packages carry equal captum's LayerGradCam and LayerGradientXActivation (HiResCAM).

Compared relative to the map's maximum. In float64 every map agrees to 1e-9. In float32 runtimes round otherwise:
where a unit stands exactly at its kink (a pre-activation of 1e-8) it may fall on the other side, and then a few
cells differ by more, exactly as torch in float32 differs from torch in float64. So for the exported graph the
median over the draws has to agree to 1e-5, and every single map has to correlate above 0.999.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

torch = pytest.importorskip(
    "torch", reason="needs the train extra (torch): equality with captum is NOT tested"
)
pytest.importorskip("captum", reason="needs the train extra (captum): equality with captum is NOT tested")

from tests.training.captum_maps import captum_maps  # noqa: E402
from tests.training.small_networks import CLOSED_FORM, NAMES, network  # noqa: E402
from training.export import runtime  # noqa: E402
from training.export.onnx_export import export_onnx  # noqa: E402
from training.export.parity import random_inputs  # noqa: E402
from training.export.saliency_graph import Example, example_inputs, frozen, saliency_function, traced  # noqa: E402

pytestmark = pytest.mark.torch
BATCH = 2
EXPORTED = (
    "unet_bilinear_late",
    "unet_nearest_bottleneck",
    "unet_aligned_overlapping_pool",
    "unet_transposed",
    "strided_relu6",
    "classifier",
    "classifier_hidden",
)


def apart(found: np.ndarray, expected: np.ndarray) -> float:
    """Largest difference relative to the largest expected value; an empty map has to be empty."""
    assert found.shape == expected.shape
    scale = float(np.abs(expected).max())
    return float(np.abs(found - expected).max()) / (scale if scale > 0.0 else 1.0)


def doubled(inputs: Example) -> Example:
    return Example(*(tensor.double() for tensor in inputs.arguments()))


def feeds(inputs: Example) -> dict[str, np.ndarray]:
    return dict(zip(("image", "target", "region"), (t.numpy() for t in inputs.arguments()), strict=True))


@pytest.mark.parametrize("name", NAMES)
def test_traced_graph_equals_captum(name: str) -> None:
    """In float64, so that nothing but the formula and the backward operators is compared."""
    made, size = network(name)
    exact = frozen(made).double()
    example = doubled(example_inputs(frozen(made), BATCH, 1, size))
    function = saliency_function(exact, example)
    assert function.closed_form == (name in CLOSED_FORM)
    graph = traced(function, example)
    shown = 0
    for inputs in map(doubled, random_inputs(example, draws=4, seed=11)):
        expected = captum_maps(exact, inputs)
        found = dict(zip(function.outputs, graph(*inputs.arguments()), strict=True))
        for output in function.maps():
            assert apart(found[output].numpy(), expected[output].numpy()) <= 1e-9
            shown += bool(expected[output].max() > 0.0)
    assert shown >= 2, "nearly all of captum's maps are empty: too little is compared"


@pytest.mark.parametrize("name", EXPORTED)
def test_exported_graph_equals_captum(name: str, tmp_path: Path) -> None:
    made, size = network(name)
    exported = export_onnx(made, tmp_path / "model.onnx", BATCH, 1, size)
    maps = [output for output in exported.outputs if output.startswith("saliency")]
    assert len(maps) == (1 if name in CLOSED_FORM else 2)
    opened = runtime.session(exported.path)
    found_apart: dict[str, list[float]] = {output: [] for output in maps}
    for inputs in random_inputs(example_inputs(frozen(made), BATCH, 1, size), draws=5, seed=12):
        expected = captum_maps(made, inputs)
        for output, found in zip(maps, runtime.run(opened, maps, feeds(inputs)), strict=True):
            want = expected[output].numpy()
            found_apart[output].append(apart(found, want))
            if want.max() > 0.0:
                assert np.corrcoef(found.ravel(), want.ravel())[0, 1] > 0.999
    for output, values in found_apart.items():
        assert np.median(values) <= 1e-5, (output, values)
        if name in CLOSED_FORM:
            assert max(values) <= 1e-5


def test_closed_form_is_hires_cam_too() -> None:
    """For pooling + linear HiResCAM and Grad-CAM are the same map."""
    made, size = network("classifier")
    for inputs in random_inputs(example_inputs(frozen(made), BATCH, 1, size), draws=2, seed=13):
        maps = captum_maps(made, inputs)
        assert apart(maps["saliency_hires_cam"].numpy(), maps["saliency_grad_cam"].numpy()) <= 1e-5
