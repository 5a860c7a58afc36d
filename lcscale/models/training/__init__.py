"""Fitting networks to labelled light curves."""
