"""Splitting a series into what can be shown as one: sizes, orientations, echoes, b-values, phases, times."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Hashable
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any

import numpy as np

from medviewer.io.dicom.instance import SINGLE_TRAITS, Frame
from medviewer.io.dicom.stacking import SAME_PLACE_MM, along

SAME_TURN = 5e-3
"""Largest difference of direction cosines that count as one orientation."""


@dataclass(eq=False)
class Part:
    """Frames that belong together. kind: "place" (each at its own place), "time" (all at one), "plain" (no place)."""

    frames: list[Frame]
    traits: dict[str, Any] = field(default_factory=dict)
    kind: str = "plain"
    duplicates: int = 0


def split(frames: list[Frame]) -> list[Part]:
    """The parts of one series, in a fixed order that does not depend on the order of files."""
    frames = sorted(frames, key=lambda f: (f.instance.number, f.instance.sop_uid, f.index))
    frames, doubled = _without_doubles(frames)
    parts = []
    for traits, group in _by_make(frames):
        parts += _by_place(group, traits)
    if doubled and parts:
        for name, count in doubled.items():
            owner = next((p for p in parts if any(f.instance.sop_uid == name for f in p.frames)), parts[0])
            owner.duplicates += count
    return _told_apart(parts)


def _without_doubles(frames: list[Frame]) -> tuple[list[Frame], Counter[str]]:
    """Files with the SOP instance UID of another: kept once."""
    seen: dict[str, int] = {}
    kept, doubled = [], Counter[str]()
    for frame in frames:
        uid = frame.instance.sop_uid
        if uid and seen.setdefault(uid, id(frame.instance)) != id(frame.instance):
            doubled[uid] += frame.index == 0
            continue
        kept.append(frame)
    return kept, doubled


def _by_make(frames: list[Frame]) -> list[tuple[dict[str, Any], list[Frame]]]:
    """Groups of one matrix, colour, sample type, orientation and pixel spacing, with what differs between them."""
    turns: list[tuple[float, ...]] = []
    spaces = Counter(f.instance.header.text("FrameOfReferenceUID") for f in frames)
    by_place = len(spaces) > 1 and min(spaces.values()) > 1  # positions of two spaces can't be compared
    stacks = Counter(str(f.traits.get("StackID")) for f in frames)
    by_stack = len(stacks) > 1 and min(stacks.values()) > 1  # frames that belong together (C.7.6.16.2.2.4)
    groups: dict[Hashable, list[Frame]] = defaultdict(list)
    describe: dict[Hashable, dict[str, Any]] = {}
    for frame in frames:
        instance = frame.instance
        turn = -1
        if frame.orientation is not None and frame.position is not None:
            turn = next((n for n, t in enumerate(turns) if _near(t, frame.orientation)), -1)
            if turn < 0:
                turns.append(frame.orientation)
                turn = len(turns) - 1
        spacing = tuple(round(s, 4) for s in frame.spacing) if frame.spacing else None
        localizer = "LOCALIZER" in instance.image_type
        place = instance.header.text("FrameOfReferenceUID") if by_place else ""
        key = (
            place,
            str(frame.traits.get("StackID")) if by_stack else "",
            frame.size,
            instance.is_color,
            str(instance.dtype),
            turn,
            spacing,
            localizer,
            frame.position is None,
        )
        groups[key].append(frame)
        if key not in describe:
            describe[key] = {
                "StackID": _plain(frame.traits.get("StackID")) if by_stack else None,
                "Columns": frame.size[0], "Rows": frame.size[1],
                "SamplesPerPixel": 3 if instance.is_color else 1, "PixelType": str(instance.dtype),
                "ImageOrientationPatient": [round(v, 4) for v in turns[turn]] if turn >= 0 else None,
                "PixelSpacing": list(spacing) if spacing else None, "Localizer": localizer,
                "FrameOfReferenceUID": place or None, "Position": frame.position is not None,
            }  # fmt: skip
    names = _fewest(list(describe.values()))
    return [({n: describe[key][n] for n in names}, group) for key, group in groups.items()]


def _fewest(described: list[dict[str, Any]]) -> list[str]:
    """Names that together tell all of them apart, taken in order, each only where it adds to it."""
    chosen: list[str] = []
    told = 1
    for name in next(iter(described), {}):
        apart = len({str([d[n] for n in (*chosen, name)]) for d in described})
        if apart > told:
            chosen, told = [*chosen, name], apart
    return chosen


def _near(a: tuple[float, ...], b: tuple[float, ...]) -> bool:
    return max(abs(x - y) for x, y in zip(a, b, strict=True)) < SAME_TURN


def _by_place(frames: list[Frame], traits: dict[str, Any]) -> list[Part]:
    if frames[0].position is None or frames[0].orientation is None:
        return _without_place(frames, traits)
    if "LOCALIZER" in frames[0].instance.image_type:
        return [Part([f], {**traits, "InstanceNumber": f.instance.number}) for f in frames]
    return _resolve(frames, traits, 0)


def _without_place(frames: list[Frame], traits: dict[str, Any]) -> list[Part]:
    """Multi-frame files and projection images each stand alone; other single images make one stack."""
    by_file: dict[int, list[Frame]] = defaultdict(list)
    for frame in frames:
        by_file[id(frame.instance)].append(frame)
    alone = [g for g in by_file.values() if g[0].instance.stands_alone]
    rest = [g[0] for g in by_file.values() if not (g[0].instance.stands_alone)]
    parts = [
        Part(g, {**traits, "InstanceNumber": g[0].instance.number} if len(by_file) > 1 else traits)
        for g in alone
    ]
    if rest:
        parts.append(Part(rest, traits))
    return parts


def _places(frames: list[Frame]) -> list[int]:
    """Number of the place of each frame, equal where they lie within SAME_PLACE_MM along the normal and across."""
    depth = along(frames)
    order = np.argsort(depth, kind="stable")
    spots = np.array([f.position for f in frames])
    numbers = [0] * len(frames)
    current = 0
    for before, after in pairwise(order.tolist()):
        if depth[after] - depth[before] > SAME_PLACE_MM or np.abs(spots[after] - spots[before]).max() > 0.5:
            current += 1
        numbers[after] = current
    return numbers


def _resolve(frames: list[Frame], traits: dict[str, Any], depth: int) -> list[Part]:
    places = _places(frames)
    counts = Counter(places)
    most = max(counts.values())
    if most == 1:
        return [Part(frames, traits, "place" if len(frames) > 1 else "plain")]
    if len(counts) == 1:
        return _in_time(frames, traits)
    if depth < 4:
        name = _best_trait(frames, places, most)
        if name:
            groups: dict[Any, list[Frame]] = defaultdict(list)
            for frame in frames:
                groups[frame.traits.get(name)].append(frame)
            parts = []
            for value in sorted(groups, key=lambda v: (v is None, str(type(v)), _sortable(v))):
                parts += _resolve(groups[value], {**traits, name: _plain(value)}, depth + 1)
            return parts
    return _by_order(frames, places, traits, most)


def _in_time(frames: list[Frame], traits: dict[str, Any]) -> list[Part]:
    """Frames at one place: kinds of image apart (where each has several), each a series in time."""
    for name in ("ImageType", "FrameType", "ComplexImageComponent", "EchoNumbers", "EffectiveEchoTime"):
        groups: dict[Any, list[Frame]] = defaultdict(list)
        for frame in frames:
            groups[frame.traits.get(name)].append(frame)
        if len(groups) > 1 and min(len(g) for g in groups.values()) > 1:
            return [
                Part(groups[v], {**traits, name: _plain(v)}, "time") for v in sorted(groups, key=_sortable)
            ]
    return [Part(frames, traits, "time")]


def _best_trait(frames: list[Frame], places: list[int], most: int) -> str | None:
    """The first trait by which no place recurs and that makes few groups; else the one that resolves the most."""
    names = [n for n in SINGLE_TRAITS if any(n in f.traits for f in frames)]
    names += sorted({n for f in frames for n in f.traits} - set(SINGLE_TRAITS), key=_trait_order)
    recurring = len(frames) - len(set(places))
    distinct = len(set(places))
    best, best_left = None, recurring
    for name in names:
        values = [f.traits.get(name) for f in frames]
        groups = len(set(values))
        if groups < 2 or groups > 2 * most:
            continue
        left = len(frames) - len(set(zip(values, places, strict=True)))
        smallest = min(Counter(values).values())
        if left == 0 and (smallest >= 0.2 * distinct or recurring >= 0.5 * distinct):
            return name
        if left < best_left and smallest >= 0.5 * distinct:
            best, best_left = name, left
    return best if best_left <= 0.7 * recurring else None


def _trait_order(name: str) -> tuple[int, str]:
    known = ("FrameType", "ComplexImageComponent", "EffectiveEchoTime", "DiffusionBValue", "TemporalPositionIndex",
             "NominalCardiacTriggerDelayTime", "StackID", "InversionTime", "FlipAngle")  # fmt: skip
    return (known.index(name) if name in known else len(known) + name.startswith("Dimension"), name)


def _by_order(frames: list[Frame], places: list[int], traits: dict[str, Any], most: int) -> list[Part]:
    """Recurring places that no trait explains: whole volumes one after the other, or single duplicates."""
    by_place: dict[int, list[Frame]] = defaultdict(list)
    for frame, place in zip(frames, places, strict=True):
        by_place[place].append(frame)
    full = sum(len(g) == most for g in by_place.values())
    numbers_differ = all(len({(f.instance.number, f.index) for f in g}) == len(g) for g in by_place.values())
    if full >= 0.8 * len(by_place) and numbers_differ:
        parts = []
        for rank in range(most):
            own = [g[rank] for g in by_place.values() if rank < len(g)]
            parts.append(Part(own, {**traits, "Order": rank + 1}, "place"))
        return parts
    kept = [g[0] for g in by_place.values()]
    if len(kept) < 3:  # nothing is hidden where there is no volume anyway
        return [Part(frames, traits, "time")]
    return [Part(kept, traits, "place", duplicates=len(frames) - len(kept))]


def _sortable(value: Any) -> Any:
    if isinstance(value, bytes):
        text = value.decode("latin-1").strip(" \0")
        try:
            return f"{float(text):030.10f}"
        except ValueError:
            return text
    return f"{value:030.10f}" if isinstance(value, float | int) else str(value)


def _plain(value: Any) -> Any:
    """A trait as JSON can hold it."""
    if isinstance(value, bytes):
        text = value.decode("latin-1").strip(" \0")
        if "\\" not in text:
            try:
                number = float(text)
                return int(number) if number.is_integer() else number
            except ValueError:
                pass
        return text if text.isprintable() else value.hex()
    if isinstance(value, float) and value.is_integer():
        return int(value)
    return list(value) if isinstance(value, tuple) else value


def _told_apart(parts: list[Part]) -> list[Part]:
    """Number those parts that their traits do not tell apart."""
    if len(parts) == 1:
        parts[0].traits = {}
        return parts
    same: dict[str, list[Part]] = defaultdict(list)
    for part in parts:
        same[repr(sorted(part.traits.items(), key=str))].append(part)
    for group in same.values():
        if len(group) > 1 or not group[0].traits:
            for n, part in enumerate(group, 1):
                part.traits["Part"] = n
    return parts
