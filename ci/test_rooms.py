"""rooms.py sees every kind of wrong include, names its place and rule, and passes the real tree."""

from __future__ import annotations

from pathlib import Path

import pytest
import rooms

REF = Path(__file__).resolve().parent.parent / "ref"


def plant(ref: Path, name: str, *lines: str) -> Path:
    path = ref / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


def test_the_real_tree_keeps_its_rooms() -> None:
    assert [str(violation) for violation in rooms.violations(REF)] == []


@pytest.mark.parametrize(
    ("name", "include", "rule"),
    [
        ("base/bytes.c", '"wire/payloads.h"', "base/ may not know wire/"),
        ("crypto/prf.c", '"wire/payloads.h"', "crypto/ may not know wire/"),
        ("wire/message.c", '"crypto/crypto.h"', "wire/ may not know crypto/"),
        ("esp/sad.c", '"wire/payloads.h"', "esp/ may not know wire/"),
        ("esp/sad.c", '"sa/config.h"', "esp/ may not know sa/"),
        ("sa/keymat.h", '"exchange/dispatch.h"', "sa/ may not know exchange/"),
        ("exchange/ike_auth.c", '"esp/esp_sa.h"', "exchange/ may not know esp/"),
        ("endpoint/corridor.c", '"host/tun.h"', "endpoint/ may not know host/"),
        ("host/main.c", '"sim/network.h"', "host/ may not know sim/"),
        ("sa/keymat.c", '"kitchen/sink.h"', "there is no room kitchen/"),
        ("sa/keymat.c", '"keymat.h"', "names no room"),
        ("sa/keymat.c", "<openssl/evp.h>", "only crypto/openssl_*.c"),
        ("crypto/prf.c", "<openssl/evp.h>", "only crypto/openssl_*.c"),
        ("crypto/openssl_hmac.h", "<openssl/evp.h>", "only crypto/openssl_*.c"),
        ("host/main.c", "<openssl/evp.h>", "only crypto/openssl_*.c"),
        ("wire/message.c", "<sys/socket.h>", "only host/"),
        ("exchange/retransmit.c", "<time.h>", "only host/"),
        ("wire/message.c", "<threads.h>", "only host/"),
        ("sa/address.c", "<arpa/inet.h>", "only host/"),
        ("attic/old.c", '"base/bytes.h"', "is in no room"),
    ],
)
def test_a_planted_violation_is_seen(tmp_path: Path, name: str, include: str, rule: str) -> None:
    path = plant(tmp_path, name, "/* why */", f"#include {include}")
    found = rooms.violations(tmp_path)
    assert len(found) == 1
    assert rule in found[0].rule
    assert found[0].file == path
    assert found[0].line == (1 if "no room" in rule and name.startswith("attic") else 2)


@pytest.mark.parametrize(
    ("name", "include"),
    [
        ("base/writer.h", '"base/bytes.h"'),
        ("base/address.c", "<arpa/inet.h>"),
        ("base/bytes.c", "<string.h>"),
        ("crypto/openssl_hmac.c", "<openssl/evp.h>"),
        ("esp/sad.c", '"crypto/protection.h"'),
        ("endpoint/corridor.c", '"esp/esp_plane.h"'),
        ("host/main.c", "<sys/socket.h>"),
        ("host/main.c", '"endpoint/endpoint.h"'),
        ("sim/network.c", '"endpoint/endpoint.h"'),
        ("test/wire/test_message.c", '"octets.h"'),
        ("fuzz/fuzz_message.c", "<unistd.h>"),
    ],
)
def test_what_is_allowed_passes(tmp_path: Path, name: str, include: str) -> None:
    plant(tmp_path, name, f"#include {include}")
    assert rooms.violations(tmp_path) == []


def test_spacing_does_not_hide_an_include(tmp_path: Path) -> None:
    plant(tmp_path, "base/bytes.c", '  #  include   "wire/message.h" /* sly */')
    assert len(rooms.violations(tmp_path)) == 1


def test_the_command_prints_file_line_and_rule(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = plant(tmp_path, "wire/message.c", '#include "crypto/crypto.h"')
    assert rooms.main([str(tmp_path)]) == 1
    assert capsys.readouterr().out.startswith(f"{path}:1: wire/ may not know crypto/")
    path.write_text('#include "base/bytes.h"\n', encoding="utf-8")
    assert rooms.main([str(tmp_path)]) == 0
    assert rooms.main([str(tmp_path / "nowhere")]) == 2
