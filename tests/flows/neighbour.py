"""Somebody else on a cable: ``python -m tests.flows.neighbour listen`` writes down every multicast
DNS message that it hears, a line of hex digits each; ``announce`` is a hostile announcer.
"""

import socket
import struct
import sys
import time

GROUP, PORT = "224.0.0.251", 5353
DECOY = "192.168.77.66"
"""Where nobody is: the one hostile announcement that is well formed."""

TRICK = "<b>홍길동"  # the library says no control characters; none of a name is ever shown


def listen(own: str) -> None:
    """Write down what is said, until the process is ended."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as ear:
        ear.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        ear.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        ear.bind((GROUP, PORT))
        joined = struct.pack("4s4s", socket.inet_aton(GROUP), socket.inet_aton(own))
        ear.setsockopt(socket.IPPROTO_IP, socket.IP_ADD_MEMBERSHIP, joined)
        print("ready", flush=True)
        while True:
            print(ear.recv(65_536).hex(), flush=True)


def announce(own: str) -> None:
    """Announce what no honest PC does, and one decoy; until the process is ended."""
    from zeroconf import ServiceInfo, Zeroconf

    from client_pc.nearby import SERVICE

    service = Zeroconf(interfaces=[own])
    for name, address, port, version in (
        ("a", "8.8.8.8", 8765, "1"),
        ("b", "127.0.0.1", 8765, "1"),
        ("c", DECOY, 8765, "2"),
        ("d", DECOY, 0, "1"),
        (TRICK, DECOY, 8765, "1"),
    ):
        service.register_service(
            ServiceInfo(
                SERVICE,
                f"{name}.{SERVICE}",
                port=port,
                parsed_addresses=[address],
                server="x.local.",
                properties={"v": version, TRICK: TRICK},
            )
        )
    print("ready", flush=True)
    time.sleep(600)


if __name__ == "__main__":
    {"listen": listen, "announce": announce}[sys.argv[1]](sys.argv[2])
