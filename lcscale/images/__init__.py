"""Light curves as images, drawn where they are seen and never stored."""

from lcscale.images.channels import render_density, render_dmdt, render_error_bars
from lcscale.images.options import ImageOptions
from lcscale.images.render import render_folded, render_raw

__all__ = ["ImageOptions", "render_density", "render_dmdt", "render_error_bars", "render_folded", "render_raw"]
