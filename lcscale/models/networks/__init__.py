"""Networks, found by name in one table (`table.py`)."""

from lcscale.models.networks.network import Network as Network
from lcscale.models.networks.table import register as register
