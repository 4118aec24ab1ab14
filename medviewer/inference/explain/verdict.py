"""The word that follows from the honesty figures, and the four questions behind it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

Answer = Literal["yes", "barely", "no"]
Verdict = Literal["fair", "care", "no", "not measured"]


def answers(this_image: Mapping[str, Any], this_model: Mapping[str, Any]) -> dict[str, Answer | None]:
    """Yes, barely or no to each question that applies, None where a figure is missing.

    chance: better than chance? guess: better than a fixed guess? training: tied to the training?
    organ: inside the organ? (left out where there is no organ mask)
    """
    drop, mean, p95 = (this_image.get(k) for k in ("blur_drop", "random_drop_mean", "random_drop_p95"))
    found: dict[str, Answer | None] = {}
    found["chance"] = None if drop is None or mean is None or p95 is None else _step(drop > p95, drop > mean)
    gain = this_model.get("pointing_gain")
    complete = all(this_model.get(k) is not None for k in ("pointing", "pointing_chance", "pointing_gain"))
    found["guess"] = _step(gain["ci95"][0] > 0, gain["value"] > 0) if complete and gain is not None else None
    like = this_model.get("randomisation_similarity")
    found["training"] = None if like is None else _step(like["value"] <= 0.3, like["value"] <= 0.6)
    organ = this_image.get("organ_share")
    if organ is not None:
        share = this_image.get("share_in_organ")
        found["organ"] = None if share is None else _step(share >= 0.85, share >= 0.6 and share > organ)
    return found


def verdict(this_image: Mapping[str, Any], this_model: Mapping[str, Any]) -> Verdict:
    """Any No: "no"; else any figure missing: "not measured"; else any Barely: "care"; else "fair"."""
    said = answers(this_image, this_model).values()
    if "no" in said:
        return "no"
    if None in said:
        return "not measured"
    return "care" if "barely" in said else "fair"


def _step(yes: bool, barely: bool) -> Answer:
    return "yes" if yes else "barely" if barely else "no"
