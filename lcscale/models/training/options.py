"""`TrainingOptions`: how a network is trained."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from typing import Any, Self

from lcscale.errors import InputError
from lcscale.models.inputs.augmentation import Augmentation
from lcscale.models.inputs.cadences import find_cadences
from lcscale.models.inputs.numbers import OF_SECOND_BAND, TELLING

PRECISIONS = ("auto", "float32", "bfloat16")


@dataclass(frozen=True)
class TrainingOptions:
    """Equal options, data and machine give equal weights."""

    epochs: int = 40
    """Most passes over the training set."""
    batch_size: int = 64
    """Objects between two steps of the optimizer."""
    learning_rate: float = 2e-3
    """Highest rate of the one-cycle schedule (AdamW)."""
    weight_decay: float = 1e-2
    """Of AdamW."""
    label_smoothing: float = 0.05
    """Share of the truth that is spread over all classes."""
    class_weight_power: float = 0.5
    """Classes weigh ``count ** -power``."""
    patience: int = 12
    """Epochs without a better validation loss after which training ends."""
    filters: tuple[int, int, int] = (12, 24, 32)
    """Filters of the convolutions."""
    hidden: int = 128
    """Width of the dense layers."""
    dropout: float = 0.3
    """Of the joined layers."""
    network: str = "folded_images"
    """Which network, by its name in `lcscale.models.networks.table`."""
    phase_in_days: bool = False
    """Whether recurrent networks see phase times period instead of phase."""
    stacked_with: tuple[str, ...] | None = None
    """Further ones, such as `boosted_trees`, whose scores are added to the network's with weights that are fitted on
    stars which none of them has seen: those of the validation set, or of the other folds. None: boosted trees beside a
    network of classes; nothing beside one of values, or beside trees."""
    grown_on_validation: bool = True
    """Whether trees beside a network are taught the validation set too, once it has weighed and calibrated the parts;
    of an ensemble, where it does neither, from the beginning."""
    boosting_rounds: int | None = None
    """Trees of each score of `boosted_trees`; None: 150. The fewer, the more each of them corrects."""
    augmentation: Augmentation = field(default_factory=Augmentation)
    """Changes at every look."""
    copies: int = 0
    """Times that trees see each training star besides, as one of the surveys of `augmentation.cadences`."""
    withheld: tuple[str, ...] = ()
    """Numbers that the parts of `withheld_from` do not see, as patterns of names such as ``log_signal_*``."""
    withheld_from: tuple[str, ...] = ("extra_trees",)
    """Names of the networks and trees that do not see them: in training they are missing, and later they count for
    nothing."""
    synthetic: int = 0
    """Classes with fewer training stars are filled up to this number with light curves drawn from Gaussian processes of
    their own stars; at most four for each real one. Never in validation or test."""
    precision: str = "auto"
    """float32, or bfloat16 (mixed: weights stay float32); auto takes bfloat16 on a GPU."""
    seed: int = 0
    """Of all random numbers."""

    @classmethod
    def forgetting(cls, seed: int = 0, network: str = "extra_trees") -> Self:
        """Trees, or a network, that forget which survey saw a star, for stars of surveys that are not in training.

        They see one band, no number that tells cadence and noise, and each star as Gaia, Catalina, ZTF and Rubin would
        have seen it: trees three times more, a network at half of its looks.

        Examples
        --------
        >>> TrainingOptions.forgetting(seed=3).network
        'extra_trees'
        """
        return cls(
            network=network,
            stacked_with=(),
            copies=3,
            withheld=(*TELLING, *OF_SECOND_BAND),
            withheld_from=(network,),
            class_weight_power=0.0,
            augmentation=Augmentation(cadences=("gaia", "catalina", "ztf", "rubin")),
            seed=seed,
        )

    @classmethod
    def from_dict(cls, row: Mapping[str, Any]) -> Self:
        """Those of a card (``asdict``), also of one that an earlier version wrote."""
        known = {each.name: row[each.name] for each in fields(cls) if each.name in row}
        changes = {name: _tuple(value) for name, value in known.pop("augmentation", {}).items()}
        return cls(**{name: _tuple(value) for name, value in known.items()}, augmentation=Augmentation(**changes))

    @property
    def hidden_numbers(self) -> tuple[str, ...]:
        """Patterns of the numbers that `network` does not see."""
        return self.withheld if self.network in self.withheld_from else ()

    def __post_init__(self) -> None:
        if self.copies and not self.augmentation.cadences:
            raise InputError("copies are made as surveys would see a star: name some as augmentation.cadences")
        find_cadences(self.augmentation.cadences)
        if self.precision not in PRECISIONS:
            raise InputError(f"precision is one of {', '.join(PRECISIONS)}, not {self.precision!r}")


def _tuple(value: Any) -> Any:
    return tuple(value) if isinstance(value, list) else value
