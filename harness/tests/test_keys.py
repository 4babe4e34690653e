"""Key tables: what is written is read back, and tshark decrypts IKE and ESP with it."""

from __future__ import annotations

import os
import shutil
import subprocess

import pytest
import synthetic as syn
from ikelab import keys


def test_tables_round_trip(tmp_path):
    store = keys.KeyStore()
    for encryption in (syn.GCM, syn.CBC, syn.CHACHA):
        store.add(syn.ike_keys(os.urandom(8), os.urandom(8), encryption))
    for spi, encryption in ((1, syn.ESP_GCM), (2, syn.ESP_CBC), (3, syn.CHACHA)):
        store.add(syn.esp_keys(spi, encryption))
    keys.write(tmp_path, store)
    again = keys.load([tmp_path])
    assert again.ike == store.ike and dict(again.esp) == dict(store.esp)
    assert (tmp_path / keys.IKE_TABLE).stat().st_mode & 0o077 == 0


@pytest.mark.parametrize("line, word", [("1234,5678", "2 columns"), ("zz,1,2,3,a,5,6,b", "hexadecimal")])
def test_a_broken_table_names_file_and_line(tmp_path, line, word):
    (tmp_path / keys.IKE_TABLE).write_text("# good so far\n" + line + "\n")
    with pytest.raises(keys.KeyFileError, match=rf"{keys.IKE_TABLE}:2: .*{word}"):
        keys.load([tmp_path])


def test_missing_directory_is_said(tmp_path):
    with pytest.raises(keys.KeyFileError, match="no key directory"):
        keys.load([tmp_path / "nowhere"])


@pytest.mark.skipif(not shutil.which("tshark"), reason="tshark is not installed")
@pytest.mark.parametrize("ike, esp", [(syn.GCM, syn.ESP_GCM), (syn.CBC, syn.ESP_CBC)])
def test_tshark_decrypts_with_our_tables(tmp_path, ike, esp):
    story = syn.Story()
    found, sealed = syn.ike_keys(os.urandom(8), os.urandom(8), ike), syn.esp_keys(0xC0FFEE01, esp)
    story.store.add(found)
    story.store.add(sealed)
    # Wireshark has no name for these: they must not spoil the tables for the others.
    story.store.add(syn.ike_keys(os.urandom(8), os.urandom(8), syn.CHACHA))
    story.store.add(syn.esp_keys(9, syn.CHACHA))
    story.ike(syn.seal(found, 37, 8, 2, [syn.notify("UPDATE_SA_ADDRESSES")]))
    story.esp(sealed, 1, 2)
    story.write(tmp_path)
    config = tmp_path / "config" / "wireshark"
    shutil.copytree(tmp_path / "keys", config)
    environment = {**os.environ, "XDG_CONFIG_HOME": str(tmp_path / "config"), "HOME": str(tmp_path)}
    command = ["tshark", "-r", str(tmp_path / "gateway-wan.pcap"), "-o", "esp.enable_encryption_decode:TRUE",
               "-T", "fields", "-e", "isakmp.notify.msgtype", "-e", "udp.port", "-e", "ip.src"]
    shown = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
    assert "refused" not in shown.stderr and "rror" not in shown.stderr.replace("as user", "")
    assert "16400" in shown.stdout, shown.stdout + shown.stderr
    assert shown.stdout.count("10.1.0.1") == 2
    assert shown.stdout.count("7000") >= 2
