"""Volumes in files of research: NIfTI, NRRD, MetaImage. Headers are read here, without other packages."""
