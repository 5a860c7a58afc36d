"""Networks on light curves over time: numbers against plain NumPy, images of the images room, no period anywhere."""

from __future__ import annotations

import itertools

import numpy as np
import pyarrow as pa
import pytest

from lcscale.errors import InputError
from lcscale.images import render_raw
from lcscale.lightcurves import LIGHTCURVE_TYPE, LightCurves
from lcscale.models import Classify, LabelledCurves, Preparation, Role, TrainingOptions, read_card, train
from lcscale.models.inputs.preparation import prepare
from lcscale.products import variable_candidates
from lcscale.simulation.alerts import KINDS, simulate_alerts

HOW = Preparation(view="raw", roles=(Role("any", ("G", "r")),))


@pytest.fixture(scope="module")
def made():
    return simulate_alerts(list(KINDS) * 8, seed=11)


@pytest.fixture(scope="module")
def alerting(made, tmp_path_factory):
    """Folder of a small model that has seen few alerts for few epochs."""
    folder = tmp_path_factory.mktemp("raw") / "alerting"
    n = len(made.lcs)
    label = np.where(made.published, "PUBLISHED", "UNPUBLISHED").astype(object)
    place = np.random.default_rng(0).integers(0, 12 << 58, n)
    curves = LabelledCurves(made.lcs, np.full(n, np.nan), label, place, ("G",))
    options = TrainingOptions(epochs=12, filters=(4, 6, 8), hidden=24, learning_rate=5e-3, stacked_with=())
    train(curves, folder, trained_on="simulated", preparation=HOW, options=options, min_class_size=5, progress=False)
    return folder


def test_no_period_can_be_wrong_so_that_few_observations_are_not_learnt_apart(alerting):
    head = read_card(str(alerting)).head
    assert head.sparsity == 0.0
    assert len(head.thresholds) == 2


def plain(t: np.ndarray, y: np.ndarray) -> list[float]:
    """The numbers as their documentation has them."""
    steps, gaps = np.diff(y), np.diff(t)
    reach, peak = np.ptp(y), y.argmin()
    middle = (y.min() + y.max()) / 2
    faint = np.flatnonzero(y >= middle)
    before, after = faint[faint < peak], faint[faint > peak]
    first = before[-1] + 1 if before.size else 0
    last = after[0] - 1 if after.size else y.size - 1
    other = y[np.abs(t - t[peak]) > 0.5]
    within = steps[gaps < 0.5]
    return [
        np.log10(np.ptp(t)),
        np.log10(y.size),
        np.log10(reach),
        np.log10(np.median(np.abs(y - np.median(y)))),
        np.mean((y - y.mean()) ** 3) / y.std() ** 3,
        np.log10(np.mean(steps**2) / y.var()),
        np.log10(max(np.sqrt(np.mean(within**2)) / reach, 1e-4)) if within.size else np.nan,
        (t[peak] - t[0]) / np.ptp(t),
        np.mean(y < middle),
        np.log10(t[last] - t[first] + 0.1),
        np.log10(t[first] - t[first - 1] + 0.01) if first else np.nan,
        np.log10(max((y.max() - other.min()) / reach, 1e-4)),
        (y[-1] - y.min()) / reach,
    ]


def test_numbers_are_what_they_are_said_to_be(made):
    found = prepare(made.lcs, None, HOW).numbers
    assert found.shape == (len(made.lcs), len(HOW.names))
    for row, (a, b) in zip(found, itertools.pairwise(made.lcs.offsets), strict=True):
        np.testing.assert_allclose(
            row, plain(made.lcs.time[a:b], made.lcs.mag[a:b].astype(float)), rtol=2e-5, atol=2e-5
        )


def test_few_and_constant_light_curves_have_no_surprises():
    lcs = LightCurves(np.arange(19.0), np.r_[np.arange(9.0), np.full(10, 15.0)], np.full(19, np.nan), [0, 4, 9, 19])
    inputs = prepare(lcs, None, HOW)
    assert [reason is None for reason in inputs.reason] == [False, True, False]
    assert np.isnan(inputs.numbers[[0, 2]]).all()
    assert np.isfinite(inputs.numbers[1, :6]).all()


def test_the_image_is_the_images_rooms_own_and_needs_no_period(made):
    inputs = prepare(made.lcs, None, HOW)
    np.testing.assert_array_equal(inputs.images, render_raw(made.lcs, 64, HOW.drawing))
    assert all(reason is None for reason in inputs.reason)
    assert inputs.numbers.shape[1] == len(HOW.names)
    assert not any("period" in name for name in HOW.names)
    with pytest.raises(InputError, match="view must be one of folded, raw"):
        Preparation(view="sideways")


def test_it_learns_and_time_does_not_wrap_around(alerting):
    card = read_card(alerting)
    assert card.metrics["test"]["accuracy"] > 0.75
    assert card.architecture["cyclic"] is False
    assert card.preparation == Preparation(
        **{**vars(HOW), **{k: getattr(card.preparation, k) for k in ("centre", "scale")}}
    )


def test_catalogs_are_classified_without_a_period(alerting, made, lake):
    step = Classify(str(alerting))
    assert step.columns == ("lightcurve",)
    nested = made.lcs.to_arrow()
    band = pa.ListArray.from_arrays(pa.array(made.lcs.offsets, pa.int32()), pa.array(["G"] * made.lcs.time.size))
    nested = pa.StructArray.from_arrays([*nested.flatten(), band], names=["time", "mag", "mag_err", "band"])
    field = pa.field("lightcurve", LIGHTCURVE_TYPE, metadata={"bands": "G"})
    table = pa.Table.from_arrays([nested.cast(LIGHTCURVE_TYPE)], schema=pa.schema([field]))
    result = step(table)
    assert result.schema.equals(step.schema(table.schema), check_metadata=True)
    assert result["class"].null_count == 0
    right = np.array(result["class"].to_pylist()) == np.where(made.published, "PUBLISHED", "UNPUBLISHED")
    assert right.mean() > 0.8

    from skies import put, sky_table

    sky = sky_table(len(made.lcs), lightcurves=False)
    catalog = put(lake, "alerts", sky.append_column(field, table.column("lightcurve")))
    candidates = variable_candidates(catalog, alerting)
    assert "period" not in candidates.column_names
    assert candidates.write("published").rows == len(made.lcs)
