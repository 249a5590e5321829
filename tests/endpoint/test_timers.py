"""The driver's timers by themselves."""

from certrelay.endpoint.timers import Timer, Timers


def test_a_timer_runs_until_it_is_over_and_is_given_once() -> None:
    timers = Timers()
    timers.start(Timer.SAVE, 10.0)
    assert Timer.SAVE in timers
    assert (timers.until(Timer.SAVE), timers.earliest()) == (10.0, 10.0)
    assert list(timers.over(9.9)) == []
    assert list(timers.over(10.0)) == [Timer.SAVE]
    assert list(timers.over(10.0)) == []
    assert (timers.until(Timer.SAVE), timers.earliest()) == (None, None)


def test_the_earliest_is_the_next_one() -> None:
    timers = Timers()
    timers.start(Timer.SESSION, 600.0)
    timers.start(Timer.NUMBER, 120.0)
    assert timers.earliest() == 120.0
    timers.start(Timer.NUMBER, 700.0)
    assert timers.earliest() == 600.0


def test_one_that_another_has_stopped_is_not_given() -> None:
    timers = Timers()
    timers.start(Timer.GRACE, 1.0)
    timers.start(Timer.PEER_GRACE, 1.0)
    given = []
    for timer in timers.over(2.0):
        given.append(timer)
        timers.stop_all()
    assert given == [Timer.GRACE]


def test_stopping_tells_whether_one_ran() -> None:
    timers = Timers()
    timers.start(Timer.JOIN, 1.0)
    assert timers.stop(Timer.REPEAT, Timer.JOIN)
    assert not timers.stop(Timer.REPEAT, Timer.JOIN)


def test_a_timer_is_shortened_never_lengthened_and_never_begun() -> None:
    timers = Timers()
    timers.start(Timer.CLOSE, 5.0)
    timers.shorten(Timer.CLOSE, 9.0)
    assert timers.until(Timer.CLOSE) == 5.0
    timers.shorten(Timer.CLOSE, 1.0)
    assert timers.until(Timer.CLOSE) == 1.0
    timers.shorten(Timer.SAVE, 1.0)
    assert Timer.SAVE not in timers
