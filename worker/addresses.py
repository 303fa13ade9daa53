"""Where a host is, and which addresses are everybody's.

A vendor's URL that leads inside, by itself or by what its name resolves to, would let whoever
writes it, or the vendor's name server, reach what only we can reach.
"""

import socket
from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address

SETTING = "private_address"
OF_THIS_HOST = "localhost"
# An IPv4 address in the last 32 bits: NAT64, and the long forgotten "IPv4-compatible".
CARRIES_IPV4 = (IPv6Network("64:ff9b::/96"), IPv6Network("64:ff9b:1::/48"), IPv6Network("::/96"))

Address = IPv4Address | IPv6Address


class NotPublic(Exception):
    """The host's address is not everybody's, and the vendor's table does not allow that."""


class UnknownHost(Exception):
    """No name server knows the host."""


def is_public(address: str) -> bool:
    """Whether an IP address belongs to everybody.

    Loopback, private, link-local and carrier-grade NAT do not, nor do multicast, documentation's
    and what is reserved, in IPv4, in IPv6, and as the one within the other.
    """
    return all(
        one.is_global and not one.is_multicast and not getattr(one, "is_site_local", False)
        for one in _meant(ip_address(address.partition("%")[0]))
    )


def leads_inside(host: str) -> bool:
    """Whether a URL's host says by itself, without a look at any name server, that it does."""
    host = host.strip("[]").rstrip(".").lower()
    try:
        return not is_public(host)
    except ValueError:
        return host == OF_THIS_HOST or host.endswith(f".{OF_THIS_HOST}")


def _meant(address: Address) -> list[Address]:
    """The address and those that it carries."""
    if isinstance(address, IPv4Address):
        return [address]
    if address.ipv4_mapped is not None:
        return [address.ipv4_mapped]
    carried = [address.sixtofour, *(address.teredo or ())]
    if any(address in network for network in CARRIES_IPV4):
        carried.append(IPv4Address(address.packed[-4:]))
    return [address, *(one for one in carried if one is not None)]


def resolved(name: str, port: int, *, public_only: bool) -> list[str]:
    """A host's addresses; whoever connects to one of them does not look the name up again.

    Raises:
        NotPublic: with `public_only`, one of them is not everybody's.
        UnknownHost: it has none.
    """
    try:
        found = socket.getaddrinfo(name, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as error:
        raise UnknownHost(name) from error
    addresses = [str(where[0]) for *_, where in found]
    inside = next((one for one in addresses if public_only and not is_public(one)), None)
    if inside is not None:
        raise NotPublic(
            f"{name} is at {inside}, which is not a public address: nothing was sent; "
            f"if the vendor is there, set {SETTING} = true in its table"
        )
    return addresses
