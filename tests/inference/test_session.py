"""Devices, cancel within a run, memory, telemetry."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
import time
from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx import helper, numpy_helper

from medviewer.core.errors import Cancelled, MedViewerError
from medviewer.core.jobs import Progress
from medviewer.core.words import Words
from medviewer.inference import device, memory, session
from medviewer.inference.package import find_package
from medviewer.inference.session import open_session
from tests.inference.conftest import PACKAGES

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def package():
    return find_package(PACKAGES / "tiny_segmenter")


def slow_graph(layers: int = 60, width: int = 16) -> bytes:
    """A graph of the example's shape that takes seconds."""
    rng = np.random.default_rng(0)
    nodes, weights, last = [], [], "image"
    for n in range(layers):
        shape = (3 if n == layers - 1 else width, 1 if n == 0 else width, 7, 7)
        weights.append(numpy_helper.from_array(rng.normal(0, 0.01, shape).astype(np.float32), f"w{n}"))
        out = "scores" if n == layers - 1 else f"x{n}"
        nodes.append(helper.make_node("Conv", [last, f"w{n}"], [out], pads=[3, 3, 3, 3]))
        last = out
    image = helper.make_tensor_value_info("image", 1, [2, 1, 512, 512])
    scores = helper.make_tensor_value_info("scores", 1, [2, 3, 512, 512])
    graph = helper.make_graph(nodes, "slow", [image], [scores], weights)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=10)
    onnx.checker.check_model(model)
    return model.SerializeToString()


def test_cancel_takes_effect_within_a_run_and_the_session_stays_usable(package):
    slow = session.load(slow_graph(), device.rungs("cpu")[0], 1)
    choice = device.DeviceChoice("cpu", "CPUExecutionProvider", "CPU")
    one = session.Session(package, choice, slow, 1)
    progress = Progress()
    asked = []

    def stop():
        time.sleep(0.5)
        asked.append(time.perf_counter())
        progress.cancel()

    threading.Thread(target=stop).start()
    with pytest.raises(Cancelled):
        one.run(np.zeros((2, 1, 512, 512), np.float32), progress)
    assert time.perf_counter() - asked[0] < 0.3
    quick = open_session(package, "cpu", 1)
    cancelled = Progress()
    cancelled.cancel()
    with pytest.raises(Cancelled):
        quick.run(np.zeros((1, 1, 64, 64), np.float32), cancelled)
    assert quick.run(np.zeros((1, 1, 64, 64), np.float32), Progress()).shape == (1, 3, 64, 64)


def test_without_a_driver_the_cpu_runs_and_every_skipped_rung_has_a_reason(package, monkeypatch):
    monkeypatch.setattr(device, "nvidia_devices", lambda: None)
    found = open_session(package)
    assert found.choice.name == "cpu"
    skipped = dict(found.choice.skipped)
    assert set(skipped) == {"TensorRT", "CUDA", "DirectML", "CoreML", "OpenVINO"}
    assert skipped["CUDA"].en == "no NVIDIA driver found"
    assert "medviewer[openvino]" in skipped["OpenVINO"].en and skipped["OpenVINO"].zh


def test_cuda_visible_devices_is_honoured(monkeypatch):
    cuda = device.rungs("cuda")[0]
    monkeypatch.setattr(device, "nvidia_devices", lambda: 2)
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "-1")
    assert "CUDA_VISIBLE_DEVICES" in device.why_not(cuda).en
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "0")
    monkeypatch.setattr(device, "_available", lambda: ("CPUExecutionProvider",))
    assert "medviewer[cuda]" in device.why_not(cuda).en
    monkeypatch.setattr(device, "_available", lambda: ("CUDAExecutionProvider", "CPUExecutionProvider"))
    assert device.why_not(cuda) is None


def test_a_rung_that_falls_back_or_misses_the_golden_test_is_skipped(package, monkeypatch):
    monkeypatch.setattr(device, "nvidia_devices", lambda: 1)
    monkeypatch.delenv("CUDA_VISIBLE_DEVICES", raising=False)
    monkeypatch.setattr(device, "_available", lambda: ("CUDAExecutionProvider", "CPUExecutionProvider"))
    real = session.load
    monkeypatch.setattr(
        session, "load", lambda raw, rung, threads: real(raw, device.rungs("cpu")[0], threads)
    )
    found = open_session(package)
    assert found.choice.name == "cpu"
    assert "fell back to CPUExecutionProvider" in dict(found.choice.skipped)["CUDA"].en


def test_a_device_that_was_asked_for_and_is_missing_is_told(package, monkeypatch):
    monkeypatch.setattr(device, "nvidia_devices", lambda: None)
    with pytest.raises(MedViewerError) as fault:
        open_session(package, "cuda")
    assert fault.value.exit_code == 6 and "CUDA" in fault.value.sentence.en
    with pytest.raises(MedViewerError) as fault:
        open_session(package, "abacus")
    assert fault.value.exit_code == 2


class Full:
    """A loaded network whose device has no memory left."""

    def __init__(self, real):
        self.real = real

    def __getattr__(self, name):
        return getattr(self.real, name)

    def run(self, *args):
        raise RuntimeError("CUDA failure 2: out of memory")


def test_a_gpu_without_memory_hands_over_to_the_cpu_and_says_so(package):
    cpu = device.rungs("cpu")[0]
    loaded = session.load(package.onnx, cpu, 1)
    one = session.Session(
        package, device.DeviceChoice("cuda", "CUDAExecutionProvider", "CUDA"), Full(loaded), 1
    )
    tile = np.random.default_rng(0).random((1, 1, 64, 64)).astype(np.float32)
    np.testing.assert_allclose(one.run(tile), open_session(package, "cpu", 1).run(tile), atol=1e-5)
    assert one.choice.name == "cpu" and "CUDA" in one.notes[0].en


def test_memory_is_checked_before_it_is_taken(monkeypatch):
    free = memory.available_bytes()
    assert free is None or 50e6 < free < 1e14
    monkeypatch.setattr(memory, "available_bytes", lambda: 200 << 20)
    memory.check(50e6, Words("A", "甲"))
    with pytest.raises(MedViewerError) as fault:
        memory.check(1e9, Words("A", "甲"))
    assert fault.value.code == "resource.memory" and fault.value.exit_code == 6
    assert "1000 MB" in fault.value.sentence.en and "210 MB" in fault.value.sentence.en


@pytest.mark.skipif(sys.platform == "win32", reason="no RLIMIT there")
def test_a_limit_of_the_process_counts():
    code = (
        "import resource; from medviewer.inference import memory; import numpy;"
        "used = int(open('/proc/self/statm').read().split()[0]) * resource.getpagesize();"
        "resource.setrlimit(resource.RLIMIT_AS, (used + (300 << 20),) * 2);"
        "print(memory.available_bytes())"
    )
    if not Path("/proc/self/statm").exists():
        pytest.skip("no /proc")
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=ROOT, check=True)
    assert 250 << 20 < int(done.stdout) <= 300 << 20


def test_peak_memory_is_that_of_the_system():
    if not Path("/proc/self/status").exists():
        pytest.skip("no /proc")
    line = next(r for r in Path("/proc/self/status").read_text().splitlines() if r.startswith("VmHWM"))
    assert memory.peak_rss_mb() == pytest.approx(int(line.split()[1]) / 1024, rel=0.05)


def test_onnxruntime_sends_and_keeps_nothing(tmp_path):
    """Telemetry would write a device id below HOME; CI=true hides it, so it is unset."""
    home = tmp_path / "home"
    home.mkdir()
    away = ("CI", "GITHUB_ACTIONS", "ORT_DISABLE_TELEMETRY")
    kept = {k: v for k, v in os.environ.items() if k not in away and not k.startswith("XDG_")}
    code = (
        "import sys; from medviewer.inference.package import find_package;"
        "from medviewer.inference.session import open_session; import numpy as np;"
        "s = open_session(find_package(sys.argv[1]), 'cpu', 1);"
        "s.run(np.zeros((1, *s.tile), np.float32)); import time; time.sleep(1); import threading;"
        "print(threading.active_count(), len(__import__('os').listdir('/proc/self/task')))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, str(PACKAGES / "tiny_segmenter")],
        env={**kept, "HOME": str(home), "MEDVIEWER_HOME": str(tmp_path / "own")},
        cwd=ROOT, capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert list(home.rglob("*")) == []
    assert done.stderr == ""
    assert {p.name for p in (tmp_path / "own").rglob("*") if p.is_file()} == {"golden.json"}
