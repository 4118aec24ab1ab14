"""What is open and how it is looked at. Evented (psygnal), no widgets."""
