"""Reading the training sets: tables, splits, patients kept for judging, prepared arrays."""
