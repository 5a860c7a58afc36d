"""What a model answers: a class, or a value with its error. All that depends on it stands in its head."""
