"""From light curves to what a network takes."""
