"""deploy/compose.yml and kubernetes.yml: what they tell the relay is what it takes and needs."""

from typing import Any

import yaml  # type: ignore[import-untyped]

from certrelay.texts import Texts
from relay.__main__ import make_parser
from relay.environment import arguments_of
from tests.deploy.fronts import DEPLOY

DRAIN_S = make_parser(Texts("en")).parse_args(["serve"]).drain_s


def documents(name: str) -> list[Any]:
    return list(yaml.safe_load_all((DEPLOY / name).read_text("utf-8")))


def options(environment: dict[str, str]) -> Any:
    return make_parser(Texts("en")).parse_args(["serve", *arguments_of(environment)])


def is_admin_socket_in(folders: list[str], environment: dict[str, str]) -> bool:
    """Whether the operator's socket lies there; `admin` heeds the same variable (test_drill.py)."""
    return str(options(environment).admin.parent) in folders


def test_the_relays_of_compose_are_told_options_that_there_are_and_may_finish() -> None:
    (composed,) = documents("compose.yml")
    for name in ("relay1", "relay2"):
        relay = composed["services"][name]
        told = options(relay["environment"])
        secret = told.redis.removeprefix("@/run/secrets/")
        assert secret in composed["secrets"]
        assert secret in relay["secrets"]
        assert told.trust_proxy == [
            composed["services"]["caddy"]["networks"]["front"]["ipv4_address"]
        ]
        assert int(relay["stop_grace_period"].removesuffix("s")) > DRAIN_S
        assert relay["read_only"]
        assert is_admin_socket_in(relay["tmpfs"], relay["environment"])
        assert relay["cap_drop"] == ["ALL"]
        assert "ports" not in relay, "the operator's port is nobody's"


def test_the_pods_are_told_options_that_there_are_and_are_asked_where_they_answer() -> None:
    kinds = {each["kind"]: each for each in documents("kubernetes.yml")}
    assert set(kinds) == {"Deployment", "PodDisruptionBudget", "Service"}
    spec = kinds["Deployment"]["spec"]
    pod = spec["template"]["spec"]
    (relay,) = pod["containers"]
    told = options({each["name"]: each["value"] for each in relay["env"]})
    mounts = {each["name"]: each["mountPath"] for each in relay["volumeMounts"]}
    assert told.redis == f"@{mounts['redis']}/redis.url"
    assert set(mounts) == {each["name"] for each in pod["volumes"]}
    environment = {each["name"]: each["value"] for each in relay["env"]}
    (memory,) = (each["name"] for each in pod["volumes"] if "emptyDir" in each)
    assert is_admin_socket_in([mounts[memory]], environment)
    ports = {port["name"]: port["containerPort"] for port in relay["ports"]}
    assert ports["relay"] == told.port
    assert told.operate.endswith(f":{ports['operate']}")
    for probe, path in (("readinessProbe", "/readyz"), ("livenessProbe", "/healthz")):
        assert relay[probe]["httpGet"] == {"path": path, "port": "operate"}
    assert pod["terminationGracePeriodSeconds"] > DRAIN_S
    labels = spec["template"]["metadata"]["labels"]
    for kind in ("PodDisruptionBudget", "Service"):
        selector = kinds[kind]["spec"]["selector"]
        assert selector.get("matchLabels", selector) == labels
    assert kinds["PodDisruptionBudget"]["spec"]["minAvailable"] < spec["replicas"]
