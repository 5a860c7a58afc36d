"""`Model`: networks with their card, which turn light curves into answers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from functools import cached_property, partial
from typing import Any

import numpy as np
import numpy.typing as npt
import torch

from lcscale.arrays import floats
from lcscale.kernels.threads import Lift, ProcessLimit
from lcscale.lightcurves import LightCurves
from lcscale.lightcurves.cleaning import is_none
from lcscale.models.inputs.inputs import Inputs
from lcscale.models.inputs.preparation import ALTERNATIVES, LARGEST, Preparation, gather
from lcscale.models.judging.sparsity import counts_of
from lcscale.models.keeping.card import Card
from lcscale.models.networks.network import Network

BATCH = {"cpu": 256, "cuda": 1024}
"""Objects that go through the network at a time, by the type of its device."""
GATHERED = {"cpu": 256, "cuda": 8192}
"""Objects whose inputs are made at a time."""


@dataclass(frozen=True, eq=False)
class Prediction:
    """What a model says of a batch of objects."""

    answers: npt.NDArray[np.float32]
    """float32 [n_objects, n_answers]: calibrated probabilities of the classes, or value and error; NaN for objects
    with a reason."""
    reason: npt.NDArray[np.object_]
    """Why an object has no answer, or None."""
    extrapolated: npt.NDArray[np.bool_]
    """bool [n_objects], where a number is at least 6 standard deviations from the training set's mean."""
    of_parts: npt.NDArray[np.float32] | None = None
    """float32 [n_parts, n_objects, n_answers], answers of the parts of a stacked model; None of others."""

    @property
    def probabilities(self) -> npt.NDArray[np.float32]:
        """The answers of a model of classes."""
        return self.answers


@dataclass(frozen=True, eq=False)
class Model:
    """Trained networks and their card."""

    card: Card
    """What it is."""
    network: Network
    """The first network with its weights, as they are saved."""
    others: tuple[Network, ...] = ()
    """Further members of an ensemble."""

    @cached_property
    def fused(self) -> tuple[Network, ...]:
        """All networks as they compute soonest."""
        return tuple(network.fused() for network in (self.network, *self.others))

    @property
    def classes(self) -> tuple[str, ...]:
        """Names of the taxonomy, in the order of the probabilities."""
        return self.card.classes

    @property
    def computed_on(self) -> str:
        """Device and precision of the networks."""
        device = self.network.device
        return f"{device.type} {'bfloat16' if in_bfloat16(device) else 'float32'}"

    def predict(
        self,
        lcs: LightCurves,
        period: npt.ArrayLike | None = None,
        *,
        bands: Sequence[str] | None = None,
        columns: Mapping[str, npt.NDArray[Any]] | None = None,
    ) -> Prediction:
        """Calibrated answers, and reasons where there are none.

        Parameters
        ----------
        lcs
            Any batch; its bands must be among those that the card knows.
        period
            Days, float [n_objects] or [n_objects, n_candidates]: over several candidates (the best first, NaN where
            there are no more) the answers are summed with the card's weights. NaN where there is no period.
            Models of raw light curves take none.
        bands
            The catalog's bands, where the batch may lack some; default: the batch's.
        columns
            Further numbers that the card names, where the catalog has them.
        """
        card, known = self.card, tuple(bands or lcs.bands)
        candidates = candidates_of(period, len(lcs), len(card.period_weights))
        parts = [part for network in self.fused for part in network.networks]
        scored = scores_of(parts, card.preparation, lcs, candidates, bands=known, columns=columns)
        members = self._together(scored.scores)
        counts = counts_of(lcs, card.preparation.roles)

        def answered(scores: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
            return np.stack([card.head.answers(card.head.tempered(s, counts), card.period_weights) for s in scores])

        answers = card.head.combined(answered(members))
        answers[~is_none(scored.reason)] = np.nan
        of_parts = None
        if len(parts) > len(members):
            of_parts = answered(scored.scores)
            of_parts[:, ~is_none(scored.reason)] = np.nan
        return Prediction(answers, scored.reason, scored.extrapolated, of_parts)

    def _together(self, of_parts: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
        """Scores of the members [n_members, ...] for those of all their parts, one after the other."""
        ends = np.cumsum([len(network.networks) for network in self.fused])[:-1]
        return np.stack(
            [network.stacked(each) for network, each in zip(self.fused, np.split(of_parts, ends), strict=True)]
        )

    def predict_proba(
        self,
        lcs: LightCurves,
        period: npt.ArrayLike | None = None,
        *,
        bands: Sequence[str] | None = None,
        columns: Mapping[str, npt.NDArray[Any]] | None = None,
    ) -> npt.NDArray[np.float32]:
        """Calibrated probabilities, float32 [n_objects, n_classes]; NaN for objects that cannot be classified.

        Parameters
        ----------
        lcs, period, bands, columns
            As `predict` has them.
        """
        return self.predict(lcs, period, bands=bands, columns=columns).probabilities


def _impose_one_thread() -> Lift:
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    return partial(torch.set_num_threads, before)


class _OneThread(ProcessLimit):
    """The limit, in each thread that enters: OpenMP keeps the number of threads for every thread apart."""

    def __enter__(self) -> None:
        super().__enter__()
        torch.set_num_threads(1)


ONE_TORCH_THREAD = _OneThread(_impose_one_thread)
"""Context in which torch computes with one thread, as a worker that owns one core must."""


def in_bfloat16(device: torch.device, precision: str = "auto") -> bool:
    """Whether networks compute in bfloat16: where `precision` asks for it; auto does on a GPU."""
    return precision == "bfloat16" or (precision == "auto" and device.type == "cuda")


def lowered(device: torch.device, precision: str = "auto") -> AbstractContextManager[Any]:
    """Context in which networks compute in the precision of `in_bfloat16`."""
    return torch.autocast(device.type, torch.bfloat16, enabled=in_bfloat16(device, precision))


@dataclass(frozen=True, eq=False)
class Scored:
    """Scores of a batch of objects."""

    scores: npt.NDArray[np.float32]
    """float32 [n_networks, n_candidates, n_objects, n_outputs]; 0 for objects with a reason."""
    reason: npt.NDArray[np.object_]
    """Why an object could not be looked at, or None."""
    extrapolated: npt.NDArray[np.bool_]
    """bool [n_objects], as in `Prediction`."""


def scores_of(
    networks: Sequence[Network],
    preparation: Preparation,
    lcs: LightCurves,
    candidates: npt.NDArray[np.float64],
    *,
    bands: Sequence[str],
    columns: Mapping[str, npt.NDArray[Any]] | None = None,
) -> Scored:
    """Scores by every network with each of the candidate periods [n_objects, n_candidates].

    A candidate that is the first one once more is not looked at again. Where a column tells of the candidate in use, it
    tells of the first one instead. Images are drawn and features computed where the first network is.
    """
    n, n_candidates = candidates.shape
    device = str(networks[0].device)
    size = GATHERED[networks[0].device.type]
    scores = np.zeros((len(networks), n_candidates, n, networks[0].n_outputs), np.float32)
    reason, extrapolated = np.full(n, None, dtype=object), np.zeros(n, np.bool_)
    for first in range(0, n, size):  # inputs are made and dropped in batches
        rows = slice(first, min(first + size, n))
        gathered = gather(lcs.between(first, rows.stop), preparation, bands=bands, device=device)
        best = candidates[rows, 0]
        for k, period in enumerate(candidates[rows].T):
            told = {name: values[rows] for name, values in (columns or {}).items()}
            if k and ALTERNATIVES[k - 1] in told:
                told[ALTERNATIVES[k - 1]] = best
            inputs = gathered.inputs(period if k == 0 else np.where(period == best, np.nan, period), told)
            if k == 0:
                reason[rows] = inputs.reason
                extrapolated[rows] = (np.abs(inputs.numbers) >= LARGEST).any(axis=1)
            good = is_none(inputs.reason)
            scores[:, k, rows] = scores[:, 0, rows]
            for member, network in enumerate(networks):
                scores[member, k, first + np.flatnonzero(good)] = network_scores(network, inputs.take(good))
    return Scored(scores, reason, extrapolated)


def network_scores(network: Network, inputs: Inputs, precision: str = "auto") -> npt.NDArray[np.float32]:
    """Scores of prepared inputs, float32 [n_objects, n_outputs], in evaluation mode; on the network's device.

    On a GPU in bfloat16 and in batches of one size: they are filled up with empty objects, so that no shape is compiled
    twice and an object's scores do not depend on how many others there are.
    """
    network.eval()
    device = network.device
    size = BATCH[device.type]
    arrays, scores = inputs.arrays(network.takes), []
    with ONE_TORCH_THREAD, torch.inference_mode(), lowered(device, precision):
        for first in range(0, len(inputs), size):
            batch = [torch.as_tensor(each[first : first + size]).to(device) for each in arrays]
            n = len(batch[0])
            if device.type == "cuda" and n < size:
                batch = [torch.cat([each, each.new_zeros((size - n, *each.shape[1:]))]) for each in batch]
            scores.append(network(*batch).float().cpu().numpy()[:n])
    return np.concatenate(scores) if scores else np.empty((0, network.n_outputs), np.float32)


def candidates_of(period: npt.ArrayLike | None, n: int, n_candidates: int) -> npt.NDArray[np.float64]:
    """Periods float64 [n, n_candidates]; the first where there is no other."""
    given = floats(np.nan if period is None else period, "period", "d")
    given = np.broadcast_to(given[:, None] if given.ndim == 1 else given, (n, given.shape[1] if given.ndim == 2 else 1))
    result = np.repeat(given[:, :1], n_candidates, axis=1)
    some = given[:, :n_candidates]
    fit = np.isfinite(some) & (some > 0)
    result[:, : some.shape[1]][fit] = some[fit]
    return result
