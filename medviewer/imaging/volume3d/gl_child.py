"""What the probe runs in a process of its own: a sphere, then ray casting on the GPU; tells after each that
it lived.

Run by its path with the name of a VTK window class ("default": VTK's own choice). Imports nothing of the
program. Ends with 3 where the picture stays empty; where OpenGL is unusable VTK ends the process by a signal.
"""

from __future__ import annotations

import json
import sys

import vtkmodules.vtkRenderingOpenGL2 as opengl
from vtkmodules import vtkRenderingVolumeOpenGL2  # noqa: F401  (registers the GPU mapper)
from vtkmodules.vtkCommonCore import vtkUnsignedCharArray
from vtkmodules.vtkFiltersSources import vtkSphereSource
from vtkmodules.vtkImagingCore import vtkRTAnalyticSource
from vtkmodules.vtkRenderingCore import vtkActor, vtkPolyDataMapper, vtkRenderer, vtkRenderWindow, vtkVolume
from vtkmodules.vtkRenderingVolume import vtkGPUVolumeRayCastMapper

SIDE = 64


def colors(window: vtkRenderWindow) -> int:
    """How many colours the picture has."""
    window.Render()
    out = vtkUnsignedCharArray()
    window.GetPixelData(0, 0, SIDE - 1, SIDE - 1, 0, out, 0)
    return len({tuple(out.GetTuple3(n)) for n in range(out.GetNumberOfTuples())})


def main(kind: str) -> int:
    window = vtkRenderWindow() if kind == "default" else getattr(opengl, kind)()
    window.SetOffScreenRendering(1)
    window.SetSize(SIDE, SIDE)
    scene, ball, look, actor = vtkRenderer(), vtkSphereSource(), vtkPolyDataMapper(), vtkActor()
    window.AddRenderer(scene)
    look.SetInputConnection(ball.GetOutputPort())
    actor.SetMapper(look)
    scene.AddActor(actor)
    if colors(window) < 3:
        return 3
    capabilities = window.ReportCapabilities().splitlines()
    told = [line.split(":", 1)[1].strip() for line in capabilities if "renderer string" in line]
    print(json.dumps({"renderer": told[0] if told else window.GetClassName()}), flush=True)
    scene.RemoveActor(actor)
    source, mapper, volume = vtkRTAnalyticSource(), vtkGPUVolumeRayCastMapper(), vtkVolume()
    mapper.SetInputConnection(source.GetOutputPort())
    volume.SetMapper(mapper)
    volume.GetProperty().GetScalarOpacity().AddPoint(250, 1.0)
    scene.AddVolume(volume)
    scene.ResetCamera()
    print(json.dumps({"ray_casting": colors(window) > 2}), flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
