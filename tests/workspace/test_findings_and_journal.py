"""From finding to finding, reviews, and what survives a killed process."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import textwrap
from pathlib import Path

import numpy as np
import pytest

from medviewer.core.segmentation import SaliencyMap
from medviewer.workspace import Workspace, session
from medviewer.workspace.journal import Journal, read
from medviewer.workspace.tools import make
from tests.workspace import phantoms
from tests.workspace.test_tools_and_marks import drag


def with_findings() -> Workspace:
    volume = phantoms.ct()
    ws = phantoms.workspace(ct=volume)
    places = [volume.geometry.to_lps(p) for p in ((30, 30, 12), (60, 50, 40), (45.3, 44.6, 20.2))]
    ws.results.add(
        "ct",
        phantoms.result(*(phantoms.finding(f"f{n}", tuple(p), 0.9 - n / 10) for n, p in enumerate(places))),
    )  # type: ignore[arg-type]
    return ws


def test_next_takes_every_pane_to_the_findings_own_centre() -> None:
    ws = with_findings()
    ws.viewing.zoom(0, 4)
    seen = []
    for _ in range(4):
        ws.next_finding()
        finding = ws.results.chosen_finding
        assert finding is not None and finding.center_lps_mm is not None
        seen.append(finding.id)
        for index in range(3):
            view, slices = ws.viewing.view(index), ws.viewing.slices(index)
            assert view is not None and slices is not None
            assert abs(view.distance(finding.center_lps_mm)) <= abs(slices.step) / 2 + 1e-6
        x, y = ws.viewing.view(0).to_xy(finding.center_lps_mm)  # type: ignore[union-attr]
        assert (x, y) == pytest.approx((200, 200))
        np.testing.assert_allclose(ws.crosshair_lps, finding.center_lps_mm)
    assert seen == ["f0", "f1", "f2", "f0"]
    ws.next_finding(-1)
    assert ws.results.chosen == ("ct", "f2")


def test_accept_goes_on_and_can_be_undone() -> None:
    ws = with_findings()
    ws.next_finding()
    ws.review_finding("accepted", go_on=True)
    assert ws.results.chosen == ("ct", "f1")
    ws.review_finding("rejected", go_on=True)
    assert [f.review.state for f in ws.results.findings("ct")] == ["accepted", "rejected", "open"]
    assert ws.results.reviewed("ct") == (2, 3)
    assert ws.undo.undo_name is not None and ws.undo.undo_name.zh == "拒绝"
    ws.undo.undo()
    assert [f.review.state for f in ws.results.findings("ct")] == ["accepted", "open", "open"]


def test_edited_findings_say_so() -> None:
    from medviewer.workspace import finding_navigation

    ws = with_findings()
    finding_navigation.edit(ws, "ct", "f1", label="Granuloma")
    found = ws.results.get("ct", "f1")
    assert found is not None and (found.label, found.review.state) == ("Granuloma", "edited")
    ws.undo.undo()
    found = ws.results.get("ct", "f1")
    assert found is not None and (found.label, found.review.state) == ("Nodule", "open")


def test_a_second_run_of_the_same_model_takes_the_place_of_the_first() -> None:
    ws = with_findings()
    ws.results.add("ct", phantoms.result(phantoms.finding("new", (0, 0, 0))))
    assert [f.id for f in ws.results.findings("ct")] == ["new"]


def test_a_map_is_put_over_a_series_and_taken_away() -> None:
    ws = with_findings()
    told: list[str] = []
    ws.results.map_changed.connect(told.append)
    volume = ws.volumes["ct"].volume
    ws.results.show_map(
        "ct", SaliencyMap(np.zeros(volume.array.shape, np.float32), volume.geometry, "x", "m", "l", 8, "mm")
    )
    ws.results.show_map("ct", None)
    assert told == ["ct", "ct"] and ws.results.map_of("ct") is None


def test_marks_and_reviews_survive_a_kill(tmp_path: Path) -> None:
    script = textwrap.dedent("""
        import sys, time
        from pathlib import Path
        from medviewer.workspace.journal import Journal
        from medviewer.workspace.tools import make
        from tests.workspace.test_findings_and_journal import with_findings
        from tests.workspace.test_tools_and_marks import drag
        ws = with_findings()
        Journal(Path(sys.argv[1])).restore(ws)
        drag(make("length", ws, 0), (100, 100), (200, 100))
        drag(make("length", ws, 0), (100, 150), (200, 150))
        ws.undo.undo()
        drag(make("ellipse", ws, 0), (100, 100), (200, 160))
        ws.next_finding(); ws.review_finding("accepted")
        print("ready", flush=True)
        time.sleep(60)
    """)
    file = tmp_path / "journal" / "session.jsonl"
    root = Path(__file__).resolve().parents[2]
    process = subprocess.Popen([sys.executable, "-c", script, str(file)], stdout=subprocess.PIPE, cwd=root)
    assert process.stdout is not None and process.stdout.readline().strip() == b"ready"
    os.kill(process.pid, signal.SIGKILL)
    process.wait()
    with file.open("a") as torn:
        torn.write('{"do":"mark","mark":{"id":"hal')
    ws = with_findings()
    kept = Journal(file).restore(ws)
    assert not kept.clean
    assert [m.kind for m in ws.marks.of("ct")] == ["length", "ellipse"]
    assert ws.marks.of("ct")[1].statistics["n"] > 100
    assert ws.results.findings("ct")[0].review.state == "accepted"


def test_the_journal_is_shortened_and_a_clean_end_is_known(tmp_path: Path) -> None:
    file = tmp_path / "j.jsonl"
    ws = phantoms.workspace(ct=phantoms.ct())
    journal = Journal(file)
    journal.restore(ws)
    for n in range(10):
        drag(make("length", ws, 0), (100, 100 + n), (200, 100 + n))
        if n < 9:
            ws.delete_selected()
    journal.keep_session(session.session_of(ws))
    journal.close()
    long = file.stat().st_size
    assert read(file).clean
    again = phantoms.workspace(ct=phantoms.ct())
    kept = Journal(file).restore(again)
    assert kept.clean and kept.session is not None
    assert len(again.marks.of("ct")) == 1 and file.stat().st_size < long


def test_a_full_disk_does_not_stop_the_reader(tmp_path: Path) -> None:
    blocked = tmp_path / "file"
    blocked.write_text("x")
    ws = phantoms.workspace(ct=phantoms.ct())
    journal = Journal(blocked / "journal.jsonl")
    journal.restore(ws)
    drag(make("length", ws, 0), (100, 100), (200, 100))
    assert ws.marks.of("ct") and journal.fault is not None


def test_a_session_comes_back() -> None:
    volume = phantoms.ct()
    ws = phantoms.workspace(ct=volume)
    ws.viewing.apply_preset(0, 1)
    ws.viewing.zoom(0, 2, (100, 100))
    ws.viewing.scroll(1, 7)
    ws.set_active(1)
    told = session.session_of(ws)
    again = Workspace()
    again.studies.add(phantoms.info("ct", volume))
    wanted: list[str] = []
    again.series_wanted.connect(lambda key, first: wanted.append(key))
    session.restore(again, told)
    assert wanted == ["ct"] and again.layout.name == "3+1" and again.active_pane == 1
    again.add_volume("ct", volume)
    for index in range(3):
        again.viewing.resize(index, 400, 400)
        np.testing.assert_allclose(again.panes[index].center, ws.panes[index].center)
    assert again.viewing.window(0) == ws.viewing.window(0)
    assert session.session_of(again)["panes"] == told["panes"]


@pytest.mark.parametrize(
    "broken", [{}, {"version": 1, "panes": [{"key": "ct"}], "layout": "9x9", "active": 77}, {"version": 9}]
)
def test_a_broken_session_is_passed_over(broken: dict[str, object]) -> None:
    ws = phantoms.workspace(ct=phantoms.ct())
    session.restore(ws, broken)
    assert ws.layout.name == "3+1"
