"""Training models of RR Lyrae stars: populations without labels, a regression with them, figures by sky folds."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from lcscale.errors import InputError
from lcscale.kernels.compiling import Floats
from lcscale.lightcurves import LightCurves, clean
from lcscale.models.labels.splitting import assign_folds
from lcscale.products.rrlyrae.equations import N_COEFFICIENTS, ORDER, SeriesEquations
from lcscale.products.rrlyrae.model import RRLyraeCard, RRLyraeModel
from lcscale.products.rrlyrae.networks import FOLDS, SPLIT, by_network
from lcscale.products.rrlyrae.parameters import FourierParameters
from lcscale.products.rrlyrae.population import Population
from lcscale.products.rrlyrae.regression import Kernel, Regression
from lcscale.products.rrlyrae.tuning import GRID, tuned, unseen

if TYPE_CHECKING:
    from lcscale.models.keeping.model import Model
    from lcscale.products.rrlyrae.trees import Trees

_UNKNOWN = 1e3
"""Error of an amplitude that was not published, mag."""
WORSE = 0.01
"""By how much a network may be behind the best answer, dex, and still be shipped."""


@dataclass(frozen=True)
class PublishedSeries:
    """Fourier parameters that a survey published, cosine series."""

    period: Floats
    """Days, float64 [n]."""
    amplitude: Floats
    """From peak to peak, mag."""
    r21: Floats
    """A_2 / A_1; NaN where there is none, as in all below."""
    r31: Floats
    """A_3 / A_1."""
    phi21: Floats
    """rad."""
    phi31: Floats
    """rad."""

    @classmethod
    def of_gaia(cls, stars: Mapping[str, Any]) -> PublishedSeries:
        """Of columns that are named as in Gaia's catalogue of RR Lyrae stars, ``r21_g`` to ``phi31_g`` those in G."""
        names = ("period", "amplitude", "r21_g", "r31_g", "phi21_g", "phi31_g")
        return cls(*(np.asarray(stars[name], np.float64) for name in names))

    def equations(self, error: float = 0.01) -> SeriesEquations:
        """What they say of the coefficients: A_1 is half the amplitude, `error` (mag) is that of every A_k."""
        first = self.amplitude / 2
        amplitudes = np.stack([first, first * self.r21, first * self.r31], axis=1)
        phases = np.stack([np.zeros_like(first), self.phi21, self.phi31], axis=1)
        known = np.isfinite(amplitudes) & np.isfinite(phases)
        amplitudes = np.where(known, amplitudes, 0.02)
        errors = np.where(known, error, _UNKNOWN)
        return SeriesEquations.of_parameters(
            amplitudes, np.where(known, phases, 0.0), np.stack([errors, errors / amplitudes], axis=1)
        )

    def parameters(self, population: Population) -> FourierParameters:
        """Denoised, taken with an error of 0.02 mag."""
        return FourierParameters.of(population.denoise(self.equations(0.02), self.period))


def learn_rrab(lcs: LightCurves, period: Floats) -> Population:
    """The population of RRab stars from their light curves (magnitudes, one band); no label is used."""
    return Population.fit("RRab", SeriesEquations.of(clean(lcs), period), period)


def learn_rrc(series: PublishedSeries) -> Population:
    """The population of RRc stars from published parameters; harmonics above the third are taken to be small."""
    size = np.where(np.arange(ORDER) < 3, 0.1, 0.005)
    mean = np.zeros((3, N_COEFFICIENTS))
    mean[0, 0] = 0.18
    start = Population(
        "RRc",
        mean,
        np.diag(np.tile(size**2, 2)),
        0.32,
        (0.2, 0.5),
    )
    return replace(Population.fit("RRc", series.equations(), series.period, start), scatter=(6.0, 1.0))


def train_metallicities(
    populations: Mapping[str, Population],
    lcs: LightCurves,
    period: Floats,
    feh: Floats,
    place: npt.NDArray[np.int64],
    card: RRLyraeCard,
    networks: Sequence[Model] = (),
    grid: Sequence[Kernel] = GRID,
) -> RRLyraeModel:
    """A model with regression and trees of RRab stars, calibrated and judged on the folds that they had not seen.

    A network comes with it where it is the best of `networks` and no more than `WORSE` behind the best answer.

    Parameters
    ----------
    populations
        By mode.
    lcs
        Light curves of RRab stars with labels, magnitudes in the band of the populations.
    period, feh, place
        Days, dex and nested HEALPix index at order 29, [n].
    card
        Name, band and data of the model; figures are added.
    networks
        Those that `lcscale.products.rrlyrae.networks.train_network` trained on the same stars.
    grid
        Kernels of the regression to choose from.
    """
    fold = assign_folds(place, SPLIT, FOLDS)
    if np.unique(fold).size < FOLDS or len(feh) < 50:
        raise InputError(f"{len(feh)} stars in {np.unique(fold).size} folds: 50 stars in {FOLDS} folds are the least")
    parameters = FourierParameters.of(populations["RRab"].denoise(SeriesEquations.of(clean(lcs), period), period))
    half = assign_folds(place, replace(SPLIT, seed=SPLIT.seed + 1), 2)
    kernel, chosen = tuned(period, parameters, feh, fold, half, grid)
    trees, of_trees = _trees(period, parameters, feh, fold)
    answers = {
        "regression": unseen(period, parameters, feh, fold, kernel),
        "trees": trees.head.answers(of_trees[None], (1.0,))[:, 0].astype(np.float64),
        **{f"network {each.card.network}": by_network(each, lcs, period, parameters, fold)[0][0] for each in networks},
        "plane in P and phi31": _plane(period, parameters, feh, fold),
    }
    error = parameters.errors[:, 4]
    final = Regression.fit(period, parameters, feh, kernel).calibrated(answers["regression"], error, feh)
    figures = {name: _figures(each - feh, error) for name, each in answers.items()}
    figures["regression"]["held by 68 and 90 % intervals"] = _held(final, answers["regression"], error, feh, fold)
    network = _fit_to_ship(networks, figures)
    metrics = {**card.metrics, "fidelity, folds of the sky": figures, "kernel of the regression": chosen}
    known = {"feh": feh, "period": period, "phi31": parameters.phases[:, 1], "phi31_error": error}
    known |= {
        "n_observations": lcs.counts.astype(np.float64),
        "magnitude": lcs.mean_mag,
        **{k: answers[k] for k in ("regression", "trees")},
    }
    judged = {f"fidelity.{name}": np.asarray(values, np.float32) for name, values in known.items()}
    return RRLyraeModel(replace(card, metrics=metrics), populations, final, trees, network, judged)


def _trees(
    period: Floats, parameters: FourierParameters, feh: Floats, fold: npt.NDArray[np.int64]
) -> tuple[Trees, npt.NDArray[np.float32]]:
    """Calibrated trees, and scores of stars by trees that had not seen their fold, in units of all stars."""
    from lcscale.products.rrlyrae.trees import Trees

    final, scores = Trees.fit(period, parameters, feh), np.empty((len(feh), 2), np.float32)
    for each in np.unique(fold):
        rest, test = np.flatnonzero(fold != each), np.flatnonzero(fold == each)
        part = Trees.fit(period[rest], parameters.take(rest), feh[rest])
        mean, log_variance = part.scores(period[test], parameters.take(test)).T
        unit = part.head.scale / final.head.scale
        shift = (part.head.centre - final.head.centre) / final.head.scale
        scores[test] = np.stack([shift + unit * mean, log_variance + 2 * np.log(unit)], axis=1)
    return final.calibrated(scores, feh), scores


def _fit_to_ship(networks: Sequence[Model], figures: dict[str, Any]) -> Model | None:
    """The best network where it is good enough; the figures say of each why it is in the model or not."""
    best = min(each["rmse"] for each in figures.values())
    shipped = None
    for model in sorted(networks, key=lambda each: figures[f"network {each.card.network}"]["rmse"]):
        of_this = figures[f"network {model.card.network}"]
        worse = round(of_this["rmse"] - best, 4)
        of_this["model"] = model.card.id
        if worse > WORSE:
            of_this["shipped"] = f"no: {worse} dex worse than the best answer, more than {WORSE}"
        elif shipped is not None:
            of_this["shipped"] = f"no: network {shipped.card.network} is better"
        else:
            shipped, of_this["shipped"] = model, "yes"
    return shipped


@dataclass(frozen=True)
class Calibrators:
    """RRab stars with spectroscopic [Fe/H] and published Fourier parameters (cosine series), NaN nowhere."""

    period: Floats
    """Days, float64 [n]."""
    amplitudes: Floats
    """A_1 to A_3, mag, float64 [n, 3]."""
    amplitude_errors: Floats
    """mag, float64 [n, 3]."""
    phases: Floats
    """φ21, φ31, rad, float64 [n, 2]."""
    phase_errors: Floats
    """rad, float64 [n, 2]."""
    feh: Floats
    """dex, float64 [n]."""

    def parameters(self, population: Population) -> FourierParameters:
        """Denoised."""
        first = np.full((len(self.period), 1), 1e-3)  # φ_1 is 0 by definition
        errors = np.stack([self.amplitude_errors, np.concatenate([first, self.phase_errors], axis=1)], axis=1)
        phases = np.concatenate([np.zeros_like(first), self.phases], axis=1)
        equations = SeriesEquations.of_parameters(self.amplitudes, phases, errors)
        return FourierParameters.of(population.denoise(equations, self.period))


def on_spectroscopy(model: RRLyraeModel, stars: Calibrators, name: str) -> RRLyraeModel:
    """The model with a line from its regression to the scale of spectroscopy, judged by leaving out a star each.

    Parameters
    ----------
    model
        With a regression, none of whose labels is spectroscopic.
    stars
        The calibrators.
    name
        Of the scale.
    """
    if model.regression is None:
        raise InputError("a model without a regression has no scale to bring to that of spectroscopy")
    answers = model.regression.predict(stars.period, own := stars.parameters(model.populations["RRab"]))[0]
    plane = np.stack([np.ones_like(answers), stars.period, stars.phases[:, 1]], axis=1)
    terms = np.stack([np.ones_like(answers), answers], axis=1)
    rest: dict[str, Floats] = {
        "regression on a line": _left_out(terms, stars.feh),
        "P + phi31": _left_out(plane, stars.feh),
    }
    rest["regression as it is"] = answers - stars.feh
    if model.trees is not None:
        grown = model.trees.predict(stars.period, own)[0]
        rest["trees on a line"] = _left_out(np.stack([np.ones_like(grown), grown], axis=1), stars.feh)
    sure = stars.phase_errors[:, 1] < 0.3
    figures: dict[str, Any] = {
        key: {
            "n": len(each),
            "rmse": _rms(each),
            "n phi31 error < 0.3": int(sure.sum()),
            "rmse of these": _rms(each[sure]),
        }
        for key, each in rest.items()
    }
    constant, slope = (float(c) for c in np.linalg.lstsq(terms, stars.feh, rcond=None)[0])
    measured, spread = model.regression.errors(own)
    known = slope**2 * (measured**2 + spread**2)
    scatter = math.sqrt(max(float(np.mean(rest["regression on a line"] ** 2 - known)), 0.0))
    size = np.abs(rest["regression on a line"]) / np.sqrt(known + scatter**2)
    figures["held by 68 and 90 % intervals"] = [_round(np.mean(size <= bound)) for bound in (0.994458, 1.644854)]
    to = {
        "name": name,
        "constant": _round(constant),
        "slope": _round(slope),
        "scatter": _round(scatter),
        "n": len(answers),
    }
    metrics = {**model.card.metrics, "accuracy, spectroscopy, a star left out each": figures}
    card = replace(model.card, scale={**model.card.scale, "spectroscopic": to}, metrics=metrics)
    told = {"feh": stars.feh, "period": stars.period, "phi31_error": stars.phase_errors[:, 1]}
    told["regression"] = stars.feh + rest["regression on a line"]
    judged = {f"accuracy.{each}": np.asarray(values, np.float32) for each, values in told.items()}
    return replace(model, card=card, judged={**model.judged, **judged})


def _left_out(terms: Floats, feh: Floats) -> Floats:
    """Residuals of linear fits that had not seen the star."""
    hat = terms @ np.linalg.pinv(terms)
    return np.asarray((hat @ feh - feh) / (1 - np.diagonal(hat)))


def _rms(rest: Floats) -> float:
    return _round(np.sqrt(np.mean(rest**2)))


def _figures(rest: Floats, error: Floats) -> dict[str, Any]:
    """RMSE in all, and by quartile of the error of φ31."""
    quarter = np.argsort(np.argsort(error)) * 4 // len(error)
    by_quarter = [_rms(rest[quarter == q]) for q in range(4)]
    return {"n": len(rest), "rmse": _rms(rest), "rmse by quartile of the error of phi31": by_quarter}


def _held(
    regression: Regression, answers: Floats, error: Floats, feh: Floats, fold: npt.NDArray[np.int64]
) -> list[float]:
    """Shares of stars that the intervals, calibrated on the other folds, hold."""
    held = np.empty((len(feh), 2), np.bool_)
    for each in np.unique(fold):
        test = fold == each
        fitted = regression.calibrated(answers[~test], error[~test], feh[~test])
        size = np.abs(answers[test] - feh[test]) / np.hypot(fitted.model, fitted.slope * error[test])
        held[test] = size[:, None] <= np.array(fitted.bounds)
    return [_round(share) for share in held.mean(axis=0)]


def _plane(period: Floats, parameters: FourierParameters, feh: Floats, fold: npt.NDArray[np.int64]) -> Floats:
    """[Fe/H] of each star by a plane through period and denoised φ31 of the other folds."""
    terms = np.stack([np.ones_like(period), period, parameters.phases[:, 1]], axis=1)
    answers = np.empty(len(feh))
    for each in np.unique(fold):
        rest = fold != each
        answers[~rest] = terms[~rest] @ np.linalg.lstsq(terms[rest], feh[rest], rcond=None)[0]
    return answers


def _round(value: Any) -> float:
    return round(float(value), 4)
