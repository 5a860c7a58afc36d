"""The compiled ground floor: how kernels are compiled and launched, phasors and phases, sums over harmonics."""
