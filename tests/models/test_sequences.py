"""Light curves as sequences: every observation once and in order, and what augmentation leaves of them."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from labelled_curves import curves

from lcscale.models import Augmentation, Preparation, Split, TrainingOptions, train
from lcscale.models.inputs.augmentation import disguise
from lcscale.models.inputs.preparation import prepare
from lcscale.models.networks.gru import LongShortTermNet, RecurrentNet
from lcscale.models.networks.transformer import TransformerNet

HOW = Preparation(kinds=("sequences", "numbers"), length=256)


@pytest.fixture(scope="module")
def stars():
    return curves(30)


@pytest.mark.parametrize("view", ["folded", "raw"])
def test_each_observation_stands_once_in_its_place(stars, view):
    how = Preparation(view=view, kinds=("sequences",), length=256)
    inputs = prepare(stars.lcs, stars.period, how)
    assert inputs.images.shape[1] == 0
    lcs = stars.lcs
    for k in range(5):
        rows = slice(lcs.offsets[k], lcs.offsets[k + 1])
        time, mag, band = lcs.time[rows], lcs.mag[rows].astype(float), lcs.band[rows]
        since = time - time.min()
        position = (since / stars.period[k]) % 1.0 if view == "folded" else since / 1000
        order = np.argsort(position, kind="stable")
        mean = np.array([mag[band == code].mean() for code in range(2)])
        seen = inputs.sequences[k][inputs.mask[k]]
        assert inputs.mask[k].sum() == time.size
        np.testing.assert_allclose(seen[:, 0], position[order], atol=1e-5)
        np.testing.assert_allclose(seen[:, 1], (mag - mean[band])[order], atol=1e-4)
        np.testing.assert_allclose(seen[:, 2], lcs.mag_err[rows][order], rtol=1e-6)
        np.testing.assert_array_equal(seen[:, 3:].argmax(axis=1), band[order])
        assert not inputs.sequences[k][~inputs.mask[k]].any()


def test_longer_light_curves_are_thinned_evenly(stars):
    whole, short = (prepare(stars.lcs, stars.period, Preparation(kinds=("sequences",), length=n)) for n in (256, 32))
    for k in range(len(stars)):
        every = whole.sequences[k][whole.mask[k]]
        assert short.mask[k].all()
        places = [int(np.flatnonzero((every == row).all(axis=1))[0]) for row in short.sequences[k]]
        assert np.ptp(np.diff(places)) <= 1, "steps differ by one at most"


def test_a_cut_at_another_phase_keeps_order_and_observations(stars):
    inputs = prepare(stars.lcs, stars.period, HOW)
    cut = disguise(inputs, HOW, Augmentation(role_dropout=0.0), np.random.default_rng(0))
    np.testing.assert_array_equal(cut.mask, inputs.mask)
    shifts = set()
    for k in range(len(stars)):
        before, after = inputs.sequences[k][inputs.mask[k]], cut.sequences[k][cut.mask[k]]
        assert (np.diff(after[:, 0]) >= 0).all()
        np.testing.assert_allclose(sorted(after[:, 1]), sorted(before[:, 1]))
        shift = (after[after[:, 1].argmax(), 0] - before[before[:, 1].argmax(), 0]) % 1.0
        shifts.add(round(64 * float(shift), 2) % 64)
    assert len(shifts) > 10
    assert all(abs(shift - round(shift)) < 0.02 for shift in shifts)
    hidden = disguise(inputs, HOW, Augmentation(role_dropout=1.0), np.random.default_rng(0))
    bands = [np.unique(hidden.sequences[k][hidden.mask[k], 3:].argmax(axis=1)).size for k in range(len(stars))]
    assert bands == [1] * len(stars), "one of the two roles is hidden of each"


@pytest.mark.parametrize("kind", [RecurrentNet, LongShortTermNet, TransformerNet])
def test_what_stands_behind_the_last_observation_does_not_count(kind):
    torch.manual_seed(0)
    network = kind.build({"n_channels": 5, "n_numbers": 3, "n_outputs": 2, "hidden": 8}).eval()
    sequences, numbers = torch.randn(4, 20, 5), torch.randn(4, 3)
    mask = torch.arange(20) < torch.tensor([[20], [7], [1], [0]])
    other = torch.where(mask[..., None], sequences, 99.0)
    with torch.no_grad():
        torch.testing.assert_close(network(sequences, mask, numbers)[:3], network(other, mask, numbers)[:3])
        assert network(sequences, mask, numbers).isfinite().all()


def test_phases_are_cyclic_to_a_transformer_and_days_to_a_stretched_network():
    torch.manual_seed(0)
    sizes = {"n_channels": 4, "n_numbers": 2, "n_outputs": 1, "hidden": 8}
    sequences, numbers = torch.rand(3, 10, 4), torch.randn(3, 2)
    mask = torch.arange(10) < torch.tensor([[10], [6], [3]])
    turned = sequences + torch.tensor([1.0, 0.0, 0.0, 0.0])
    transformer = TransformerNet.build(sizes).eval()
    plain = RecurrentNet.build(sizes).eval()
    days = RecurrentNet.build({**sizes, "log_period": [-0.3, 0.1]}).eval()
    days.load_state_dict(plain.state_dict())
    period = 10 ** (-0.3 + 0.1 * numbers[:, :1, None])
    stretched = torch.cat([sequences[..., :1] * period, sequences[..., 1:]], dim=2)
    with torch.no_grad():
        torch.testing.assert_close(transformer(turned, mask, numbers), transformer(sequences, mask, numbers))
        assert not torch.allclose(plain(turned, mask, numbers), plain(sequences, mask, numbers))
        torch.testing.assert_close(days(sequences, mask, numbers), plain(stretched, mask, numbers))


def test_a_recurrent_network_is_trained_as_others_are(tmp_path, stars):
    options = TrainingOptions(network="gru", epochs=12, batch_size=16, hidden=16, learning_rate=1e-2)
    more = {"split": Split(0.2, 0.3, 4), "preparation": Preparation(length=64), "min_class_size": 5}
    model = train(curves(150), tmp_path / "m", trained_on="simulated", options=options, **more)
    assert model.card.preparation.kinds == ("sequences", "numbers")
    assert model.card.metrics["test"]["accuracy"] > 0.7
