import errno
import os
import unicodedata
from pathlib import Path

import pytest

from certrelay.bundle import Item
from certrelay.client.store.reading import (
    FILE_NAMES,
    find,
    home_of,
    lone_km,
    read_file,
    read_item,
)
from certrelay.errors import CertificateError
from certrelay.limits import MAX_FILE_BYTES
from tests.certificates import PASSWORD, person, stranger

ITEM = person().npki(PASSWORD, ca_pubs=True)
NAME = "cn=홍길동()0099041202601010000001,ou=TEST,ou=personal4IB,o=yessign,c=kr"


def write(folder: Path, item: Item = ITEM, names: dict[str, str] | None = None) -> Path:
    folder.mkdir(parents=True)
    for file in item.files:
        (folder / {**FILE_NAMES, **(names or {})}[file.role]).write_bytes(file.content)
    return folder


def refused(path: Path) -> str:
    with pytest.raises(CertificateError) as caught:
        read_item(path)
    assert str(path.parent) in str(caught.value.details["path"])
    return caught.value.code


def test_a_folder_is_read_whole(tmp_path: Path) -> None:
    assert read_item(write(tmp_path / "cert")) == ITEM


def test_a_file_in_a_folder_stands_for_the_folder(tmp_path: Path) -> None:
    folder = write(tmp_path / "cert")
    assert read_item(folder / "signCert.der") == ITEM
    assert read_item(folder / "SIGNPRI.KEY") == ITEM


def test_names_are_matched_without_case(tmp_path: Path) -> None:
    odd = {"signCert": "SignCert.der", "signPri": "SIGNPRI.KEY", "kmPri": "KmPri.key"}
    assert read_item(write(tmp_path / "cert", names=odd | {"caPubs": "capubs"})) == ITEM


def test_of_two_names_that_differ_by_case_the_exact_one_counts(tmp_path: Path) -> None:
    folder = write(tmp_path / "cert")
    (folder / "SIGNCERT.DER").write_bytes(b"another")
    (folder / "signcert.der").write_bytes(b"another")
    if (folder / "signCert.der").read_bytes() == b"another":
        pytest.skip("this file system folds case")
    assert read_item(folder) == ITEM


@pytest.mark.parametrize(
    ("gone", "code"),
    [
        ("signCert", "missing_sign_cert"),
        ("signPri", "missing_sign_key"),
    ],
)
def test_a_folder_that_lacks_a_file_is_refused(tmp_path: Path, gone: str, code: str) -> None:
    folder = write(tmp_path / "cert")
    (folder / FILE_NAMES[gone]).unlink()
    assert refused(folder) == code


@pytest.mark.parametrize("gone", ["kmCert", "kmPri"])
def test_a_km_file_without_its_other_half_is_left_out(tmp_path: Path, gone: str) -> None:
    folder = write(tmp_path / "yessign" / "USER" / "cert")
    other = {"kmCert": "kmPri", "kmPri": "kmCert"}[gone]
    assert lone_km(folder) is None
    (folder / FILE_NAMES[gone]).unlink()
    item = read_item(folder)
    assert [file.role for file in item.files] == ["signCert", "signPri", "caPubs"]
    assert lone_km(folder) == FILE_NAMES[other]
    (entry,) = find(tmp_path)
    assert entry.summary is not None


def test_a_folder_with_a_km_pair_only_says_so(tmp_path: Path) -> None:
    folder = write(tmp_path / "cert")
    for role in ("signCert", "signPri"):
        (folder / FILE_NAMES[role]).unlink()
    assert refused(folder) == "km_only"


@pytest.mark.parametrize("ending", ["cer", "crt", "PEM", "der"])
def test_a_certificate_may_have_another_ending(tmp_path: Path, ending: str) -> None:
    odd = {"signCert": f"signCert.{ending}", "kmCert": f"KMCERT.{ending}"}
    folder = write(tmp_path / "cert", names=odd)
    assert read_item(folder) == ITEM
    assert read_item(folder / odd["signCert"]) == ITEM
    assert home_of(folder / odd["signCert"]) == folder


SET_NAMES = {
    "signCert": "001홍길동_sig.cer",
    "signPri": "001홍길동_sig.key",
    "kmCert": "001홍길동_env.cer",
    "kmPri": "001홍길동_env.key",
}
SET = Item.of("npki", {f.role: f.content for f in ITEM.files if f.role in SET_NAMES})


@pytest.mark.parametrize("above", ["", "class1", "Certificate/class1", "certificate/Class2"])
def test_the_sets_of_gpki_and_epki_are_found(tmp_path: Path, above: str) -> None:
    folder = write(tmp_path / "GPKI" / above, SET, SET_NAMES)
    other = Item.of("npki", {f.role: f.content for f in stranger().npki(PASSWORD).files})
    names = {role: name.replace("홍길동", "성춘향").upper() for role, name in SET_NAMES.items()}
    for file in other.files:
        (folder / names[file.role]).write_bytes(file.content)
    entries = find(tmp_path / "GPKI")
    assert [entry.path.name for entry in entries] == ["001성춘향_SIG.CER", "001홍길동_sig.cer"]
    assert [entry.item for entry in entries] == [other, SET]
    for name in SET_NAMES.values():
        assert read_item(folder / name) == SET


def test_a_set_without_its_key_is_told_and_its_neighbours_stay(tmp_path: Path) -> None:
    folder = write(tmp_path / "class1", SET, SET_NAMES)
    (folder / "002_sig.cer").write_bytes(ITEM.get("signCert") or b"")
    codes = [entry.error and entry.error.code for entry in find(tmp_path)]
    assert codes == [None, "missing_sign_key"]


def test_pkcs12_files_are_found_where_people_put_them(tmp_path: Path) -> None:
    content = person().pkcs12(PASSWORD).files[0].content
    write(tmp_path / "yessign" / "USER" / "one")
    for place in (".", "yessign", "yessign/USER", "PKCS12"):
        (tmp_path / place).mkdir(parents=True, exist_ok=True)
        (tmp_path / place / "x.pfx").write_bytes(content)
    paths = [entry.path.relative_to(tmp_path).as_posix() for entry in find(tmp_path)]
    assert paths == [
        "yessign/USER/one",
        "x.pfx",
        "yessign/x.pfx",
        "yessign/USER/x.pfx",
        "PKCS12/x.pfx",
    ]


def test_a_linked_folder_of_an_authority_is_read(tmp_path: Path) -> None:
    write(tmp_path / "elsewhere" / "USER" / "one")
    (tmp_path / "NPKI").mkdir()
    try:
        (tmp_path / "NPKI" / "yessign").symlink_to(tmp_path / "elsewhere")
    except OSError:
        pytest.skip("links are not permitted here")
    (entry,) = find(tmp_path / "NPKI")
    assert entry.item == ITEM


def test_a_pkcs12_file_is_read_by_either_ending(tmp_path: Path) -> None:
    item = person().pkcs12(PASSWORD)
    for name in ("a.p12", "b.PFX"):
        (tmp_path / name).write_bytes(item.files[0].content)
        assert read_item(tmp_path / name) == item


def test_a_file_of_the_largest_size_is_read_and_one_byte_more_is_not(tmp_path: Path) -> None:
    path = tmp_path / "x.p12"
    path.write_bytes(bytes(MAX_FILE_BYTES))
    assert len(read_file(path)) == MAX_FILE_BYTES
    path.write_bytes(bytes(MAX_FILE_BYTES + 1))
    assert refused(path) == "too_large_file"


def test_a_huge_sparse_file_is_refused_unread(tmp_path: Path) -> None:
    folder = write(tmp_path / "cert")
    with (folder / "signPri.key").open("wb") as file:
        file.truncate(2**40)
    assert refused(folder) == "too_large_file"


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no pipes in this system's folders")
def test_a_pipe_in_place_of_a_file_is_refused_at_once(tmp_path: Path) -> None:
    folder = write(tmp_path / "cert")
    (folder / "signPri.key").unlink()
    os.mkfifo(folder / "signPri.key")
    assert refused(folder) == "not_a_plain_file"


def test_a_link_in_place_of_a_file_is_refused(tmp_path: Path) -> None:
    folder = write(tmp_path / "cert")
    (folder / "signPri.key").rename(tmp_path / "elsewhere")
    try:
        (folder / "signPri.key").symlink_to(tmp_path / "elsewhere")
    except OSError:
        pytest.skip("links are not permitted here")
    assert refused(folder) == "not_a_plain_file"


def test_a_folder_in_place_of_a_file_is_refused(tmp_path: Path) -> None:
    folder = write(tmp_path / "cert")
    (folder / "signPri.key").unlink()
    (folder / "signPri.key").mkdir()
    assert refused(folder) == "not_a_plain_file"
    (tmp_path / "x.p12").mkdir()
    assert refused(tmp_path / "x.p12") == "missing_sign_cert"


def test_what_is_not_there_or_has_no_name_is_refused(tmp_path: Path) -> None:
    assert refused(tmp_path / "nothing") == "unreadable_file"
    assert refused(tmp_path / "a\0b") == "unreadable_file"


def test_a_file_that_may_not_be_read_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = write(tmp_path / "cert")

    def refuse(*_: object, **__: object) -> int:
        raise PermissionError(errno.EACCES, "not for you")

    monkeypatch.setattr(os, "open", refuse)  # file modes do not bind root, who may run this
    assert refused(folder) == "unreadable_file"


def test_a_tree_is_listed_in_a_stable_order_and_without_case(tmp_path: Path) -> None:
    other = stranger().npki(PASSWORD)
    write(tmp_path / "yessign" / "User" / "b")
    write(tmp_path / "yessign" / "User" / "A", other)
    write(tmp_path / "KICA" / "USER" / "z")
    (tmp_path / "pkcs12").mkdir()
    (tmp_path / "pkcs12" / "x.PFX").write_bytes(person().pkcs12(PASSWORD).files[0].content)
    (tmp_path / "pkcs12" / "notes.txt").write_text("no certificate")
    (tmp_path / "yessign" / "User" / "empty").mkdir()
    (tmp_path / "yessign" / "ca.der").write_bytes(b"no folder")
    entries = find(tmp_path)
    assert [str(entry.path.relative_to(tmp_path).as_posix()) for entry in entries] == [
        "KICA/USER/z",
        "yessign/User/A",
        "yessign/User/b",
        "pkcs12/x.PFX",
    ]
    assert all(entry.summary for entry in entries)
    assert [entry.item for entry in entries[:3]] == [ITEM, other, ITEM]


def test_broken_entries_are_listed_with_their_errors(tmp_path: Path) -> None:
    user = tmp_path / "yessign" / "USER"
    write(user / "1 whole")
    (write(user / "2 no key") / "signPri.key").unlink()
    (write(user / "3 junk") / "signCert.der").write_bytes(b"junk")
    (write(user / "4 junk") / "signPri.key").write_bytes(b"junk")
    (tmp_path / "PKCS12").mkdir()
    (tmp_path / "PKCS12" / "5.p12").write_bytes(b"junk")
    codes = [entry.error.code if entry.error else None for entry in find(tmp_path)]
    assert codes == [
        None,
        "missing_sign_key",
        "bad_certificate",
        "bad_key_file",
        "bad_pkcs12",
    ]


def test_a_link_among_certificates_is_listed_as_broken_and_not_followed(tmp_path: Path) -> None:
    elsewhere = write(tmp_path / "elsewhere")
    user = tmp_path / "NPKI" / "yessign" / "USER"
    user.mkdir(parents=True)
    try:
        (user / "cn=link").symlink_to(elsewhere)
        (tmp_path / "NPKI" / "loop").symlink_to(tmp_path / "NPKI")
    except OSError:
        pytest.skip("links are not permitted here")
    (entry,) = find(tmp_path / "NPKI")
    assert entry.item is None
    assert entry.error is not None
    assert entry.error.code == "not_a_plain_file"


def test_a_root_that_is_a_certificate_folder_is_its_only_entry(tmp_path: Path) -> None:
    folder = write(tmp_path / "cert")
    (entry,) = find(folder)
    assert (entry.path, entry.item) == (folder, ITEM)


def test_a_root_that_is_not_there_is_empty_and_a_file_is_refused(tmp_path: Path) -> None:
    assert find(tmp_path / "nothing") == ()
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(CertificateError):
        find(tmp_path / "file")


@pytest.mark.skipif(os.name == "nt", reason="folder names are bytes only on POSIX")
def test_folder_names_in_other_encodings_are_listed(tmp_path: Path) -> None:
    user = tmp_path / "yessign" / "USER"
    write(user / unicodedata.normalize("NFD", NAME))
    try:
        write(Path(os.fsdecode(os.fsencode(user) + b"/" + NAME.encode("cp949"))))
    except OSError:
        pytest.skip("this file system takes UTF-8 only")
    entries = find(tmp_path)
    assert len(entries) == 2
    assert all(entry.item == ITEM for entry in entries)
