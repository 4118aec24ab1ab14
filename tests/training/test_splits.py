"""No hidden patient and no patient of two splits gets into a training."""

from __future__ import annotations

from pathlib import Path

import pytest

from training.data.hidden import HiddenPatientError, hidden_patients, list_beside, refuse_hidden
from training.data.tables import SplitError, fingerprint, read_rows, refuse_mixed

LIST = """# Patients kept for judging
Leave these out: A-9 is only prose.

## lung_nodules: 2 patients
LIDC-IDRI-0038 LIDC-IDRI-0051

## chest_xray/nih: 1 patients
00000150
"""


@pytest.fixture
def data(tmp_path: Path) -> Path:
    (tmp_path / "HIDDEN.md").write_text(LIST, encoding="utf-8")
    (tmp_path / "sets" / "lung_nodules").mkdir(parents=True)
    return tmp_path / "sets" / "lung_nodules"


def test_listed_patients_are_refused(data: Path) -> None:
    assert hidden_patients(list_beside(data), "lung_nodules") >= {"LIDC-IDRI-0038", "LIDC-IDRI-0051"}
    assert hidden_patients(list_beside(data), "chest_xray/nih") == {"00000150"}
    refuse_hidden(["LIDC-IDRI-0001", "00000150"], data, "lung_nodules")
    with pytest.raises(HiddenPatientError, match="1 patients") as caught:
        refuse_hidden(["LIDC-IDRI-0001", "LIDC-IDRI-0051"], data, "lung_nodules")
    assert "0051" not in str(caught.value)


def test_some_are_refused_without_the_list(tmp_path: Path) -> None:
    with pytest.raises(HiddenPatientError):
        refuse_hidden(["LIDC-IDRI-0002"], tmp_path, "lung_nodules")
    with pytest.raises(HiddenPatientError):
        refuse_hidden(["fold 4", "fold 5"], tmp_path, "brain_t1ce")


def test_a_patient_of_two_splits_is_refused() -> None:
    rows = [{"patient": "a", "split": "train"}, {"patient": "b", "split": "val"}]
    refuse_mixed(rows, "patient")
    with pytest.raises(SplitError):
        refuse_mixed([*rows, {"patient": "a", "split": "val"}], "patient")


def test_the_fingerprint_sees_every_byte(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"12")
    first = fingerprint([tmp_path / "a"])
    (tmp_path / "a").write_bytes(b"13")
    assert fingerprint([tmp_path / "a"]) != first


@pytest.mark.parametrize(
    ("table", "key", "of_set"),
    [
        ("lung_nodules/index.csv", "patient", "lung_nodules"),
        ("lung_nodules/negatives.csv", "patient", "lung_nodules"),
        ("chest_xray/kermany/index.csv", "patient", "chest_xray/kermany"),
        ("chest_xray/nih/nih128_index.csv", "patient", "chest_xray/nih"),
        ("chest_xray/nih/nih256_index.csv", "patient", "chest_xray/nih"),
    ],
)
def test_the_real_tables_are_clean(shared_data: Path, table: str, key: str, of_set: str) -> None:
    rows = read_rows(shared_data / table)
    assert len(hidden_patients(list_beside(shared_data / table), of_set)) > 50
    refuse_hidden((r[key] for r in rows), (shared_data / table).parent, of_set)
    refuse_mixed(rows, key)


def test_the_real_brain_folds_are_clean(shared_data: Path) -> None:
    rows = read_rows(shared_data / "brain_t1ce" / "index.csv")
    assert {r["cv_fold"] for r in rows} == {"1", "2", "3", "4"}
    refuse_hidden((f"fold {r['cv_fold']}" for r in rows), shared_data / "brain_t1ce", "brain_t1ce")
