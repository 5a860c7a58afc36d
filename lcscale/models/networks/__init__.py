"""Networks, found by name in one table (`table.py`)."""

from lcscale.models.networks.network import AnyNetwork
from lcscale.models.networks.network import Network as Network


def register(network: AnyNetwork) -> AnyNetwork:
    """Put a network of one's own into the table, as a decorator of its class; an `InputError` if the name is taken."""
    from lcscale.models.networks import table  # not before: its networks and trees import this package

    return table.register(network)
