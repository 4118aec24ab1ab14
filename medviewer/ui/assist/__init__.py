"""The Assist panel: models, findings, segments, why."""
