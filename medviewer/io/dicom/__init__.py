"""DICOM: headers, index, pixels, values, geometry reports."""
