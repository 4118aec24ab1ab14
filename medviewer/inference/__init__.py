"""Models that run on this machine: packages, devices, tiles, tasks, explanations. No torch."""
