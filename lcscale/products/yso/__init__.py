"""Candidates for young stellar objects from the photometry of Gaia, 2MASS and AllWISE."""

from __future__ import annotations

from lcscale.products.yso.candidates import join_surveys, yso_candidates
from lcscale.products.yso.classify import ClassifyYSO
from lcscale.products.yso.counting import CandidateCounts, count_candidates
from lcscale.products.yso.labels import CLASSES, map_classes
from lcscale.products.yso.photometry import Photometry, count_problems
from lcscale.products.yso.training import LabelledTable, train_yso_model

__all__ = [
    "CLASSES",
    "CandidateCounts",
    "ClassifyYSO",
    "LabelledTable",
    "Photometry",
    "count_candidates",
    "count_problems",
    "join_surveys",
    "map_classes",
    "train_yso_model",
    "yso_candidates",
]
