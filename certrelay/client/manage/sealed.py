"""What a sealed PKCS#12 file holds, once somebody has opened it: its certificate, no secret.

Such a file tells its owner and its last day to nobody without the password.  After `unlock` the
certificate is kept by the SHA-256 of the file, so that lists and reminders know it.
"""

import hashlib
from pathlib import Path
from typing import Final

from certrelay.client.private_file import write_private
from certrelay.client.store.reading import Entry
from certrelay.errors import CertificateError, StorageError
from certrelay.frozen import replace
from certrelay.limits import MAX_FILE_BYTES
from certrelay.pki.certificate import Certificate

_FOLDER: Final = "unlocked"


class Sealed:
    """The certificates of sealed files.

    Args:
        memory: The program's own folder.
    """

    def __init__(self, memory: Path) -> None:
        self._folder: Final = memory / _FOLDER

    def learn(self, content: bytes, certificate: Certificate) -> None:
        """Keep a file's certificate.

        Raises:
            StorageError: ``output_file`` with ``path``.
        """
        file = self._file(content)
        try:
            self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            write_private(file, certificate.der)
        except OSError:
            raise StorageError("output_file", path=str(file)) from None

    def completed(self, entry: Entry) -> Entry:
        """The entry with the certificate that its file was seen to hold, if it was."""
        if entry.summary is None or entry.item is None or entry.summary.certificate is not None:
            return entry
        try:
            with self._file(entry.item.get("pkcs12") or b"").open("rb") as file:
                certificate = Certificate.parse(file.read(MAX_FILE_BYTES))
        except (OSError, CertificateError):
            return entry
        summary = replace(entry.summary, certificate=certificate, name=certificate.cn)
        return replace(entry, summary=summary)

    def _file(self, content: bytes) -> Path:
        return self._folder / f"{hashlib.sha256(content).hexdigest()}.der"
