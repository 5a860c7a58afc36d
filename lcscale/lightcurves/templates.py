"""The old name of `lcscale.simulation.templates`, which is the same module."""

import sys

from lcscale.simulation import templates

sys.modules[__name__] = templates
