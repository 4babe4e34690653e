"""What the scripted peer seals by each algorithm that a test may name, the decoder opens with the keys that the files tell."""

from __future__ import annotations

import json
import struct
from pathlib import Path

import pytest
from ikelab import keys
from ikelab.scripted.payloads import SA
from ikelab.scripted.suites import esp_names, ike_names, proposal
from ikelab.vectors import derivation
from ikelab.vectors.choice import Choice
from ikelab.wire import cipher, esp, ike, packet, sk
from ikelab.wire.registry import Exchange, PayloadType, Protocol

PUBLISHED = Path(__file__).resolve().parents[2] / "vectors" / "published"
ESP_WORDS = ("aes128gcm16", "aes256gcm16", "aes128ccm8", "aes256ccm8", "chacha20poly1305", "aes128-aesxcbc", "aes256-sha1",
             "aes128-sha256", "aes256-sha384", "aes256-sha512", "null-sha256")
IKE_WORDS = tuple(f"{words}-prfsha256-x25519" for words in ESP_WORDS if not words.startswith("null"))
INNER = bytes.fromhex("4500001c0001000040110000 0a010001 0a020001 0007000900080000")
SPI = 0xC0FFEE01


def stream(length: int, first: int = 0) -> bytes:
    return bytes((first + number) % 256 for number in range(length))


def datagram(octets: bytes) -> packet.Datagram:
    return packet.Datagram(0, "wire", "192.0.2.1", "192.0.2.2", 50, octets)


def chosen(words: str, protocol: int) -> tuple[Choice, bytes, bytes]:
    choice = Choice.of(SA(proposal(words, protocol)))
    return choice, stream(choice.key_octets + choice.suite.salt), stream(choice.suite.integrity_key, 100)


@pytest.mark.parametrize("esn", [False, True])
@pytest.mark.parametrize("words", ESP_WORDS)
def test_esp_opens(tmp_path, words, esn):
    choice, key, integrity_key = chosen(words, Protocol.ESP)
    encryption, integrity = esp_names(choice)
    store = keys.KeyStore()
    store.add(keys.EspKeys(SPI, encryption, key, integrity, integrity_key))
    keys.write(tmp_path, store)
    opener = esp.Opener(keys.load([tmp_path]).esp)
    for sequence in (1, 2):
        text = derivation.esp_padding(INNER, choice.suite, 4)
        octets = derivation.esp_seal(choice.suite, key, integrity_key, struct.pack(">I", SPI), sequence, esn,
                                     stream(choice.suite.iv, sequence), text)
        opened = opener.open(datagram(octets))
        assert (opened.problem, opened.sequence, opened.esn) == ("", sequence, esn)
        assert opened.inner.src == "10.1.0.1"
        changed = octets[:-1] + bytes([octets[-1] ^ 1])
        assert "ICV" in opener.open(datagram(changed)).problem


@pytest.mark.parametrize("words", IKE_WORDS)
def test_sk_opens(tmp_path, words):
    choice, key, integrity_key = chosen(words, Protocol.IKE)
    encryption, integrity = ike_names(choice)
    store, spis = keys.KeyStore(), (stream(8, 1), stream(8, 9))
    store.add(keys.IkeKeys(*spis, key, key, encryption, integrity_key, integrity_key, integrity))
    keys.write(tmp_path, store)
    suite, inner = choice.suite, b"\0\0\0\x08\0\0\x40\x0c"  # N(MOBIKE_SUPPORTED)
    text = inner + bytes(-(len(inner) + 1) % suite.block)
    text += bytes([len(text) - len(inner)])
    length = 4 + suite.iv + len(text) + suite.icv
    before = ike.HEADER.pack(*spis, PayloadType.SK, 0x20, Exchange.INFORMATIONAL, 8, 7, ike.HEADER_LENGTH + length)
    before += struct.pack(">BBH", PayloadType.N, 0, length)
    octets = derivation.sk_seal(suite, key, integrity_key, before, stream(suite.iv, 3), text)
    for message, problem in ((octets, ""), (octets[:-1] + bytes([octets[-1] ^ 1]), "ICV")):
        read = ike.parse(message)
        sk.Opener(keys.load([tmp_path]).ike).open(read)
        assert problem in read.problem and bool(read.problem) == bool(problem)
    assert read.inner is None


def test_both_computations_of_aes_xcbc_are_the_published_one():
    groups = json.loads((PUBLISHED / "rfc3566.json").read_text())["testGroups"]
    vectors = [test for group in groups for test in group["tests"] if len(test["tag"]) == 32]
    assert len(vectors) >= 6
    for one in vectors:
        key, message, tag = (bytes.fromhex(one[name]) for name in ("key", "msg", "tag"))
        assert cipher._xcbc(key, message) == derivation.aes_xcbc(key, message) == tag


def test_an_icv_of_another_length_is_not_guessed():
    for name in ("AES-CCM-128 with 12 octet ICV [RFC5282]", "AES-CCM with 16 octet ICV [RFC4309]"):
        with pytest.raises(cipher.Unknown, match="8 octet"):
            cipher.find(name, "NULL", stream(19))
