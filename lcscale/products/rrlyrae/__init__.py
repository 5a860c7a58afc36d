"""RR Lyrae stars: denoised Fourier parameters, metallicities, distances."""

from lcscale.products.rrlyrae.answers import Choice
from lcscale.products.rrlyrae.catalogue import rrlyrae_metallicities
from lcscale.products.rrlyrae.distances import Distances
from lcscale.products.rrlyrae.metallicities import FourierPopulation, Metallicities
from lcscale.products.rrlyrae.model import RRLyraeModel
from lcscale.products.rrlyrae.relations import relations

__all__ = [
    "Choice",
    "Distances",
    "FourierPopulation",
    "Metallicities",
    "RRLyraeModel",
    "relations",
    "rrlyrae_metallicities",
]
