"""Siemens mosaics: the slices of one volume as tiles of one image (CSA header, as dcm2niix and nibabel read it)."""

from __future__ import annotations

import struct

import numpy as np

from medviewer.io.dicom.instance import Frame, Instance, orientation, pair, traits_of, triple

CSA_IMAGE = (0x0029, 0x1010)


def frames_of(instance: Instance) -> list[Frame]:
    """One frame for each tile, at its place; an empty list where the CSA header does not say how they lie."""
    header = instance.header
    csa = csa_fields(header.bytes("SiemensCSAImageHeader"))
    counted = csa.get("NumberOfImagesInMosaic") or [""]
    normal = triple([float(v) for v in csa.get("SliceNormalVector", []) if v.strip()])
    first, turn = (
        triple(header.floats("ImagePositionPatient")),
        orientation(header.floats("ImageOrientationPatient")),
    )
    spacing, step = pair(header.floats("PixelSpacing")), header.number("SpacingBetweenSlices")
    if not counted[0].strip().isdigit() or first is None or turn is None or spacing is None or not step:
        return []
    count = int(counted[0])
    across = int(np.ceil(np.sqrt(count)))
    columns, rows = instance.columns // across, instance.rows // across
    if count < 1 or min(columns, rows) < 1:
        return []
    x, y = np.array(turn[:3]), np.array(turn[3:])
    along = np.array(normal) if normal is not None else np.cross(x, y)
    # The header's position is the corner that one slice as large as the whole mosaic would have.
    corner = np.array(first)
    corner = (
        corner
        + x * spacing[1] * (instance.columns - columns) / 2
        + y * spacing[0] * (instance.rows - rows) / 2
    )
    slope, intercept = instance.rescale()
    found = []
    for n in range(count):
        frame = Frame(instance, 0)
        px, py, pz = corner + along * (step * n)
        frame.position, frame.orientation, frame.spacing = (float(px), float(py), float(pz)), turn, spacing
        frame.slope, frame.intercept = slope, intercept
        frame.tile, frame.size = ((n % across) * columns, (n // across) * rows), (columns, rows)
        frame.traits = traits_of(header)
        found.append(frame)
    return found


def csa_fields(raw: bytes) -> dict[str, list[str]]:
    """Name -> values of a Siemens CSA header (versions 1 and 2); what can't be followed ends the reading."""
    found: dict[str, list[str]] = {}
    try:
        second = raw[:4] == b"SV10"
        pos = 8 if second else 0
        count = struct.unpack_from("<I", raw, pos)[0]
        pos += 8
        limit = 0
        for n in range(min(count, 1024)):
            name = raw[pos : pos + 64].split(b"\0")[0].decode("latin-1")
            items = struct.unpack_from("<I", raw, pos + 76)[0]
            pos += 84
            values = []
            for m in range(min(items, 4096)):
                header = struct.unpack_from("<4I", raw, pos)
                if second:
                    length = header[1]
                else:
                    if n == 0 and m == 0:
                        limit = header[0]
                    length = header[0] - limit
                    if not 0 <= length <= len(raw):
                        return found
                pos += 16
                values.append(raw[pos : pos + length].split(b"\0")[0].decode("latin-1").strip())
                pos += (length + 3) // 4 * 4
            found[name] = [v for v in values if v]
    except struct.error:
        pass
    return found
