"""The budget of the program: each line against a peer in the same run, on the same machine."""
