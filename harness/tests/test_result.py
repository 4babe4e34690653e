"""The writers keep to the schema."""

from __future__ import annotations

import json
import os
from dataclasses import asdict, fields

import jsonschema
import pytest
from ikelab.result import SCHEMA, Result, counts, document, read_results, write_document
from ikelab.verdict import Verdict

SCHEMA_OBJECT = json.loads(SCHEMA.read_text())


def results():
    return [Result("connect.connect", "reference", "strongswan-5.9.8", verdict, "why") for verdict in Verdict]


def test_document_keeps_to_the_schema():
    found = json.loads(json.dumps(document(results())))
    jsonschema.validate(found, SCHEMA_OBJECT)


def test_schema_and_dataclass_name_the_same_fields():
    assert set(SCHEMA_OBJECT["definitions"]["result"]["properties"]) == {f.name for f in fields(Result)}


@pytest.mark.parametrize("change", [{"verdict": "ok"}, {"seconds": -1}, {"surprise": 1}, {"outage_ms": "5"}])
def test_schema_notices(change):
    found = json.loads(json.dumps(document(results()[:1])))
    found["results"][0].update(change)
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(found, SCHEMA_OBJECT)


def test_device_is_written_to_and_not_replaced(tmp_path):
    os.mkfifo(tmp_path / "pipe")
    reader = os.open(tmp_path / "pipe", os.O_RDONLY | os.O_NONBLOCK)
    write_document(tmp_path / "pipe", document([]))
    assert b'"tool"' in os.read(reader, 1000) and (tmp_path / "pipe").is_fifo()
    os.close(reader)


def test_results_round_trip(tmp_path):
    for at, one in enumerate(results()):
        (tmp_path / str(at)).mkdir()
        (tmp_path / str(at) / "verdict.json").write_text(json.dumps(asdict(one)))
    again = read_results(tmp_path)
    assert again == results()
    assert counts(again)["pass"] == 1


def test_nothing_half_written_stays(tmp_path, monkeypatch):
    def fail(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("pathlib.Path.replace", fail)
    with pytest.raises(OSError):
        write_document(tmp_path / "out.json", document([]))
    assert list(tmp_path.iterdir()) == []


def test_document_is_whole_or_absent(tmp_path):
    class Unwritable:
        pass

    with pytest.raises(TypeError):
        write_document(tmp_path / "out.json", {"x": Unwritable()})
    assert list(tmp_path.iterdir()) == []
    write_document(tmp_path / "deep" / "out.json", document([]))
    assert json.loads((tmp_path / "deep" / "out.json").read_text())["results"] == []
