"""Model packages: opened as untrusted, found where they ship and where a person installed them."""

from __future__ import annotations

import json
import os
import shutil
import tempfile
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from medviewer import paths
from medviewer.core.errors import MedViewerError
from medviewer.inference.arrays import read_npy
from medviewer.inference.graph_check import GraphFacts, check_graph
from medviewer.inference.package_files import check_sums, fault, read_files
from medviewer.inference.spec import ViewerSpec, parse_spec


@dataclass(eq=False)
class ModelPackage:
    """A package whose files, checksums, viewer.json and graph were checked. `files` holds every file's bytes."""

    folder: Path
    files: dict[str, bytes]
    sha256: str
    spec: ViewerSpec
    graph: GraphFacts

    @classmethod
    def open(cls, path: Path | str) -> ModelPackage:
        """Read a folder or zip. Raises MedViewerError package.* (exit 5), in one sentence, before anything runs."""
        path = Path(path)
        try:
            files = read_files(path)
        except OSError as unreadable:
            raise fault(
                "broken", "The model package can't be read.", "无法读取模型包。", detail=repr(unreadable)
            ) from None
        sha256 = check_sums(files)
        spec = parse_spec(read_json(files, "configs/viewer.json"))
        graph = check_graph(files["models/model.onnx"])
        _check_contract(spec, graph)
        return cls(path, files, sha256, spec, graph)

    @property
    def name(self) -> str:
        return self.spec.name

    @property
    def version(self) -> str:
        return self.spec.version

    @property
    def onnx(self) -> bytes:
        """The graph's bytes, those that were checked: the file is never read a second time."""
        return self.files["models/model.onnx"]

    @property
    def size_mb(self) -> float:
        return sum(map(len, self.files.values())) / 1e6

    @cached_property
    def figures(self) -> dict[str, Any]:
        """docs/figures.json: the measured figures, of which the card is made."""
        return read_json(self.files, "docs/figures.json")

    @property
    def metrics(self) -> dict[str, Any]:
        """{NAME: {"value", "ci95", "n"}} of the card."""
        found = self.figures.get("metrics")
        return found if isinstance(found, dict) else {}

    @cached_property
    def card(self) -> str:
        """The card's text (docs/README.md)."""
        return self.files["docs/README.md"].decode("utf-8", "replace")

    @cached_property
    def average_maps(self) -> NDArray[Any] | None:
        """(K, h, w) mean map of each label over validation patients, None where the package has none."""
        raw = self.files.get("models/average_maps.npy")
        return None if raw is None else read_npy(raw, "models/average_maps.npy").astype(np.float32)


@dataclass(frozen=True)
class BrokenPackage:
    """A folder that should hold a package but does not, and why."""

    name: str
    folder: Path
    error: MedViewerError


def read_json(files: dict[str, bytes], name: str) -> dict[str, Any]:
    """The object of a JSON file. Raises package.broken."""
    try:
        data = json.loads(files[name].decode("utf-8"))
    except (ValueError, KeyError, RecursionError):
        data = None
    if not isinstance(data, dict):
        raise fault(
            "broken", "The package's file {name} can't be read.", "无法读取模型包文件 {name}。", name=name
        )
    return data


def _check_contract(spec: ViewerSpec, graph: GraphFacts) -> None:
    """The graph has the inputs and outputs that viewer.json speaks of. Raises package.graph."""

    def wrong(what: str) -> Exception:
        return fault(
            "graph", "The package's network does not fit its viewer.json: {what}.", "模型包的网络与其 viewer.json 不符：{what}。",
            what=what,
        )  # fmt: skip

    if "image" not in graph.inputs or "scores" not in graph.outputs:
        raise wrong("image, scores")
    if not set(graph.inputs) <= {"image", "target", "region"}:
        raise wrong("inputs")
    recipe, image = spec.input, graph.inputs["image"]
    size = (recipe.channels, *recipe.size)
    if len(image) != 4 or tuple(image[1:]) != size or image[0] not in (None, recipe.batch):
        raise wrong(f"image {image}, {size}")
    scores = graph.outputs["scores"]
    if len(scores) != (2 if spec.task == "classification" else 4) or (scores[1] or 0) < spec.scores:
        raise wrong(f"scores {scores}")
    for method in spec.saliency.methods if spec.saliency else ():
        if f"saliency_{method.replace('-', '_')}" not in graph.outputs or not {"target", "region"} <= set(
            graph.inputs
        ):
            raise wrong(method)


def package_folders() -> list[Path]:
    """Where packages may lie: those that ship, then those a person installed; each name once, the shipped one first."""
    found: dict[str, Path] = {}
    for root in (paths.models_folder(), paths.installed_models_folder()):
        if root.is_dir():
            for folder in sorted(p for p in root.iterdir() if p.is_dir() and (p / "configs").is_dir()):
                found.setdefault(folder.name, folder)
    return list(found.values())


def find_packages() -> list[ModelPackage | BrokenPackage]:
    """Every package at hand; what can't be used comes with its reason."""
    found: list[ModelPackage | BrokenPackage] = []
    for folder in package_folders():
        try:
            found.append(ModelPackage.open(folder))
        except MedViewerError as error:
            found.append(BrokenPackage(folder.name, folder, error))
    return found


def find_package(name_or_path: str | Path) -> ModelPackage:
    """The package of that name, or at that path. Raises package.missing, and whatever is wrong with it."""
    text = str(name_or_path)
    if os.sep not in text and "/" not in text:
        named = next((f for f in package_folders() if f.name == text), None)
        if named is not None:
            return ModelPackage.open(named)
    if Path(text).exists():
        return ModelPackage.open(Path(text))
    known = ", ".join(f.name for f in package_folders()) or "-"
    raise fault(
        "missing", "There is no model {name}; installed: {known}.", "没有模型 {name}；已安装：{known}。",
        name=Path(text).name[:60], known=known[:150],
    )  # fmt: skip


def install(path: Path | str) -> ModelPackage:
    """Check a package (folder or zip), run its golden test, and copy it to the person's own; all or nothing.

    Raises package.exists where one of that name is there already.
    """
    from medviewer.inference.session import open_session

    package = ModelPackage.open(path)
    if any(f.name == package.name for f in package_folders()):
        raise fault(
            "exists",
            "A model named {name} is installed already.",
            "已安装名为 {name} 的模型。",
            name=package.name,
        )
    open_session(package)
    root = paths.made(paths.installed_models_folder())
    waiting = Path(tempfile.mkdtemp(dir=root, prefix=".new_"))
    try:
        for name, raw in package.files.items():
            target = waiting / name
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(raw)
        waiting.chmod(0o755)
        waiting.replace(root / package.name)
    except BaseException:
        shutil.rmtree(waiting, ignore_errors=True)
        raise
    return ModelPackage.open(root / package.name)


def verify(package: ModelPackage, device: str = "auto") -> tuple[str, float]:
    """Run the golden test now on the device; returns (device name, largest difference). Checksums were checked on opening."""
    from medviewer.inference.golden import golden_test
    from medviewer.inference.session import open_session

    session = open_session(package, device)
    return session.choice.name, golden_test(session, again=True)
