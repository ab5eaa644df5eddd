"""`schema`: what is published is a schema, and what the commands write satisfies it."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest
from jsonschema import Draft202012Validator

from planner.report.studies import DOCUMENTS

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
def test_each_schema_is_valid_and_describes_its_own_document(run: Run, what: list[str], key: str) -> None:
    schema = json.loads(run("schema", *what).out)
    Draft202012Validator.check_schema(schema)
    text = json.dumps(schema)
    assert f'"{key}"' in text
    assert schema["$schema"] == "https://json-schema.org/draft/2020-12/schema"


def test_the_columns_of_tables(run: Run) -> None:
    """Not a JSON Schema: the columns, and how Spark writes them."""
    columns = json.loads(run("schema", "batch").out)
    assert columns["spark_ddl"].startswith("id STRING, error STRING, outcome STRING")


MAPS = "--map sample:honeycomb-30g --map sample:rpi4-4g"
WRITTEN = {
    "need": [
        "need --kernel-size 37M --initrd-size 23M",
        "need --map sample:altra-32g --cpus 8 --luks-memory 1G --kernel-size 1M",
    ],
    "size": [
        "size --map sample:altra-32g",
        "size 1G,high --need 64G --map sample:honeycomb-30g",
        "size --any-image --aim protected --map sample:qemu-32g-uefi",
    ],
    "sweep": ["size --sweep 512M..2G --map sample:altra-32g", "size --sweep 1G..2G --step 512M --map sample:rpi4-4g"],
    "give-back": ["size 512M --give-back 256M --map sample:altra-32g", "size 64G --give-back 1M --map sample:rpi4-4g"],
    "default": [f"default {MAPS}", f"default {MAPS} --need 3G"],
    "survey": [
        f"survey {MAPS} --request 512M --preset rhel9 --kernel 6.1 --page-size 64K",
        f"survey {MAPS} --sort ram",
    ],
    "proposal": ["survey"],
    "compare": ["compare 512M --sizes 256M,64G --map sample:altra-32g"],
    "explain": [
        "explain 512M --map sample:altra-32g --any-image",
        "explain 6G --map sample:rpi4-4g",
    ],
    "fit": ["fit --map sample:altra-32g --any-image", "fit ,high --map sample:rpi4-4g"],
    "diff": ["diff 512M --map sample:altra-32g --b kernel=6.12"],
    "parse": ["parse 2G-4G:256M,4G-:512M --ram 8G", "parse 512M,high --ram 8G --kernel 5.4"],
    "verify": ["verify sample:sa8775p-36g sample:d05-64g-numa"],
}
"""Commands by the schema of what they write."""


@pytest.mark.parametrize(
    ("name", "command"), [(name, command) for name, commands in WRITTEN.items() for command in commands]
)
def test_what_a_command_writes_satisfies_its_schema(run: Run, name: str, command: str) -> None:
    status, out, _ = run(*command.split(), "--format", "json")
    assert status in {0, 1}
    made = run("schema", name)
    Draft202012Validator.check_schema(json.loads(made.out))
    Draft202012Validator(json.loads(made.out)).validate(json.loads(out))


def test_every_schema_has_a_document() -> None:
    assert set(DOCUMENTS) == set(WRITTEN)  # a summary is tried with batch
