"""`medviewer models` from outside."""

from __future__ import annotations

import json

import pytest

from medviewer.cli.main import main
from tests.inference.conftest import PACKAGES, sign_again


@pytest.fixture(autouse=True)
def none_shipped(own_home, monkeypatch):
    monkeypatch.setattr("medviewer.paths.models_folder", lambda: own_home / "none")


def out(capsys, *args):
    assert main(["models", *map(str, args)]) == 0
    return capsys.readouterr().out


def test_install_list_show_verify(capsys):
    assert json.loads(out(capsys, "list", "--json")) == []
    assert (
        json.loads(out(capsys, "install", PACKAGES / "tiny_classifier", "--json"))["name"]
        == "tiny_classifier"
    )
    row = json.loads(out(capsys, "list", "--json"))[0]
    assert {"name", "version", "task", "size_mb", "verified", "figures"} <= set(row)
    assert row["verified"] is True and row["size_mb"] > 0 and row["task"] == "classification"
    shown = json.loads(out(capsys, "show", "tiny_classifier", "--json"))
    assert shown["graph"]["operators"]["Conv"] == 3 and shown["honesty"]["pointing"] is None
    assert (
        out(capsys, "show", "tiny_classifier")
        == (PACKAGES / "tiny_classifier/docs/README.md").read_text() + "\n"
    )
    assert json.loads(out(capsys, "verify", "--json"))[0]["difference"] < 1e-4
    assert "tiny_classifier" in out(capsys, "list") and "verified here" in out(capsys, "list")


def test_verified_is_only_told_once_it_was(capsys, own_home, package_copy):
    folder = package_copy("tiny_segmenter")
    (own_home / "models").mkdir()
    folder.rename(own_home / "models" / "tiny_segmenter")
    assert json.loads(out(capsys, "list", "--json"))[0]["verified"] is False
    out(capsys, "verify", "tiny_segmenter")
    assert json.loads(out(capsys, "list", "--json"))[0]["verified"] is True


def test_broken_ones_are_listed_with_their_reason(capsys, own_home):
    (own_home / "models" / "broken" / "configs").mkdir(parents=True)
    row = json.loads(out(capsys, "list", "--json"))[0]
    assert row["name"] == "broken" and row["verified"] is False and "lacks" in row["error"]


def test_faults_are_exit_5(capsys, package_copy):
    folder = package_copy("tiny_segmenter")
    raw = bytearray((folder / "models/model.onnx").read_bytes())
    raw[100] ^= 1
    (folder / "models/model.onnx").write_bytes(raw)
    for command in ("verify", "show", "install"):
        assert main(["models", command, str(folder)]) == 5
        printed = capsys.readouterr()
        assert "changed" in printed.err and printed.out == ""
    sign_again(folder)
    assert main(["models", "verify", "nothing"]) == 5
    assert main(["models", "verify", str(folder), "--device", "abacus"]) == 2
