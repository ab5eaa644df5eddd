"""The published schemas: each name that `schema` takes has one."""

from __future__ import annotations

import pytest

from planner.cli.schema_command import PUBLISHED
from planner.cli.schemas import NAMES, schema_named


def test_the_command_offers_every_schema() -> None:
    assert len(PUBLISHED) == len(NAMES)
    assert set(PUBLISHED) == NAMES


@pytest.mark.parametrize("name", sorted(NAMES - {"batch"}))
def test_a_schema_is_of_its_own_document(name: str) -> None:
    schema = schema_named(name)
    assert schema["type"] == "object"
    assert schema["properties"]


def test_the_tables_of_batch_have_columns_instead_of_a_schema() -> None:
    assert set(schema_named("batch")) == {"schema_version", "input", "output", "output_with_report", "spark_ddl"}
