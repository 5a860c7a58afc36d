"""Forests on numbers, without images."""
