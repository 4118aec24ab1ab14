"""MedViewer: a viewer for radiological images with models that run on the machine itself.

For research and teaching only - not for diagnosis.
"""

import os

# onnxruntime starts a telemetry thread while it is imported; only this variable, set before, stops it.
os.environ["ORT_DISABLE_TELEMETRY"] = "1"

__version__ = "0.1.0"
