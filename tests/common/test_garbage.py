"""Python looks for garbage less often while rows are read, and as before afterwards."""

import gc
from typing import Iterator, Tuple

import pytest

from amazon_selling_partner.common.garbage import THRESHOLDS, collect_garbage_rarely


@pytest.fixture(autouse=True)
def restored() -> Iterator[None]:
    before = gc.get_threshold()
    yield
    gc.set_threshold(*before)


def test_thresholds_are_raised_until_the_last_table_has_ended() -> None:
    gc.set_threshold(700, 10, 10)
    first, second = collect_garbage_rarely(), collect_garbage_rarely()
    first.__enter__()
    second.__enter__()
    assert gc.get_threshold() == THRESHOLDS
    first.__exit__(None, None, None)
    assert gc.get_threshold() == THRESHOLDS
    second.__exit__(None, None, None)
    assert gc.get_threshold() == (700, 10, 10)


@pytest.mark.parametrize("chosen", [(0, 10, 10), (200_000, 5, 5)])
def test_what_a_process_chose_for_itself_stays(chosen: Tuple[int, int, int]) -> None:
    gc.set_threshold(*chosen)
    with collect_garbage_rarely():
        assert gc.get_threshold() == chosen
    assert gc.get_threshold() == chosen


def test_what_is_chosen_meanwhile_stays() -> None:
    gc.set_threshold(700, 10, 10)
    with collect_garbage_rarely():
        gc.set_threshold(5_000, 5, 5)
    assert gc.get_threshold() == (5_000, 5, 5)
