"""Response files of NIST's validation programmes (and what `cryptography` keeps beside them) into
Wycheproof's shape, so that both sides read them as they read everything else."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

Document = dict[str, Any]
Record = dict[str, str]

_PAIR = re.compile(r"^([A-Za-z][\w ^()]*?)\s*=\s*(.*)$")


def records(text: str, first: str) -> Iterator[tuple[Record, Record]]:
    """(bracketed settings, fields) of each test; a field called `first` begins a new one. What stands
    between a bracket and the first test belongs to all tests of the bracket."""
    settings: Record = {}
    shared: Record = {}
    found: Record | None = None
    for line in text.splitlines():
        line = line.strip()
        if line.startswith("["):
            if found:
                yield settings, found
            if found is not None or shared:
                settings, shared = {}, {}
            found = None
            for part in line.strip("[] ").split(","):
                name, separator, value = part.partition("=" if "=" in part else ":")
                settings[name.strip().lower()] = value.strip() if separator else ""
            continue
        match = _PAIR.match(line)
        if not match or line.startswith("#"):
            continue
        name, value = match[1].strip().lower(), match[2].strip()
        if name == first:
            if found:
                yield settings, found
            found = dict(shared)
        if found is None:
            shared[name] = value
        else:
            found[name] = value
    if found:
        yield settings, found


def _document(algorithm: str, groups: dict[tuple[Any, ...], Document]) -> Document:
    number = 0
    for group in groups.values():
        for test in group["tests"]:
            number += 1
            test.setdefault("tcId", number)
            test.setdefault("comment", "")
            test.setdefault("flags", [])
    return {"algorithm": algorithm, "numberOfTests": number, "testGroups": list(groups.values())}


def _add(groups: dict[tuple[Any, ...], Document], key: tuple[Any, ...], fields: Document,
         test: Document) -> None:
    groups.setdefault(key, {**fields, "tests": []})["tests"].append(test)


def _octets(value: str) -> str:
    """Hex, or text in quotes."""
    if value.startswith('"'):
        return value.strip('"').encode().decode("unicode_escape").encode("latin-1").hex()
    return value


def gcm(text: str) -> Document:
    groups: dict[tuple[Any, ...], Document] = {}
    for _, r in records(text, "count"):
        failed = "fail" in r or "pt" not in r
        test = {"key": r["key"], "iv": r["iv"], "aad": r["aad"], "ct": r["ct"], "tag": r["tag"],
                "result": "invalid" if failed else "valid"}
        if not failed:
            test["msg"] = r["pt"]
        size = len(r["tag"]) * 4
        _add(groups, (len(r["iv"]), size), {"type": "AeadTest", "ivSize": len(r["iv"]) * 4,
                                            "tagSize": size}, test)
    return _document("AES-GCM", groups)


def ccm(text: str) -> Document:
    """Fields of length 0 are written 00; keys and nonces may stand above a run of tests."""
    groups: dict[tuple[Any, ...], Document] = {}
    settings: dict[str, str] = {}
    key = nonce = ""
    current: dict[str, str] = {}

    def flush() -> None:
        if "ct" not in current:
            return
        sizes = {n: int(settings[n]) for n in ("alen", "plen", "tlen")}
        ct, tag_at = current["ct"], len(current["ct"]) - 2 * sizes["tlen"]
        failed = current.get("result", "Pass").startswith("Fail")
        test = {"key": key, "iv": current.get("nonce", nonce), "ct": ct[:tag_at], "tag": ct[tag_at:],
                "aad": current.get("adata", "")[: 2 * sizes["alen"]],
                "result": "invalid" if failed else "valid"}
        if not failed:
            test["msg"] = current["payload"][: 2 * sizes["plen"]]
        _add(groups, (len(test["iv"]), sizes["tlen"]),
             {"type": "AeadTest", "ivSize": len(test["iv"]) * 4, "tagSize": sizes["tlen"] * 8}, test)
        current.clear()

    for line in text.splitlines():
        line = line.strip()
        for name, value in re.findall(r"([A-Za-z]+)\s*=\s*([^\s,\]]*)", line):
            name = name.lower()
            if name in ("alen", "plen", "nlen", "tlen"):
                flush()
                settings[name] = value
            elif name == "key":
                flush()
                key = value
            elif name == "count":
                flush()
            elif name == "nonce" and not current and not line.startswith("["):
                nonce = value
            elif name in ("adata", "payload", "ct", "result", "nonce"):
                current[name] = value
    flush()
    return _document("AES-CCM", groups)


def _cipher(text: str, kind: str, algorithm: str) -> Document:
    groups: dict[tuple[Any, ...], Document] = {}
    for _, r in records(text, "count"):
        _add(groups, (), {"type": kind}, {"key": r["key"], "iv": r["iv"], "msg": r["plaintext"],
                                          "ct": r["ciphertext"], "result": "valid"})
    return _document(algorithm, groups)


def cbc(text: str) -> Document:
    return _cipher(text, "IndCpaTest", "AES-CBC")


def ctr(text: str) -> Document:
    return _cipher(text, "CtrTest", "AES-CTR")


def chacha20_poly1305(text: str) -> Document:
    groups: dict[tuple[Any, ...], Document] = {}
    for _, r in records(text, "count"):
        message, ct = _octets(r.get("in", r.get("plaintext", ""))), _octets(r.get("ct", r.get("ciphertext", "")))
        tag = _octets(r["tag"])
        failed = r.get("result", "").upper().endswith("ERROR")
        test = {"key": _octets(r["key"]), "iv": _octets(r.get("nonce", r.get("iv", ""))),
                "aad": _octets(r.get("ad", r.get("aad", ""))), "ct": ct, "tag": tag, "msg": message,
                "result": "invalid" if failed else "valid"}
        _add(groups, (len(tag),), {"type": "AeadTest", "ivSize": 96, "tagSize": len(tag) * 4}, test)
    return _document("CHACHA20-POLY1305", groups)


def cmac(text: str) -> Document:
    groups: dict[tuple[Any, ...], Document] = {}
    for _, r in records(text, "count"):
        _add(groups, (), {"type": "MacTest", "tagSize": 128},
             {"key": r["key"], "msg": r["message"], "tag": r["output"], "result": "valid"})
    return _document("AES-CMAC", groups)


def hmac(algorithm: str) -> Callable[[str], Document]:
    def convert(text: str) -> Document:
        groups: dict[tuple[Any, ...], Document] = {}
        for _, r in records(text, "len"):
            _add(groups, (len(r["md"]),), {"type": "MacTest", "tagSize": len(r["md"]) * 4},
                 {"key": r["key"], "msg": r["msg"], "tag": r["md"], "result": "valid"})
        return _document(algorithm, groups)

    return convert


def digest(algorithm: str) -> Callable[[str], Document]:
    def convert(text: str) -> Document:
        groups: dict[tuple[Any, ...], Document] = {}
        for _, r in records(text, "len"):
            _add(groups, (), {"type": "DigestTest"},
                 {"msg": r["msg"][: int(r["len"]) // 4], "digest": r["md"], "result": "valid"})
        return _document(algorithm, groups)

    return convert


def xdh(curve: str) -> Callable[[str], Document]:
    def convert(text: str) -> Document:
        groups: dict[tuple[Any, ...], Document] = {}
        for _, r in records(text, "count"):
            _add(groups, (), {"type": "XdhComp", "curve": curve},
                 {"private": r["input_scalar"], "public": r["input_u"], "shared": r["output_u"],
                  "result": "valid"})
        return _document("XDH", groups)

    return convert


_CURVES = {"EA": ("secp192r1", 24), "EB": ("secp224r1", 28), "EC": ("secp256r1", 32),
           "ED": ("secp384r1", 48), "EE": ("secp521r1", 66)}


def ecdh(text: str) -> Document:
    """SP 800-56A validity tests. Of those that fail, the peer's public value is bad in 1 and 2; in the
    others what is written as our own public value or as Z is not what one comes to (wrongValue)."""
    groups: dict[tuple[Any, ...], Document] = {}
    for settings, r in records(text, "count"):
        curve, octets = _CURVES[next(iter(settings)).split(" ")[0].upper()]
        size, result = 2 * octets, r["result"]
        test = {"private": r["dsiut"].zfill(size)[-size:],
                "public": "04" + _number(r["qscavsx"], size) + _number(r["qscavsy"], size),
                "ownPublic": _number(r["qsiutx"], size) + _number(r["qsiuty"], size),
                "shared": _number(r["z"], size), "comment": result,
                "result": "invalid" if result.startswith("F") else "valid"}
        if result.startswith("F") and not result.startswith(("F (1 ", "F (2 ")):
            test["wrongValue"] = True
        _add(groups, (curve,), {"type": "EcdhTest", "curve": curve, "encoding": "ecpoint"}, test)
    return _document("ECDH", groups)


def _number(text: str, size: int) -> str:
    return text.zfill(size)[-size:]


_SIGNATURE_CURVES = {"P-256": ("secp256r1", 32), "P-384": ("secp384r1", 48), "P-521": ("secp521r1", 66)}


def ecdsa(text: str) -> Document:
    groups: dict[tuple[Any, ...], Document] = {}
    for settings, r in records(text, "msg"):
        curve, sha = (name.upper() for name in list(settings)[:2])
        name, octets = _SIGNATURE_CURVES.get(curve, (curve, 0))
        size = 2 * octets
        fields = {"type": "EcdsaP1363Verify", "sha": sha, "curve": name}
        if octets:
            fields["publicKeyDer"] = _EC_PREFIX[name] + "04" + _number(r["qx"], size) + _number(r["qy"], size)
        _add(groups, tuple(fields.values()), fields,
             {"msg": r["msg"], "sig": _number(r["r"], size) + _number(r["s"], size),
              "comment": r["result"], "result": "valid" if r["result"].startswith("P") else "invalid"})
    return _document("ECDSA", groups)


_EC_PREFIX = {
    "secp256r1": "3059301306072a8648ce3d020106082a8648ce3d030107034200",
    "secp384r1": "3076301006072a8648ce3d020106052b81040022036200",
    "secp521r1": "30819b301006072a8648ce3d020106052b8104002303818600",
}


def rsa(kind: str) -> Callable[[str], Document]:
    """SigVer of FIPS 186-3: the modulus stands above its tests."""

    def convert(text: str) -> Document:
        groups: dict[tuple[Any, ...], Document] = {}
        modulus, current = "", {}
        for line in text.splitlines():
            match = _PAIR.match(line.strip())
            if not match:
                continue
            name, value = match[1].lower(), match[2].strip()
            if name == "n":
                modulus = value
            current[name] = value
            if name == "result":
                _rsa_add(groups, kind, {**current, "n": modulus})
                current = {}
        return _document("RSASSA-PSS" if kind == "RsassaPssVerify" else "RSASSA-PKCS1-v1_5", groups)

    return convert


def _rsa_add(groups: dict[tuple[Any, ...], Document], kind: str, r: Record) -> None:
    sha = r["shaalg"].replace("SHA", "SHA-")
    salt = 0 if r.get("saltval", "00") in ("00", "") else len(r["saltval"]) // 2
    fields = {"type": kind, "sha": sha, "modulus": r["n"], "exponent": r["e"]}
    if kind == "RsassaPssVerify":
        fields |= {"mgfSha": sha, "sLen": salt}
    _add(groups, (r["n"], r["e"], sha, salt), fields,
         {"msg": r["msg"], "sig": r["s"], "comment": r["result"],
          "result": "valid" if r["result"].startswith("P") else "invalid"})


def ed25519(text: str) -> Document:
    """sign.input: secret | public : public : message : signature | message :"""
    groups: dict[tuple[Any, ...], Document] = {}
    for line in text.splitlines():
        _, public, message, signature = line.split(":")[:4]
        _add(groups, (), {"type": "EddsaVerify"}, {"publicKeyRaw": public, "msg": message,
                                                   "sig": signature[:128], "result": "valid"})
    return _document("EDDSA", groups)


def ed448(text: str) -> Document:
    groups: dict[tuple[Any, ...], Document] = {}
    for _, r in records(text, "count"):
        _add(groups, (), {"type": "EddsaVerify"},
             {"publicKeyRaw": r["public"], "msg": r["message"], "sig": r["signature"],
              "context": r.get("context", ""), "result": "valid"})
    return _document("EDDSA", groups)


def convert(source: Path, convert_with: Callable[[str], Document], target: Path, notes: str) -> Path:
    """`source` in our shape at `target`, unless it is there already."""
    if not target.is_file():
        document = convert_with(source.read_text(errors="replace"))
        document["source"] = notes
        target.parent.mkdir(parents=True, exist_ok=True)
        fresh = target.with_suffix(".new")
        fresh.write_text(json.dumps(document))
        fresh.rename(target)
    return target
