"""Makes the shared vectors of certificate files: ``python -m tests.pki.make_files``.

Each case is an item as it lies on a disk, with what must be read from it.  Python and the
page read the same cases (`tests/vectors/certificate-files.json`), which are made once: keys
and salts are new each time.
"""

import base64
import json
from typing import Any

from certrelay.bundle import Item
from certrelay.pki import check
from tests.certificates import PASSWORD, person
from tests.sources import ROOT

PATH = ROOT / "tests" / "vectors" / "certificate-files.json"
TAIL = bytes(range(46))
"""As long as what TradeSign's key files end with."""


def pem(label: str, encoded: bytes, line: str = "\n") -> bytes:
    body = base64.encodebytes(encoded).decode().replace("\n", line)
    return f"-----BEGIN {label}-----{line}{body}-----END {label}-----{line}".encode()


def forms(item: Item) -> dict[str, Item]:
    """One pair in every outer form that is read."""
    certificate, key = item.get("signCert") or b"", item.get("signPri") or b""

    def with_files(sign_cert: bytes = certificate, sign_pri: bytes = key) -> Item:
        return Item.of("npki", {"signCert": sign_cert, "signPri": sign_pri})

    pem_certificate = pem("CERTIFICATE", certificate)
    pem_key = pem("ENCRYPTED PRIVATE KEY", key)
    return {
        "der": with_files(),
        "certificate, bytes after it": with_files(certificate + TAIL),
        "certificate, a line end after it": with_files(certificate + b"\r\n"),
        "key, bytes after it": with_files(sign_pri=key + TAIL),
        "key, zeros after it": with_files(sign_pri=key + bytes(512)),
        "certificate in PEM": with_files(pem_certificate),
        "certificate in PEM of Windows": with_files(pem("CERTIFICATE", certificate, "\r\n")),
        "certificate in PEM, UTF-8 mark": with_files(b"\xef\xbb\xbf" + pem_certificate),
        "certificate in PEM, UTF-16": with_files(pem_certificate.decode().encode("utf-16")),
        "certificate in PEM, words before it": with_files(b"subject=CN = x\n" + pem_certificate),
        "certificate in PEM, key before it": with_files(pem_key + pem_certificate, pem_key),
        "certificate in base64": with_files(base64.b64encode(certificate)),
        "certificate in base64, lines": with_files(base64.encodebytes(certificate)),
        "key in PEM": with_files(sign_pri=pem_key),
        "key in base64": with_files(sign_pri=base64.encodebytes(key)),
        "DER after a UTF-8 mark": with_files(b"\xef\xbb\xbf" + certificate),
    }


def pkcs12_forms() -> dict[str, Item]:
    content = person().pkcs12(PASSWORD).files[0].content
    return {
        name: Item.of("pkcs12", {"pkcs12": changed})
        for name, changed in {
            "pkcs12": content,
            "pkcs12, bytes after it": content + TAIL,
            "pkcs12, a line end after it": content + b"\n",
            "pkcs12 in base64": base64.encodebytes(content),
        }.items()
    }


def as_case(name: str, item: Item) -> dict[str, Any]:
    summary = check.inspect_with_password(item, PASSWORD)
    return {
        "name": name,
        "kind": item.kind,
        "files": {file.role: file.content.hex() for file in item.files},
        "password": PASSWORD,
        "serial": str(summary.serial),
        "cn": summary.cn,
    }


def main() -> None:
    cases = forms(person().npki(PASSWORD)) | pkcs12_forms()
    text = json.dumps([as_case(*case) for case in cases.items()], ensure_ascii=False, indent=1)
    PATH.write_text(text + "\n", "utf-8")
    print(f"{len(cases)} cases")


if __name__ == "__main__":
    main()
