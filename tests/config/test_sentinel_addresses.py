import pytest

from config.sentinels import Sentinels, read

TWO = (("one", 26379), ("two", 26380))


@pytest.mark.parametrize(
    "url",
    [
        "sentinel://:p%40%3B%2F@one:26379;sentinel://two:26380/3",
        "sentinel://one;sentinel://:p%40%3B%2F@two:26380/3",
        "sentinel://:p%40%3B%2F@one/3;sentinel://:p%40%3B%2F@two:26380/3",
        " sentinel://:p%40%3B%2F@one/3; sentinel://two:26380 ; sentinel://one".strip(),
    ],
)
def test_login_and_database_may_stand_in_any_part(url: str) -> None:
    assert read(url) == Sentinels(TWO, "", "p@;/", 3)


def test_what_is_left_out_has_a_default() -> None:
    assert read("sentinel://one") == Sentinels((("one", 26379),), "", "", 0)
    assert read("sentinel://relay:x@[::1]:7") == Sentinels((("::1", 7),), "relay", "x", 0)


@pytest.mark.parametrize(
    "url", ["", "redis://:a;b@host/0", "rediss://host", "unix:///a", "amqp://"]
)
def test_an_address_of_another_kind_is_left_alone(url: str) -> None:
    assert read(url) is None


@pytest.mark.parametrize(
    "url", ["sentinel://one", "sentinel://u:p%40@one:1/3;sentinel://[::1];sentinel://two"]
)
def test_what_kombu_is_given_says_the_same_in_every_part(url: str) -> None:
    found = read(url)
    assert found is not None
    assert read(found.url) == found
    for part in found.url.split(";"):
        alone = read(part)
        assert alone is not None
        assert (alone.username, alone.password, alone.db) == (
            found.username,
            found.password,
            found.db,
        )


def test_what_is_printed_holds_no_login() -> None:
    found = read("sentinel://relay:HIDDEN@one;sentinel://[::1]:7/2")
    assert found is not None
    assert found.shown == "sentinel://one:26379;sentinel://[::1]:7/2"
    assert "HIDDEN" not in repr(found)


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("sentinel://", "sentinel 1 is not written as sentinel://HOST:PORT"),
        ("sentinel://one;two:26379", "sentinel 2 is not"),
        ("sentinel://one:26379,two:26379", "sentinel 1 is not"),
        ("sentinel://one;redis://two", "sentinel 2 is not"),
        ("sentinel://one;", "sentinel 2 is not"),
        ("sentinel://one:99999", "sentinel 1 is not"),
        ("sentinel://one:HIDDEN", "sentinel 1 is not"),
        ("sentinel://[::1", "sentinel 1 is not"),
        ("sentinel://:HID/DEN@one", "sentinel 1 is not"),
        ("sentinel://:HID;DEN@one", "sentinel 1 is not"),
        ("sentinel://:HID#DEN@one", "sentinel 1 is not"),
        ("sentinel://one/0?password=HIDDEN", "sentinel 1 is not"),
        ("sentinel://one/zero", "the database's number"),
        ("sentinel://one/0;sentinel://two/1", "different databases"),
        ("sentinel://:HIDDEN@one;sentinel://:HIDDEN2@two", "different logins"),
    ],
)
def test_a_bad_address_is_one_sentence_without_a_piece_of_it(url: str, said: str) -> None:
    with pytest.raises(ValueError, match=said) as caught:
        read(url)
    assert "HID" not in str(caught.value)
    assert "DEN" not in str(caught.value)
    assert "\n" not in str(caught.value)
