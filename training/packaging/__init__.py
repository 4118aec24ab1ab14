"""Writes model packages: graph, weights, description, card, golden data and checksums in one folder."""
