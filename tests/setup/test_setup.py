"""What pyproject.toml, constraints.txt and the Makefile promise."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
from packaging.markers import default_environment
from packaging.requirements import Requirement

ROOT = Path(__file__).resolve().parents[2]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
CLEAN = re.compile(r"[-_.]+")


def _pins() -> dict[str, str]:
    lines = [line for line in (ROOT / "constraints.txt").read_text().splitlines() if not line.startswith("#")]
    return {CLEAN.sub("-", name).lower(): version for name, version in (line.split("==") for line in lines)}


def _requirements() -> list[Requirement]:
    extras = [text for texts in PROJECT["optional-dependencies"].values() for text in texts]
    return [Requirement(text) for text in PROJECT["dependencies"] + extras]


def test_every_direct_dependency_is_pinned_within_its_range() -> None:
    pins = _pins()
    for requirement in _requirements():
        name = CLEAN.sub("-", requirement.name).lower()
        assert name in pins, f"{requirement.name} has no pin"
        assert requirement.specifier.contains(pins[name], prereleases=True), f"{requirement} against {pins[name]}"


def test_pins_name_no_host_and_no_local_build() -> None:
    text = (ROOT / "constraints.txt").read_text()
    assert "://" not in text and "@" not in text and "+" not in text and "--" not in text


def test_the_viewer_needs_neither_torch_nor_anything_under_the_gpl() -> None:
    names = {CLEAN.sub("-", Requirement(text).name).lower() for text in PROJECT["dependencies"]}
    assert not names & {"torch", "monai", "captum", "pylibjpeg-libjpeg", "python-gdcm"}


@pytest.mark.parametrize(
    ("system", "machine", "wanted"),
    [
        ("linux", "x86_64", "onnxruntime-gpu"),
        ("win32", "AMD64", "onnxruntime-gpu"),
        ("linux", "aarch64", "onnxruntime"),
        ("darwin", "arm64", "onnxruntime"),
    ],
)
def test_exactly_one_runtime_on_each_system(system: str, machine: str, wanted: str) -> None:
    environment = {**default_environment(), "sys_platform": system, "platform_machine": machine}
    chosen = [
        r.name
        for r in map(Requirement, PROJECT["dependencies"])
        if r.name.startswith("onnxruntime") and (r.marker is None or r.marker.evaluate(environment))
    ]
    assert chosen == [wanted]


def test_pyside_stays_below_the_version_that_aborts_on_python_3_11() -> None:
    old = {**default_environment(), "python_version": "3.11"}
    lines = [r for r in map(Requirement, PROJECT["dependencies"]) if r.name == "PySide6-Essentials"]
    held = [r for r in lines if r.marker is None or r.marker.evaluate(old)]
    assert held and not any(r.specifier.contains("6.12.0") for r in held)


def test_a_python_is_found_and_one_that_is_too_old_is_refused(tmp_path: Path) -> None:
    script = ROOT / "packaging" / "setup" / "find_python.sh"
    found = subprocess.run([script], env={**os.environ, "PYTHON": sys.executable}, capture_output=True, text=True)
    assert found.returncode == 0 and found.stdout.strip() == sys.executable
    old = tmp_path / "python3"
    old.write_text("#!/bin/sh\nexit 1\n")
    old.chmod(0o755)
    tools = tmp_path / "tools"
    tools.mkdir()
    (tools / "id").write_text("#!/bin/sh\necho 1000\n")
    (tools / "id").chmod(0o755)
    refused = subprocess.run(
        ["/bin/bash", script], env={"PATH": f"{tools}:{tmp_path}"}, capture_output=True, text=True
    )
    assert refused.returncode == 1 and "Python 3.11" in refused.stderr and "apt-get install" in refused.stderr


def test_make_names_its_targets() -> None:
    told = subprocess.run(["make", "help"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    for target in ("demo", "test", "test-viewer", "bench", "nightly"):
        assert f"make {target}" in told


def test_the_program_runs_where_torch_monai_and_captum_are_absent() -> None:
    hide = "import sys; sys.modules.update(torch=None, monai=None, captum=None, onnxscript=None)\n"
    code = hide + "import medviewer.cli.main as m, importlib\n"
    code += "[importlib.import_module(name) for name in m.COMMANDS.values()]\n"
    code += "import medviewer.ui.application\n"
    told = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True)
    assert told.returncode == 0, told.stderr
