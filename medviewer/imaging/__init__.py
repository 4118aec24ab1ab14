"""Core objects to pixels: reslice, slab, colour, outlines, volume rendering. VTK, no Qt."""
