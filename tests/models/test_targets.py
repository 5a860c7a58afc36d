import numpy as np
import pytest

from lcscale.models.labels.targets import targets_of


def of(*names, min_count=1):
    return targets_of(np.array(names, dtype=object), min_count)


def test_a_group_allows_its_frequent_classes():
    targets = of("RRab", "RRab", "RRc", "RR", "RR", min_count=2)
    assert targets.classes == ("RRab",)
    assert targets.label.tolist() == ["RRab", "RRab", "RR", "RR", "RR"]
    assert targets.allowed[:, 0].all()


def test_a_class_with_classes_below_it_is_no_group():
    targets = of("RRab", "BLAZHKO", "ROT", "RSCVN")
    assert targets.classes == ("RRab", "BLAZHKO", "ROT", "RSCVN")
    assert targets.exact.all()


def test_rare_classes_make_a_class_of_their_parent_unless_a_survey_uses_it_as_a_group():
    alone = of("T2CEP", "T2CEP", "ACEP", min_count=2)
    assert alone.classes == ("CEP", "T2CEP")
    assert alone.exact.all()
    beside = of("T2CEP", "T2CEP", "ACEP", "CEP", "CEP", min_count=2)
    assert beside.classes == ("T2CEP",)


def test_a_group_within_a_group():
    targets = of("DCEP_F", "DCEP_1O", "T2CEP", "DCEP", "CEP")
    assert targets.classes == ("DCEP_F", "DCEP_1O", "T2CEP")
    assert targets.allowed.astype(int).tolist() == [[1, 0, 0], [0, 1, 0], [0, 0, 1], [1, 1, 0], [1, 1, 1]]


def test_the_best_class_of_a_group_is_right():
    targets = of("RRab", "RRc", "RR", "EA")
    scores = np.array([[0.1, 0.8, 0.1]] * 4)
    assert targets.resolve(scores).tolist() == [0, 1, 1, 2]


def test_weights():
    targets = of(*["EA"] * 90, *["EW"] * 10)
    np.testing.assert_allclose(targets.weights(0.0), 1.0)
    even = targets.weights(1.0)
    assert even[:90].sum() == pytest.approx(even[90:].sum(), rel=1e-5)
    assert even.mean() == pytest.approx(1.0, rel=1e-5)


def test_none_is_allowed_nothing():
    targets = of("EA", None, "EW")
    assert targets.allowed.sum(axis=1).tolist() == [1, 0, 1]
    assert targets.counts() == {"EA": 1, "EW": 1}
