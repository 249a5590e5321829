"""Changes around a key that never touch the key: a new password, another kind of file.

The plain PrivateKeyInfo is carried from form to form as bytes, so the VID random and all
other attributes go along; each result is opened again before it is given back.
"""

import contextlib

from certrelay.bundle import Item
from certrelay.errors import CertificateError, PasswordError, StateError
from certrelay.pki import chain, der, npki, oids, pbe, pkcs12, pkcs12_writing
from certrelay.pki.certificate import Certificate
from certrelay.pki.check import inspect, inspect_with_password
from certrelay.pki.der import Element
from certrelay.pki.pbe import Random, Scheme
from certrelay.pki.pkcs12 import KeyPair, OpenedPkcs12
from certrelay.pki.pkcs12_writing import Style
from certrelay.pki.private_key import PrivateKey


def change_password(
    item: Item,
    old: str,
    new: str,
    random: Random,
    *,
    better: bool = False,
    km: bool = True,
    km_password: str | None = None,
) -> Item:
    """Put an item's keys under a new password.

    A key file that opens with the new password already stays as it is, so that a change
    that was interrupted between two files can be repeated.  Keys that lie in the open are
    encrypted; any ``old`` does where nothing is encrypted.

    Args:
        item: Whose password changes.
        old: The password so far.
        new: The new one; see `certrelay.pki.passwords` for the rule of new passwords.
        random: Gives salts and IVs.
        better: Take the modern form in place of the file's own.
        km: Change the km key file too; if not, it stays as it is.
        km_password: Its password so far where that is another one.

    Returns:
        The same certificates and the same plain keys.

    Raises:
        PasswordError: ``wrong_password``; ``wrong_km_password`` if only the km key is meant.
        CertificateError: As `certrelay.pki.check.inspect_with_password`.
    """
    if item.kind == "pkcs12":
        encoded = item.get("pkcs12") or b""
        opened = pkcs12.open_file(encoded, old, plain_keys=True)
        if better:
            changed = pkcs12_writing.write(opened.pairs, opened.chain, new, random, "modern")
        else:
            changed = _resealed_file(encoded, old, new, random)
        _check_same(opened, pkcs12.open_file(changed, new))
        return Item.of("pkcs12", {"pkcs12": changed})
    inspect(item, plain_keys=True)
    files = {file.role: file.content for file in item.files}
    roles = _key_roles(item) if km else ("signPri",)
    if not any(_opens(files[role], old) for role in roles):
        raise PasswordError("wrong_password")
    for role in roles:
        known = [old] if role == "signPri" or km_password is None else [old, km_password]
        files[role] = _resealed_key_file(role, files[role], known, new, random, better=better)
    return Item.of("npki", files)


def to_pkcs12(
    item: Item,
    password: str,
    new: str,
    random: Random,
    style: Style = "field",
    *,
    km: bool = True,
    km_password: str | None = None,
) -> Item:
    """Make a PKCS#12 file of an NPKI pair.

    Args:
        item: An NPKI item.
        password: Its password; any does for keys that lie in the open.
        new: The file's password; usually the same.
        random: Gives salts and IVs.
        style: See `certrelay.pki.pkcs12_writing.write`.
        km: Whether the km pair goes along; phones and some banks' programs expect one key only.
        km_password: The km key's password where that is another one.

    Raises:
        PasswordError: ``wrong_password``; ``wrong_km_password`` if only the km key is meant.
        CertificateError: As `certrelay.pki.check.inspect_with_password`; a key that cannot
            be compared with its certificate goes along unverified.
    """
    summary = inspect_with_password(item, password, plain_keys=True)
    assert summary.certificate is not None
    assert summary.key is not None
    pairs = [KeyPair(summary.certificate, summary.key, summary.certificate.cn)]
    if km and summary.km_certificate is not None:
        key = _km_key(item, summary.km_certificate, password, km_password)
        pairs.append(KeyPair(summary.km_certificate, key, summary.km_certificate.cn))
    written = pkcs12_writing.write(pairs, summary.authorities, new, random, style)
    opened = pkcs12.open_file(written, new)
    if [pair.key.der for pair in opened.pairs] != [pair.key.der for pair in pairs]:
        raise StateError("a written file opens to other keys")
    return Item.of("pkcs12", {"pkcs12": written})


def without_km(item: Item) -> Item:
    """Leave the km pair out of an NPKI item; any other item stays as it is."""
    files = {file.role: file.content for file in item.files if not file.role.startswith("km")}
    return Item.of(item.kind, files)


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

    Keys that lie in the open are encrypted with ``new``; any ``password`` does for them.

    Raises:
        PasswordError: ``wrong_password``.
        CertificateError: ``km_only`` if nothing in it signs; as
            `certrelay.pki.pkcs12.open_file`.
    """
    opened = pkcs12.open_file(item.get("pkcs12") or b"", password, plain_keys=True)
    form = scheme or pbe.seed_pbes2(random(pbe.SALT_BYTES), random(pbe.IV_BYTES))
    signing = [pair for pair in opened.pairs if pair.certificate.signs]
    if not signing:
        raise CertificateError("km_only")
    return tuple(_npki_item(pair, opened, new, random, form) for pair in signing)


def _npki_item(pair: KeyPair, opened: OpenedPkcs12, new: str, random: Random, form: Scheme) -> Item:
    files = {
        "signCert": pair.certificate.der,
        "signPri": _sealed_key(form.fresh(random), pair.key.der, new),
    }
    for other in opened.pairs:
        mine = chain.same_name(other.certificate, pair.certificate.subject_der)
        if mine and not other.certificate.signs:
            files["kmCert"] = other.certificate.der
            files["kmPri"] = _sealed_key(form.fresh(random), other.key.der, new)
    # An older certificate of the same key may be among them: that is no authority's.
    if above := [each.der for each in opened.chain if each.extensions.ca]:
        files["caPubs"] = der.sequence(*above)
    return Item.of("npki", files)


def _km_key(
    item: Item, certificate: Certificate, password: str, km_password: str | None
) -> PrivateKey:
    content = item.get("kmPri") or b""
    for known in (password, km_password):
        if known is not None:
            with contextlib.suppress(PasswordError):
                return npki.check_password(certificate, content, known, plain_keys=True)
    raise PasswordError("wrong_km_password")


def _resealed_key_file(
    role: str, encoded: bytes, known: list[str], new: str, random: Random, *, better: bool
) -> bytes:
    for old in known:
        with contextlib.suppress(PasswordError):
            return _resealed_key(encoded, old, new, random, better=better)
    raise PasswordError("wrong_password" if role == "signPri" else "wrong_km_password")


def _key_roles(item: Item) -> tuple[str, ...]:
    return ("signPri", "kmPri") if item.get("kmPri") is not None else ("signPri",)


def _opens(encoded: bytes, password: str) -> bool:
    try:
        npki.open_key(encoded, password, plain_keys=True)
    except PasswordError:
        return False
    return True


def _resealed_key(encoded: bytes, old: str, new: str, random: Random, *, better: bool) -> bytes:
    try:
        plain = npki.open_key(encoded, old, plain_keys=True).der
    except PasswordError:
        npki.open_key(encoded, new)
        return encoded
    if better:
        scheme = pbe.aes256_pbes2(random(2 * pbe.SALT_BYTES), random(pbe.IV_BYTES))
    elif npki.plain_key(encoded) is not None:
        scheme = pbe.seed_pbes2(random(pbe.SALT_BYTES), random(pbe.IV_BYTES))
    else:
        scheme = Scheme.parse(pbe.parse(encoded)[0]).fresh(random)
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
        plain_before = not pkcs12.outline(encoded).protected
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
        if mac is None and plain_before:
            rest = oids.SHA1, pkcs12_writing.FIELD_ITERATIONS
            macs = [pkcs12_writing.written_mac(safe, new, random, *rest)]
    except der.FAULTS:
        raise CertificateError("bad_pkcs12") from None
    return der.sequence(der.integer(3), pkcs12_writing.plain_data(safe), *macs)


def _resealed_bags(contents: Element, old: str, new: str, random: Random) -> bytes:
    bags = []
    for bag in contents.children(der.SEQUENCE):
        oid, wrapped, *attributes = bag.children(der.SEQUENCE)
        (value,) = wrapped.children(der.context(0))
        kind = oid.oid()
        if kind == oids.SHROUDED_KEY_BAG:
            changed = _resealed_key(value.encoded, old, new, random, better=False)
        elif kind == oids.KEY_BAG:
            kind = oids.SHROUDED_KEY_BAG
            scheme = pbe.triple_des_pkcs12(random(pbe.SALT_BYTES), pbe.MIN_ITERATIONS)
            changed = _sealed_key(scheme, value.encoded, new)
        elif kind == oids.SAFE_CONTENTS_BAG:
            changed = _resealed_bags(value, old, new, random)
        else:
            bags.append(bag.encoded)
            continue
        rest = [attribute.encoded for attribute in attributes]
        bags.append(der.sequence(der.oid(kind), der.explicit(0, changed), *rest))
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


def _check_same(before: OpenedPkcs12, after: OpenedPkcs12) -> None:
    if _plain(before) != _plain(after):
        raise StateError("a written file opens to other keys")


def _plain(opened: OpenedPkcs12) -> tuple[list[tuple[Certificate, bytes]], tuple[Certificate, ...]]:
    return [(pair.certificate, pair.key.der) for pair in opened.pairs], opened.chain
