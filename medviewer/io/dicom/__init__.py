"""DICOM: headers, frames, parts, geometry, pixels."""
