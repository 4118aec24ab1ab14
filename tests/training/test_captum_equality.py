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

from medviewer import paths  # noqa: E402
from medviewer.inference.package import ModelPackage  # noqa: E402
from tests.training.captum_maps import captum_maps  # noqa: E402
from tests.training.small_networks import CLOSED_FORM, NAMES, network  # noqa: E402
from training.explainers.rebuilt import network_of  # noqa: E402
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


SHIPPED = sorted(p.parents[1] for p in paths.models_folder().glob("*/models/model.safetensors"))
JITTER = 1e-6  # of the image's range: some units of float32's last place once it has gone through a network


def asked_of_shipped(package: ModelPackage, network: object) -> list[Example]:
    """Random images, then the golden one with each label in turn, where the network is surest of it.

    A classifier is also asked for the evidence against each label: where that for it is empty, this is not.
    """
    with np.load(package.folder / "golden" / "input.npz", allow_pickle=False) as golden:
        image = torch.from_numpy(golden["image"])
    example = example_inputs(network, *image.shape[:2], (image.shape[2], image.shape[3]))
    asked = random_inputs(example, draws=2, seed=14)
    with torch.no_grad():
        scores = network(image)
    labels = package.spec.labels
    for label in labels[:: -(-len(labels) // 4)]:
        target = torch.zeros_like(example.target)
        target[:, label.channel] = 1.0
        region = example.region
        if scores.dim() == 2:
            asked.append(Example(image, -target, region))
        else:
            own = scores[:, label.channel : label.channel + 1]
            region = (own >= own.flatten(2).quantile(0.95, dim=2)[..., None, None]).float()
        asked.append(Example(image, target, region))
    return asked


def first(inputs: Example) -> Example:
    """The first image of the batch, in float64."""
    return Example(*(tensor[:1].double() for tensor in inputs.arguments()))


def jittered(inputs: Example, seed: int) -> Example:
    noise = torch.randn(
        inputs.image.shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64
    )
    size = JITTER * (inputs.image.max() - inputs.image.min())
    return Example(inputs.image + size * noise, inputs.target, inputs.region)


@pytest.mark.skipif(not SHIPPED, reason="no package with weights in models/: the shipped maps are NOT tested")
@pytest.mark.parametrize("folder", SHIPPED, ids=lambda folder: folder.name)
def test_shipped_package_equals_captum(folder: Path) -> None:
    """To 1e-5 wherever the map itself is that sure.

    How sure it is, captum says: its map in float64 of the image with noise as large as rounding. Where that moves it
    by more than 1e-5 (a unit at its kink), the graph may be off by as much, a few times.
    """
    package = ModelPackage.open(folder)
    network = frozen(network_of(package))
    exact = frozen(network_of(package)).double()
    opened = runtime.session(package.onnx)
    maps = [o.name for o in opened.get_outputs() if o.name.startswith("saliency")]
    shown = dict.fromkeys(maps, 0)
    for inputs in asked_of_shipped(package, network):
        expected = captum_maps(exact, first(inputs))
        moved = [captum_maps(exact, jittered(first(inputs), seed)) for seed in range(2)]
        for output, found in zip(maps, runtime.run(opened, maps, feeds(inputs)), strict=True):
            want = expected[output].numpy()
            unsure = max(apart(other[output].numpy(), want) for other in moved)
            assert apart(found[:1], want) <= max(1e-5, 4.0 * unsure), (output, unsure)
            if want.max() > 0.0:
                shown[output] += 1
                assert np.corrcoef(found[:1].ravel(), want.ravel())[0, 1] > 0.999
    assert min(shown.values()) >= 2, "nearly all of captum's maps are empty: too little is compared"


@pytest.mark.skipif(not SHIPPED, reason="no package with weights in models/: the shipped maps are NOT tested")
@pytest.mark.parametrize("folder", SHIPPED, ids=lambda folder: folder.name)
def test_shipped_network_traced_anew_equals_captum(folder: Path) -> None:
    """In float64 there are no kinks within rounding: the graph from the shipped weights agrees to 1e-9."""
    package = ModelPackage.open(folder)
    asked = [first(inputs) for inputs in asked_of_shipped(package, frozen(network_of(package)))]
    exact = frozen(network_of(package)).double()
    function = saliency_function(exact, asked[0])
    graph = traced(function, asked[0])
    shown = 0
    for inputs in asked[1:6]:
        expected = captum_maps(exact, inputs)
        found = dict(zip(function.outputs, graph(*inputs.arguments()), strict=True))
        for output in function.maps():
            assert apart(found[output].numpy(), expected[output].numpy()) <= 1e-9
            shown += bool(expected[output].max() > 0.0)
    assert shown >= 2, "nearly all of captum's maps are empty: too little is compared"
