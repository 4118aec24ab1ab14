"""What the program speaks about: geometry, volumes, planes, findings, errors, jobs. numpy only."""
