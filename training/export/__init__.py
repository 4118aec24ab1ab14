"""From a torch network to one self-contained ONNX graph that gives scores and saliency maps without torch."""
