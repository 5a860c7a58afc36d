"""What a version was made from: the catalogs and their versions, the steps, models and code, told in its properties."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass

from upath import UPath

INPUTS = "lcscale_inputs"
"""Property with the inputs, as JSON."""
ID_COLUMN = "lcscale_id_column"
"""Property with the name of the column that names the rows."""
STEPS, MODELS, CODE = "lcscale_steps", "lcscale_models", "lcscale_code"
"""Properties with versions of the steps, ids of the models and versions of the libraries, as JSON."""
OF_A_VERSION = (INPUTS, ID_COLUMN, STEPS, MODELS, CODE)
"""Properties that tell of one version only: none passes to what is made from it."""

ROWS, CROSSMATCH, JOIN, LIGHT_CURVES = "rows", "crossmatch", "join", "light curves"
"""Roles of inputs."""

COMMON_ID_COLUMNS = ("object_id", "source_id", "id", "objectid", "oid", "objectId", "diaObjectId")
"""Columns that ids are looked for in, where a catalog does not tell: catalogs of others, and ours of before."""


@dataclass(frozen=True)
class Input:
    """A version of a catalog that another was made from."""

    role: str
    """``rows``, ``crossmatch``, ``join`` or ``light curves``."""
    name: str
    """Name of the catalog."""
    version: str
    """Name of the version's folder."""
    url: str = ""
    """Where it lies; nothing for a catalog of the same lake."""

    def folder(self, lake: UPath | None) -> str:
        """Its folder, for a catalog of the lake at the root `lake`."""
        return self.url or str(lake / self.name / self.version if lake is not None else f"{self.name}/{self.version}")

    def __str__(self) -> str:
        return f"{self.role}: {self.url or f'{self.name} {self.version}'}"


def input_of(role: str, name: str, folder: UPath, lake: UPath | None) -> Input:
    """The catalog `name` whose version lies at `folder`, as an input of one in the lake at the root `lake`."""
    inside = lake is not None and folder.parent.parent == lake
    return Input(role, folder.parent.name if inside else name, folder.name, "" if inside else str(folder))


def to_text(inputs: list[Input]) -> str:
    """Inputs as the property keeps them."""
    return json.dumps([asdict(each) for each in dict.fromkeys(inputs)])


def from_properties(properties: Mapping[str, str]) -> list[Input]:
    """The inputs that a catalog's properties tell; none where it does not tell."""
    return [Input(**each) for each in json.loads(properties.get(INPUTS, "[]"))]
