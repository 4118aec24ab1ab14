"""Packages are read as untrusted: every fault is a sentence with exit code 5, and nothing of it is run."""

from __future__ import annotations

import io
import json
import os
import pickle
import zipfile
from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper

from medviewer.core.errors import MedViewerError
from medviewer.inference.package import (
    BrokenPackage,
    ModelPackage,
    find_package,
    find_packages,
    install,
    verify,
)
from medviewer.inference.session import open_session
from tests.inference.conftest import PACKAGES, sign_again


class Canary:
    """Unpickling it makes a file."""

    def __init__(self, path: Path) -> None:
        self.path = str(path)

    def __reduce__(self):
        return open, (self.path, "w")


def refused(path: Path, code: str) -> MedViewerError:
    with pytest.raises(MedViewerError) as fault:
        ModelPackage.open(path)
    assert fault.value.code == code
    assert fault.value.exit_code == 5
    assert len(fault.value.sentence.en) < 300 and fault.value.sentence.zh != fault.value.sentence.en
    return fault.value


@pytest.mark.parametrize("name", ["tiny_segmenter", "tiny_classifier", "tiny_detector"])
def test_examples_open_and_pass_their_golden_test(name):
    package = find_package(str(PACKAGES / name))
    assert package.name == name
    device, difference = verify(package, "cpu")
    assert device == "cpu" and difference < 1e-4
    assert package.graph.operators["Conv"] >= 3


def test_zip_gives_the_same_package(tmp_path):
    archive = tmp_path / "model.zip"
    with zipfile.ZipFile(archive, "w") as target:
        for path in sorted((PACKAGES / "tiny_segmenter").rglob("*")):
            if path.is_file():
                target.write(
                    path, "tiny_segmenter/" + path.relative_to(PACKAGES / "tiny_segmenter").as_posix()
                )
    assert ModelPackage.open(archive).sha256 == ModelPackage.open(PACKAGES / "tiny_segmenter").sha256


@pytest.mark.parametrize(
    "name", ["models/model.pt", "models/weights.pkl", "model.pth", "golden/input.pickle"]
)
def test_pickle_is_refused_and_not_run(package_copy, tmp_path, name):
    folder = package_copy()
    (folder / name).write_bytes(pickle.dumps(Canary(tmp_path / "canary")))
    refused(folder, "package.pickle")
    assert not (tmp_path / "canary").exists()


def test_objects_in_an_npy_are_refused(package_copy, tmp_path):
    folder = package_copy("tiny_classifier")
    np.save(
        folder / "models" / "average_maps.npy",
        np.array([Canary(tmp_path / "canary")], object),
        allow_pickle=True,
    )
    sign_again(folder)
    package = ModelPackage.open(folder)
    with pytest.raises(MedViewerError) as fault:
        _ = package.average_maps
    assert fault.value.code == "package.pickle"
    assert not (tmp_path / "canary").exists()


def test_a_pickle_within_the_golden_input_is_refused(package_copy, tmp_path):
    folder = package_copy()
    np.savez(folder / "golden" / "input.npz", image=np.array([Canary(tmp_path / "canary")], object))
    sign_again(folder)
    with pytest.raises(MedViewerError) as fault:
        open_session(ModelPackage.open(folder), "cpu")
    assert fault.value.code == "package.pickle"
    assert not (tmp_path / "canary").exists()


def test_changed_byte(package_copy):
    folder = package_copy()
    raw = bytearray((folder / "models" / "model.onnx").read_bytes())
    raw[len(raw) // 2] ^= 1
    (folder / "models" / "model.onnx").write_bytes(raw)
    refused(folder, "package.changed")


def test_missing_and_strange_files(package_copy):
    folder = package_copy()
    (folder / "run.py").write_text("print(1)")
    refused(folder, "package.name")
    (folder / "run.py").unlink()
    (folder / "LICENSE").unlink()
    refused(folder, "package.incomplete")


def test_links_are_refused(package_copy, tmp_path):
    folder = package_copy()
    secret = tmp_path / "secret"
    secret.write_text("x")
    (folder / "LICENSE").unlink()
    (folder / "LICENSE").symlink_to(secret)
    refused(folder, "package.link")
    (folder / "LICENSE").unlink()
    (folder / "more").symlink_to(tmp_path, target_is_directory=True)
    refused(folder, "package.link")


@pytest.mark.parametrize("name", ["../evil.md", "/evil.md", "docs/../../evil.md", "c:evil", "a\\b"])
def test_zip_paths_that_leave_the_folder(tmp_path, name):
    archive = tmp_path / "model.zip"
    with zipfile.ZipFile(archive, "w") as target:
        target.writestr("configs/viewer.json", "{}")
        target.writestr(zipfile.ZipInfo(name), "x")
    refused(archive, "package.outside")
    assert not list(tmp_path.parent.glob("evil*"))


def test_zip_link_and_zip_bomb(tmp_path):
    link = zipfile.ZipInfo("LICENSE")
    link.external_attr = 0o120777 << 16
    archive = tmp_path / "link.zip"
    with zipfile.ZipFile(archive, "w") as target:
        target.writestr("configs/viewer.json", "{}")
        target.writestr(link, "/etc/passwd")
    refused(archive, "package.link")
    bomb = tmp_path / "bomb.zip"
    with zipfile.ZipFile(bomb, "w", zipfile.ZIP_DEFLATED) as target:
        target.writestr("configs/viewer.json", bytes(40 << 20))
    refused(bomb, "package.size")


def test_nothing_and_broken_zips(tmp_path):
    refused(tmp_path / "nowhere", "package.missing")
    empty = tmp_path / "empty"
    empty.mkdir()
    refused(empty, "package.incomplete")
    text = tmp_path / "text.zip"
    text.write_text("no zip")
    refused(text, "package.missing")


def graph_of(nodes, initializers=(), inputs=None, outputs=None, opset=18, ir=10) -> bytes:
    inputs = inputs or [helper.make_tensor_value_info("image", 1, [2, 1, 64, 64])]
    outputs = outputs or [helper.make_tensor_value_info("scores", 1, [2, 3, 64, 64])]
    graph = helper.make_graph(nodes, "g", inputs, outputs, list(initializers))
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", opset)], ir_version=ir)
    return model.SerializeToString()


def with_graph(folder: Path, raw: bytes) -> Path:
    (folder / "models" / "model.onnx").write_bytes(raw)
    sign_again(folder)
    return folder


def test_external_tensor_data(package_copy, tmp_path):
    tensor = TensorProto(name="w", data_type=1, dims=[3, 1, 1, 1], data_location=TensorProto.EXTERNAL)
    for key, value in (("location", "../../secret.bin"), ("offset", "0"), ("length", "12")):
        tensor.external_data.add(key=key, value=value)
    raw = graph_of([helper.make_node("Conv", ["image", "w"], ["scores"])], [tensor])
    refused(with_graph(package_copy(), raw), "package.external_data")


def test_external_data_hidden_in_a_branch(package_copy, tmp_path):
    tensor = TensorProto(name="w", data_type=1, dims=[1], data_location=TensorProto.EXTERNAL)
    tensor.external_data.add(key="location", value="/etc/passwd")
    constant = helper.make_node("Constant", [], ["scores"], value=tensor)
    branch = helper.make_graph([constant], "b", [], [helper.make_tensor_value_info("scores", 1, None)])
    condition = helper.make_tensor("c", TensorProto.BOOL, [1], [True])
    node = helper.make_node("If", ["c"], ["scores"], then_branch=branch, else_branch=branch)
    refused(with_graph(package_copy(), graph_of([node], [condition])), "package.external_data")


@pytest.mark.parametrize(
    ("nodes", "code"),
    [
        ([helper.make_node("Custom", ["image"], ["scores"], domain="evil.ops")], "package.operator"),
        ([helper.make_node("NoSuchOperator", ["image"], ["scores"])], "package.onnx"),
        ([helper.make_node("Relu", ["nothing"], ["scores"])], "package.onnx"),
    ],
)
def test_operators_are_known_ones(package_copy, nodes, code):
    refused(with_graph(package_copy(), graph_of(nodes)), code)


def test_endless_loops_are_refused(package_copy):
    body = helper.make_graph(
        [helper.make_node("Identity", ["c_in"], ["c_out"])], "body",
        [helper.make_tensor_value_info("i", 7, []), helper.make_tensor_value_info("c_in", 9, [])],
        [helper.make_tensor_value_info("c_out", 9, [])],
    )  # fmt: skip
    node = helper.make_node("Loop", ["", ""], [], body=body)
    refused(
        with_graph(package_copy(), graph_of([node, helper.make_node("Relu", ["image"], ["scores"])])),
        "package.operator",
    )


def test_versions_and_garbage(package_copy):
    relu = [helper.make_node("Relu", ["image"], ["scores"])]
    refused(
        with_graph(package_copy(), graph_of(relu, opset=onnx.defs.onnx_opset_version() + 5)), "package.opset"
    )


def test_garbage_is_no_network(package_copy):
    refused(with_graph(package_copy(), os.urandom(5000)), "package.onnx")


def test_graph_must_fit_viewer_json(package_copy):
    relu = [helper.make_node("Relu", ["image"], ["scores"])]
    wrong = [helper.make_tensor_value_info("image", 1, [2, 1, 32, 32])]
    raw = graph_of(relu, inputs=wrong, outputs=[helper.make_tensor_value_info("scores", 1, [2, 1, 32, 32])])
    refused(with_graph(package_copy(), raw), "package.graph")


@pytest.mark.parametrize(
    ("path", "value"),
    [
        (("schema",), "other/1"),
        (("name",), "../../up"),
        (("task",), 5),
        (("fits", "kinds"), ["everything"]),
        (("input", "size"), [64, -1]),
        (("input", "batch"), 10**9),
        (("output", "labels"), []),
        (("output", "activation"), "tanh"),
        (("saliency", "methods"), ["magic"]),
        (("calibration",), {"per_label": {"x": {"a": "one"}}}),
        (("honesty",), {"pointing": {"value": 2, "ci95": [0, 1], "n": 3}}),
    ],
)
def test_wrong_viewer_json_names_the_key(package_copy, path, value):
    folder = package_copy()
    file = folder / "configs" / "viewer.json"
    data = json.loads(file.read_text())
    place = data
    for key in path[:-1]:
        place = place[key]
    place[path[-1]] = value
    file.write_text(json.dumps(data))
    sign_again(folder)
    fault = refused(folder, "package.viewer")
    assert path[0] in fault.sentence.en


def test_deep_json_is_no_crash(package_copy):
    folder = package_copy()
    (folder / "configs" / "viewer.json").write_text("[" * 100_000)
    sign_again(folder)
    refused(folder, "package.broken")


def test_missed_golden_test(package_copy):
    folder = package_copy()
    scores = np.load(folder / "golden" / "output.npz")["scores"]
    np.savez(folder / "golden" / "output.npz", scores=scores + 0.5)
    sign_again(folder)
    with pytest.raises(MedViewerError) as fault:
        open_session(ModelPackage.open(folder), "cpu")
    assert fault.value.code == "package.golden"


def test_golden_test_is_remembered_by_package_and_device(package_copy, own_home, monkeypatch):
    from medviewer.inference import golden

    package = ModelPackage.open(package_copy())
    open_session(package, "cpu")
    assert golden.was_verified(package.sha256)
    monkeypatch.setattr(golden, "read_npz", lambda *_: pytest.fail("ran again"))
    open_session(package, "cpu")
    assert not golden.was_verified("0" * 64)


def test_npz_members_are_bounded(package_copy):
    folder = package_copy()
    buffer = io.BytesIO()
    header = {"descr": "<f4", "fortran_order": False, "shape": (1 << 20, 1 << 20)}
    np.lib.format.write_array_header_1_0(buffer, header)
    with zipfile.ZipFile(folder / "golden" / "input.npz", "w") as archive:
        archive.writestr("image.npy", buffer.getvalue())
    sign_again(folder)
    with pytest.raises(MedViewerError) as fault:
        open_session(ModelPackage.open(folder), "cpu")
    assert fault.value.code == "package.size"


def test_installing_and_listing(package_copy, own_home, monkeypatch):
    monkeypatch.setattr("medviewer.paths.models_folder", lambda: own_home / "none")
    assert find_packages() == []
    install(package_copy("tiny_classifier"))
    assert [p.name for p in find_packages()] == ["tiny_classifier"]
    with pytest.raises(MedViewerError) as fault:
        install(own_home / "models" / "tiny_classifier")
    assert fault.value.code == "package.exists"
    broken = own_home / "models" / "broken"
    (broken / "configs").mkdir(parents=True)
    found = {p.name: p for p in find_packages()}
    assert isinstance(found["broken"], BrokenPackage) and found["broken"].error.exit_code == 5
    with pytest.raises(MedViewerError) as fault:
        find_package("no_such_model")
    assert fault.value.code == "package.missing" and "tiny_classifier" in fault.value.sentence.en
