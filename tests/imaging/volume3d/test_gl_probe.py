"""The probe's answers, with a child that stands for good, bad and deadly drivers."""

from __future__ import annotations

import json
import sys

import pytest

from medviewer.imaging.volume3d import gl_probe
from medviewer.imaging.volume3d.gl_probe import probe


@pytest.fixture
def child(tmp_path, monkeypatch):
    """Puts a child of one's own in place; returns how often it was run."""
    runs = tmp_path / "runs.txt"

    def put(body: str):
        script = tmp_path / "child.py"
        start = f"import sys, json, os, time, signal\nopen({str(runs)!r}, 'a').write(sys.argv[1] + '\\n')\n"
        script.write_text(start + body)
        monkeypatch.setattr(gl_probe, "CHILD", script)
        return lambda: runs.read_text().split() if runs.exists() else []

    monkeypatch.delenv("MEDVIEWER_3D", raising=False)
    return put


SPHERE = "print(json.dumps({'renderer': %r}), flush=True)\n"
CASTS = "print(json.dumps({'ray_casting': True}), flush=True)\n"
DIES = "os.kill(os.getpid(), signal.SIGSEGV)\n"


def test_a_graphics_card(child):
    runs = child(SPHERE % "NVIDIA GeForce RTX 3060/PCIe/SSE2" + CASTS)
    found = probe()
    assert found.rung == "gpu" and "NVIDIA" in found.renderer and len(runs()) == 1
    assert probe() == found and len(runs()) == 1  # remembered
    probe(fresh=True)
    assert len(runs()) == 2


def test_the_memory_ends_where_the_driver_or_the_display_changes(child, monkeypatch):
    runs = child(SPHERE % "NVIDIA" + CASTS)
    probe()
    monkeypatch.setenv("MESA_LOADER_DRIVER_OVERRIDE", "other")
    probe()
    assert len(runs()) == 2


def test_a_spoilt_memory_is_asked_again(child, own_home):
    runs = child(SPHERE % "NVIDIA" + CASTS)
    probe()
    memory = own_home / "cache" / "gl_probe.json"
    for spoilt in ("{", "[]", json.dumps({**json.loads(memory.read_text()), "rung": "fast"})):
        memory.write_text(spoilt)
        assert probe().rung == "gpu"
    assert len(runs()) == 4


def test_a_memory_that_can_not_be_written_is_no_fault(child, own_home):
    child(SPHERE % "NVIDIA" + CASTS)
    (own_home / "cache").write_text("a file where the folder should be")
    assert probe().rung == "gpu"


@pytest.mark.parametrize("name", ["llvmpipe (LLVM 15.0.6, 256 bits)", "softpipe", "GDI Generic"])
def test_opengl_on_the_cpu(child, name):
    child(SPHERE % name + CASTS)
    found = probe()
    assert found.rung == "software" and "CPU" in found.reason.en and found.reason.zh


def test_a_card_that_dies_of_ray_casting_still_draws_in_software(child):
    child(SPHERE % "AMD Radeon" + DIES)
    assert probe().rung == "software"


@pytest.mark.parametrize("body", [DIES, "sys.exit(3)", "raise ImportError('libGL.so.1')", "print('nothing')"])
def test_no_opengl_takes_only_the_child_down(child, body):
    child(body)
    found = probe()
    assert found.rung == "none" and found.reason.en and found.window == "default"


def test_a_driver_that_hangs(child):
    child("time.sleep(30)")
    found = probe(timeout=0.3)
    assert found.rung == "none" and "in time" in found.reason.en


def test_a_card_behind_the_display_is_preferred(child, monkeypatch):
    monkeypatch.setattr(sys, "platform", "linux")
    monkeypatch.setenv("DISPLAY", ":99")
    name = "'NVIDIA' if sys.argv[1] == 'default' else 'llvmpipe'"
    runs = child(f"print(json.dumps({{'renderer': {name}}}))\n" + CASTS)
    found = probe()
    assert (found.rung, found.window) == ("gpu", "default")
    assert runs() == ["vtkEGLRenderWindow", "default"]


def test_switches(child, monkeypatch):
    runs = child(SPHERE % "NVIDIA" + CASTS)
    monkeypatch.setenv("MEDVIEWER_3D", "none")
    assert probe().rung == "none" and runs() == []
    monkeypatch.setenv("MEDVIEWER_3D", "software")
    assert probe().rung == "software"


def test_no_program_to_start(child, monkeypatch):
    child("")
    monkeypatch.setattr(sys, "executable", "/nowhere/python")
    assert probe().rung == "none"
