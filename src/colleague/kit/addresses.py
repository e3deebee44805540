"""Which network addresses a call out may reach, and what a host name may look like. Pure."""

import ipaddress
import re

from colleague.kit.errors import Forbidden, Invalid

Ip = ipaddress.IPv4Address | ipaddress.IPv6Address

_LABEL = re.compile(r"(?!-)[a-z0-9_-]{1,63}(?<!-)")
# Reachable by public routing rules, yet the inside of a cloud: Azure's wire server.
_METADATA = frozenset(
    map(ipaddress.ip_address, ("168.63.129.16", "169.254.169.254", "fd00:ec2::254", "100.100.100.200"))
)
_NAT64 = ipaddress.ip_network("64:ff9b::/96")


class BadHost(Invalid):
    """The address has no proper host name."""


class AddressNotAllowed(Forbidden):
    """The host leads to an address inside the network ({why}); calls out may not go there."""


def host_of(text: str) -> str:
    """Return a host in its one spelling: lower case, no dot at the end; an IP address as such.

    BadHost for anything a resolver may read as a number (`2130706433`, `0177.0.0.1`, `0x7f.1`), zones, and odd labels.
    """
    host = text.casefold().removesuffix(".")
    bare = host.removeprefix("[").removesuffix("]")
    try:
        return str(ipaddress.ip_address(bare)) if "%" not in bare else _refuse()
    except ValueError:
        pass
    labels = host.split(".")
    numeric = labels[-1].isdigit() or bool(re.fullmatch(r"0x[0-9a-f]*", labels[-1]))
    if numeric or len(host) > 253 or not all(_LABEL.fullmatch(label) for label in labels):
        raise BadHost
    return host


def _refuse() -> str:
    raise BadHost


def is_inner(host: str) -> bool:
    """Say whether `host`, as `host_of` gives it, is this machine or a private address written as a number."""
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return host == "localhost"
    return address.is_loopback or address.is_private


def matches(host: str, allowed: str) -> bool:
    """Say whether `host` is `allowed`, or lies below it when it is written `*.example.com`."""
    allowed = allowed.strip().casefold().removesuffix(".")
    if allowed.startswith("*."):
        return host.endswith(allowed[1:]) and len(host) > len(allowed) - 1
    return host == allowed


def check_address(address: Ip, *, private: bool) -> None:
    """Refuse an address that is not of the public internet. `private` allows loopback and private networks.

    Never allowed: link-local, metadata services, multicast, reserved, unspecified (RFC 6890), and IPv6 forms that
    carry an IPv4 address which is itself refused. AddressNotAllowed names the kind, not the address.
    """
    inner = _carried(address)
    if inner is not None:
        check_address(inner, private=private)
        return
    if address in _METADATA:
        raise AddressNotAllowed(why="metadata service")
    for kind, hit in (
        ("link-local", address.is_link_local),
        ("multicast", address.is_multicast),
        ("unspecified", address.is_unspecified),
    ):
        if hit:
            raise AddressNotAllowed(why=kind)
    if address.is_loopback or address.is_private:
        documentation = not address.is_loopback and not _routed_privately(address)
        if not private or documentation:
            raise AddressNotAllowed(why="loopback" if address.is_loopback else "private")
        return
    if address.is_reserved or not address.is_global:
        raise AddressNotAllowed(why="reserved")


_PRIVATE = tuple(map(ipaddress.ip_network, ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "fc00::/7")))


def _routed_privately(address: Ip) -> bool:
    return any(address.version == network.version and address in network for network in _PRIVATE)


def _carried(address: Ip) -> ipaddress.IPv4Address | None:
    """Return the IPv4 address an IPv6 address stands for, if it does."""
    if isinstance(address, ipaddress.IPv4Address):
        return None
    if address.ipv4_mapped is not None:
        return address.ipv4_mapped
    if address.sixtofour is not None:
        return address.sixtofour
    if address.teredo is not None:
        # Teredo tunnels end on a client somebody else chose.
        raise AddressNotAllowed(why="tunnel")
    if address in _NAT64 or (int(address) >> 32 == 0 and int(address) > 1):
        return ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)
    return None
