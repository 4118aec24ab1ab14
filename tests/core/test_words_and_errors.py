"""Texts in both languages, numbers with units, faults and their exit codes, findings and reports."""

from __future__ import annotations

from datetime import datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from medviewer.core.errors import Cancelled, MedViewerError
from medviewer.core.finding import Finding, Source
from medviewer.core.report import GeometryReport, ReportItem
from medviewer.core.units import (
    MINUS,
    angle_text,
    area_text,
    length_text,
    position_text,
    signed,
    value_text,
)
from medviewer.core.words import NOT_FOR_DIAGNOSIS, Words, same


def test_words():
    both = Words("{n} slices of {what}", "{what}共 {n} 层")
    told = both.format(n=3, what=Words("CT", "断层"))
    assert (told.en, told.zh) == ("3 slices of CT", "断层共 3 层")
    assert told.text("zh") == told.zh and told.text() == str(told) == told.en
    assert same("HU") == Words("HU", "HU")
    assert NOT_FOR_DIAGNOSIS.zh


@pytest.mark.parametrize(
    "code, exit_code",
    [
        ("usage.x", 2),
        ("input.truncated", 3),
        ("fit", 4),
        ("package.pickle", 5),
        ("resource.disk", 6),
        ("what", 1),
    ],
)
def test_exit_codes(code, exit_code):
    fault = MedViewerError(code, "plain text")
    assert fault.exit_code == exit_code and fault.sentence.zh == "plain text"
    assert str(fault) == f"{code}: plain text"


def test_cancelled_is_told_too():
    assert Cancelled().exit_code == 7 and Cancelled().sentence.zh == "已取消。"
    assert MedViewerError("input.x", Words("a", "b"), Words("c", "d"), "e").hint.en == "c"


def test_numbers_with_units():
    assert signed(-3.04, 1) == f"{MINUS}3.0" and signed(-0.04, 1) == "0.0" and signed(12) == "12"
    assert (
        length_text(9.96) == "10.0 mm" and length_text(123.4) == "123 mm" and length_text(7, "px") == "7.0 px"
    )
    assert area_text(99.4) == "99 mm²" and area_text(250) == "2.5 cm²" and area_text(250, "px") == "250 px²"
    assert angle_text(12.34) == "12.3°"
    assert value_text(None, "HU") == "–" and value_text(-812.4, "HU") == f"{MINUS}812 HU"
    assert value_text(0.01234, "g/ml") == "0.0123 g/ml" and value_text(7.0, "") == "7"
    assert value_text(12.345, "SUV") == "12.3 SUV" and value_text(1234.5, "a.u.") == "1234 a.u."
    assert value_text(0.0, "HU") == "0 HU" and value_text(3e-12, "x").endswith(" x")
    assert value_text(2e6, "Bq").startswith("2000000")
    assert position_text((-82.04, -14, 206)) == "R 82.0  A 14.0  H 206.0 mm"
    assert position_text((1, 2, -3)) == "L 1.0  P 2.0  F 3.0 mm"


@given(st.floats(-1e6, 1e6), st.integers(0, 4))
def test_signed_never_writes_a_minus_before_zero(value, digits):
    text = signed(value, digits)
    assert "-" not in text
    number = float(text.replace(MINUS, "-"))
    assert number == pytest.approx(value, abs=0.51 * 10**-digits)
    assert not (text.startswith(MINUS) and number == 0)


def test_trust_marks():
    assert GeometryReport().words.en == "Geometry right as it is"
    item = ReportItem("tilt", Words("Tilt 12° put right", "已校正倾斜 12°"))
    assert GeometryReport("amber", 12, items=(item,)).words == item.sentence
    assert "pixels" in GeometryReport("red").words.en


def test_review_makes_a_new_finding():
    finding = Finding(
        "f",
        "lesion",
        "Nodule",
        None,
        0.5,
        False,
        None,
        None,
        None,
        None,
        None,
        "HU",
        None,
        Source("model", "m"),
    )
    when = datetime(2026, 1, 2)
    accepted = finding.reviewed("accepted", "reader", when)
    assert finding.review.state == "open" and accepted.review.state == "accepted"
    assert (accepted.review.by, accepted.review.when, accepted.id) == ("reader", when, "f")
