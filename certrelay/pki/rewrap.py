"""Changes around a key that never touch the key: a new password, another kind of file.

The plain PrivateKeyInfo is carried from form to form as bytes, so the VID random and all
other attributes go along; each result is opened again before it is given back.
"""

from certrelay.bundle import Item
from certrelay.errors import CertificateError, PasswordError, StateError
from certrelay.pki import der, npki, oids, pbe, pkcs12, pkcs12_writing
from certrelay.pki.certificate import Certificate
from certrelay.pki.check import inspect, inspect_with_password
from certrelay.pki.der import Element
from certrelay.pki.pbe import Random, Scheme
from certrelay.pki.pkcs12 import Opened, Pair
from certrelay.pki.pkcs12_writing import Style


def change_password(
    item: Item, old: str, new: str, random: Random, *, better: bool = False
) -> Item:
    """Put an item's keys under a new password.

    A key file that opens with the new password already stays as it is, so that a change
    that was interrupted between two files can be repeated.

    Args:
        item: Whose password changes.
        old: The password so far.
        new: The new one; see `certrelay.pki.passwords` for the rule of new passwords.
        random: Gives salts and IVs.
        better: Take the modern form in place of the file's own.

    Returns:
        The same certificates and the same plain keys.

    Raises:
        PasswordError: ``wrong_password``; details ``role`` where only the km key is meant.
        CertificateError: As `certrelay.pki.check.inspect_with_password`.
    """
    if item.kind == "pkcs12":
        encoded = item.get("pkcs12") or b""
        opened = pkcs12.open_file(encoded, old)
        if better:
            changed = pkcs12_writing.write(opened.pairs, opened.chain, new, random)
        else:
            changed = _resealed_file(encoded, old, new, random)
        _check_same(opened, pkcs12.open_file(changed, new))
        return Item.of("pkcs12", {"pkcs12": changed})
    inspect(item)
    files = {file.role: file.content for file in item.files}
    if not any(_opens(files[role], old) for role in _key_roles(item)):
        raise PasswordError("wrong_password")
    for role in _key_roles(item):
        try:
            files[role] = _resealed_key(files[role], old, new, random, better=better)
        except PasswordError:
            raise PasswordError("wrong_password", role=role) from None
    return Item.of("npki", files)


def to_pkcs12(
    item: Item,
    password: str,
    new: str,
    random: Random,
    style: Style = "modern",
    *,
    km: bool = True,
) -> Item:
    """Make a PKCS#12 file of an NPKI pair.

    Args:
        item: An NPKI item.
        password: Its password.
        new: The file's password; usually the same.
        random: Gives salts and IVs.
        style: See `certrelay.pki.pkcs12_writing.write`.
        km: Whether the km pair goes along; some banks' programs expect one key only.

    Raises:
        PasswordError: ``wrong_password``; details ``role`` where the km key is meant.
        CertificateError: As `certrelay.pki.check.inspect_with_password`; a key that cannot
            be compared with its certificate goes along unverified.
    """
    summary = inspect_with_password(item, password)
    assert summary.certificate is not None
    assert summary.key is not None
    pairs = [Pair(summary.certificate, summary.key, summary.certificate.cn)]
    if km and summary.km_certificate is not None:
        try:
            key = npki.check_password(summary.km_certificate, item.get("kmPri") or b"", password)
        except PasswordError:
            raise PasswordError("wrong_password", role="kmPri") from None
        pairs.append(Pair(summary.km_certificate, key, summary.km_certificate.cn))
    written = pkcs12_writing.write(pairs, summary.authorities, new, random, style)
    opened = pkcs12.open_file(written, new)
    if [pair.key.der for pair in opened.pairs] != [pair.key.der for pair in pairs]:
        raise StateError("a written file opens to other keys")
    return Item.of("pkcs12", {"pkcs12": written})


def to_npki(
    item: Item, password: str, new: str, random: Random, scheme: Scheme | None = None
) -> tuple[Item, ...]:
    """Make NPKI items of a PKCS#12 file: one for each pair that signs.

    Args:
        item: A PKCS#12 item.
        password: Its password.
        new: The key files' password; usually the same.
        random: Gives salts and IVs.
        scheme: The form of the key files; what banks write today if it is not given.

    Raises:
        PasswordError: ``wrong_password``.
        CertificateError: As `certrelay.pki.pkcs12.open_file`.
    """
    opened = pkcs12.open_file(item.get("pkcs12") or b"", password)
    form = scheme or pbe.seed_pbes2(random(pbe.SALT_BYTES), random(pbe.IV_BYTES))
    signing = [pair for pair in opened.pairs if pair.certificate.signs] or opened.pairs[:1]
    return tuple(_npki_item(pair, opened, new, random, form) for pair in signing)


def _npki_item(pair: Pair, opened: Opened, new: str, random: Random, form: Scheme) -> Item:
    files = {
        "signCert": pair.certificate.der,
        "signPri": _sealed_key(form.fresh(random), pair.key.der, new),
    }
    for other in opened.pairs:
        mine = other.certificate.subject_der == pair.certificate.subject_der
        if mine and not other.certificate.signs:
            files["kmCert"] = other.certificate.der
            files["kmPri"] = _sealed_key(form.fresh(random), other.key.der, new)
    if opened.chain:
        files["caPubs"] = der.sequence(*[above.der for above in opened.chain])
    return Item.of("npki", files)


def _key_roles(item: Item) -> tuple[str, ...]:
    return ("signPri", "kmPri") if item.get("kmPri") is not None else ("signPri",)


def _opens(encoded: bytes, password: str) -> bool:
    try:
        npki.open_key(encoded, password)
    except PasswordError:
        return False
    return True


def _resealed_key(encoded: bytes, old: str, new: str, random: Random, *, better: bool) -> bytes:
    try:
        plain = npki.open_key(encoded, old).der
    except PasswordError:
        npki.open_key(encoded, new)
        return encoded
    scheme = Scheme.parse(pbe.parse(encoded)[0]).fresh(random)
    if better:
        scheme = pbe.aes256_pbes2(random(2 * pbe.SALT_BYTES), random(pbe.IV_BYTES))
    return _sealed_key(scheme, plain, new)


def _sealed_key(scheme: Scheme, plain: bytes, password: str) -> bytes:
    encoded = pbe.encrypt(scheme, plain, password)
    if npki.open_key(encoded, password).der != plain:
        raise StateError("a written key opens to another one")
    return encoded


def _resealed_file(encoded: bytes, old: str, new: str, random: Random) -> bytes:
    """Encrypt each encrypted part again in its own form; all else stays byte for byte."""
    try:
        content, mac = pkcs12.content_and_mac(encoded)
        parts = []
        for part in Element.parse(content).children(der.SEQUENCE):
            oid, inner = part.children(der.SEQUENCE)
            if oid.oid() == oids.ENCRYPTED_DATA:
                scheme, contents = pkcs12.unsealed(pkcs12.encrypted_info(inner), old)
                bags = _resealed_bags(contents, old, new, random)
                parts.append(pkcs12_writing.sealed_data(scheme.fresh(random), bags, new))
            else:
                contents = Element.parse(pkcs12.data_content(part))
                bags = _resealed_bags(contents, old, new, random)
                parts.append(pkcs12_writing.plain_data(bags))
        safe = der.sequence(*parts)
        macs = [] if mac is None else [_renewed_mac(mac, safe, new, random)]
    except der.FAULTS:
        raise CertificateError("bad_pkcs12") from None
    return der.sequence(der.integer(3), pkcs12_writing.plain_data(safe), *macs)


def _resealed_bags(contents: Element, old: str, new: str, random: Random) -> bytes:
    bags = []
    for bag in contents.children(der.SEQUENCE):
        oid, wrapped, *attributes = bag.children(der.SEQUENCE)
        (value,) = wrapped.children(der.context(0))
        if oid.oid() == oids.SHROUDED_KEY_BAG:
            changed = _resealed_key(value.encoded, old, new, random, better=False)
        elif oid.oid() == oids.SAFE_CONTENTS_BAG:
            changed = _resealed_bags(value, old, new, random)
        else:
            bags.append(bag.encoded)
            continue
        rest = [attribute.encoded for attribute in attributes]
        bags.append(der.sequence(oid.encoded, der.explicit(0, changed), *rest))
    return der.sequence(*bags)


def _renewed_mac(mac: Element, content: bytes, password: str, random: Random) -> bytes:
    """Write a MAC of the same hash and rounds; one over PBKDF2 becomes a plain one."""
    info, _, *rounds = mac.children(der.SEQUENCE)
    digest_oid = info.children()[0].children()[0].oid()
    iterations = rounds[0].integer() if rounds else 1
    if digest_oid not in oids.DIGESTS:
        digest_oid = oids.SHA256
    iterations = max(iterations, pbe.MIN_ITERATIONS)
    return pkcs12_writing.written_mac(content, password, random, digest_oid, iterations)


def _check_same(before: Opened, after: Opened) -> None:
    if _plain(before) != _plain(after):
        raise StateError("a written file opens to other keys")


def _plain(opened: Opened) -> tuple[list[tuple[Certificate, bytes]], tuple[Certificate, ...]]:
    return [(pair.certificate, pair.key.der) for pair in opened.pairs], opened.chain
