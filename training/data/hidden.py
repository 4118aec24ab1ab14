"""Patients kept for judging: a table that names one of them is refused.

The list is a Markdown file of the data sets (`HIDDEN.md` beside them): under a heading `## <set>…`, one line of
patient identifiers. Prose lines name no patients by themselves; those few are repeated in `ALWAYS`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path

ALWAYS = {
    "brain_t1ce": frozenset({"fold 5"}),
    "lung_nodules": frozenset({"LIDC-IDRI-0002", "LIDC-IDRI-0003", "Lung_Dx-A0002"}),
}
"""Hidden whether or not the list is at hand."""


class HiddenPatientError(ValueError):
    """A training table names a patient kept for judging."""


def hidden_patients(list_file: Path | None, of_set: str) -> frozenset[str]:
    """Identifiers hidden for a set ("lung_nodules", "chest_xray/kermany", …), from the list where there is one."""
    found = set(ALWAYS.get(of_set, frozenset()))
    if list_file is None or not list_file.is_file():
        return frozenset(found)
    for block in re.split(r"^## ", list_file.read_text(encoding="utf-8"), flags=re.MULTILINE)[1:]:
        heading, _, body = block.partition("\n")
        if heading.split(":")[0].strip() == of_set:
            found.update(body.split())
    return frozenset(found)


def list_beside(data: Path) -> Path | None:
    """The nearest HIDDEN.md in the set's folder or the three above it."""
    for folder in (data, *data.resolve().parents[:3]):
        if (folder / "HIDDEN.md").is_file():
            return folder / "HIDDEN.md"
    return None


def refuse_hidden(patients: Iterable[str], data: Path, of_set: str) -> None:
    """Raises HiddenPatientError (with the count, never the names) where a patient of the table is hidden."""
    hidden = hidden_patients(list_beside(data), of_set)
    if named := hidden & set(patients):
        raise HiddenPatientError(f"{of_set}: {len(named)} patients kept for judging are in the table")
