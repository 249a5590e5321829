"""Object identifiers of Korean certificate files, by the names that the standards give them."""

from typing import Final

# Attributes of names (RFC 4519), with the short forms that Korean folders use.
ATTRIBUTES: Final = {
    "2.5.4.3": "cn",
    "2.5.4.4": "sn",
    "2.5.4.5": "serialnumber",
    "2.5.4.6": "c",
    "2.5.4.7": "l",
    "2.5.4.8": "st",
    "2.5.4.9": "street",
    "2.5.4.10": "o",
    "2.5.4.11": "ou",
    "2.5.4.12": "title",
    "2.5.4.17": "postalcode",
    "2.5.4.20": "telephonenumber",
    "2.5.4.42": "givenname",
    "0.9.2342.19200300.100.1.1": "uid",
    "0.9.2342.19200300.100.1.25": "dc",
    "1.2.840.113549.1.9.1": "email",
}

# Extensions of certificates and of revocation lists.
SUBJECT_KEY_ID: Final = "2.5.29.14"
KEY_USAGE: Final = "2.5.29.15"
SUBJECT_ALT_NAME: Final = "2.5.29.17"
BASIC_CONSTRAINTS: Final = "2.5.29.19"
CRL_REASON: Final = "2.5.29.21"
DELTA_CRL: Final = "2.5.29.27"
ISSUING_POINT: Final = "2.5.29.28"
CRL_POINTS: Final = "2.5.29.31"
CERTIFICATE_POLICIES: Final = "2.5.29.32"
AUTHORITY_KEY_ID: Final = "2.5.29.35"
EXTENDED_KEY_USAGE: Final = "2.5.29.37"
AUTHORITY_INFO: Final = "1.3.6.1.5.5.7.1.1"

# How an authority's information is got, and what a key may sign.
OCSP_ACCESS: Final = "1.3.6.1.5.5.7.48.1"
ISSUER_ACCESS: Final = "1.3.6.1.5.5.7.48.2"
OCSP_SIGNING: Final = "1.3.6.1.5.5.7.3.9"

# Korean identity (KISA's VID).
IDENTIFY_DATA: Final = "1.2.410.200004.10.1.1"
VID: Final = "1.2.410.200004.10.1.1.1"
VID_RANDOM: Final = "1.2.410.200004.10.1.1.3"

# Public keys.
RSA: Final = "1.2.840.113549.1.1.1"
EC: Final = "1.2.840.10045.2.1"

# Signatures, with the hash that they are over.
RSA_SIGNATURES: Final = {
    "1.2.840.113549.1.1.5": "SHA1",
    "1.2.840.113549.1.1.14": "SHA224",
    "1.2.840.113549.1.1.11": "SHA256",
    "1.2.840.113549.1.1.12": "SHA384",
    "1.2.840.113549.1.1.13": "SHA512",
}
RSA_PSS: Final = "1.2.840.113549.1.1.10"
MGF1: Final = "1.2.840.113549.1.1.8"
ED25519: Final = "1.3.101.112"
ED448: Final = "1.3.101.113"
EC_SIGNATURES: Final = {
    "1.2.840.10045.4.3.1": "SHA224",
    "1.2.840.10045.4.3.2": "SHA256",
    "1.2.840.10045.4.3.3": "SHA384",
    "1.2.840.10045.4.3.4": "SHA512",
}

# Digests.
SHA1: Final = "1.3.14.3.2.26"
SHA256: Final = "2.16.840.1.101.3.4.2.1"
DIGESTS: Final = {
    SHA1: "sha1",
    "2.16.840.1.101.3.4.2.4": "sha224",
    SHA256: "sha256",
    "2.16.840.1.101.3.4.2.2": "sha384",
    "2.16.840.1.101.3.4.2.3": "sha512",
}

# Encryption under a password.
SEED_CBC: Final = "1.2.410.200004.1.4"
SEED_CBC_WITH_SHA1: Final = "1.2.410.200004.1.15"
AES256_CBC: Final = "2.16.840.1.101.3.4.1.42"
ARIA128_CBC: Final = "1.2.410.200046.1.1.2"
ARIA256_CBC: Final = "1.2.410.200046.1.1.12"
PBES2: Final = "1.2.840.113549.1.5.13"
PBKDF2: Final = "1.2.840.113549.1.5.12"
PBMAC1: Final = "1.2.840.113549.1.5.14"
SCRYPT: Final = "1.3.6.1.4.1.11591.4.11"
HMAC_SHA1: Final = "1.2.840.113549.2.7"
HMAC_SHA256: Final = "1.2.840.113549.2.9"
PRFS: Final = {
    HMAC_SHA1: "sha1",
    "1.2.840.113549.2.8": "sha224",
    HMAC_SHA256: "sha256",
    "1.2.840.113549.2.10": "sha384",
    "1.2.840.113549.2.11": "sha512",
}

# PKCS#12 and PKCS#7.
DATA: Final = "1.2.840.113549.1.7.1"
ENCRYPTED_DATA: Final = "1.2.840.113549.1.7.6"
KEY_BAG: Final = "1.2.840.113549.1.12.10.1.1"
SHROUDED_KEY_BAG: Final = "1.2.840.113549.1.12.10.1.2"
CERT_BAG: Final = "1.2.840.113549.1.12.10.1.3"
SAFE_CONTENTS_BAG: Final = "1.2.840.113549.1.12.10.1.6"
X509_CERTIFICATE: Final = "1.2.840.113549.1.9.22.1"
FRIENDLY_NAME: Final = "1.2.840.113549.1.9.20"
LOCAL_KEY_ID: Final = "1.2.840.113549.1.9.21"
