"""The networks that there are, by name: what a card names is found here and nowhere else."""

from __future__ import annotations

from lcscale.models.networks.folded_images import FoldedImageNet
from lcscale.models.networks.gru import LongShortTermNet, RecurrentNet
from lcscale.models.networks.network import NETWORKS as NETWORKS
from lcscale.models.networks.network import build as build
from lcscale.models.networks.network import named as named
from lcscale.models.networks.network import register as register
from lcscale.models.networks.stacked import Stacked
from lcscale.models.networks.transformer import TransformerNet
from lcscale.models.trees.boosted import BoostedTrees
from lcscale.models.trees.extra import ExtraTrees

for each in (FoldedImageNet, RecurrentNet, LongShortTermNet, TransformerNet, BoostedTrees, ExtraTrees, Stacked):
    register(each)
