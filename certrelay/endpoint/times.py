"""The driver's time limits as one value, so that a test can shorten them."""

from certrelay import limits
from certrelay.frozen import frozen


@frozen
class Times:
    """Seconds, all of them; see `certrelay.limits` for the reasons."""

    unclaimed: float = limits.UNCLAIMED_S
    handshake: float = limits.HANDSHAKE_S
    session: float = limits.SESSION_S
    number: float = limits.NUMBER_S
    number_delay: float = limits.NUMBER_DELAY_S
    save_question: float = limits.SAVE_QUESTION_S
    seen_question: float = limits.SEEN_QUESTION_S
    grace: float = limits.GRACE_S
    close_wait: float = limits.CLOSE_WAIT_S
    interrupted_wait: float = limits.INTERRUPTED_WAIT_S
    answer: float = limits.ANSWER_S
    repeat: float = limits.HANDSHAKE_REPEAT_S
    code_unused: float = limits.CODE_UNUSED_S
    join_retry: float = limits.JOIN_RETRY_S

    slack: float = 2.0
    """How much longer this end waits than the relay does, whose word comes first."""
