"""Who gets the next place, and a file that is lost, broken or held."""

import sqlite3
from pathlib import Path

import pytest

from vr_assets.backends.lease_books import Share
from vr_assets.backends.leases import Leases, endpoints_in_use, may_take
from vr_assets.errors import StorageError

NOW = 1_000_000_000.0


@pytest.mark.parametrize(
    ("mine", "others", "places", "takes"),
    [
        pytest.param(Share(3, 9), [], 4, True, id="alone: all"),
        pytest.param(Share(4, 9), [], 4, False, id="alone: no more than all"),
        pytest.param(Share(0, 5), [Share(16, 99)], 16, False, id="nothing is free"),
        pytest.param(Share(0, 5), [Share(15, 99, NOW)], 16, True, id="a pilot gets what a backfill gives back"),
        pytest.param(Share(15, 99, NOW), [Share(0, 5)], 16, False, id="a backfill leaves it to the pilot"),
        pytest.param(Share(11, 99, NOW), [Share(4, 1)], 16, False, id="the pilot's last"),
        pytest.param(Share(10, 99, NOW), [Share(5, 0)], 16, True, id="a pilot that has all wants no more: the rest is anyone's"),
        pytest.param(Share(7, 9), [Share(8, 9)], 16, True, id="each has its half"),
        pytest.param(Share(8, 9), [Share(7, 9)], 16, False, id="no more than its half"),
        pytest.param(Share(9, 9), [Share(2, 0)], 16, True, id="what the other does not want"),
        pytest.param(Share(0, 3, NOW), [Share(0, 3, NOW - 1)], 1, False, id="one place: the other waits longer"),
        pytest.param(Share(0, 3, NOW - 1), [Share(0, 3, NOW)], 1, True, id="one place: it waits longer itself"),
        pytest.param(Share(0, 1), [Share(20, 0)], 16, False, id="a limit that fell below what is in flight"),
        pytest.param(Share(5, 9), [Share(5, 9), Share(5, 9)], 16, True, id="shares are rounded up"),
    ],
)
def test_places_are_shared(mine: Share, others: list[Share], places: int, takes: bool) -> None:
    assert may_take(mine, others, places) is takes


def holding(path: Path | None, held: int, *, run: str, endpoint: str = "e") -> Leases:
    leases = Leases(endpoint, path, run=run)
    with leases.turn(NOW, held=held, waiting=0):
        pass
    return leases


def in_flight(path: Path, *, run: str = "looking", endpoint: str = "e", now: float = NOW) -> int:
    leases = Leases(endpoint, path, run=run)
    with leases.turn(now, held=0, waiting=0) as turn:
        found = turn.in_flight
    leases.close()
    return found


def test_what_all_runs_hold_is_counted_each_endpoint_apart(tmp_path: Path) -> None:
    path = tmp_path / "limits.sqlite"
    held = [holding(path, 2, run="a"), holding(path, 3, run="b"), holding(path, 7, run="a", endpoint="other")]
    assert in_flight(path) == 5
    held[1].close()
    assert in_flight(path) == 2


def test_holders_of_one_run_share_its_part(tmp_path: Path) -> None:
    path = tmp_path / "limits.sqlite"
    holding(path, 2, run="a")
    holding(path, 3, run="b")
    with Leases("e", path, run="a").turn(NOW, held=1, waiting=4) as turn:
        assert (turn.run.held, [other.held for other in turn.others], turn.in_flight) == (3, [3], 6)


def test_a_run_that_stopped_saying_that_it_waits_does_not(tmp_path: Path) -> None:
    path = tmp_path / "limits.sqlite"
    with Leases("e", path, run="a").turn(NOW, held=1, waiting=4):
        pass
    looking = Leases("e", path, run="b")
    with looking.turn(NOW + 1, held=0, waiting=1) as turn:
        assert turn.others == (Share(1, 4),)
    with looking.turn(NOW + 2, held=0, waiting=1) as turn:
        assert turn.others == (Share(1, 0),)


def test_the_pace_goes_on_in_the_next_run(tmp_path: Path) -> None:
    path = tmp_path / "limits.sqlite"
    first = Leases("e", path)
    with first.turn(NOW, held=0, waiting=0) as turn:
        turn.pace.limit = 5.0
        turn.pace.last_at = NOW
    first.close()
    with Leases("e", path).turn(NOW + 600, held=0, waiting=0) as turn:
        assert turn.pace.limit == 5.0
    with Leases("e", path).turn(NOW + 7200, held=0, waiting=0) as turn:
        assert turn.pace.limit == 16.0


def test_a_turn_that_ends_in_an_error_changes_nothing(tmp_path: Path) -> None:
    path = tmp_path / "limits.sqlite"
    leases = holding(path, 1, run="a")
    with pytest.raises(KeyError), leases.turn(NOW, held=1, waiting=0) as turn:
        turn.mine.held += 1
        raise KeyError
    assert in_flight(path) == 1


def test_a_pace_of_another_version_is_made_anew(tmp_path: Path) -> None:
    path = tmp_path / "limits.sqlite"
    leases = holding(path, 1, run="a")
    with sqlite3.connect(path) as file:
        file.execute('UPDATE paces SET pace = \'{"limit": "many"}\'')
    with leases.turn(NOW, held=1, waiting=0) as turn:
        assert turn.pace.limit == 16.0


def test_a_broken_file_is_made_anew(tmp_path: Path) -> None:
    path = tmp_path / "limits.sqlite"
    path.write_bytes(b"no database" * 1000)
    holding(path, 2, run="a")
    assert in_flight(path) == 2


def test_a_file_that_breaks_meanwhile_is_made_anew_and_nothing_held_is_lost(tmp_path: Path) -> None:
    path = tmp_path / "limits.sqlite"
    leases = holding(path, 2, run="a")
    for name in tmp_path.iterdir():
        name.unlink()
    path.write_bytes(b"no database" * 1000)
    with leases.turn(NOW, held=2, waiting=0):
        pass
    assert in_flight(path) == 2


def test_a_file_that_was_deleted_meanwhile_is_found_again_by_all(tmp_path: Path) -> None:
    path = tmp_path / "limits.sqlite"
    both = holding(path, 2, run="a"), holding(path, 3, run="b")
    path.unlink()
    for leases, held in zip(both, (2, 3), strict=True):
        with leases.turn(NOW, held=held, waiting=0):
            pass
    assert in_flight(path) == 5


def test_a_file_that_another_program_holds_is_an_error_that_names_it(tmp_path: Path) -> None:
    path = tmp_path / "limits.sqlite"
    leases = Leases("e", path, patience_s=0.01)
    other = sqlite3.connect(path, isolation_level=None)
    other.execute("BEGIN EXCLUSIVE")
    with pytest.raises(StorageError, match=rf"{path}: .*locked.*delete the file"), leases.turn(NOW, held=0, waiting=0):
        pass
    other.execute("ROLLBACK")
    with leases.turn(NOW, held=0, waiting=0) as turn:
        assert turn.in_flight == 0


def test_a_folder_that_cannot_be_made_is_an_error_that_names_the_file(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(StorageError, match="file/limits.sqlite"):
        Leases("e", tmp_path / "file" / "limits.sqlite")


def test_what_runs_hold_now_can_be_looked_at(tmp_path: Path) -> None:
    path = tmp_path / "leases.sqlite"
    assert endpoints_in_use(path) == []
    holders = [holding(path, 2, run="one"), holding(path, 3, run="other"), holding(path, 1, run="one", endpoint="f")]
    assert [(one.name, one.runs, one.in_flight) for one in endpoints_in_use(path)] == [("e", 2, 5), ("f", 1, 1)]
    for holder in holders:
        holder.close()
    assert endpoints_in_use(path) == []
