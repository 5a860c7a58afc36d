"""Features of light curves: statistics, trends, Fourier decomposition."""

from lcscale.features.catalogue import FAMILIES, FEATURES, NAMES, OPTIONAL, PAIR_FEATURES
from lcscale.features.declaration import Family, Feature
from lcscale.features.extraction import extract
from lcscale.features.step import Extract

__all__ = ["FAMILIES", "FEATURES", "NAMES", "OPTIONAL", "PAIR_FEATURES", "Extract", "Family", "Feature", "extract"]
