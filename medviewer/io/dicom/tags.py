"""The elements that a header scan keeps, by DICOM keyword (PS3.6)."""

from __future__ import annotations

PIXELS = (0x7FE00008, 0x7FE00009, 0x7FE00010)
"""FloatPixelData, DoubleFloatPixelData, PixelData."""
TRANSFER_SYNTAX = 0x00020010

KEYWORDS: dict[int, str] = {
    0x00080005: "SpecificCharacterSet", 0x00080008: "ImageType", 0x00080016: "SOPClassUID",
    0x00080018: "SOPInstanceUID", 0x00080020: "StudyDate", 0x00080021: "SeriesDate", 0x00080030: "StudyTime",
    0x00080031: "SeriesTime", 0x00080022: "AcquisitionDate", 0x0008002A: "AcquisitionDateTime",
    0x00080032: "AcquisitionTime", 0x00080033: "ContentTime", 0x00080060: "Modality", 0x00080070: "Manufacturer",
    0x00081030: "StudyDescription", 0x0008103E: "SeriesDescription", 0x00082144: "RecommendedDisplayFrameRate",
    0x00089215: "DerivationCodeSequence", 0x00089208: "ComplexImageComponent", 0x00081090: "ManufacturerModelName",
    0x00100010: "PatientName", 0x00100020: "PatientID", 0x00100040: "PatientSex", 0x00101010: "PatientAge",
    0x00101020: "PatientSize", 0x00101030: "PatientWeight", 0x00180015: "BodyPartExamined",
    0x00180020: "ScanningSequence", 0x00180024: "SequenceName", 0x00180040: "CineRate", 0x00180050: "SliceThickness",
    0x00180080: "RepetitionTime", 0x00180081: "EchoTime", 0x00180082: "InversionTime", 0x00180086: "EchoNumbers",
    0x00180088: "SpacingBetweenSlices", 0x00181060: "TriggerTime", 0x00181063: "FrameTime",
    0x00181065: "FrameTimeVector", 0x00181114: "EstimatedRadiographicMagnificationFactor",
    0x00181120: "GantryDetectorTilt", 0x00181164: "ImagerPixelSpacing", 0x00181210: "ConvolutionKernel",
    0x00181314: "FlipAngle", 0x00182010: "NominalScannedPixelSpacing", 0x00185100: "PatientPosition",
    0x00186011: "SequenceOfUltrasoundRegions", 0x00189073: "AcquisitionDuration", 0x00189087: "DiffusionBValue",
    0x00189089: "DiffusionGradientOrientation", 0x00181081: "LowRRValue", 0x00189075: "DiffusionDirectionality",
    0x0020000D: "StudyInstanceUID", 0x0020000E: "SeriesInstanceUID", 0x00200011: "SeriesNumber",
    0x00200012: "AcquisitionNumber", 0x00200013: "InstanceNumber", 0x00200020: "PatientOrientation",
    0x00200032: "ImagePositionPatient", 0x00200037: "ImageOrientationPatient", 0x00200052: "FrameOfReferenceUID",
    0x00200060: "Laterality", 0x00200100: "TemporalPositionIdentifier", 0x00200105: "NumberOfTemporalPositions",
    0x00209056: "StackID", 0x00280002: "SamplesPerPixel", 0x00280004: "PhotometricInterpretation",
    0x00280006: "PlanarConfiguration", 0x00280008: "NumberOfFrames", 0x00280009: "FrameIncrementPointer",
    0x00280010: "Rows", 0x00280011: "Columns", 0x00280030: "PixelSpacing", 0x00280034: "PixelAspectRatio",
    0x00280100: "BitsAllocated", 0x00280101: "BitsStored", 0x00280102: "HighBit", 0x00280103: "PixelRepresentation",
    0x00280120: "PixelPaddingValue", 0x00280121: "PixelPaddingRangeLimit", 0x00280301: "BurnedInAnnotation",
    0x00280A02: "PixelSpacingCalibrationType", 0x00281050: "WindowCenter", 0x00281051: "WindowWidth",
    0x00281052: "RescaleIntercept", 0x00281053: "RescaleSlope", 0x00281054: "RescaleType",
    0x00281055: "WindowCenterWidthExplanation", 0x00281056: "VOILUTFunction", 0x00283000: "ModalityLUTSequence",
    0x00283010: "VOILUTSequence", 0x00409096: "RealWorldValueMappingSequence", 0x00480006: "TotalPixelMatrixColumns",
    0x0019100C: "SiemensBValue", 0x00431039: "GEBValue", 0x20011003: "PhilipsBValue",
    0x00290010: "SiemensPrivateCreator", 0x00291010: "SiemensCSAImageHeader",
    0x00540016: "RadiopharmaceuticalInformationSequence", 0x00540022: "DetectorInformationSequence",
    0x00540081: "NumberOfSlices", 0x00541000: "SeriesType", 0x00541001: "Units", 0x00541102: "DecayCorrection",
    0x00541330: "ImageIndex", 0x00541300: "FrameReferenceTime",
    0x3004000C: "GridFrameOffsetVector", 0x3004000E: "DoseGridScaling", 0x30040002: "DoseUnits",
    0x52009229: "SharedFunctionalGroupsSequence", 0x52009230: "PerFrameFunctionalGroupsSequence",
}  # fmt: skip
"""Tag -> keyword. Sequences are noted as present; their content is read by pydicom when it is needed."""

NUMERIC = {
    "SamplesPerPixel": b"US", "PlanarConfiguration": b"US", "Rows": b"US", "Columns": b"US", "BitsAllocated": b"US",
    "BitsStored": b"US", "HighBit": b"US", "PixelRepresentation": b"US", "PixelPaddingValue": b"US",
    "PixelPaddingRangeLimit": b"US", "DiffusionBValue": b"FD", "DiffusionGradientOrientation": b"FD",
    "NumberOfSlices": b"US", "ImageIndex": b"US", "TotalPixelMatrixColumns": b"UL", "FrameIncrementPointer": b"AT",
    "PhilipsBValue": b"FL", "AcquisitionDuration": b"FD",
}  # fmt: skip
"""Binary value representations, for implicit files, which do not name them."""
