"""The exported file: its interface, that it stands alone, and that maps cost nothing where none is asked for."""

from __future__ import annotations

import json
import re
from pathlib import Path

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="needs the train extra (torch): the ONNX export is NOT tested")
onnx = pytest.importorskip("onnx")
pytest.importorskip("onnxscript", reason="needs the train extra (onnxscript): the ONNX export is NOT tested")

from tests.training.small_networks import network  # noqa: E402
from training.export import onnx_export, runtime  # noqa: E402
from training.export.onnx_export import Exported, export_onnx  # noqa: E402
from training.export.parity import parity  # noqa: E402
from training.packaging.example_networks import bright_unet  # noqa: E402

pytestmark = pytest.mark.torch


@pytest.fixture(scope="module")
def unet(tmp_path_factory: pytest.TempPathFactory) -> Exported:
    made, size = network("unet_transposed")
    return export_onnx(made, tmp_path_factory.mktemp("unet") / "model.onnx", 2, 1, size)


@pytest.fixture(scope="module")
def classifier(tmp_path_factory: pytest.TempPathFactory) -> Exported:
    made, size = network("classifier")
    return export_onnx(made, tmp_path_factory.mktemp("classifier") / "model.onnx", 3, 1, size)


def shapes(values: object) -> dict[str, tuple[int, ...]]:
    return {v.name: tuple(d.dim_value for d in v.type.tensor_type.shape.dim) for v in values}  # type: ignore[attr-defined]


def test_interface_of_a_segmenter(unet: Exported) -> None:
    model = onnx.load(unet.path)
    assert shapes(model.graph.input) == {"image": (2, 1, 32, 32), "target": (2, 3), "region": (2, 1, 32, 32)}
    assert shapes(model.graph.output) == {
        "scores": (2, 3, 32, 32),
        "features": (2, 8, 8, 8),
        "saliency_grad_cam": (2, 1, 8, 8),
        "saliency_hires_cam": (2, 1, 8, 8),
    }
    assert {v.type.tensor_type.elem_type for v in (*model.graph.input, *model.graph.output)} == {1}  # float32
    assert not unet.closed_form


def test_interface_of_a_classifier(classifier: Exported) -> None:
    model = onnx.load(classifier.path)
    assert shapes(model.graph.input) == {"image": (3, 1, 40, 32), "target": (3, 5), "region": (3, 1, 40, 32)}
    assert shapes(model.graph.output) == {
        "scores": (3, 5),
        "features": (3, 16, 10, 8),
        "saliency_grad_cam": (3, 1, 10, 8),
    }
    assert classifier.closed_form
    assert "If" not in {node.op_type for node in model.graph.node}


def test_the_file_stands_alone_and_tells_nothing_of_this_machine(unet: Exported) -> None:
    model = onnx.load(unet.path, load_external_data=False)
    onnx.checker.check_model(model, full_check=True)
    assert [o.version for o in model.opset_import if o.domain == ""] == [unet.opset]
    assert not any(len(tensor.external_data) for tensor in model.graph.initializer)
    assert [file.name for file in unet.path.parent.iterdir()] == ["model.onnx"]
    words = unet.path.read_bytes()
    for sign in (b"site-packages", b".py", b"stack_trace", b"/home", b"torch.nn", str(Path.cwd()).encode()):
        assert sign not in words
    assert re.search(rb"/[a-z]+/[a-z]+/", words) is None


def computed(model: Path, target: float, folder: Path) -> list[str]:
    """Operators that ONNX Runtime really ran for the scores, by its own profile."""
    runtime.session(model)  # sets the environment before onnxruntime is imported
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.enable_profiling = True
    options.profile_file_prefix = str(folder / "profile")
    opened = onnxruntime.InferenceSession(str(model), options, providers=["CPUExecutionProvider"])
    feeds = {i.name: np.full(i.shape, 1.0, np.float32) for i in opened.get_inputs()}
    feeds["target"] *= target
    opened.run(["scores"], feeds)
    events = json.loads(Path(opened.end_profiling()).read_text())
    return [e["args"]["op_name"] for e in events if e.get("cat") == "Node" and "op_name" in e.get("args", {})]


def test_plain_scores_leave_the_backward_part_out(tmp_path: Path) -> None:
    """A network without transposed convolutions: those in its graph are the backward part alone."""
    exported = export_onnx(bright_unet(1, [4.0, 2.0], [0.0, 0.0]), tmp_path / "model.onnx", 1, 1, (32, 32))
    assert "ConvTranspose" not in computed(exported.path, 0.0, tmp_path)
    assert "ConvTranspose" in computed(exported.path, 1.0, tmp_path)


def test_no_target_gives_the_same_scores_and_empty_maps(unet: Exported) -> None:
    opened = runtime.session(unet.path)
    generator = np.random.default_rng(4)
    feeds = {i.name: generator.random(i.shape, np.float32) for i in opened.get_inputs()}
    names = list(unet.outputs)
    asked = dict(zip(names, runtime.run(opened, names, feeds), strict=True))
    feeds["target"] = np.zeros_like(feeds["target"])
    plain = dict(zip(names, runtime.run(opened, names, feeds), strict=True))
    assert np.array_equal(asked["scores"], plain["scores"])
    assert asked["saliency_hires_cam"].max() > 0.0
    assert plain["saliency_hires_cam"].shape == asked["saliency_hires_cam"].shape
    assert not plain["saliency_hires_cam"].any() and not plain["saliency_grad_cam"].any()


def test_images_of_a_batch_do_not_mix(unet: Exported) -> None:
    """Scores and maps of an image are the same whatever stands beside it in the batch."""
    opened = runtime.session(unet.path)
    generator = np.random.default_rng(5)
    feeds = {i.name: generator.random(i.shape, np.float32) for i in opened.get_inputs()}
    names = list(unet.outputs)
    first = runtime.run(opened, names, feeds)
    swapped = runtime.run(opened, names, {name: value[::-1].copy() for name, value in feeds.items()})
    for a, b in zip(first, swapped, strict=True):
        np.testing.assert_allclose(a, b[::-1], rtol=1e-4, atol=1e-5 * np.abs(a).max())


def test_parity_is_measured_against_torch(unet: Exported) -> None:
    made, size = network("unet_transposed")
    found = parity(made, unet.path, 2, 1, size, draws=3)
    scores = found["scores"]
    assert isinstance(scores, dict) and 0.0 < scores["max_abs"] < 1e-4
    other, _ = network("unet_transposed", seed=8)
    far = parity(other, unet.path, 2, 1, size, draws=1)["scores"]
    assert isinstance(far, dict) and far["max_abs"] > 1e-2  # other weights: the figure really compares both


def test_a_graph_over_the_limit_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    made, size = network("classifier")
    monkeypatch.setattr(onnx_export, "MOST_BYTES", 1000)
    with pytest.raises(ValueError, match="20 MB"):
        export_onnx(made, tmp_path / "model.onnx", 1, 1, size)
    assert not list(tmp_path.iterdir())
