"""Where vectors come from, and for each file of a package: how it is run, or why it is not."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from . import nist, packages
from .model import VectorFile

ROOT = Path(__file__).parents[3] / "vectors"
OWN, WYCHEPROOF, NIST = ("published", "esp", "exchange", "recorded"), "wycheproof", "nist"


@dataclass(slots=True, frozen=True)
class NotRun:
    """A file that is not run, and why."""

    source: str
    name: str
    reason: str


@dataclass(slots=True)
class Source:
    name: str
    version: str
    files: list[VectorFile]
    not_run: list[NotRun]


def own(root: Path = ROOT) -> list[Source]:
    """The repository's own folders."""
    return [Source(name, "", [VectorFile(name, path.stem, path) for path in sorted((root / name).glob("*.json"))],
                   []) for name in OWN]


# ---- Wycheproof: None runs the file as it is ----

_NO_USE = "IKEv2 and ESP have no use for it"
WYCHEPROOF_RULES: list[tuple[str, str | None]] = [
    (r"aes_(gcm|ccm|cmac|gmac|cbc_pkcs5)_test|chacha20_poly1305_test", None),
    (r"hmac_sha(1|256|384|512)_test", None),
    (r"x(25519|448)(_asn|_pem)?_test", None),
    (r"ecdh_secp(256|384|521)r1(_ecpoint|_pem)?_test", None),
    (r"ecdsa_secp(256|384|521)r1_sha(256|384|512)(_p1363)?_test", None),
    (r"ed(25519|448)_test", None),
    (r"rsa_signature_\d+_sha(256|384|512)_test|rsa_pkcs1_\d+_sig_gen_test", None),
    (r"rsa_pss_\d+_sha(1|256|384|512)_mgf1(sha\d+)?_\d+_test|rsa_pss_misc_test", None),
    (r"mlkem_.*", "no ML-KEM in the library that either side uses (it needs OpenSSL 3.5)"),
    (r"mldsa_.*", "no ML-DSA in the library, and IKEv2 has no RFC for it yet"),
    (r"rsa_pss_.*_params_test", "keys bound to PSS parameters: IKEv2 sends them in AUTH (RFC 7427 A.4)"),
    (r"(rsa_signature|rsa_pss|ecdsa_.*)_.*(sha3_|shake|sha224|sha512_2).*",
     "IKEv2's registry of hash algorithms lacks the hash"),
    (r"(ecdh|ecdsa)_(secp(160|192|224|256k)|brainpool|sect).*", "the lab runs ECP 256, 384 and 521 only"),
    (r"ecdh_.*_webcrypto_test|x(25519|448)_jwk_test|json_web_.*", "JSON Web Keys carry no IKE key"),
    (r"ec_prime_order_curves_test|primality_test", "parameters of curves and primes: IKEv2's are fixed"),
    (r"hmac_(sha224|sha3_|sha512_2|sm3).*", "no transform of IKEv2 uses this HMAC"),
    (r"rsa_(oaep|three_primes|pkcs1_\d+_test).*", "RSA encryption: " + _NO_USE),
    (r"a\d+cbc_hs\d+_test|aead_aes_siv.*|aegis.*|aes_(eax|ff1|gcm_siv|kwp|siv|wrap|xts).*", _NO_USE),
    (r"(aria|ascon|camellia|seed|sm4|morus|xchacha20|siphash|vmac|kmac|bls|dsa|hkdf|pbes2|pbkdf2).*", _NO_USE),
]


def wycheproof() -> Source:
    folder, version = packages.bring(packages.WYCHEPROOF)
    source = Source(WYCHEPROOF, version, [], [])
    for path in sorted(folder.glob("*_test.json")):
        reason = next((why for pattern, why in WYCHEPROOF_RULES if re.fullmatch(pattern, path.stem)),
                      "the lab knows no rule for this file yet")
        if reason is None:
            source.files.append(VectorFile(WYCHEPROOF, path.stem, path))
        else:
            source.not_run.append(NotRun(WYCHEPROOF, path.stem, reason))
    return source


# ---- NIST's and their neighbours in python3-cryptography-vectors ----

Converter = Callable[[str], nist.Document]
NIST_RUN: list[tuple[str, Converter]] = [
    (r"ciphers/AES/GCM/gcm(Decrypt|EncryptExtIV)\d+\.rsp", nist.gcm),
    (r"ciphers/AES/CCM/[A-Z]+\d+\.rsp", nist.ccm),
    (r"ciphers/AES/CBC/CBC\w+\.rsp", nist.cbc),
    (r"ciphers/AES/CTR/aes-\d+-ctr\.txt", nist.ctr),
    (r"ciphers/ChaCha20Poly1305/\w+\.txt", nist.chacha20_poly1305),
    (r"CMAC/nist-800-38b-aes\d+\.txt", nist.cmac),
    (r"HMAC/rfc-2202-sha1\.txt", nist.hmac("HMACSHA1")),
    (r"HMAC/rfc-4231-sha256\.txt", nist.hmac("HMACSHA256")),
    (r"HMAC/rfc-4231-sha384\.txt", nist.hmac("HMACSHA384")),
    (r"HMAC/rfc-4231-sha512\.txt", nist.hmac("HMACSHA512")),
    (r"hashes/SHA1/SHA1(Short|Long)Msg\.rsp", nist.digest("SHA1")),
    (r"hashes/SHA2/SHA256(Short|Long)Msg\.rsp", nist.digest("SHA256")),
    (r"hashes/SHA2/SHA384(Short|Long)Msg\.rsp", nist.digest("SHA384")),
    (r"hashes/SHA2/SHA512(Short|Long)Msg\.rsp", nist.digest("SHA512")),
    (r"asymmetric/X25519/rfc7748\.txt", nist.xdh("curve25519")),
    (r"asymmetric/X448/rfc7748\.txt", nist.xdh("curve448")),
    (r"asymmetric/ECDH/KASValidityTest_ECCStaticUnified_NOKC_ZZOnly_\w+\.fax", nist.ecdh),
    (r"asymmetric/ECDSA/FIPS_186-3/SigVer\.rsp", nist.ecdsa),
    (r"asymmetric/Ed25519/sign\.input", nist.ed25519),
    (r"asymmetric/Ed448/rfc8032\.txt", nist.ed448),
    (r"asymmetric/RSA/FIPS_186-2/SigVer15_186-3\.rsp", nist.rsa("RsassaPkcs1Verify")),
    (r"asymmetric/RSA/FIPS_186-2/SigVerPSS_186-3\.rsp", nist.rsa("RsassaPssVerify")),
]
NIST_NOT_RUN: list[tuple[str, str]] = [
    (r"ciphers/AES/CCM/DVPT\d+\.txt", "the response file beside it has the same tests, with answers"),
    (r".*\.py|.*\.pyc|.*[Rr]eadme.*|.*README.*", "no vectors"),
    (r"x509/.*|pkcs7/.*|pkcs12/.*|.*\.(pem|der|key|pub|sh|p12|p7b|crt|csr|crl|cnf)"
     r"|asymmetric/(OpenSSH|.*Serialization).*",
     "certificates and key files, many broken on purpose: they test the library's reading, not IKE's use of it"),
    (r"ciphers/AES/(CFB|OFB|ECB|XTS|SIV|OCB3)/.*"
     r"|ciphers/(3DES|ARC4|Blowfish|CAST5|Camellia|IDEA|SEED|SM4|ChaCha20)/.*",
     _NO_USE),
    (r"hashes/(MD5|SHA3|SHAKE|SM3|blake2|ripemd160)/.*|hashes/SHA2/SHA(224|512_2).*"
     r"|HMAC/rfc-(2202-md5|2286|4231-sha224).*|CMAC/.*3des.*",
     "no transform of IKEv2 that the lab runs uses it"),
    (r"hashes/.*Monte.*", "a million hashes each: says no more than the messages do"),
    (r"KDF/.*|keywrap/.*|fernet/.*|twofactor/.*|poly1305/.*", _NO_USE),
    (r"asymmetric/(DH|DSA)/.*", "other groups than IKEv2's, or DSA: " + _NO_USE),
    (r"asymmetric/.*(KeyPair|PKV|KeyGen|PQG).*", "key generation: nothing to compare"),
    (r"asymmetric/ECDH/.*KDFConcat.*|asymmetric/ECDH/brainpool.*|asymmetric/EC/.*|asymmetric/ECDSA/SECP256K1/.*",
     _NO_USE),
    (r"asymmetric/RSA/.*(oaep|crypt).*", "RSA encryption: " + _NO_USE),
    (r"asymmetric/.*SigGen.*|asymmetric/ECDSA/FIPS_186-2/.*|asymmetric/RSA/.*",
     "the SigVer files of FIPS 186-3 and Wycheproof cover it"),
]


def nist_files() -> Source:
    folder, version = packages.bring(packages.NIST)
    converted = packages.build_directory() / "vectors" / f"converted-{version}-{_fingerprint()}"
    source = Source(NIST, version, [], [])
    for path in sorted(p for p in folder.rglob("*") if p.is_file()):
        name = str(path.relative_to(folder))
        how = next((c for pattern, c in NIST_RUN if re.fullmatch(pattern, name)), None)
        if how is not None:
            target = converted / (name.replace("/", "_") + ".json")
            notes = f"{packages.NIST.name} {version}: {name}"
            source.files.append(VectorFile(NIST, name, nist.convert(path, how, target, notes)))
            continue
        reason = next((why for pattern, why in NIST_NOT_RUN if re.fullmatch(pattern, name)),
                      "the lab knows no rule for this file yet")
        source.not_run.append(NotRun(NIST, name, reason))
    return source


def _fingerprint() -> str:
    """Of the converter: what it made before is not what it makes now."""
    import hashlib

    return hashlib.sha256(Path(nist.__file__).read_bytes()).hexdigest()[:8]


def everything() -> Iterator[Source]:
    """All sources; raises packages.Missing when a package is not to be had."""
    yield from own()
    yield wycheproof()
    yield nist_files()
