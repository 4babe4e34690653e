"""A play writes in memory, and what is left of it is carried home."""

from __future__ import annotations

import socket
from pathlib import Path

import pytest

from ikelab import cleanup, workplace

HERE = pytest.mark.skipif(not cleanup.MEMORY.is_dir(), reason="this machine has no /dev/shm")


@HERE
def test_files_are_carried_and_what_was_there_is_gone(tmp_path: Path) -> None:
    home = tmp_path / "a" / "home"
    home.mkdir(parents=True)
    (home / "of the last time").touch()
    work = workplace.workplace(home)
    assert work.parent == cleanup.MEMORY and cleanup.run_of(work.name) == cleanup.current_run().name
    (work / "client" / "keys").mkdir(parents=True)
    (work / "client" / "keys" / "esp_sa").write_bytes(b"secret")
    (work / "client" / "keys" / "esp_sa").chmod(0o600)
    (work / "latest").symlink_to("client")
    (work / "client" / "control.log").write_text("")
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(work / "client" / "control"))
        workplace.carry(work, home)
    assert not work.exists()
    assert sorted(str(one.relative_to(home)) for one in home.rglob("*")) == \
        ["client", "client/control.log", "client/keys", "client/keys/esp_sa", "latest"]
    assert (home / "latest" / "keys" / "esp_sa").read_bytes() == b"secret"
    assert (home / "client" / "keys" / "esp_sa").stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize("why", ["no memory", "no room"])
def test_who_has_no_room_in_memory_works_at_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, why: str) -> None:
    if why == "no memory":
        monkeypatch.setattr(cleanup, "MEMORY", tmp_path / "none")
    else:
        monkeypatch.setattr(workplace, "ROOM", 1 << 62)
    home = tmp_path / "home"
    work = workplace.workplace(home)
    assert work == home and list(home.iterdir()) == []
    (home / "file").touch()
    workplace.carry(work, home)
    assert (home / "file").exists()


@HERE
def test_a_home_that_takes_nothing_leaves_nothing_in_memory(tmp_path: Path) -> None:
    work = workplace.workplace(tmp_path / "home")
    (work / "file").touch()
    (tmp_path / "home").write_text("a file where a directory has to be")
    with pytest.raises(FileExistsError):
        workplace.carry(work, tmp_path / "home")
    assert not work.exists()
