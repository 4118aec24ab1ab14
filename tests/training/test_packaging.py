"""Writing a package: exactly the files of the contract, readable by the viewer, whole or not at all."""

from __future__ import annotations

import hashlib
import json
import re
import shutil
import subprocess
import zipfile
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="needs the train extra (torch): the package writer is NOT tested")
pytest.importorskip("safetensors", reason="needs the train extra (safetensors): the writer is NOT tested")
pytest.importorskip("onnxscript", reason="needs the train extra (onnxscript): the writer is NOT tested")

from safetensors.numpy import load_file  # noqa: E402

from medviewer.core.errors import MedViewerError  # noqa: E402
from medviewer.inference.package import ModelPackage  # noqa: E402
from medviewer.inference.session import open_session  # noqa: E402
from training.export.onnx_export import Exported, export_onnx  # noqa: E402
from training.packaging import writer  # noqa: E402
from training.packaging.example import EXAMPLES, tiny_classifier, tiny_detector  # noqa: E402
from training.packaging.golden import golden_image  # noqa: E402
from training.packaging.writer import PackageParts, Written, write_package  # noqa: E402

pytestmark = pytest.mark.torch
FILES = {
    "LICENSE",
    "checksums.sha256",
    "configs/metadata.json",
    "configs/viewer.json",
    "docs/README.md",
    "docs/figures.json",
    "golden/input.npz",
    "golden/output.npz",
    "golden/tolerance.json",
    "models/average_maps.npy",
    "models/model.onnx",
    "models/model.safetensors",
}
FIGURE = {"value": 0.812, "ci95": [0.75, 0.87], "n": 120}


def parts_with_figures() -> PackageParts:
    parts = tiny_detector()
    viewer = {**parts.viewer, "honesty": {"randomisation_similarity": FIGURE}}
    figures = {
        **parts.figures,
        "split": "val",
        "n_patients": 40,
        "metrics": {"outline_dice": FIGURE, "other": None},
    }
    return replace(parts, viewer=viewer, figures=figures, average_maps=np.ones((2, 48, 48)))


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> Written:
    folder = tmp_path_factory.mktemp("models")
    return write_package(
        parts_with_figures(), folder / "tiny_detector", zip_path=folder / "tiny_detector.zip"
    )


@pytest.fixture(scope="module")
def classifier_graph(tmp_path_factory: pytest.TempPathFactory) -> Exported:
    path = tmp_path_factory.mktemp("graph") / "model.onnx"
    return export_onnx(tiny_classifier().network, path, 2, 3, (64, 64))


@pytest.fixture
def exported_before(classifier_graph: Exported, monkeypatch: pytest.MonkeyPatch) -> None:
    """Tests that are not about the export take the classifier's graph as it was exported once."""

    def copied(network: object, path: Path, *shape: object) -> Exported:
        shutil.copy(classifier_graph.path, path)
        return replace(classifier_graph, path=path)

    monkeypatch.setattr(writer, "export_onnx", copied)


def relative(folder: Path) -> set[str]:
    return {p.relative_to(folder).as_posix() for p in folder.rglob("*") if p.is_file()}


def read(folder: Path, name: str) -> Any:
    return json.loads((folder / name).read_text(encoding="utf-8"))


def test_exactly_the_files_of_the_contract(written: Written) -> None:
    assert relative(written.folder) == FILES
    assert written.exported.path.stat().st_size == written.exported.size_bytes
    assert {p.name for p in written.folder.parent.iterdir()} == {"tiny_detector", "tiny_detector.zip"}
    assert all(p.stat().st_mode & 0o444 == 0o444 for p in written.folder.rglob("*"))


def test_checksums_by_sha256sum(written: Written) -> None:
    checked = subprocess.run(
        ["sha256sum", "--strict", "-c", "checksums.sha256"],
        cwd=written.folder,
        capture_output=True,
        text=True,
    )
    assert checked.returncode == 0 and checked.stdout.count(": OK") == len(FILES) - 1
    assert written.sha256 == hashlib.sha256((written.folder / "checksums.sha256").read_bytes()).hexdigest()


def test_the_viewer_reads_it_and_it_passes_its_golden_test(written: Written) -> None:
    package = ModelPackage.open(written.folder)
    assert package.sha256 == written.sha256
    assert package.spec.honesty["randomisation_similarity"] == FIGURE
    assert package.spec.honesty["repeatability"] is None
    assert open_session(package, "cpu").methods == ("grad-cam", "hires-cam")


def test_the_zip_is_the_same_package(written: Written) -> None:
    archive = written.folder.with_suffix(".zip")
    with zipfile.ZipFile(archive) as packed:
        names = {name.removeprefix("tiny_detector/") for name in packed.namelist()}
    assert names == FILES
    assert ModelPackage.open(archive).sha256 == written.sha256


def test_the_same_parts_give_the_same_bytes(tmp_path: Path) -> None:
    packages = [write_package(tiny_classifier(), tmp_path / name).folder for name in ("first", "second")]
    first, second = ({n: (f / n).read_bytes() for n in relative(f)} for f in packages)
    assert first == second


def test_a_changed_file_is_noticed(written: Written, tmp_path: Path) -> None:
    changed = Path(shutil.copytree(written.folder, tmp_path / "changed"))
    card = changed / "docs" / "README.md"
    card.write_text(card.read_text(encoding="utf-8").replace("0.812", "0.912"), encoding="utf-8")
    with pytest.raises(MedViewerError) as caught:
        ModelPackage.open(changed)
    assert caught.value.code == "package.changed"


def test_weights_by_the_names_of_the_state_dict(written: Written) -> None:
    stored = load_file(written.folder / "models" / "model.safetensors")
    state = tiny_detector().network.state_dict()
    assert set(stored) == set(state)
    assert all(np.array_equal(stored[name], tensor.numpy()) for name, tensor in state.items())


@pytest.mark.parametrize("name", EXAMPLES)
def test_committed_examples_are_those_that_the_module_makes(name: str) -> None:
    folder = Path(__file__).parents[1] / "data" / "packages" / name
    stored, state = load_file(folder / "models" / "model.safetensors"), EXAMPLES[name]().network.state_dict()
    assert set(stored) == set(state)
    assert all(np.array_equal(stored[key], tensor.numpy()) for key, tensor in state.items())
    described = read(folder, "configs/viewer.json")
    assert {key: described[key] for key in ("input", "output", "fits")} == {
        key: EXAMPLES[name]().viewer[key] for key in ("input", "output", "fits")
    }


def test_golden_scores_are_torchs(written: Written) -> None:
    image = np.load(written.folder / "golden" / "input.npz", allow_pickle=False)["image"]
    scores = np.load(written.folder / "golden" / "output.npz", allow_pickle=False)["scores"]
    assert image.dtype == scores.dtype == np.float32
    with torch.no_grad():
        assert np.abs(tiny_detector().network(torch.from_numpy(image)).numpy() - scores).max() <= 1e-6
    assert read(written.folder, "golden/tolerance.json") == {"cpu": 1e-4, "cuda": 1e-2, "default": 2e-2}


def test_golden_image_is_made_in_the_networks_range() -> None:
    viewer = tiny_classifier().viewer
    image = golden_image(viewer)
    assert image.shape == (2, 3, 64, 64) and np.array_equal(image, golden_image(viewer))
    mean, std = (np.array(viewer["input"][key]).reshape(-1, 1, 1) for key in ("mean", "std"))
    grey = image * std + mean
    assert grey.min() >= -1e-6 and grey.max() <= 1.0 + 1e-6 and grey.std() > 0.1
    assert np.abs(grey[:, 0] - grey[:, 1]).max() < 1e-6  # a grey film in three channels
    assert np.abs(image[0] - image[1]).max() > 0.1  # the images of a batch differ


def test_description_gets_what_only_the_graph_knows(written: Written) -> None:
    viewer = read(written.folder, "configs/viewer.json")
    assert viewer["saliency"] == {
        "layer": "dec2",
        "words": {"en": "", "zh": ""},
        "methods": ["hires-cam", "grad-cam"],
        "default": "hires-cam",
        "cell": 2,
    }
    metadata = read(written.folder, "configs/metadata.json")
    keys = ("schema", "version", "monai_version", "pytorch_version", "numpy_version", "task", "description")
    assert all(metadata[key] for key in (*keys, "authors", "copyright", "data_source"))
    assert metadata["network_data_format"]["inputs"]["image"]["spatial_shape"] == [96, 96]
    assert metadata["network_data_format"]["outputs"]["pred"]["channel_def"] == {"0": "nodule", "1": "centre"}
    assert np.load(written.folder / "models" / "average_maps.npy", allow_pickle=False).dtype == np.float16


def test_the_card_shows_the_figures_that_are_stored(written: Written) -> None:
    card = (written.folder / "docs" / "README.md").read_text(encoding="utf-8")
    figures = read(written.folder, "docs/figures.json")
    assert figures["schema"] == "medviewer/figures/1" and figures["parity"] == dict(written.parity)
    assert "| `outline_dice` | 0.812 | 0.75 to 0.87 | 120 |" in card
    assert "| `other` | not measured | – | – |" in card
    assert "split `val`, 40 patients" in card
    assert "Research and teaching only" in card and "仅供科研与教学" in card and "中文摘要" in card
    assert f"{figures['parity']['scores']['max_abs']:.1e}" in card
    assert re.search(r"drawn anew.*\| 0.812 \| 0.75 to 0.87 \| 120 \|", card)
    assert "Scores are not calibrated" in card


@pytest.mark.usefixtures("exported_before")
def test_an_existing_package_stays_unless_it_may_be_replaced(tmp_path: Path) -> None:
    folder = tmp_path / "tiny_classifier"
    first = write_package(tiny_classifier(), folder)
    with pytest.raises(FileExistsError):
        write_package(tiny_classifier(), folder)
    again = replace(tiny_classifier(), licence="other words\n")
    assert write_package(again, folder, replace=True).sha256 != first.sha256
    assert [p.name for p in tmp_path.iterdir()] == ["tiny_classifier"]


@pytest.mark.usefixtures("exported_before")
def test_a_failure_leaves_nothing_and_the_old_package_whole(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "tiny_classifier"
    first = write_package(tiny_classifier(), folder)

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(writer, "_write_weights", full)
    with pytest.raises(OSError, match="No space"):
        write_package(tiny_classifier(), folder, replace=True)
    assert [p.name for p in tmp_path.iterdir()] == ["tiny_classifier"]
    assert ModelPackage.open(folder).sha256 == first.sha256


@pytest.mark.usefixtures("exported_before")
@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"task": "segmentation"}, "scores of shape"),
        (
            {"output": {**tiny_classifier().viewer["output"], "labels": [{"name": "x", "channel": 7}]}},
            "channel 7 of 2",
        ),
    ],
)
def test_a_description_of_another_network_is_refused(
    tmp_path: Path, change: dict[str, Any], words: str
) -> None:
    parts = tiny_classifier()
    with pytest.raises(ValueError, match=words):
        write_package(replace(parts, viewer={**parts.viewer, **change}), tmp_path / "tiny_classifier")
    assert not list(tmp_path.iterdir())


@pytest.mark.usefixtures("exported_before")
def test_average_maps_must_fit_the_graph(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="average maps"):
        write_package(
            replace(tiny_classifier(), average_maps=np.ones((2, 5, 5))), tmp_path / "tiny_classifier"
        )
