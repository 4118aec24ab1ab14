"""The doctor tells what is missing, and never breaks itself."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner

from medviewer.cli.doctor import command
from medviewer.doctor import checks, decoders, display, libraries, machine, runtime
from medviewer.doctor.item import Item


def test_json_is_rows_of_item_state_detail_fix() -> None:
    told = CliRunner().invoke(command, ["--json"])
    assert told.exit_code == 0, told.output
    rows = json.loads(told.stdout)
    assert {row["item"] for row in rows} >= {
        "system_libraries", "opengl", "devices", "decoders", "models", "fonts", "disk", "memory",
    }  # fmt: skip
    for row in rows:
        assert set(row) == {"item", "state", "detail", "fix"}
        assert row["state"] in ("ok", "warn", "fail")
        assert row["detail"]


def test_every_answer_is_in_both_languages() -> None:
    english, chinese = ({i.key: i.as_json(lang) for i in checks.check_all()} for lang in ("en", "zh"))
    assert english.keys() == chinese.keys()
    told = CliRunner().invoke(command, ["--lang", "zh"])
    assert "系统库" in told.output and "内存" in told.output


def test_a_check_that_breaks_is_a_row(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken() -> Item:
        raise RuntimeError("someone's name")

    key, title, _ = checks.CHECKS[0]
    monkeypatch.setattr(checks, "CHECKS", ((key, title, broken), *checks.CHECKS[-1:]))
    first, last = checks.check_all()
    assert first.state == "warn" and "RuntimeError" in first.detail.en and "name" not in first.detail.en
    assert last.key == "memory"


def test_a_missing_library_is_named_with_its_package(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(libraries.sys, "platform", "linux")
    monkeypatch.setattr(libraries, "loads", lambda soname: soname not in ("libGL.so.1", "libxcb-icccm.so.4"))
    item = display.system_libraries()
    assert item.state == "fail"
    assert "libGL.so.1" in item.detail.en and "libxcb-icccm.so.4" in item.detail.en
    assert item.fix is not None and item.fix.en.endswith("libgl1 libxcb-icccm4")


def test_without_a_chinese_font_it_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(libraries.sys, "platform", "linux")
    monkeypatch.setattr(libraries, "font_families", lambda language: ["DejaVu Sans"] if language == "en" else [])
    item = display.fonts()
    assert item.state == "warn" and "Chinese" in item.detail.en
    assert item.fix is not None and libraries.CHINESE_FONT_PACKAGE in item.fix.en


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="fontconfig is Linux's")
def test_fontconfig_and_fc_list_agree() -> None:
    try:
        told = subprocess.run(["fc-list", ":lang=zh-cn", "family"], capture_output=True, text=True, check=True).stdout
    except FileNotFoundError:
        pytest.skip("fc-list is not installed")
    listed = {line.split(",")[0] for line in told.splitlines() if line.strip()}
    assert set(libraries.font_families("zh-cn")) == listed


def test_two_runtimes_in_one_environment_are_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(runtime, "installed_runtimes", lambda: {"onnxruntime": "1.31.1", "onnxruntime-gpu": "1.31.1"})
    item = runtime.packages()
    assert item.state == "warn" and item.fix is not None
    assert "pip uninstall -y onnxruntime onnxruntime-gpu" in item.fix.en


def test_the_library_that_a_gpu_lacks_is_named(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    from medviewer.inference import device

    monkeypatch.delenv("CUDA_VISIBLE_DEVICES", raising=False)
    monkeypatch.setattr(runtime.sys, "platform", "linux")
    monkeypatch.setattr(device, "nvidia_devices", lambda: 1)
    monkeypatch.setattr(device, "ladder_state", lambda: [(rung, None) for rung in device.LADDER])
    monkeypatch.setattr(runtime, "installed_runtimes", lambda: {"onnxruntime-gpu": "1.31.1"})
    carried = tmp_path / "nvidia" / "cu13" / "lib"
    carried.mkdir(parents=True)
    for name in runtime.CUDA_LIBRARIES[:-1]:
        (carried / name).touch()
    lacking = runtime.missing_gpu_libraries
    monkeypatch.setattr(runtime, "missing_gpu_libraries", lambda: lacking(tmp_path))
    item = runtime.devices()
    assert item.state == "warn" and "missing: libcudnn.so.9;" in item.detail.en
    assert item.fix is not None and "onnxruntime-gpu[cuda,cudnn]==1.31.1" in item.fix.en


def test_decoders_work_here_and_a_broken_one_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    assert decoders.decoders().state == "ok"
    monkeypatch.setattr(decoders, "_DECODERS", (("JPEG-LS", lambda picture: picture + 1),))
    assert "JPEG-LS" in decoders.decoders().detail.en and decoders.decoders().state == "warn"


def test_little_disk_and_little_memory_warn(monkeypatch: pytest.MonkeyPatch) -> None:
    usage = type("Usage", (), {"free": 100 * 1024**2})
    monkeypatch.setattr(machine.shutil, "disk_usage", lambda folder: usage)
    assert machine.disk().state == "fail"
    monkeypatch.setattr(machine, "memory_bytes", lambda: (2 * machine.GIB, machine.GIB))
    assert machine.memory().state == "warn"


def test_qt_that_aborts_on_python_3_11_fails(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(display.metadata, "version", lambda name: "6.12.0")
    monkeypatch.setattr(display.sys, "version_info", (3, 11, 7))
    assert display.qt().state == "fail"
    monkeypatch.setattr(display.sys, "version_info", (3, 12, 1))
    assert display.qt().state == "ok"


def test_the_list_for_the_set_up_needs_no_package() -> None:
    script = "import sys; sys.path.insert(0, '.'); import medviewer.doctor.libraries as l; print(l.missing_packages())"
    root = Path(__file__).resolve().parents[2]
    told = subprocess.run([sys.executable, "-S", "-c", script], cwd=root, capture_output=True, text=True)
    assert told.returncode == 0, told.stderr
