"""What this machine has, what is missing, and the one line that puts it right."""
