"""The old name of `lcscale.simulation.population`, which is the same module."""

import sys

from lcscale.simulation import population

sys.modules[__name__] = population
