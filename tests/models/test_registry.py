import json
import pickle
import shutil
from dataclasses import replace

import numpy as np
import pytest

from lcscale.errors import InputError, ModelError
from lcscale.models import Card, load, read_card
from lcscale.models.keeping.registry import CARD, WEIGHTS, save


@pytest.fixture
def copy(trained, tmp_path):
    return shutil.copytree(trained[0], tmp_path / "copy")


def test_a_folder_is_read_back_as_it_was_written(trained):
    folder, model = trained
    assert load(folder) is load(str(folder))
    assert load(folder).card == model.card
    assert sorted(path.name for path in folder.iterdir()) == [CARD, WEIGHTS]
    assert (folder / WEIGHTS).stat().st_size < 1_000_000


def test_the_id_is_the_content(trained, copy):
    folder, model = trained
    assert read_card(copy).id == model.card.id == Card.from_json((folder / CARD).read_text(), "card").id
    row = json.loads((copy / CARD).read_text())
    row["trained_on"] = "real"
    (copy / CARD).write_text(json.dumps(row))
    assert read_card(copy).id != model.card.id


def test_damaged_weights_are_refused(copy):
    content = bytearray((copy / WEIGHTS).read_bytes())
    content[-5] ^= 1
    (copy / WEIGHTS).write_bytes(bytes(content))
    with pytest.raises(ModelError, match="hash differs"):
        load(copy)


def test_weights_of_another_kind_are_refused(copy):
    class Harm:
        def __reduce__(self):
            return (pytest.fail, ("a pickle was loaded",))

    content = pickle.dumps(Harm())
    (copy / WEIGHTS).write_bytes(content)
    with pytest.raises(ModelError, match="hash differs"):
        load(copy)
    import hashlib

    card = read_card(copy).with_weights(hashlib.sha256(content).hexdigest())
    (copy / CARD).write_text(card.to_json())
    with pytest.raises(ModelError, match="does not fit its card"):
        load(copy)


def test_weights_of_another_architecture_are_refused(trained, copy):
    folder, model = trained
    row = json.loads((copy / CARD).read_text())
    row["network"]["sizes"]["hidden"] += 1
    (copy / CARD).write_text(json.dumps(row))
    with pytest.raises(ModelError, match="does not fit its card"):
        load(copy)


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"format": 99}', '{"format": 1, "name": "x"}', "\x00"])
def test_cards_that_are_none_are_refused(copy, text):
    (copy / CARD).write_text(text)
    with pytest.raises(ModelError, match="card"):
        load(copy)


def test_a_card_that_is_no_text_is_refused(copy):
    (copy / CARD).write_bytes(b"\xff\xfe\x00")
    with pytest.raises(ModelError, match="not UTF-8"):
        load(copy)


def test_what_is_no_model(tmp_path, trained):
    file = tmp_path / "model.pt"
    file.write_bytes(b"")
    with pytest.raises(ModelError, match="is a file; a model is a folder"):
        load(file)
    with pytest.raises(InputError, match="no model nowhere: give the folder"):
        load("nowhere")
    with pytest.raises(ModelError, match=f"it has no {WEIGHTS}"):
        load(tmp_path)
    with pytest.raises(ModelError, match="not a model's folder: it holds model.pt"):
        save(trained[1].card, trained[1].network, tmp_path)


def test_saving_again_gives_the_same_id(trained, tmp_path):
    folder, model = trained
    blank = replace(model.card, weights_sha256="")
    assert save(blank, model.network, tmp_path / "again").id == model.card.id
    assert np.array_equal(
        np.frombuffer((folder / WEIGHTS).read_bytes(), np.uint8),
        np.frombuffer((tmp_path / "again" / WEIGHTS).read_bytes(), np.uint8),
    )
