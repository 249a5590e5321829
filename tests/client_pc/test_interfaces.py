"""Which of a computer's addresses the QR code carries: systems as their adapters tell them."""

import platform
import sys
from types import SimpleNamespace

import pytest

from client_pc import computer, copy, interfaces
from client_pc.interfaces import Address, best, others_beside

Adapters = list[tuple[str, str, list[str | tuple[str, int, int]]]]
"""The maker's words, the name that people know, the addresses."""

WINDOWS: Adapters = [
    ("Hyper-V Virtual Ethernet Adapter", "vEthernet (WSL (Hyper-V firewall))", ["172.28.144.1"]),
    ("TAP-Windows Adapter V9", "로컬 영역 연결", ["10.8.0.6"]),
    ("VirtualBox Host-Only Ethernet Adapter", "이더넷 3", ["192.168.56.1"]),
    ("Intel(R) Wi-Fi 6 AX201 160MHz", "Wi-Fi", ["192.168.0.23", ("fe80::1", 0, 9)]),
    ("Bluetooth Device (Personal Area Network)", "Bluetooth 네트워크 연결", ["169.254.7.7"]),
    ("Software Loopback Interface 1", "Loopback Pseudo-Interface 1", ["127.0.0.1"]),
]
MACOS: Adapters = [
    ("lo0", "lo0", ["127.0.0.1", ("::1", 0, 0)]),
    ("en0", "en0", [("fe80::8", 0, 6), "192.168.1.5", ("fd00::5", 0, 0)]),
    ("utun4", "utun4", ["10.20.30.40"]),
    ("bridge100", "bridge100", ["192.168.64.1"]),
]
VPNS = (
    "Cisco AnyConnect Virtual Miniport Adapter for Windows x64",
    "Fortinet Virtual Ethernet Adapter (NDIS 6.30)",
    "PANGP Virtual Ethernet Adapter Secure",
    "Juniper Networks Virtual Adapter",
    "OpenVPN Data Channel Offload",
    "WireGuard Tunnel",
    "Wintun Userspace Tunnel",
    "Tailscale Tunnel",
    "ZeroTier Virtual Port",
    "NordLynx Tunnel",
    "AXGATE Virtual Network Adapter",
)
INSIDE = (
    "Hyper-V Virtual Ethernet Adapter #2",
    "VMware Virtual Ethernet Adapter for VMnet8",
    "VirtualBox Host-Only Ethernet Adapter",
    "Microsoft Wi-Fi Direct Virtual Adapter",
    "Npcap Loopback Adapter",
)
REAL = ("Realtek PCIe GbE Family Controller", "Intel(R) Wi-Fi 6 AX201 160MHz", "MediaTek Wi-Fi 6E")


def system(
    monkeypatch: pytest.MonkeyPatch, name: str, adapters: Adapters, routed: str | None
) -> None:
    """Let this be a system with these adapters."""

    def ip(name: str, each: str | tuple[str, int, int]) -> SimpleNamespace:
        return SimpleNamespace(ip=each, is_IPv4=isinstance(each, str), nice_name=name)

    told = [
        SimpleNamespace(nice_name=words, ips=[ip(name, each) for each in ips])
        for words, name, ips in adapters
    ]
    library = SimpleNamespace(get_adapters=lambda: told)
    monkeypatch.setitem(sys.modules, "ifaddr", library)
    monkeypatch.setattr(interfaces, "sys", SimpleNamespace(platform=name))
    monkeypatch.setattr(computer, "_routed_address", lambda: routed)


@pytest.mark.parametrize(
    ("name", "adapters", "routed", "expected"),
    [
        ("win32", WINDOWS, "10.8.0.6", "192.168.0.23"),  # the VPN has taken the way out
        ("win32", WINDOWS, "172.28.144.1", "192.168.0.23"),
        ("win32", WINDOWS, "192.168.0.23", "192.168.0.23"),
        ("win32", WINDOWS, None, "192.168.0.23"),
        ("win32", WINDOWS[:1], "172.28.144.1", "172.28.144.1"),  # a bridged one: there is no other
        ("win32", WINDOWS[1:3], None, None),
        ("darwin", MACOS, "10.20.30.40", "192.168.1.5"),
        ("darwin", MACOS[1:2], "fd00::5", "192.168.1.5"),  # IPv4, which every phone has
        ("darwin", MACOS[:1], None, None),
    ],
)
def test_the_code_carries_the_address_of_a_real_network(
    monkeypatch: pytest.MonkeyPatch,
    name: str,
    adapters: Adapters,
    routed: str | None,
    expected: str | None,
) -> None:
    system(monkeypatch, name, adapters, routed)
    assert computer.lan_address() == expected


@pytest.mark.parametrize("words", VPNS)
def test_a_vpn_is_known_by_its_adapter(words: str) -> None:
    assert Address("10.0.0.2", "이더넷 2", words).kind == "tunnel"


@pytest.mark.parametrize("words", INSIDE)
def test_a_network_inside_the_computer_is_known_by_its_adapter(words: str) -> None:
    assert Address("10.0.0.2", "이더넷 2", words).kind == "virtual"


@pytest.mark.parametrize("words", REAL)
def test_a_real_adapter_is_a_network(words: str) -> None:
    assert Address("10.0.0.2", "이더넷", words).kind == "network"


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("eth0", "network"),
        ("wlp2s0", "network"),
        ("en0", "network"),
        ("br0", "network"),
        ("tun0", "tunnel"),
        ("wg0", "tunnel"),
        ("utun3", "tunnel"),
        ("cscotun0", "tunnel"),
        ("docker0", "virtual"),
        ("br-1f2e3d", "virtual"),
        ("virbr0", "virtual"),
        ("vEthernet (Default Switch)", "virtual"),
        ("", "unknown"),
    ],
)
def test_names_of_interfaces_tell_their_kind(name: str, kind: str) -> None:
    assert Address("10.0.0.2", name).kind == kind


def test_in_wsl_the_own_network_is_inside_windows(monkeypatch: pytest.MonkeyPatch) -> None:
    nat, mirrored = Address("172.28.1.2", "eth0"), Address("192.168.0.9", "eth1")
    monkeypatch.setattr(interfaces, "_of_linux", lambda: [nat, mirrored])
    for release, kinds in (
        ("5.15.167.4-microsoft-standard-WSL2", ["virtual", "network"]),
        ("6.8.0-48-generic", ["network", "network"]),
    ):
        monkeypatch.setattr(platform, "release", lambda told=release: told)
        assert [each.kind for each in interfaces.addresses()] == kinds


def test_an_address_of_its_own_cable_comes_last() -> None:
    cable, wifi = Address("169.254.3.4", "eth0"), Address("192.168.0.9", "wlan0")
    assert best([cable, wifi], "169.254.3.4") == wifi


def test_of_several_networks_the_one_that_leads_out_is_taken_and_the_others_are_named() -> None:
    wifi, wired = Address("192.168.0.9", "wlan0"), Address("192.168.7.7", "eth0")
    six = Address("fd00::9", "wlan0")
    known = [wifi, wired, six, Address("10.8.0.2", "tun0")]
    assert best(known, wired.address) == wired
    assert others_beside(wired.address, known) == (wifi,)
    assert others_beside(wifi.address, [wifi, six]) == ()


def test_import_says_which_address_it_took(monkeypatch: pytest.MonkeyPatch) -> None:
    told: list[tuple[str, dict[str, object]]] = []
    report = SimpleNamespace(
        texts=SimpleNamespace(say=lambda _key, **values: str(values)),
        event=lambda name, _text, **fields: told.append((name, fields)),
    )
    wifi, wired = Address("192.168.0.9", "wlan0"), Address("192.168.7.7", "eth0")
    for known, expected in (
        ([wifi], []),
        (
            [wifi, wired],
            [
                (
                    "address",
                    {"address": wifi.address, "interface": "wlan0", "others": [wired.address]},
                )
            ],
        ),
    ):
        monkeypatch.setattr(copy, "addresses", lambda found=known: tuple(found))
        told.clear()
        copy._tell_address(wifi.address, report)
        assert told == expected
