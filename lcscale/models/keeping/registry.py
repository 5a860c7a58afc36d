"""Where models are: folders of `weights.safetensors` and `card.json`, shipped with the package or given by path."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from lcscale.errors import DeviceError, InputError, ModelError
from lcscale.kernels.devices import fastest_device
from lcscale.models.keeping.card import Card, ModelCard

if TYPE_CHECKING:
    from torch import Tensor

    from lcscale.models.keeping.model import Model
    from lcscale.models.networks.network import Network

AnyCard = TypeVar("AnyCard", bound=ModelCard)

WEIGHTS = "weights.safetensors"
CARD = "card.json"
JUDGED = "judged"
"""Key of a card under which the figures of `lcscale judge` stand. They are no part of the model's id: judging it again
makes no other model of it."""
SHIPPED = Path(__file__).parents[1] / "shipped"
"""Folder of the networks inside the package."""
_IN_MEMORY = 4


def shipped(root: Path = SHIPPED) -> tuple[str, ...]:
    """Names of the models inside the package; `root` is the folder of those of a kind, networks by default."""
    return tuple(sorted(folder.name for folder in root.iterdir() if (folder / CARD).is_file()))


def find_folder(path_or_name: str | Path, *roots: Path) -> Path:
    """The folder of a model: a path, or the name of one shipped in one of `roots`, by default that of the networks.

    Raises
    ------
    InputError
        There is no such model.
    ModelError
        It is not a folder of weights and card.
    """
    folder = Path(path_or_name)
    names = {name: root for root in roots or (SHIPPED,) for name in shipped(root)}
    if str(path_or_name) in names and not (folder / CARD).is_file():
        folder = names[str(path_or_name)] / str(path_or_name)
    if not folder.exists():
        raise InputError(f"no model {path_or_name}: give the folder of one, or a shipped one ({', '.join(names)})")
    if not folder.is_dir():
        raise ModelError(f"{folder} is a file; a model is a folder of {WEIGHTS} and {CARD}, and nothing else is loaded")
    for name in (WEIGHTS, CARD):
        if not (folder / name).is_file():
            raise ModelError(f"{folder} is no model: it has no {name}")
    return folder


def read_card(path_or_name: str | Path) -> Card:
    """The card of a model, without its weights.

    Raises
    ------
    InputError
        There is no such model.
    ModelError
        Its card is damaged.
    """
    return card_at(find_folder(path_or_name), Card)


def card_at(folder: Path, kind: type[AnyCard]) -> AnyCard:
    """The card of a kind in a model's folder."""
    path = folder / CARD
    try:
        return kind.from_json(path.read_text("utf-8"), str(path))
    except UnicodeDecodeError as error:
        raise ModelError(f"{path} is no model card: it is not UTF-8 text") from error


def read_judgement(folder: str | Path) -> dict[str, Any]:
    """What `lcscale judge` wrote into the card of a model's folder; empty where it was not judged."""
    found: dict[str, Any] = json.loads((Path(folder) / CARD).read_text("utf-8")).get(JUDGED, {})
    return found


def write_judgement(folder: str | Path, judgement: Mapping[str, Any]) -> None:
    """Put figures into the card of a model's folder, in the place of earlier ones; its id stays."""
    path = Path(folder) / CARD
    row = json.loads(path.read_text("utf-8")) | {JUDGED: dict(judgement)}
    beside = path.with_name(f".{CARD}")
    beside.write_text(json.dumps(row, indent=1, ensure_ascii=False) + "\n", "utf-8")
    beside.replace(path)


def load(path_or_name: str | Path, device: str | None = None) -> Model:
    """A model ready to classify; the same object for the same content, once a process.

    Parameters
    ----------
    path_or_name
        Folder of a model, or the name of a shipped one.
    device
        Where the network runs, as torch names it; None: the GPU of this process where it has one, else the CPU.

    Raises
    ------
    InputError
        There is no such model.
    ModelError
        Its card or weights are damaged, or they do not belong together.
    DeviceError
        There is no such device.
    """
    folder = find_folder(path_or_name)
    return _load(str(folder.resolve()), read_card(folder).id, device)


@lru_cache(maxsize=_IN_MEMORY)
def _load(folder: str, model_id: str, device: str | None) -> Model:
    """Read and check the weights; `model_id` is that of the card, so that another content is another model."""
    from safetensors import SafetensorError
    from safetensors.torch import load as parse

    card = read_card(folder)
    content = checked_weights(folder, card)
    try:
        return model_of(card, parse(content), device)
    except DeviceError:
        raise
    except InputError as error:
        raise ModelError(f"{folder}: {error}") from error
    except (SafetensorError, RuntimeError, TypeError, KeyError) as error:
        raise ModelError(f"{folder}/{WEIGHTS} does not fit its card: {error}") from error


def model_of(card: Card, tensors: Mapping[str, Tensor], device: str | None = None) -> Model:
    """A model out of its card and the tensors of `tensors_of`; torch's errors where they do not fit."""
    from lcscale.models.keeping.model import Model
    from lcscale.models.networks.table import build

    networks = [build(card.network, card.architecture) for _ in range(card.members)]
    for k, network in enumerate(networks):
        start = _prefix(k, card.members)
        network.load_state_dict(
            {name.removeprefix(start): value for name, value in tensors.items() if name.startswith(start)}
        )
        network.checked(len(card.preparation.names))
    place = fastest_device(device)
    first, *others = (network.eval().requires_grad_(False).to(place) for network in networks)
    return Model(card, first, tuple(others))


def _prefix(member: int, members: int) -> str:
    """What the names of a member's tensors begin with; nothing where it is the only one."""
    return "" if members == 1 else f"{member}."


def save(card: Card, networks: Network | Sequence[Network], folder: str | Path) -> Card:
    """Write a model's folder; returns the card with the hash of its weights.

    Raises
    ------
    ModelError
        The folder holds something else than a model.
    """
    from safetensors.torch import save as serialise

    members = list(networks) if isinstance(networks, Sequence) else [networks]
    return write_files(folder, serialise(tensors_of(members)), replace(card, members=len(members)))


def tensors_of(members: Sequence[Network]) -> dict[str, Tensor]:
    """Weights of the members of an ensemble by name."""
    return {
        f"{_prefix(k, len(members))}{name}": value.contiguous()
        for k, network in enumerate(members)
        for name, value in network.state_dict().items()
    }


def checked_weights(folder: str | Path, card: ModelCard) -> bytes:
    """The content of the weights file, which has to be the one that the card was written for."""
    content = (Path(folder) / WEIGHTS).read_bytes()
    if hashlib.sha256(content).hexdigest() != card.weights_sha256:
        raise ModelError(f"{folder}/{WEIGHTS} is not what its card was written for (the hash differs): copy it again")
    return content


def write_files(folder: str | Path, weights: bytes, card: AnyCard) -> AnyCard:
    """Write weights and card as a model's folder; returns the card with the hash of the weights.

    Raises
    ------
    ModelError
        The folder holds something else than a model.
    """
    target = Path(folder)
    target.mkdir(parents=True, exist_ok=True)
    strange = sorted(path.name for path in target.iterdir() if path.name not in (WEIGHTS, CARD))
    if strange:
        raise ModelError(f"{target} is not a model's folder: it holds {', '.join(strange[:3])}; choose another")
    (target / WEIGHTS).write_bytes(weights)
    complete = card.with_weights(hashlib.sha256(weights).hexdigest())
    (target / CARD).write_text(complete.to_json(), "utf-8")
    return complete
