"""How good a model is: calibration, figures, baselines."""
