"""Surveys that are declared: which columns of their files mean what."""

from __future__ import annotations

from lcscale.surveys.presets.asassn import Asassn
from lcscale.surveys.presets.atlas import Atlas
from lcscale.surveys.presets.crts_web import CrtsWeb
from lcscale.surveys.presets.kepler import Kepler
from lcscale.surveys.presets.neowise import Neowise
from lcscale.surveys.presets.ps1 import Ps1
from lcscale.surveys.presets.ptf import Ptf
from lcscale.surveys.presets.s82 import Stripe82
from lcscale.surveys.presets.tess import Tess
from lcscale.surveys.presets.vsx import Vsx
from lcscale.surveys.presets.ztf_forced import ZtfForced

PRESETS = (Asassn, Atlas, CrtsWeb, Kepler, Neowise, Ps1, Ptf, Stripe82, Tess, Vsx, ZtfForced)
"""All of them; adding one is adding a file and a name here."""

__all__ = ["PRESETS"]
