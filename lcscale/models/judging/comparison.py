"""Five classifiers on the same numbers, stars and folds: what each says of the stars that it did not see."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from lcscale.models.judging.metrics import evaluate
from lcscale.models.labels.targets import Targets
from lcscale.models.trees.growing import (
    GrowthOptions,
    Sample,
    assign_folds,
    balanced_weights,
    fit_forest,
    fit_temperature,
    index_of,
)
from lcscale.models.trees.tabular import complete, matrix, sharpened

Floats = npt.NDArray[np.float64]
Fitted = Callable[[npt.NDArray[np.float32]], Floats]
"""Probabilities of rows."""


@dataclass(frozen=True, eq=False)
class Judged:
    """What one classifier says of stars it had not seen."""

    name: str
    """Of the classifier."""
    probabilities: npt.NDArray[np.float32]
    """float32 [n, n_classes], sharpened by one temperature as the shipped model's are."""
    label: npt.NDArray[np.object_]
    """object [n], class."""
    figures: Mapping[str, Any]
    """Accuracy, F1 by class, calibration error, confusion; `roc_auc` by class, and by class at the prevalence given
    `average_precision`."""


def compare_classifiers(
    sample: Sample,
    features: Sequence[str],
    classes: Sequence[str],
    options: GrowthOptions,
    prevalence: Mapping[str, float],
) -> list[Judged]:
    """Cross-validate the five over the sky on real stars that have all features; the lowest log loss comes first.

    Parameters
    ----------
    sample
        Labelled objects; simulated ones are left out.
    features
        Numbers that all of them see.
    classes
        In the order of the probabilities.
    options
        Folds, seed and forest.
    prevalence
        Shares of the classes for which precision is stated.
    """
    rows = np.flatnonzero(complete(sample.features, tuple(features), len(sample)) & sample.real)
    x, fold = matrix(sample.features, tuple(features), rows), assign_folds(sample, options)[rows]
    truth, label = index_of(sample.label[rows], classes), sample.label[rows]
    judged = []
    for name, fit in CLASSIFIERS.items():
        shares = np.zeros((rows.size, len(classes)), np.float32)
        for number in range(options.folds):
            trained, tested = np.flatnonzero(fold != number), fold == number
            shares[tested] = fit(x[trained], truth[trained], sample, rows[trained], classes, options)(x[tested])
        probabilities = sharpened(shares, fit_temperature(shares, label, classes))
        targets = Targets(tuple(classes), label, (label[:, None] == np.array(classes, object)).astype(np.bool_))
        figures = evaluate(probabilities, targets) | ranking(probabilities, truth, classes, prevalence)
        judged.append(Judged(name, probabilities, label, figures))
    return sorted(judged, key=lambda each: float(each.figures["log_loss"]))


def ranking(
    probabilities: npt.NDArray[np.floating],
    truth: npt.NDArray[np.int64],
    classes: Sequence[str],
    prevalence: Mapping[str, float],
) -> dict[str, dict[str, float]]:
    """Area below the ROC curve by class, and mean precision where classes are as frequent as `prevalence` says."""
    from sklearn.metrics import average_precision_score, roc_auc_score

    weight = prevalence_weights(truth, classes, prevalence)
    columns = {name: (truth == k, probabilities[:, k]) for k, name in enumerate(classes) if (truth == k).any()}
    return {
        "roc_auc": {name: round(float(roc_auc_score(*column)), 5) for name, column in columns.items()},
        "average_precision": {
            name: round(float(average_precision_score(*column, sample_weight=weight)), 5)
            for name, column in columns.items()
        },
    }


def prevalence_weights(truth: npt.NDArray[np.int64], classes: Sequence[str], prevalence: Mapping[str, float]) -> Floats:
    """Weight of each star with which the classes have the shares `prevalence`, float64 [n]."""
    counts = np.bincount(truth, minlength=len(classes)).clip(1)
    return np.asarray((np.array([prevalence[name] for name in classes]) / counts)[truth], np.float64)


def _forest(x: Any, truth: Any, sample: Sample, rows: Any, classes: Sequence[str], options: GrowthOptions) -> Fitted:
    grown = fit_forest(x, sample, rows, classes, options)
    return lambda asked: _spread(grown.predict_proba(asked), grown.classes_, len(classes))


def _neighbours(
    x: Any, truth: Any, sample: Sample, rows: Any, classes: Sequence[str], options: GrowthOptions
) -> Fitted:
    """The 15 nearest, near ones more; their votes are divided by how many stars a class has."""
    from sklearn.neighbors import KNeighborsClassifier
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    fitted = make_pipeline(StandardScaler(), KNeighborsClassifier(15, weights="distance", n_jobs=1)).fit(x, truth)
    per_star = np.bincount(truth, minlength=len(classes)).clip(1)

    def answer(asked: npt.NDArray[np.float32]) -> Floats:
        votes = _spread(fitted.predict_proba(asked), fitted.classes_, len(classes)) / per_star
        return np.asarray(votes / votes.sum(axis=1, keepdims=True), np.float64)

    return answer


def _machine(x: Any, truth: Any, sample: Sample, rows: Any, classes: Sequence[str], options: GrowthOptions) -> Fitted:
    """Support vectors with a Gaussian kernel; probabilities are a softmax of the distances, then sharpened."""
    from scipy.special import softmax
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler
    from sklearn.svm import SVC

    kernel = SVC(C=10.0, class_weight="balanced", decision_function_shape="ovr", random_state=options.seed)
    fitted = make_pipeline(StandardScaler(), kernel).fit(x, truth)
    return lambda asked: _spread(softmax(fitted.decision_function(asked), axis=1), fitted.classes_, len(classes))


def _bayes(x: Any, truth: Any, sample: Sample, rows: Any, classes: Sequence[str], options: GrowthOptions) -> Fitted:
    """Independent normal distributions."""
    from sklearn.naive_bayes import GaussianNB
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    weights = balanced_weights(sample, rows, options.simulated_weight)
    fitted = make_pipeline(StandardScaler(), GaussianNB(var_smoothing=1e-3))
    fitted.fit(x, truth, gaussiannb__sample_weight=weights)
    return lambda asked: _spread(fitted.predict_proba(asked), fitted.classes_, len(classes))


def _network(x: Any, truth: Any, sample: Sample, rows: Any, classes: Sequence[str], options: GrowthOptions) -> Fitted:
    """Two hidden layers of 64 (torch), trained on all stars at once with AdamW."""
    import torch

    from lcscale.models.keeping.model import ONE_TORCH_THREAD

    centre, scale = x.mean(axis=0), x.std(axis=0) + 1e-6
    inputs, target = torch.from_numpy((x - centre) / scale), torch.from_numpy(truth)
    weight = torch.from_numpy(balanced_weights(sample, rows, options.simulated_weight).astype(np.float32))
    torch.manual_seed(options.seed)
    layers = [torch.nn.Linear(x.shape[1], 64), torch.nn.ReLU(), torch.nn.Dropout(0.2), torch.nn.Linear(64, 64)]
    network = torch.nn.Sequential(*layers, torch.nn.ReLU(), torch.nn.Dropout(0.2), torch.nn.Linear(64, len(classes)))
    optimizer = torch.optim.AdamW(network.parameters(), 5e-3, weight_decay=1e-2)
    with ONE_TORCH_THREAD:
        for _ in range(250):
            optimizer.zero_grad()
            loss = (weight * torch.nn.functional.cross_entropy(network(inputs), target, reduction="none")).mean()
            loss.backward()  # type: ignore[no-untyped-call]
            optimizer.step()
    network.eval()

    def answer(asked: npt.NDArray[np.float32]) -> Floats:
        with ONE_TORCH_THREAD, torch.inference_mode():
            scores = network(torch.from_numpy((asked - centre) / scale))
            return np.asarray(torch.softmax(scores, dim=1).numpy(), np.float64)

    return answer


CLASSIFIERS: dict[str, Callable[..., Fitted]] = {
    "random forest": _forest,
    "k nearest neighbours": _neighbours,
    "support vector machine": _machine,
    "naive Bayes": _bayes,
    "neural network": _network,
}
"""What is compared."""


def _spread(found: Any, columns: Any, n_classes: int) -> Floats:
    """Probabilities in the places of their classes; classes without a star get none."""
    result = np.zeros((len(found), n_classes))
    result[:, columns] = found
    return result
