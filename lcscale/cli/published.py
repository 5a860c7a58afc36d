"""`lcscale published`: would these alerts be published?"""

from __future__ import annotations

from typing import Annotated

import typer


def published(
    files: Annotated[list[str], typer.Argument(help="Light curves of Gaia alerts, as published (CSV).")],
    model: Annotated[str, typer.Option("--model", help="Name of a shipped model, or folder of one.")] = "alerts",
    prevalence: Annotated[
        float | None, typer.Option(help="Share of all alerts that is worth publishing, such as 0.01.")
    ] = None,
    output: Annotated[str | None, typer.Option(help="Parquet file to write the table to.")] = None,
) -> None:
    """Say of each alert's light curve whether it looks like one that is published, and how far to trust that."""
    import pyarrow.parquet as pq

    from lcscale.products.published import precision_rows, published_or_not, reliability
    from lcscale.surveys.gaia_alert_curves import read_alert_curves

    table = published_or_not(read_alert_curves(files), model, prevalence=prevalence)
    for row in table.to_pylist():
        at = row.get("prob_published_at_prevalence")
        moved = "" if at is None else f"  at prevalence {prevalence:g}: {at:.4f}"
        told = row["reason"] if row["class"] is None else f"{row['class']:12s} {row['prob_PUBLISHED']:.4f}{moved}"
        print(f"{row['object_id']:20s} {told}")
    found = reliability(model)
    print(
        f"Model {table.column('model_id')[0]}, trained on {table.column('trained_on')[0]} data: of alerts it had not "
        f"seen, {found.n_found} of {found.n_published} published and {found.n_false} of {found.n_unpublished} others "
        "were called published."
    )
    told = ", ".join(f"{100 * precision:.1f} % at {share:g}" for share, precision in precision_rows(found))
    print(f"Precision at a prevalence of published alerts: {told}.")
    if output:
        pq.write_table(table, output)
        print(output)
