from certrelay.wire.ids import RoomId
from certrelay.wire.room import DeadWord
from relay.dead_rooms import DeadRooms

A, B, C = (RoomId(bytes([n]) * 32) for n in range(3))


def test_a_word_is_kept_for_its_time_and_not_longer() -> None:
    dead = DeadRooms(most=10, keep_s=600)
    dead.add(A, DeadWord.USED, now=0)
    dead.add(B, DeadWord.EXPIRED, now=1)
    assert dead.word(A, now=599.9) is DeadWord.USED
    assert dead.word(B, now=599.9) is DeadWord.EXPIRED
    assert dead.word(C, now=599.9) is None
    assert dead.word(A, now=600) is None
    assert dead.word(B, now=600) is DeadWord.EXPIRED
    assert len(dead) == 1


def test_the_oldest_is_forgotten_first() -> None:
    dead = DeadRooms(most=2, keep_s=600)
    for n, room in enumerate((A, B, C)):
        dead.add(room, DeadWord.USED, now=n)
    assert [dead.word(room, now=3) for room in (A, B, C)] == [None, DeadWord.USED, DeadWord.USED]
    assert len(dead) == 2


def test_a_room_that_dies_again_is_remembered_anew() -> None:
    dead = DeadRooms(most=2, keep_s=600)
    dead.add(A, DeadWord.EXPIRED, now=0)
    dead.add(B, DeadWord.EXPIRED, now=1)
    dead.add(A, DeadWord.USED, now=2)
    dead.add(C, DeadWord.USED, now=3)
    assert [dead.word(room, now=3) for room in (A, B)] == [DeadWord.USED, None]
