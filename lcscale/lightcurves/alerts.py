"""The old name of `lcscale.simulation.alerts`, which is the same module."""

import sys

from lcscale.simulation import alerts

sys.modules[__name__] = alerts
