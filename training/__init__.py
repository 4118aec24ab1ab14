"""Makes the models: prepare, train, evaluate, export, package. Needs the `train` extra."""
