import pytest
from pydantic import HttpUrl

from worker.addresses import is_public, leads_inside

INSIDE = {
    "loopback": ("127.0.0.1", "127.255.255.254", "::1"),
    "private": ("10.1.2.3", "172.16.0.1", "172.31.255.255", "192.168.1.1"),
    "link-local": ("169.254.169.254", "fe80::1", "fe80::1%eth0"),
    "unique local": ("fc00::1", "fd00:ec2::254"),
    "site-local": ("fec0::1",),
    "carrier-grade NAT": ("100.64.0.1", "100.127.255.255"),
    "unspecified": ("0.0.0.0", "0.1.2.3", "::"),
    "multicast": ("224.0.0.1", "239.1.1.1", "ff02::1"),
    "reserved": ("240.0.0.1", "255.255.255.255", "192.0.2.1", "198.18.0.1", "2001:db8::1"),
    "IPv4-mapped": ("::ffff:10.0.0.1", "::ffff:127.0.0.1", "::ffff:169.254.169.254"),
    "IPv4-compatible": ("::127.0.0.1", "::10.0.0.1"),
    "NAT64": ("64:ff9b::10.0.0.1", "64:ff9b::169.254.169.254", "64:ff9b:1::1"),
    "6to4": ("2002:a00:1::", "2002:7f00:1::1"),
    "Teredo": ("2001:0:4136:e378:8000:63bf:3fff:fdd2",),
}
OUTSIDE = (
    *("8.8.8.8", "1.1.1.1", "172.32.0.1", "172.15.0.1", "100.128.0.1", "100.63.0.1", "11.0.0.1"),
    *("2400:3200::1", "2001:4860:4860::8888", "::ffff:8.8.8.8", "64:ff9b::8.8.8.8"),
)


@pytest.mark.parametrize(
    ("range_", "address"), [(name, one) for name, all_ in INSIDE.items() for one in all_]
)
def test_what_is_not_everybodys_is_not_public(range_: str, address: str) -> None:
    assert not is_public(address), range_


@pytest.mark.parametrize("address", OUTSIDE)
def test_what_is_everybodys_is_public(address: str) -> None:
    assert is_public(address)


@pytest.mark.parametrize(
    "url",
    [
        "http://localhost",
        "http://LOCALHOST.:80/x",
        "http://relay.localhost",
        "http://127.0.0.1:8080/api",
        "http://127.1",
        "http://2130706433",
        "http://0x7f.0.0.1",
        "http://017700000001",
        "http://①②⑦.0.0.1",
        "https://user:password@10.0.0.1",
        "http://[::1]",
        "http://[::ffff:10.0.0.1]",
        "http://169.254.169.254/latest/meta-data",
    ],
)
def test_a_url_that_leads_inside_by_itself_is_known_in_every_spelling(url: str) -> None:
    assert leads_inside(str(HttpUrl(url).host))


@pytest.mark.parametrize(
    "url", ["https://platform.example", "http://8.8.8.8", "http://[2400:3200::1]:1", "http://x"]
)
def test_of_any_other_url_only_a_connection_can_tell(url: str) -> None:
    assert not leads_inside(str(HttpUrl(url).host))
