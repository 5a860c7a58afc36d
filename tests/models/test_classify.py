import pickle
import shutil
import subprocess
import sys

import numpy as np
import pyarrow as pa
import pytest

from lcscale.errors import InputError, ModelError
from lcscale.lightcurves import LIGHTCURVE_TYPE
from lcscale.models import Classify, load
from lcscale.models.heads.columns import PROBABILITY
from lcscale.periods import PERIOD_SCHEMA
from lcscale.simulation.synthesis import synthesize
from lcscale.steps import Step, chain_schema
from lcscale.vocabulary import append_columns, schema_of

FIELD = pa.field("lightcurve", LIGHTCURVE_TYPE, metadata={"bands": "g,r"})


def catalog(n=30, seed=9):
    made = synthesize([("RRab", "EA", "LPV")[i % 3] for i in range(n)], seed, n_observations=(60, 150))
    arrays = [pa.array(range(n)), made.lcs.to_arrow(), pa.array(made.period)]
    schema = pa.schema([pa.field("object_id", pa.int64()), FIELD, PERIOD_SCHEMA.field("period")])
    return pa.Table.from_arrays(arrays, schema=schema), made


@pytest.fixture(scope="module")
def step(trained):
    return Classify(str(trained[0]))


def test_it_is_a_step(step, trained):
    assert isinstance(step, Step)
    assert pickle.loads(pickle.dumps(step)) == step  # noqa: S301
    assert trained[1].card.id in step.fingerprint()
    assert step.columns == ("lightcurve", "period")


def test_the_schema_is_that_of_the_result(step):
    table, _ = catalog()
    result = step(table)
    assert result.schema.equals(chain_schema([step], table.schema), check_metadata=True)
    names = ["class", "prob_RRab", "prob_EA", "prob_LPV", "prediction_set"]
    names += ["reason", "model_id", "trained_on", "computed_on"]
    assert result.column_names == ["object_id", "lightcurve", "period", *names]
    assert step(table.slice(0, 0)).schema.equals(result.schema, check_metadata=True)


def test_a_period_of_the_survey_is_refused(step):
    table, made = catalog()
    theirs = table.drop_columns("period").append_column("period", pa.array(made.period))
    with pytest.raises(InputError, match="the survey's own"):
        chain_schema([step], theirs.schema)
    named = theirs.rename_columns(["object_id", "lightcurve", "cat_period"])
    assert Classify(step.model, period="cat_period")(named)["class"].equals(step(table)["class"])


def test_no_probability_of_another_model_stays(step):
    table, _ = catalog()
    old = schema_of([PROBABILITY.of("QSO"), PROBABILITY.of("EA")])
    before = append_columns(table, pa.table([pa.array([0.5] * len(table), pa.float32())] * 2, schema=old))
    before = before.append_column("prob_theirs", pa.array([0.1] * len(table)))
    result = step(before)
    assert result.schema.equals(chain_schema([step], before.schema), check_metadata=True)
    assert result.drop_columns("prob_theirs").equals(step(table))


def test_it_has_learnt(step):
    table, made = catalog(150)
    result = step(table).to_pydict()
    assert np.mean(np.array(result["class"]) == made.label) > 0.9
    sums = sum(np.array(result[f"prob_{name}"]) for name in load(step.model).classes)
    np.testing.assert_allclose(sums, 1.0, atol=1e-5)
    assert all(text.startswith(name) for text, name in zip(result["prediction_set"], result["class"], strict=True))
    assert set(result["trained_on"]) == {"simulated"}
    assert set(result["computed_on"]) == {"cpu float32"}
    assert set(result["model_id"]) == {step.model_id}


@pytest.mark.parametrize("size", [1, 7, 300])
def test_batches_do_not_matter(step, size):
    table, _ = catalog(60)
    whole = step(table)
    parts = pa.concat_tables([step(table.slice(k, size)) for k in range(0, 60, size)])
    for name in load(step.model).classes:
        column = f"prob_{name}"
        np.testing.assert_allclose(parts[column].to_numpy(), whole[column].to_numpy(), atol=1e-5)


def test_a_partition_without_one_of_the_bands_has_the_same_columns(step):
    table, made = catalog()
    blue = made.lcs.keep(made.lcs.band == 0).to_arrow()
    result = step(table.set_column(1, FIELD, blue))
    assert result.schema.equals(step.schema(table.schema), check_metadata=True)
    assert result["class"].null_count == 0


def test_what_cannot_be_classified_has_a_reason_and_nulls(step):
    table, _ = catalog(4)
    curves = table["lightcurve"].to_pylist()
    few = {key: values[:4] for key, values in curves[1].items()}
    curves = pa.array([curves[0], few, None, curves[3]], LIGHTCURVE_TYPE)
    table = table.set_column(1, FIELD, curves).set_column(2, "period", pa.array([0.5, 0.5, 0.5, None]))
    result = step(table).to_pylist()
    assert [row["reason"] is None for row in result] == [True, False, False, False]
    assert "needed" in result[1]["reason"]
    assert result[3]["reason"] == "no period"
    for row in result[1:]:
        assert row["class"] is None
        assert row["prob_EA"] is None
        assert row["prediction_set"] is None
        assert row["model_id"] == step.model_id


def test_bands_that_the_model_does_not_know_are_refused(step):
    table, _ = catalog(3)
    field = pa.field("lightcurve", LIGHTCURVE_TYPE, metadata={"bands": "W1,W2"})
    with pytest.raises(ModelError, match="does not know the bands W1, W2"):
        step.schema(pa.schema([field, table.schema.field("period")]))


def test_a_model_that_changes_under_a_planned_job_is_refused(trained, tmp_path):
    copy = shutil.copytree(trained[0], tmp_path / "model")
    step = Classify(str(copy))
    text = (copy / "card.json").read_text()
    (copy / "card.json").write_text(text.replace('"trained_on": "simulated"', '"trained_on": "mixed"'))
    with pytest.raises(ModelError, match="has changed"):
        step(catalog(3)[0])


def test_planning_needs_no_torch(trained):
    code = (
        "import sys; from lcscale.models import Classify; import pyarrow as pa; "
        f"Classify({str(trained[0])!r}); assert 'torch' not in sys.modules and 'sklearn' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


def test_a_model_that_is_not_there_is_refused_at_once():
    with pytest.raises(InputError, match="no model no_such_model"):
        Classify("no_such_model")


def test_a_model_goes_along_to_processes_where_its_folder_is_not(trained, step, tmp_path, monkeypatch):
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    folder = shutil.copytree(trained[0], tmp_path / "elsewhere")
    sent = pickle.dumps(Classify(folder))
    assert pickle.loads(sent).model == str(folder)  # noqa: S301
    shutil.rmtree(folder)
    arrived = [pickle.loads(sent) for _ in range(2)]  # noqa: S301
    assert arrived[0].model == arrived[1].model != str(folder)
    table, _ = catalog()
    assert arrived[0](table).equals(step(table))
    assert arrived[0].fingerprint() == step.fingerprint()
    assert len(pickle.dumps(Classify("general"))) < 1000
