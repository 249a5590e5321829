"""The doctor in networks that are really there: each in a network namespace of its own."""

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from certrelay.errors import ExitStatus
from certrelay.texts import Texts
from tests.component import program
from tests.contract import checked
from tests.flows.programs import ROOT, environment
from tests.patience import PATIENCE_S

WIFI = """
ip link add wlan0 type veth peer name air0
ip addr add 192.168.0.10/24 dev wlan0
ip link set wlan0 up; ip link set air0 up
"""
CABLE = """
ip link add eth1 type veth peer name wall1
ip addr add 192.168.7.7/24 dev eth1
ip link set eth1 up; ip link set wall1 up
"""
VPN = """
ip tuntap add tun0 mode tun
ip addr add 10.8.0.2/24 dev tun0
ip link set tun0 up
"""
CONTAINERS = """
ip link add docker0 type veth peer name inner0
ip addr add 172.17.0.1/16 dev docker0
ip link set docker0 up; ip link set inner0 up
"""
ONLY_IPV6 = """
ip link add wlan0 type veth peer name air0
ip addr add fd12:3456::10/64 dev wlan0 nodad
ip link set wlan0 up; ip link set air0 up
ip route add default dev wlan0
ip -6 route add default dev wlan0
"""


def inside(network: str, *command: str | Path) -> "subprocess.CompletedProcess[str]":
    """Run a program of ours where there is this network and no other."""
    setup = f'set -e\nip link set lo up\n{network}\nexec "$@"'
    program("ip")
    who = [] if os.geteuid() == 0 else ["--map-root-user"]
    return subprocess.run(  # the exit status is what is tested
        [
            program("unshare"),
            *who,
            "--net",
            "sh",
            "-c",
            setup,
            "sh",
            sys.executable,
            "-m",
            *command,
        ],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        encoding="utf-8",
        env=environment(),
        cwd=ROOT,
        timeout=PATIENCE_S,
        check=False,
    )


def examine(network: str, store: Path, *more: str) -> tuple[int, dict[str, dict[str, Any]]]:
    done = inside(network, "client_pc", "doctor", "--json", "--store", store, *more)
    told = [checked(line) for line in done.stdout.splitlines()]
    return done.returncode, {event["check"]: event for event in told if event["event"] == "check"}


def default(interface: str) -> str:
    return f"ip route add default dev {interface}\n"


@pytest.mark.parametrize(
    ("network", "says", "address"),
    [
        (WIFI + default("wlan0"), "", "192.168.0.10"),
        (WIFI + CABLE + default("eth1"), "several", "192.168.7.7"),
        (VPN + default("tun0"), "tunnel", "10.8.0.2"),
        (VPN + WIFI + default("tun0"), "", "192.168.0.10"),
        (CONTAINERS + default("docker0"), "virtual", "172.17.0.1"),
        (CONTAINERS + WIFI + default("docker0"), "", "192.168.0.10"),
        (ONLY_IPV6, "", "fd12:3456::10"),
    ],
    ids=["wifi", "two", "vpn", "vpn over wifi", "containers", "wifi beside them", "IPv6"],
)
def test_the_address_is_judged_by_its_network(
    tmp_path: Path, network: str, says: str, address: str
) -> None:
    status, found = examine(network, tmp_path)
    lan = found["lan"]
    assert (lan["code"], lan["values"]["address"]) == (says, address)
    assert found["own_relay"]["state"] == found["page"]["state"] == "good"
    assert lan["state"] == ("note" if says else "good")
    assert status == ExitStatus.OK
    assert bool(lan["remedy"]) == bool(says)


def test_an_address_where_no_phone_is_that_was_asked_for_is_wrong(tmp_path: Path) -> None:
    network = VPN + WIFI + default("wlan0")
    status, found = examine(network, tmp_path, "--listen", "10.8.0.2")
    assert status == ExitStatus.NOT_CONFIRMED
    assert (found["lan"]["state"], found["lan"]["code"]) == ("bad", "tunnel")
    assert found["lan"]["remedy"] == "lan.tunnel"
    assert "192.168.0.10" in str(found["lan"]["values"])


def test_without_a_network_no_phone_finds_this_pc(tmp_path: Path) -> None:
    status, found = examine("", tmp_path)
    assert status == ExitStatus.NOT_CONFIRMED
    assert (found["lan"]["state"], found["lan"]["code"]) == ("bad", "none")
    assert found["lan"]["remedy"]
    assert "own_relay" not in found


@pytest.mark.parametrize("language", ["ko", "en"])
def test_import_without_a_network_says_so_before_the_code(tmp_path: Path, language: str) -> None:
    # The picture's folder is not there, so it ends where the code would be written.
    picture = tmp_path / "none" / "qr.png"
    words: list[str | Path] = ["--store", tmp_path, "--qr-png", picture, "--lang", language]
    done = inside("", "client_pc", "import", *words)
    assert done.returncode == ExitStatus.STORAGE
    assert done.stderr.startswith(Texts(language).say("pc.loopback"))


@pytest.mark.parametrize(("network", "is_told"), [(WIFI + CABLE, True), (WIFI + VPN, False)])
def test_import_says_which_of_several_networks_it_takes(
    tmp_path: Path, network: str, is_told: bool
) -> None:
    picture = tmp_path / "none" / "qr.png"  # it ends where the code would be written
    words: list[str | Path] = ["--store", tmp_path, "--qr-png", picture, "--json"]
    done = inside(network + default("wlan0"), "client_pc", "import", *words)
    events = [checked(line) for line in done.stdout.splitlines()]
    told = [event for event in events if event["event"] == "address"]
    expected = {"address": "192.168.0.10", "interface": "wlan0", "others": ["192.168.7.7"]}
    assert told == ([{"event": "address", **expected}] if is_told else [])


def test_who_copies_through_a_relay_needs_no_network_with_the_phone(tmp_path: Path) -> None:
    _, found = examine("", tmp_path, "--relay", "https://relay.example.kr/")
    assert (found["lan"]["state"], found["lan"]["code"]) == ("note", "none")
