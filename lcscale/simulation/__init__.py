"""Made light curves, populations and releases: what stands in where no real observations are at hand."""
