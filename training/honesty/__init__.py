"""How far the maps of a model can be trusted, measured over many images of the validation split.

`likeness` to the maps of a network whose weights are drawn anew, and the pointing game against a fixed guess. The
figures have one meaning everywhere: they go into viewer.json ("honesty") and stand beside every map.
"""
