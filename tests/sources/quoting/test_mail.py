"""Whole mails, with their headers."""

from __future__ import annotations

import base64
import bz2
import gzip
import lzma
import quopri
from collections.abc import Callable
from email.message import EmailMessage

import pytest

from planner.base.sizes import GIB
from planner.sources import parse_text
from planner.sources.quoting.mail import text_of

LOG = (
    "> [    0.000000] Linux version 5.7.0-rc5 (x@y) #44\n"
    "> [    0.000000]   node   0: [mem 0x0000000080000000-0x00000000ffffffff]\n"
    "> [    0.000000] Kernel command line: root=/dev/sda2 crashkernel=512M\n"
)
HEAD = "From: a@b\nTo: c@d\nSubject: it\n does not boot\nMessage-ID: <1@b>\nMIME-Version: 1.0\n"


@pytest.mark.parametrize(
    "body",
    [
        pytest.param(f"Content-Transfer-Encoding: 8bit\n\nHi\u00a0all,\n{LOG}", id="as it is"),
        pytest.param(
            f"Content-Transfer-Encoding: base64\n\n{base64.encodebytes(LOG.encode()).decode()}", id="in base64"
        ),
        pytest.param(
            f"Content-Transfer-Encoding: quoted-printable\n\n{quopri.encodestring(LOG.encode()).decode()}",
            id="in quoted-printable",
        ),
        pytest.param(f"Content-Transfer-Encoding: 7bit\n\n{LOG}".replace("\n", "\r\n"), id="with line ends of the net"),
    ],
)
def test_a_mail_is_decoded(body: str) -> None:
    machine = parse_text((HEAD + body).encode(), "mail.eml")
    assert (machine.memory.ram, machine.facts.kernel) == (2 * GIB, "5.7.0-rc5")
    assert machine.facts.cmdline == "root=/dev/sda2 crashkernel=512M"


def test_an_attached_log_is_read() -> None:
    """It may be the only part that matters."""
    mail = EmailMessage()
    mail["From"], mail["To"], mail["Subject"], mail["Message-ID"] = "a@b", "c@d", "log", "<2@b>"
    mail.set_content("The log is attached.")
    mail.add_alternative("<html><p>The log is attached.</p></html>", subtype="html")
    mail.add_attachment(LOG.replace("> ", ""), subtype="x-log", filename="dmesg.log")
    assert parse_text(mail.as_bytes(), "mail.eml").memory.ram == 2 * GIB


@pytest.mark.parametrize("pack", [gzip.compress, bz2.compress, lzma.compress, bytes])
def test_an_attached_packed_log_is_read(pack: Callable[[bytes], bytes]) -> None:
    """Its type may be one that the mail program does not know; pictures and archives are not read."""
    mail = EmailMessage()
    mail["From"], mail["To"], mail["Subject"], mail["Message-ID"] = "a@b", "c@d", "log", "<3@b>"
    mail.set_content("The log is attached.")
    mail.add_attachment(b"\x89PNG\r\n\0\0", maintype="image", subtype="png", filename="a.png")
    mail.add_attachment(gzip.compress(b"\0" * 512), maintype="application", subtype="gzip", filename="a.tgz")
    mail.add_attachment(gzip.compress(LOG.encode())[:-20], maintype="application", subtype="gzip", filename="a.gz")
    log = pack(LOG.replace("> ", "").encode())
    mail.add_attachment(log, maintype="application", subtype="octet-stream", filename="dmesg.x")
    assert text_of(mail.as_bytes().decode()) == "The log is attached.\n\n" + LOG.replace("> ", "")


@pytest.mark.parametrize(
    "text",
    [
        pytest.param(LOG, id="a log"),
        pytest.param(HEAD, id="headers alone"),
        pytest.param("Host: x\nKernel: 6.1\nBoard: y\nRAM: 2G\n\n" + LOG, id="a form"),
        pytest.param(HEAD + 'Content-Type: text/plain; charset="nonsense"\n\n' + LOG, id="an unknown encoding"),
        pytest.param("A: b\n" * 50_000, id="headers without end"),
        pytest.param("From: a\n" + " x\n" * 50_000, id="a header without end"),
    ],
)
def test_other_texts_are_left(text: str) -> None:
    """They may be read as they are."""
    assert text_of(text) is None
