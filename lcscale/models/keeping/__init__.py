"""Models as folders, and as a step that a catalog maps."""
