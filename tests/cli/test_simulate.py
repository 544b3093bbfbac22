"""``leadbridge simulate`` with faults: the process that programs in other languages start."""

from __future__ import annotations

import subprocess
from pathlib import Path

import httpx

from tests.cli.test_processes import command, run


def test_faults_are_there_before_the_address_is_said(tmp_path: Path) -> None:
    faults = ("--fault", "GET /crm/objects* status=503 times=2 header=Retry-After:1", "--fault", "POST * effect=html")
    process = subprocess.Popen(
        command("simulate", "hubspot", "--seed", "7", *faults), cwd=tmp_path, stdout=subprocess.PIPE, text=True
    )
    try:
        assert process.stdout is not None
        address = process.stdout.readline().strip()
        path = f"{address}/crm/objects/2026-09/contacts"
        answers = [httpx.get(path) for _ in range(3)]
        assert [answer.status_code for answer in answers] == [503, 503, 401]
        assert answers[0].headers["retry-after"] == "1"
        assert "html" in httpx.post(path).headers["content-type"]
    finally:
        process.terminate()
        process.communicate(timeout=30)
    assert process.returncode == 0


def test_a_fault_that_cannot_be_read_starts_nothing(tmp_path: Path) -> None:
    ran = run(command("simulate", "hubspot", "--fault", "POST everything"), tmp_path)
    assert ran.returncode == 2
    assert (ran.stdout, "no part of a fault" in " ".join(ran.stderr.split())) == ("", True)


def test_an_org_signs_anybody_in_unless_it_is_to_be_strict(tmp_path: Path) -> None:
    for flags, status in (((), 200), (("--strict-auth",), 401)):
        process = subprocess.Popen(
            command("simulate", "salesforce", *flags), cwd=tmp_path, stdout=subprocess.PIPE, text=True
        )
        try:
            assert process.stdout is not None
            address = process.stdout.readline().strip()
            asked = httpx.get(f"{address}/services/data/v68.0/limits", headers={"Authorization": "Bearer whatever"})
            assert asked.status_code == status
        finally:
            process.terminate()
            process.communicate(timeout=30)


def test_an_account_that_is_always_strict_says_so(tmp_path: Path) -> None:
    ran = run(command("simulate", "hubspot", "--strict-auth"), tmp_path)
    assert (ran.returncode, "always strict" in " ".join(ran.stderr.split())) == (2, True)
