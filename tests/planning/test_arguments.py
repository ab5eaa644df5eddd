"""Arguments of a call: values as on the command line, errors with the parameter's name."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from planner.base.errors import InputError, Location
from planner.base.sizes import GIB, KIB, MIB
from planner.planning import arguments
from planner.planning.options import Options


def test_taken(tmp_path: Path) -> None:
    assert arguments.size("need", "512M") == 512 * MIB
    assert arguments.image(None, any_image=False) == (None, False)
    assert arguments.image("32M", any_image=True) == (32 * MIB, True)
    assert arguments.path("initrd", tmp_path) == arguments.path("initrd", str(tmp_path)) == str(tmp_path)
    assert arguments.texts("kernels", iter(["6.1", "6.12"])) == ("6.1", "6.12")
    given = {"page_size": "64K", "kernel": None, "memory": "2G@0x80000000"}
    assert arguments.options(given) == Options(page_size=64 * KIB)


@pytest.mark.parametrize(
    ("check", "message"),
    [
        (lambda: arguments.size("need", "0"), "need: '0' is 0 bytes"),
        (lambda: arguments.image(GIB, any_image="yes"), "any_image: must be true or false"),
        (lambda: arguments.text("need", ""), "need: must be a string"),
        (lambda: arguments.path("initrd", b"a"), "initrd: must be a string"),
        (lambda: arguments.texts("kernels", "6.1"), "kernels: must be a list; of texts as on the command line"),
        (lambda: arguments.texts("kernels", {"6.1": 1}), "kernels: must be a list"),
        (lambda: arguments.options({"kernal": "6.1"}), "kernal: is not an option; did you mean kernel?"),
        (lambda: arguments.options({"strategy": "magic"}), "strategy: unknown strategy 'magic'"),
        (lambda: arguments.options({"cpu": "8086"}), "cpu: "),
    ],
)
def test_refused(check: Callable[[], object], message: str) -> None:
    with pytest.raises(InputError) as caught:
        check()
    assert str(caught.value).startswith(message)


@pytest.mark.parametrize(
    ("where", "names", "shown"),
    [
        pytest.param("--page-size", {}, "page_size", id="an option is a parameter"),
        pytest.param("--map", {}, "source", id="the map is the source"),
        pytest.param("CRASHKERNEL", {}, "crashkernel", id="the request"),
        pytest.param("--preset", {"preset": "presets"}, "presets", id="a parameter with another name"),
        pytest.param("a.iomem", {}, "a.iomem", id="a file is no parameter"),
        pytest.param(Location("a.iomem", 2, 1), {}, "a.iomem:2:1", id="nor is a line of one"),
    ],
)
def test_an_error_names_the_parameter(where: str | Location, names: dict[str, str], shown: str) -> None:
    with pytest.raises(InputError, match=f"^{shown}: is wrong; fix it$"), arguments.named(**names):
        raise InputError(where, "is wrong", "fix it")
