"""The browser: what is listed, found, marked, refused."""

from __future__ import annotations

from pathlib import Path

import pytest
from PySide6.QtGui import QImage
from PySide6.QtWidgets import QApplication

from medviewer.core.report import GeometryReport, ReportItem
from medviewer.core.words import Words
from medviewer.io.study import Index, PatientInfo, Refused, SeriesInfo
from medviewer.ui.browser import model
from tests.window_fixtures import Opened
from tests.window_kit import film, phantom_ct, wait


def _series(key: str, **more: object) -> SeriesInfo:
    made = SeriesInfo(key, key, 1, "CT", "Lung, thin", "volume", 10, (64, 64, 10), spacing_mm=(1, 1, 1.1),
                      patient_name="Wang^Xiaodong=王^小东", patient_id="P-77", date="20260314", study_uid="s1")  # fmt: skip
    for name, value in more.items():
        setattr(made, name, value)
    return made


@pytest.mark.parametrize(
    "text", ["wang", "xiaodong wang", "WX", "王小东", "p-77", "2026-03-14", "20260314", "lung ct"]
)
def test_search_finds_by_name_initials_id_date_and_text(text: str) -> None:
    assert model.matches(_series("a"), text)


def test_search_misses_what_is_not_there() -> None:
    assert not model.matches(_series("a"), "wang liver")


def test_names_are_read_in_the_reader_s_script() -> None:
    words = model.patient_name(PatientInfo("Wang^Xiaodong=王^小东", "P-77"))
    assert (words.en, words.zh) == ("Wang Xiaodong", "王小东")
    assert model.patient_name(PatientInfo(None, "P-77")).en == "P-77"
    assert model.patient_name(PatientInfo(None, None)) == model.NO_NAME


def test_lights_come_with_words() -> None:
    tilt = ReportItem("tilt", Words("Tilt 12° put right", "倾斜 12° 已校正"))
    assert model.light_words(_series("a")) == model.RIGHT
    assert (
        model.light_words(_series("a", report=GeometryReport("amber", items=(tilt,)))).en
        == "Tilt 12° put right"
    )
    assert model.light_words(_series("a", report=GeometryReport("red"))) == model.STACK
    assert (
        set(model.LIGHTS) == {"green", "amber", "red"}
        and len({icon for icon, _ in model.LIGHTS.values()}) == 3
    )


def test_tree_keeps_pictures_and_counts_over_a_refill(qapp: QApplication) -> None:
    tree = model.BrowserModel()
    index = Index.of([_series("a"), _series("b", study_uid="s2", date="20250101")], [])
    tree.fill(index)
    tree.set_picture("a", QImage(4, 4, QImage.Format.Format_Grayscale8))
    tree.set_findings("a", 4)
    tree.fill(index)
    item = tree.item_of("a")
    assert item is not None and item.data(model.PICTURE) is not None and item.data(model.FINDINGS) == 4
    studies = [tree.index(0, 0).child(n, 0) if hasattr(tree.index(0, 0), "child") else tree.index(n, 0, tree.index(0, 0))
               for n in range(2)]  # fmt: skip
    assert [s.data(model.WHEN) for s in studies] == [model.NOW, model.PRIOR]
    tree.fill(index, "20250101")
    assert tree.item_of("a") is None and tree.item_of("b") is not None


def test_refused_files_are_counted_and_listed_with_reasons(open_window: Opened, tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    phantom_ct(tmp_path / "in")
    (tmp_path / "in" / "cut.nii.gz").write_bytes(b"\x1f\x8b\x08\x00 cut off")
    window = open_window(tmp_path / "in")
    wait(lambda: not window.jobs.running and not window.browser._soon.isActive(), 20)
    assert window.browser.refused_button.isVisible()
    assert window.browser.refused_button.text() == "Opened; 1 file refused"
    assert window.browser.refused.rows.item(0, 0).text().endswith("cut.nii.gz")
    assert window.browser.refused.rows.item(0, 1).text()


def test_thumbnails_arrive_and_the_rail_shows_them(open_window: Opened, tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    phantom_ct(tmp_path / "in")
    film(tmp_path / "in")
    window = open_window(tmp_path / "in")
    keys = [s.key for s in window.workspace.studies.images()]
    wait(lambda: all(window.browser.model.picture_of(key) is not None for key in keys), 20)
    window.actions_.run("panel.browser")
    assert window.browser.is_rail and window.browser.width() == 48


def test_refused_sentence_is_a_words() -> None:
    assert Refused("a", "input.text", Words("Not an image.", "不是图像。")).sentence.zh
