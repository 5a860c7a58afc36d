"""The old name of `lcscale.simulation.synthesis`, which is the same module."""

import sys

from lcscale.simulation import synthesis

sys.modules[__name__] = synthesis
