"""As much of JSON Schema as our schemas use; says where a value does not fit."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).resolve().parents[2] / "resources" / "schemas"
TYPES = {
    "object": dict, "array": list, "string": str, "boolean": bool, "null": type(None), "number": (int, float), "integer": int,
}  # fmt: skip
KNOWN = {
    "type", "const", "enum", "required", "properties", "additionalProperties", "items", "minItems", "maxItems",
    "minimum", "maximum", "pattern", "anyOf", "$ref", "$defs", "$schema", "$id", "title", "description",
}  # fmt: skip


def check(value: Any, name: str) -> None:
    """Raise AssertionError where `value` does not fit resources/schemas/<name>.schema.json."""
    root = json.loads((FOLDER / f"{name}.schema.json").read_text(encoding="utf-8"))
    _check(json.loads(json.dumps(value, allow_nan=False)), root, root, name)


def _check(value: Any, schema: dict[str, Any], root: dict[str, Any], where: str) -> None:
    assert set(schema) <= KNOWN, f"{where}: the check does not know {set(schema) - KNOWN}"
    if "$ref" in schema:
        _check(value, root["$defs"][schema["$ref"].rsplit("/", 1)[1]], root, where)
    if "type" in schema:
        kinds = schema["type"] if isinstance(schema["type"], list) else [schema["type"]]
        fits = any(
            isinstance(value, TYPES[k]) and (k == "boolean" or not isinstance(value, bool)) for k in kinds
        )
        assert fits, f"{where}: {value!r:.60} is no {kinds}"
    if "const" in schema:
        assert value == schema["const"], where
    if "enum" in schema:
        assert value in schema["enum"], f"{where}: {value!r}"
    if "pattern" in schema and isinstance(value, str):
        assert re.search(schema["pattern"], value), f"{where}: {value!r}"
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        assert schema.get("minimum", value) <= value <= schema.get("maximum", value), f"{where}: {value}"
    if isinstance(value, dict):
        missing = set(schema.get("required", ())) - set(value)
        assert not missing, f"{where} lacks {missing}"
        known = schema.get("properties", {})
        for key, part in value.items():
            more = schema.get("additionalProperties", True)
            if key in known:
                _check(part, known[key], root, f"{where}.{key}")
            else:
                assert more is not False, f"{where} has {key}"
                if isinstance(more, dict):
                    _check(part, more, root, f"{where}.{key}")
    if isinstance(value, list):
        assert schema.get("minItems", 0) <= len(value) <= schema.get("maxItems", len(value)), where
        for n, part in enumerate(value):
            _check(part, schema.get("items", {}), root, f"{where}[{n}]")
    if "anyOf" in schema:
        faults = []
        for way in schema["anyOf"]:
            try:
                _check(value, way, root, where)
                return
            except AssertionError as fault:
                faults.append(str(fault))
        raise AssertionError(f"{where}: none of {faults}")
