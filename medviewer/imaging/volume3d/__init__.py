"""Volume rendering off screen, on a ladder: GPU, software OpenGL, and a rotating MIP without any OpenGL."""
