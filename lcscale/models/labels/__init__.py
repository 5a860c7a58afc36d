"""What is taught: classes, targets and the sky that they are split by."""
