"""Training models of RR Lyrae stars: populations without labels, a regression with them, figures by sky folds."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from typing import Any

import numpy as np
import numpy.typing as npt

from lcscale.errors import InputError
from lcscale.kernels.compiling import Floats
from lcscale.lightcurves import LightCurves, clean
from lcscale.products.rrlyrae.equations import N_COEFFICIENTS, ORDER, SeriesEquations
from lcscale.products.rrlyrae.model import RRLyraeCard, RRLyraeModel
from lcscale.products.rrlyrae.parameters import FourierParameters
from lcscale.products.rrlyrae.population import Population
from lcscale.products.rrlyrae.regression import Regression

_UNKNOWN = 1e3
"""Error of an amplitude that was not published, mag."""
_FOLD_ORDER = 3
_HEALPIX_OF_ID = 34359738368
"""A Gaia source id over it is the nested HEALPix pixel of order 12."""


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


def sky_folds(source_id: npt.NDArray[np.int64], folds: int = 5) -> npt.NDArray[np.int64]:
    """The fold of each star by its Gaia id: pixels of HEALPix order 3 stay whole, folds get about as many stars."""
    pixel = source_id // _HEALPIX_OF_ID // 4 ** (12 - _FOLD_ORDER)
    names, which, counts = np.unique(pixel, return_inverse=True, return_counts=True)
    of_pixel, totals = np.empty(names.size, np.int64), np.zeros(folds)
    for k in np.argsort(-counts, kind="stable"):
        of_pixel[k] = totals.argmin()
        totals[of_pixel[k]] += counts[k]
    return np.asarray(of_pixel[which])


def train_metallicities(
    populations: Mapping[str, Population],
    lcs: LightCurves,
    period: Floats,
    feh: Floats,
    fold: npt.NDArray[np.int64],
    card: RRLyraeCard,
) -> RRLyraeModel:
    """A model with a regression of RRab stars, calibrated and judged on the folds that it had not seen.

    Parameters
    ----------
    populations
        By mode.
    lcs
        Light curves of RRab stars with labels, magnitudes in the band of the populations.
    period, feh, fold
        Days, dex and the fold of each star, [n].
    card
        Name, band and data of the model; figures are added.
    """
    if np.unique(fold).size < 2 or len(feh) < 50:
        raise InputError(f"{len(feh)} stars in {np.unique(fold).size} folds: 50 stars in two folds are the least")
    parameters = FourierParameters.of(populations["RRab"].denoise(SeriesEquations.of(clean(lcs), period), period))
    unseen = np.empty(len(feh))
    for each in np.unique(fold):
        rest, test = fold != each, fold == each
        trained = Regression.fit(period[rest], taken(parameters, rest), feh[rest])
        unseen[test] = trained.predict(period[test], taken(parameters, test))[0]
    error = parameters.errors[:, 4]
    final = Regression.fit(period, parameters, feh)
    figures = _figures(final, unseen, error, feh, fold) | {"line P + phi31": _line(period, parameters, feh, fold)}
    metrics = {**card.metrics, "fidelity, folds of the sky": figures}
    return RRLyraeModel(replace(card, metrics=metrics), populations, final.calibrated(unseen, error, feh))


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
    return replace(model, card=card)


def _left_out(terms: Floats, feh: Floats) -> Floats:
    """Residuals of linear fits that had not seen the star."""
    hat = terms @ np.linalg.pinv(terms)
    return np.asarray((hat @ feh - feh) / (1 - np.diagonal(hat)))


def _rms(rest: Floats) -> float:
    return _round(np.sqrt(np.mean(rest**2)))


def taken(parameters: FourierParameters, rows: npt.NDArray[Any]) -> FourierParameters:
    """The parameters of some stars."""
    return FourierParameters(*(getattr(parameters, each.name)[rows] for each in fields(parameters)))


def _figures(
    regression: Regression, unseen: Floats, error: Floats, feh: Floats, fold: npt.NDArray[np.int64]
) -> dict[str, Any]:
    """RMSE in all and by quartile of the error of φ31, and how many the intervals of the other folds hold."""
    rest = unseen - feh
    held = np.empty((len(feh), 2), np.bool_)
    for each in np.unique(fold):
        test = fold == each
        fitted = regression.calibrated(unseen[~test], error[~test], feh[~test])
        size = np.abs(rest[test]) / np.hypot(fitted.model, fitted.slope * error[test])
        held[test] = size[:, None] <= np.array(fitted.bounds)
    quarter = np.argsort(np.argsort(error)) * 4 // len(error)
    return {
        "n": len(feh),
        "rmse": _round(np.sqrt(np.mean(rest**2))),
        "rmse by quartile of the error of phi31": [_round(np.sqrt(np.mean(rest[quarter == q] ** 2))) for q in range(4)],
        "held by 68 and 90 % intervals": [_round(share) for share in held.mean(axis=0)],
    }


def _line(period: Floats, parameters: FourierParameters, feh: Floats, fold: npt.NDArray[np.int64]) -> dict[str, Any]:
    """The same of a plane through period and denoised φ31."""
    terms = np.stack([np.ones_like(period), period, parameters.phases[:, 1]], axis=1)
    unseen = np.empty(len(feh))
    for each in np.unique(fold):
        rest = fold != each
        unseen[~rest] = terms[~rest] @ np.linalg.lstsq(terms[rest], feh[rest], rcond=None)[0]
    return {"n": len(feh), "rmse": _round(np.sqrt(np.mean((unseen - feh) ** 2)))}


def _round(value: Any) -> float:
    return round(float(value), 4)
