"""Files to core objects and back."""
