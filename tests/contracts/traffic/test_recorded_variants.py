"""Recordings of legitimate variants accuse nobody.

The usual run records a sample; `pytest -m exhaustive` records every variant in each of its editions.
"""

from __future__ import annotations

from pathlib import Path
from urllib.parse import urlsplit

import pytest
import server
from onezone_contracts.commands.cli import main
from onezone_contracts.traffic.proxy import recording
from onezone_contracts.traffic.recording import read
from onezone_contracts.verdict import Judgement
from traffic_tools import failing, judged

ADVISED = {"keys-optional", "types-unchecked"}
"""Variants that get warnings of `ozkit verify` too: what the kit's interfaces make a SHOULD."""
READS = {
    *(
        "details-enveloped",
        "details-for-creators",
        "ids-integers-404",
        "leave-202-later",
        "leave-empty-200",
        "reads-forbidden",
    ),
    *("list-ends", "list-entries", "list-of-the-newest"),
    *("pages-cursor", "pages-drf-10", "pages-drf-100", "pages-link", "pages-total"),
}
"""Variants whose operations around differ from what `deployed` documents: bodies and success statuses, and who may."""
AROUND = {"list_group_handle_services", "get_group_handle_service", "leave_group_handle_service"}
LATE = {"slow", "slow-hash", "limit-20-a-second", "limit-50-a-user", "delayed-privileges"}
"""Each of these keeps the judge waiting."""
ALL = [(entry.id, edition) for entry in server.VARIANTS.values() for edition in entry.editions]
IN_TURN = [(entry.id, entry.editions[n % len(entry.editions)]) for n, entry in enumerate(server.VARIANTS.values())]
SAMPLE = [pair for pair in IN_TURN if pair[0] in READS][::2] + [
    pair for pair in IN_TURN if pair[0] not in READS | LATE
][::16]


def recorded(variant: str, edition: str, folder: Path) -> Path:
    """The recording of a quick run."""
    har = folder / "run.har"
    with server.start(edition, [variant]) as handle:
        parts = urlsplit(handle.base_url)
        with recording(f"{parts.scheme}://{parts.netloc}", har) as through:
            more = ["--requirement", "*.access.administrator"] if variant in LATE else []
            options = ["--edition", edition, "--states-url", handle.states_url, "--depth", "quick", *more]
            main("verify", [through + parts.path, *options])
    return har


def of_profile(profile: str, edition: str, har: Path) -> Judgement:
    """The judgement of a recording; a server may stand below any base path."""
    url = urlsplit(next(iter(read(har))).url)
    base = "/".join(url.path.split("/")[: url.path.split("/").index("groups")])
    return judged(har, edition=edition, profile=profile, base_url=f"{url.scheme}://{url.netloc}{base}")


def accuses_nobody(variant: str, edition: str, folder: Path) -> None:
    """Neither of the documented operation, nor of those around it where the edition has no word on them."""
    har = recorded(variant, edition, folder)
    core = of_profile("core", edition, har)
    assert core.requests
    assert core.verdict == "conformant", failing(core)
    assert variant in ADVISED or not failing(core)
    full = of_profile("full", edition, har)
    assert (full.verdict == "conformant") is not (edition == "deployed" and variant in READS), failing(full)
    assert {identity.partition(".")[0] for identity in failing(full) - failing(core)} <= AROUND


@pytest.mark.slow
@pytest.mark.parametrize(("variant", "edition"), SAMPLE)
def test_the_recording_of_a_variant_accuses_nobody(variant: str, edition: str, tmp_path: Path) -> None:
    """Each second of those whose reads differ, and each sixteenth of the others."""
    accuses_nobody(variant, edition, tmp_path)


@pytest.mark.exhaustive
@pytest.mark.parametrize(("variant", "edition"), ALL)
def test_no_recording_of_a_variant_accuses_anybody(variant: str, edition: str, tmp_path: Path) -> None:
    """Every variant in each of its editions."""
    accuses_nobody(variant, edition, tmp_path)
