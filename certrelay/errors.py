"""What can go wrong, named once for code, for people and for scripts.

Long because every error code stands here once, with its status and its kind.

* :exc:`CertRelayError`
    * :exc:`UsageError`           the command line asks for something impossible
    * :exc:`RelayUnreachable`     the relay cannot be reached, or is none
    * :exc:`RoomEnded`            the relay ended or refused the room
    * :exc:`ProtocolError`        a peer or the relay broke the protocol
    * :exc:`TrustError`           the number, or tampering: never retried
    * :exc:`StorageError`         a certificate cannot be saved
    * :exc:`ReleaseRefused`       an app or operating system is too old
    * :exc:`QrError`              a QR code or a picture that is none of ours
    * :exc:`CertificateError`     certificate files that are not what they should be
    * :exc:`PasswordError`        the certificate's password
    * :exc:`Expiring`               something expires soon: the answer of a reminder
    * :exc:`SomeFailed`             of several certificates some could not be done
    * :exc:`NotConfirmed`         declined, cancelled, or lost before the receipt
    * :exc:`StateError`           our own bug: a call in the wrong order

An error is a ``code`` (a stable word) and ``details`` (safe values: a release, a count, a
path that the person named).  The sentence a person reads is in `certrelay.texts`, under
``error.<text>`` and ``hint.<text>``; `CODES` says which.  Neither the code nor the details
ever hold a key, a number, a password, a whole URL, or a text that a peer chose.
"""

from enum import IntEnum, unique
from typing import ClassVar, Final


@unique
class ExitStatus(IntEnum):
    """What a program's exit tells a script.  The numbers never change."""

    OK = 0
    INTERNAL = 1
    USAGE = 2
    UNREACHABLE = 3
    ROOM = 4
    PROTOCOL = 5
    TRUST = 6
    STORAGE = 7
    RELEASE = 8
    QR = 9
    CERTIFICATE = 10
    PASSWORD = 11
    NOT_CONFIRMED = 12
    EXPIRES = 13
    SOME_FAILED = 14
    INTERRUPTED = 130
    READER_GONE = 141
    """Whoever read the output has gone, as a shell says it of a program that SIGPIPE ended."""


Detail = str | int | tuple[str | int, ...] | None


class CertRelayError(Exception):
    """Base of every error that the project raises on purpose.

    Args:
        code: A word of this class's `codes`; anything else is a bug and a ``ValueError``.
        details: Values for the placeholders of the sentence, safe to print and to log; several
            words or numbers as a tuple, ``None`` for what is not known.
    """

    exit_status: ClassVar[ExitStatus] = ExitStatus.INTERNAL
    codes: ClassVar[dict[str, str]] = {}
    """Each code with the key of its sentence in the texts."""

    def __init__(self, code: str, **details: Detail) -> None:
        if code not in self.codes:
            raise ValueError(f"{type(self).__name__} has no code {code!r}")
        super().__init__(code)
        self.code: Final = code
        self.details: Final = details

    @property
    def text_key(self) -> str:
        """The key of the sentence: ``error.`` or ``hint.`` goes in front."""
        return self.codes[self.code]

    def __str__(self) -> str:
        shown = " ".join(f"{name}={value}" for name, value in self.details.items())
        return f"{self.code} {shown}".rstrip()


def _same(*codes: str) -> dict[str, str]:
    """Codes that have a sentence of their own, under the code itself."""
    return {code: code for code in codes}


class UsageError(CertRelayError):
    """The command line, a setting or an answer asks for something impossible."""

    exit_status = ExitStatus.USAGE
    codes = _same(
        "usage",
        "unknown_arguments",
        "unknown_command",
        "missing_arguments",
        "missing_value",
        "bad_value",
        "bad_listen",
        "no_network",
        "phone_needs_no_pc",
        "bad_relay_url",
        "relay_needs_https",
        "bad_access_key",
        "access_key_needs_https",
        "bad_policy",
        "bad_app_links",
        "bad_limits",
        "bad_host",
        "bad_public_url",
        "bad_origin",
        "bad_proxy",
        "no_redis",
        "bad_redis_url",
        "bad_metrics",
        "bad_tls_files",
        "nothing_selected",
        "selector_unknown",
        "selector_ambiguous",
        "list_changed",
        "bad_line",
        "not_together",
        "no_target",
        "too_many_selected",
        "keystore_exists",
        "no_answer",
        "input_ended",
        "same_kind",
        "bad_settings",
        "direction_closed",
        "bad_usage_file",
        "bad_admin",
        "no_admin",
        "no_home",
        "centre_silent",
        "no_page",
    )


class RelayUnreachable(CertRelayError):
    """No relay answers, or what answers is none."""

    exit_status = ExitStatus.UNREACHABLE
    codes = _same(
        "relay_unreachable",
        "not_a_relay",
        "tls_failed",
        "proxy_refused",
        "connection_lost",
        "port_taken",
        "no_admin_there",
    )


class RoomEnded(CertRelayError):
    """The relay ended or refused the room: the words of `closed` and `error`."""

    exit_status = ExitStatus.ROOM
    codes = _same(
        "no_such_room",
        "no_such_code",
        "code_unanswered",
        "codes_unsupported",
        "already_claimed",
        "peer_not_ready",
        "expired",
        "already_used",
        "over_budget",
        "rate_limited",
        "suspended",
        "not_admitted",
        "out_of_hours",
        "try_later",
        "second_scan",
        "left",
        "page_closed",
        "grace",
        "timeout",
    )


class ProtocolError(CertRelayError):
    """A peer or the relay broke the protocol."""

    exit_status = ExitStatus.PROTOCOL
    codes = _same("bad_message", "unsupported_protocol") | dict.fromkeys(
        (
            "protocol",
            "bad_hello",
            "bad_ack",
            "payload_size",
            "payload_length",
            "payload_padding",
            "unknown_kind",
            "wrong_side",
            "out_of_turn",
            "chunk_gap",
            "chunk_size",
            "end_early",
            "end_digest",
            "receipt_length",
            "bad_body",
            "bad_json",
            "bad_manifest",
            "too_large",
        ),
        "protocol",
    )


class TrustError(CertRelayError):
    """The numbers differ, or somebody changed what was sent.  Never retried."""

    exit_status = ExitStatus.TRUST
    codes = (
        _same("number_mismatch", "m1_open")
        | dict.fromkeys(("code_open", "low_order"), "code_open")
        | dict.fromkeys(
            (
                "tampered",
                "m1_tries",
                "m2_open",
                "m3_open",
                "commitment",
                "carrier_type",
                "bad_tag",
                "frame_length",
            ),
            "tampered",
        )
    )


class StorageError(CertRelayError):
    """A certificate cannot be saved or a store cannot be read; nothing half is left."""

    exit_status = ExitStatus.STORAGE
    codes = _same(
        "disk",
        "disk_full",
        "read_only",
        "denied",
        "no_store",
        "unreadable_list",
        "not_in_trash",
        "name_taken",
        "not_a_folder",
        "write_failed",
        "output_file",
        "output_failed",
        "history_unreadable",
        "data_folder",
        "desktop_taken",
    )


class ReleaseRefused(CertRelayError):
    """An app release or an operating system that the policy does not admit.

    Details: ``found``, ``needed`` (both in the grammar of versions), ``platform``.
    """

    exit_status = ExitStatus.RELEASE
    codes = _same(
        "version_too_low",
        "version_blocked",
        "version_unreadable",
        "platform_mismatch",
        "os_too_low",
    )


class QrError(CertRelayError):
    """A QR code or a picture that cannot be used."""

    exit_status = ExitStatus.QR
    codes = (
        _same(
            "qr_version",
            "qr_foreign",
            "code_shape",
            "picture_unreadable",
            "picture_no_qr",
            "picture_many_qr",
        )
        | dict.fromkeys(
            ("qr_length", "qr_digits", "qr_range", "qr_reserved", "qr_key"), "qr_damaged"
        )
        | dict.fromkeys(("qr_origin", "qr_scheme"), "qr_origin")
    )


FOUND: Final = (
    "empty",
    "zeros",
    "cut_off",
    "web_page",
    "json",
    "text",
    "picture",
    "pdf",
    "document",
    "zip",
    "archive",
    "program",
    "shortcut",
    "database",
    "java_store",
    "ssh_key",
    "pgp",
    "request",
    "crl",
    "pkcs7",
    "public_key",
    "other_key",
    "plain_key",
    "certificate",
    "key",
    "pkcs12",
    "no_key",
    "no_certificate",
)
"""What a file is that lies in the place of another: see `certrelay.pki.recognition`."""


class CertificateError(CertRelayError):
    """Certificate files that are not what they should be."""

    exit_status = ExitStatus.CERTIFICATE
    codes = _same(
        *(f"found_{what}" for what in FOUND),
        "not_told",
        "not_by_given",
        "bad_authorities",
        "not_yet_but_sound",
        "km_not_sound",
        "revoked_certificate",
        "suspended_certificate",
        "bad_certificate",
        "bad_key_file",
        "bad_pkcs12",
        "bad_crl",
        "key_mismatch",
        "key_not_encrypted",
        "km_only",
        "missing_sign_cert",
        "missing_sign_key",
        "missing_km_part",
        "too_large_file",
        "too_many_iterations",
        "unsupported_algorithm",
        "no_certificates",
        "unreadable_file",
        "not_a_plain_file",
        "not_sound",
        "expired_but_sound",
        "sealed",
        "not_judged",
        "none_fits",
    )

    @property
    def text_key(self) -> str:
        """A file that is something else keeps its code, and gets a sentence of its own."""
        found = self.details.get("found")
        return f"found_{found}" if found in FOUND else super().text_key


class Expiring(CertRelayError):
    """A certificate expires soon, or has expired: what `remind` is for."""

    exit_status = ExitStatus.EXPIRES
    codes = _same("expires_soon")


class SomeFailed(CertRelayError):
    """Of several certificates some could not be done; each was told by itself."""

    exit_status = ExitStatus.SOME_FAILED
    codes = _same("some_failed")


class PasswordError(CertRelayError):
    """The certificate's password does not open its key."""

    exit_status = ExitStatus.PASSWORD
    codes = _same(
        "no_password",
        "wrong_password",
        "wrong_km_password",
        "password_tries",
        "weak_password",
        "passwords_differ",
    )


class NotConfirmed(CertRelayError):
    """The copy did not end with a receipt for everything."""

    exit_status = ExitStatus.NOT_CONFIRMED
    codes = _same(
        "declined",
        "cancelled",
        "not_confirmed",
        "unconfirmed",
        "partial",
        "rejected",
        "renewals_used_up",
        "not_deleted",
        "unwell",
        "phone_not_seen",
        "notice_failed",
        "system_refused",
    )


class Interrupted(CertRelayError):
    """The person pressed Ctrl-C."""

    exit_status = ExitStatus.INTERRUPTED
    codes = _same("interrupted")


class StateError(CertRelayError):
    """Our own bug: a call in the wrong order."""

    codes = _same("internal")

    def __init__(self, what: str) -> None:
        super().__init__("internal", what=what)
