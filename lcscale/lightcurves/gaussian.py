"""The old name of `lcscale.simulation.gaussian`, which is the same module."""

import sys

from lcscale.simulation import gaussian

sys.modules[__name__] = gaussian
