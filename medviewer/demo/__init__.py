"""Three synthetic studies, made on this machine: what the demo opens and the models run on."""
