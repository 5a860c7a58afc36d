"""Light curves as images, drawn where they are seen and never stored."""

from lcscale.images.options import ImageOptions
from lcscale.images.render import render_folded, render_raw

__all__ = ["ImageOptions", "render_folded", "render_raw"]
