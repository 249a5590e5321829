"""Takes one defence away and sees that its row turns red: ``python -m tests.attacks.mutations``.

The defences are listed by the room that they stand in; `tests.attacks.mutations.tool` is what
takes them away.
"""

from tests.attacks.mutations import ends, pages, programs, relay, room, sealed
from tests.attacks.mutations.mutation import Mutation

ALL: tuple[Mutation, ...] = tuple(
    sorted(
        sealed.MUTATIONS
        + ends.MUTATIONS
        + pages.MUTATIONS
        + programs.MUTATIONS
        + room.MUTATIONS
        + relay.MUTATIONS,
        key=lambda mutation: mutation.row,
    )
)
"""Every one, by row."""
