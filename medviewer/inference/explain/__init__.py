"""Why: saliency maps with the figures that say how far each can be trusted."""

from medviewer.inference.explain.explain import explain, saliency_json
from medviewer.inference.explain.explainers import Explainer, find_explainer
from medviewer.inference.explain.verdict import answers, verdict

__all__ = ["Explainer", "answers", "explain", "find_explainer", "saliency_json", "verdict"]
