"""`schema`: what is published is a schema."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest
from jsonschema import Draft202012Validator

if TYPE_CHECKING:
    from tests.cli.conftest import Run


@pytest.mark.parametrize(
    ("what", "key"),
    [
        pytest.param([], "reservation", id="of the report by default"),
        pytest.param(["report"], "reservation", id="report"),
        pytest.param(["map"], "memory", id="map"),
        pytest.param(["procedure"], "steps", id="procedure"),
        pytest.param(["bbm"], "cases", id="bbm"),
    ],
)
def test_schemas_are_schemas(run: Run, what: list[str], key: str) -> None:
    """Each of its own document."""
    schema = json.loads(run("schema", *what).out)
    Draft202012Validator.check_schema(schema)
    text = json.dumps(schema)
    assert f'"{key}"' in text
    assert schema["$schema"] == "https://json-schema.org/draft/2020-12/schema"


def test_the_columns_of_tables(run: Run) -> None:
    """Not a JSON Schema: the columns, and how Spark writes them."""
    columns = json.loads(run("schema", "batch").out)
    assert columns["spark_ddl"].startswith("id STRING, error STRING, outcome STRING")
