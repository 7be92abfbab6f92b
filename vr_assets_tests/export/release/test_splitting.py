"""The split: what shows the same thing is on one side, and stays there."""

from collections.abc import Sequence

import pytest
from pydantic import JsonValue

from vr_assets.errors import ReleaseError
from vr_assets.export.release.content import refuse_leaks
from vr_assets.export.release.splitting import Member, groups, leaks, member, sides
from vr_assets.settings import Split

MANY = [f"{number:064x}" for number in range(400)]


def a_member(name: str, content: str = "", near: Sequence[str] = (), **fields: JsonValue) -> Member:
    return member(name, content or name, video_ids=[name, *near], fields=fields, group_by=["camera"])


@pytest.mark.parametrize(
    ("one", "other"),
    [
        pytest.param(a_member("a", "same"), a_member("b", "same"), id="one file twice, or two parts of it"),
        pytest.param(a_member("a"), a_member("b", near=["a"]), id="a near-duplicate"),
        pytest.param(a_member("a", near=["gone"]), a_member("b", near=["gone"]), id="near-duplicates of what is not released"),
        pytest.param(a_member("a", camera=3), a_member("b", camera=3), id="one camera"),
    ],
)
def test_what_shows_the_same_is_one_group_and_a_split_between_is_a_leak(one: Member, other: Member) -> None:
    assert groups([one, a_member("c"), other]) == [0, 1, 0]
    assert leaks([one, other], [Split.TRAIN, Split.TRAIN]) == []
    (told,) = leaks([one, other], [Split.TRAIN, Split.VALIDATION])
    assert "a in train and b in validation" in told
    with pytest.raises(ReleaseError, match="overlap"):
        refuse_leaks([one, other], [Split.TRAIN, Split.VALIDATION])


@pytest.mark.parametrize(
    "other",
    [
        pytest.param(a_member("b", camera="3"), id="another value, though it reads alike"),
        pytest.param(a_member("b"), id="a field that it lacks"),
        pytest.param(a_member("b", site=3), id="a field that does not group"),
    ],
)
def test_what_differs_is_no_group(other: Member) -> None:
    assert groups([a_member("a", camera=3), other]) == [0, 1]


def test_groups_hang_together_over_several_steps() -> None:
    chain = [a_member("a"), a_member("b"), a_member("c", near=["b"], camera=1), a_member("d", "a", camera=1)]
    assert groups(chain) == [0, 0, 0, 0]


def test_the_sides_of_many_never_leak_and_come_near_the_share() -> None:
    members = [a_member(name, near=MANY[place - 1 : place] if place % 3 == 0 else ()) for place, name in enumerate(MANY)]
    found = sides(members, 0.25)
    assert leaks(members, found) == []
    assert 0.15 < found.count(Split.VALIDATION) / len(found) < 0.35


def test_what_is_added_later_moves_nothing() -> None:
    old = [a_member(name) for name in MANY[:100]]
    new = [a_member(name, near=[MANY[place]], camera=place) for place, name in enumerate(MANY[100:])]
    assert sides([*old, *new], 0.3)[:100] == sides(old, 0.3)


def test_a_share_of_nothing_leaves_validation_empty() -> None:
    assert set(sides([a_member(name) for name in MANY], 0.0)) == {Split.TRAIN}
