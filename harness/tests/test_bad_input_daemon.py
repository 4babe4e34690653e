"""Bad input at ikeref: one clear sentence with the remedy, the exit code of docs/EXIT_CODES.md, nothing left."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import time
from contextlib import ExitStack
from pathlib import Path

import ground
import pytest
from ikelab import process, topology
from ikelab.cleanup import build_directory
from ikelab.peers import unix_socket

IKEREF = (build_directory() / "ikeref").resolve()
pytestmark = pytest.mark.skipif(os.geteuid() != 0 or not IKEREF.exists(),
                                reason="needs root and the reference: run `make`")
CHILD = 'child "net" { local = {"10.1.0.0/24"} remote = {"10.2.0.0/24"} }'
PEER = f"""peer "gateway" {{
    address = {{"192.0.2.2"}}
    local-id = "client"
    remote-id = "gateway"
    psk = "secret"
    {CHILD}
}}
"""
GOOD = 'control-socket = "run/control.sock"\n' + PEER


@pytest.fixture(scope="module")
def host(tmp_path_factory):
    with topology.create("pair", directory=tmp_path_factory.mktemp("world")) as world:
        yield world.host("client")


def end(host, directory, *before, options=("--config", "ikeref.conf")):
    """ikeref's end: exit code and what it said. `before` are words in front of the program."""
    return host.run(["env", "-C", directory, *before, IKEREF, *options], check=False, timeout=20)


def refused(host, directory, code, *words, before=(), options=("--config", "ikeref.conf")):
    """The whole judgement over one bad start."""
    earlier = ground.of_host(host, directory)
    done = end(host, directory, *before, options=options)
    said = done.stderr.strip().splitlines()
    assert done.returncode == code, done
    assert said and said[-1].startswith("ikeref: "), done
    assert all(word in said[-1] for word in words), said
    assert done.stdout == ""
    assert ground.of_host(host, directory) == earlier


def write(directory, text, name="ikeref.conf", mode=0o600):
    file = directory / name
    file.write_bytes(text if isinstance(text, bytes) else text.encode())
    file.chmod(mode)
    return file


# What is wrong, and what the sentence must say. Lines count from 1; GOOD's peer begins at line 2.
CONFIGURATIONS = {
    "syntax": (GOOD + "peer {", ("ikeref.conf:", "expected")),
    "a brace too few": (GOOD.removesuffix("}\n"), ('peer "gateway" is not closed', "expected }")),
    "a brace too many": (GOOD + "}\n", ("ikeref.conf:9:", "expected")),
    "a quotation that does not end": (GOOD.replace('"secret"', '"secret'), ("ikeref.conf:",)),
    "a comment that does not end": (GOOD + "/* hm", ("ikeref.conf:", "not closed")),
    "an empty file": ("", ("ikeref.conf", "expected 1 to", "peer")),
    "octets that are no text": (b"\x00\xff\xfe" * 400, ("ikeref.conf:", "expected text")),
    "a key misspelt": (GOOD.replace("remote-id", "remot-id"), ("ikeref.conf:5:", "remot-id", 'did you mean "remote-id"')),
    "a key nobody knows": ("colour = 3\n" + GOOD, ("ikeref.conf:1:", "colour", "docs/ikeref.conf.example")),
    "a key in the wrong place": ('psk = "x"\n' + GOOD, ("ikeref.conf:1:", "psk")),
    "a bad address": (GOOD.replace("192.0.2.2", "192.0.2.256"), ("ikeref.conf:3:", "192.0.2.256", "IP addresses")),
    "a bad selector": (GOOD.replace("10.1.0.0/24", "10.1.0.0/33"), ("ikeref.conf:7:", "10.1.0.0/33", "selectors")),
    "a bad port": ("ike-port = 70000\n" + GOOD, ("ikeref.conf:1:", "70000", "1 to 65535")),
    "a user nobody knows": ('user = "no-such-user"\n' + GOOD, ("ikeref.conf:1:", "no-such-user", "adduser")),
    "a filter that is none": ('seccomp = "on"\n' + GOOD, ("ikeref.conf:1:", "kill")),
    "both ports one": ("ike-port = 4500\n" + GOOD, ("ikeref.conf", "use two")),
    "a time without unit": (GOOD.replace("psk", 'liveness = "30"\npsk', 1), ("ikeref.conf:6:", "30", "unit")),
    "an unknown algorithm": (GOOD.replace("psk", 'proposals = {"rot13-sha256-x25519"}\npsk', 1),
                             ("ikeref.conf:6:", "rot13", "expected")),
    "a proposal without key exchange": (GOOD.replace("psk", 'proposals = {"aes256gcm16-prfsha256"}\npsk', 1),
                                        ("ikeref.conf:6:", "aes256gcm16-prfsha256")),
    "no child": (GOOD.replace(CHILD, ""), ("ikeref.conf:", "gateway", "no child")),
    "no key": (GOOD.replace('psk = "secret"', ""), ("ikeref.conf:", "no shared key", "psk-file")),
    "no identity": (GOOD.replace('local-id = "client"', ""), ("ikeref.conf:", "local-id")),
    "a key in odd hexadecimal": (GOOD.replace('"secret"', '"0xabc"'), ("ikeref.conf:6:", "psk", "hexadecimal")),
    "both keys": (GOOD.replace("psk", 'psk-file = "key"\npsk', 1), ("ikeref.conf:", "psk")),
    "a psk-file that is not there": (GOOD.replace('psk = "secret"', 'psk-file = "none"'),
                                     ("ikeref.conf:6:", "No such file", "readable")),
    "a psk-file that others may read": (GOOD.replace('psk = "secret"', 'psk-file = "open.psk"'),
                                        ("ikeref.conf:6:", "chmod 600 open.psk")),
    "an empty psk-file": (GOOD.replace('psk = "secret"', 'psk-file = "empty.psk"'), ("ikeref.conf:6:", "empty")),
    "the name of a peer twice": (GOOD + PEER, ("ikeref.conf:", "this name was given")),
    "an interface name too long": ('interface = "abcdefghijklmnop"\n' + GOOD, ("ikeref.conf:1:", "15 letters")),
    "a path too long": ('control-socket = "' + "x" * 108 + '"\n' + PEER, ("ikeref.conf:1:", "107 characters")),
    "a table of the kernel's": ("route-table = 254\n" + GOOD, ("ikeref.conf", "253 to 255")),
    "start without an address": (GOOD.replace('address = {"192.0.2.2"}', "").replace("local =", 'start = "now" local ='),
                                 ("ikeref.conf:", "address = {...}")),
    "a lifetime shorter than its rekey": (GOOD.replace("local =", 'rekey = "2h" lifetime = "1h" local ='),
                                          ("ikeref.conf:", "lifetime", "longer")),
}


@pytest.mark.parametrize("what", CONFIGURATIONS)
def test_bad_configuration(host, tmp_path, what):
    text, words = CONFIGURATIONS[what]
    write(tmp_path, "secret\n", "open.psk", 0o644)
    write(tmp_path, "", "empty.psk")
    write(tmp_path, text)
    refused(host, tmp_path, 2, *words)
    refused(host, tmp_path, 2, *words, options=("--config", "ikeref.conf", "--check"))


@pytest.mark.parametrize(("mode", "said"), [(0o600, False), (0o644, True), (0o640, True)])
def test_keys_that_others_may_read_are_told_of(host, tmp_path, mode, said):
    write(tmp_path, GOOD, mode=mode)
    done = end(host, tmp_path, options=("--config", "ikeref.conf", "--check"))
    assert done.returncode == 0 and ("chmod 600 ikeref.conf" in done.stderr) == said, done


def test_a_key_never_stands_in_an_error(host, tmp_path):
    write(tmp_path, GOOD.replace('"secret"', '"0xSECRETSECRET"'))
    assert "SECRETSECRET" not in end(host, tmp_path).stderr


@pytest.mark.parametrize(("options", "words"), [
    ((), ("--config FILE",)),
    (("--nonsense",), ("--help",)),
    (("--config",), ("--help",)),
    (("--config", "ikeref.conf", "more"), ("--help",)),
    (("--config", "none.conf"), ("none.conf", "No such file", "docs/ikeref.conf.example")),
    (("--config", "."), (".", "directory")),
    (("--config", "/dev/zero"), ("/dev/zero", "too large")),
])
def test_bad_usage(host, tmp_path, options, words):
    write(tmp_path, GOOD)
    refused(host, tmp_path, 2, *words, options=options)


def test_a_configuration_this_user_may_not_read(host, tmp_path):
    write(tmp_path, GOOD, mode=0o000)
    for directory in (tmp_path, *tmp_path.parents[:3]):
        directory.chmod(0o755)
    refused(host, tmp_path, 2, "Permission denied",
            before=("setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", "--inh-caps=-all"))


# This machine cannot: exit code 3.


@pytest.mark.parametrize(("port", "family"), [(500, socket.AF_INET), (500, socket.AF_INET6), (4500, socket.AF_INET),
                                              (4500, socket.AF_INET6)])
def test_port_in_use(host, tmp_path, port, family):
    write(tmp_path, GOOD)
    with host.call(ground.udp_socket, port, family):
        refused(host, tmp_path, 3, str(port), "in use")


def test_no_tun_device(host, tmp_path):
    write(tmp_path, GOOD)
    refused(host, tmp_path, 3, "/dev/net/tun", "modprobe tun", "--device /dev/net/tun",
            before=("unshare", "--mount", "sh", "-c", 'mount -t tmpfs none /dev/net && exec "$@"', "sh"))


@pytest.mark.parametrize("capability", ["net_admin", "net_raw"])
def test_without_a_capability(host, tmp_path, capability):
    write(tmp_path, GOOD)
    refused(host, tmp_path, 3, f"CAP_{capability.upper()}",
            before=("setpriv", f"--bounding-set=-{capability}", f"--inh-caps=-{capability}"))


def test_interface_name_taken(host, tmp_path):
    write(tmp_path, 'interface = "taken0"\n' + GOOD)
    host.ip("link add name taken0 type veth peer name taken1")
    try:
        refused(host, tmp_path, 3, "taken0", "is taken", 'interface = "..."')
    finally:
        host.ip("link del taken0")


def test_routing_table_taken(host, tmp_path):
    write(tmp_path, "route-table = 77\n" + GOOD)
    host.ip("route add 203.0.113.0/24 dev lo table 77")
    try:
        refused(host, tmp_path, 3, "77", "route-table")
    finally:
        host.ip("route del 203.0.113.0/24 dev lo table 77")


def test_key_log_that_cannot_be_written(host, tmp_path):
    write(tmp_path, 'key-log = "/proc/nowhere"\n' + GOOD)
    refused(host, tmp_path, 3, "/proc/nowhere", "key-log")


@pytest.mark.parametrize("path", ["/proc/nowhere/control.sock", "file"])
def test_control_socket_that_cannot_be_made(host, tmp_path, path):
    write(tmp_path, "somebody's", "file")
    write(tmp_path, f'control-socket = "{path}"\n' + PEER)
    refused(host, tmp_path, 3, path, "control-socket")
    assert (tmp_path / "file").read_text() == "somebody's"


def test_live_control_socket_is_left_alone(host, tmp_path):
    write(tmp_path, GOOD)
    with socket.socket(socket.AF_UNIX) as other:
        bind(other, tmp_path / "run/control.sock")
        other.listen()
        refused(host, tmp_path, 3, "control.sock", "another ikeref answers", "control-socket")
        refused(host, tmp_path, 3, "control.sock", "stop it first", options=("--config", "ikeref.conf", "--cleanup"))


def bind(made: socket.socket, path: Path) -> None:
    """Through /proc: pytest's directories are too long for a socket's address."""
    path.parent.mkdir(exist_ok=True)
    directory = os.open(path.parent, os.O_PATH)
    try:
        made.bind(f"/proc/self/fd/{directory}/{path.name}")
    finally:
        os.close(directory)


# The running daemon.


class Daemon:
    """ikeref in the host, ready; `ask` is one request on a fresh connection."""

    def __init__(self, host, directory):
        self.directory = directory
        self.process = process.popen(host.netns, [IKEREF, "--config", "ikeref.conf"], cwd=directory,
                                     stdout=subprocess.PIPE, log=directory / "log")
        assert b'"ready"' in self.process.stdout.readline(), (directory / "log").read_text()

    def client(self) -> socket.socket:
        made = unix_socket.connect(self.directory / "run/control.sock", 5)
        made.settimeout(10)
        return made

    def ask(self, line: bytes) -> dict[str, object]:
        with self.client() as client:
            client.sendall(line + b"\n")
            return json.loads(client.makefile().readline())

    def stop(self) -> int:
        return self.process.stop(10)

    def resident_kib(self) -> int:
        status = Path(f"/proc/{self.process.pid}/status").read_text()
        return int(next(line.split()[1] for line in status.splitlines() if line.startswith("VmRSS")))


@pytest.fixture
def daemon(host, tmp_path):
    """Around it the ground must be as before."""
    write(tmp_path, GOOD)
    earlier = ground.of_host(host)
    made = Daemon(host, tmp_path)
    yield made
    assert made.stop() == 0
    assert ground.of_host(host) == earlier
    assert not (tmp_path / "run/control.sock").exists()


def test_stale_control_socket_is_replaced(host, tmp_path):
    write(tmp_path, GOOD)
    earlier = ground.of_host(host)
    with socket.socket(socket.AF_UNIX) as dead:
        bind(dead, tmp_path / "run/control.sock")
    daemon = Daemon(host, tmp_path)
    assert daemon.ask(b'{"id": 1, "command": "status"}')["ok"] is True
    assert daemon.stop() == 0
    assert ground.of_host(host) == earlier


def test_after_a_kill_the_next_start_and_cleanup_find_everything(host, tmp_path):
    write(tmp_path, GOOD)
    earlier = ground.of_host(host)
    Daemon(host, tmp_path).process.kill()
    assert ground.of_host(host) != earlier  # the policy stays: fail closed
    assert Daemon(host, tmp_path).stop() == 0
    assert ground.of_host(host) == earlier
    Daemon(host, tmp_path).process.kill()
    done = end(host, tmp_path, options=("--config", "ikeref.conf", "--cleanup"))
    assert done.returncode == 0 and "removed" in done.stdout
    assert ground.of_host(host) == earlier
    assert not (tmp_path / "run/control.sock").exists()


def test_a_start_that_fails_after_a_kill_leaves_the_policy(host, tmp_path):
    """Fail closed: whoever restarts a daemon that died must not open the way by a port that is taken."""
    write(tmp_path, GOOD)
    clean = ground.of_host(host)
    Daemon(host, tmp_path).process.kill()
    left = ground.of_host(host)
    with host.call(ground.udp_socket, 4500, socket.AF_INET):
        assert end(host, tmp_path).returncode == 3
    assert ground.of_host(host) == left != clean
    assert Daemon(host, tmp_path).stop() == 0
    assert ground.of_host(host) == clean


def test_when_its_interface_is_removed_it_ends_and_the_policy_stays(host, tmp_path):
    write(tmp_path, GOOD)
    earlier = ground.of_host(host)
    daemon = Daemon(host, tmp_path)
    host.run(["ip", "link", "del", "ikeref0"])
    assert daemon.process.wait(10) == 1
    last = (tmp_path / "log").read_text().splitlines()[-1]
    assert last.startswith("ikeref: ") and "ikeref0 has been removed" in last and "--cleanup" in last
    routes = host.run(["ip", "route", "show", "table", "4500"]).stdout
    assert "unreachable 10.2.0.0/24" in routes  # fail closed
    assert Daemon(host, tmp_path).stop() == 0
    assert ground.of_host(host) == earlier


BAD_LINES = {
    b"hello": "BAD_REQUEST",
    b"{": "BAD_REQUEST",
    b"[]": "BAD_REQUEST",
    b"42": "BAD_REQUEST",
    b"null": "BAD_REQUEST",
    b"{}": "BAD_REQUEST",
    b'{"command": 3}': "BAD_REQUEST",
    b'{"command": "dance"}': "BAD_REQUEST",
    b'{"command": "initiate"}': "BAD_REQUEST",
    b'{"command": "initiate", "peer": 7}': "BAD_REQUEST",
    b'{"command": "initiate", "peer": "nobody"}': "BAD_REQUEST",
    b'{"command": "initiate", "peer": "gateway", "child": "none"}': "BAD_REQUEST",
    b'{"command": "initiate", "peer": "gateway", "colour": "red"}': "BAD_REQUEST",
    b'{"command": "rekey"}': "BAD_REQUEST",
    b'{"command": "rekey", "peer": "gateway", "what": "all"}': "BAD_REQUEST",
    b'{"command": "rekey", "peer": "gateway", "what": "ike"}': "NOT_FOUND",
    b'{"command": "delete", "peer": "gateway", "what": "child", "spi_in": "xyz"}': "BAD_REQUEST",
    b'{"command": "delete", "peer": "gateway", "what": "child", "spi_in": "00000001"}': "NOT_FOUND",
    b'{"command": "liveness", "peer": "gateway"}': "NOT_FOUND",
    b'{"command": "roam", "peer": "gateway", "local": "nowhere"}': "BAD_REQUEST",
    b'{"command": "roam", "peer": "gateway"}': "NOT_POSSIBLE",
    b'{"command": "status", "wait": "perhaps"}': "BAD_REQUEST",
    b"[" * 60000: "BAD_REQUEST",
    b'{"a":' * 10000 + b"1" + b"}" * 10000: "BAD_REQUEST",
    b"x" * 200_000: "BAD_REQUEST",
    b'{"command": "\xff\xfe"}': "BAD_REQUEST",
    b'{"command": "sta\x00tus"}': "BAD_REQUEST",
    b'{"command": "status"} {"command": "status"}': "BAD_REQUEST",
}


def test_bad_lines_on_the_control_socket(daemon):
    for line, error in BAD_LINES.items():
        answer = daemon.ask(line)
        assert (answer["ok"], answer["error"]) == (False, error), (line[:60], answer)
        assert answer["message"], line[:60]
    # One connection survives all of them, and answers in order.
    with daemon.client() as client:
        answers = client.makefile()
        for number, line in enumerate(BAD_LINES):
            client.sendall(line + b'\n{"id": %d, "command": "status"}\n' % number)
            assert json.loads(answers.readline())["ok"] is False
            good = json.loads(answers.readline())
            assert (good["id"], good["ok"]) == (number, True)


def test_rude_clients_do_not_disturb(daemon):
    def leave_at_once(line: bytes) -> None:
        try:
            with daemon.client() as client:
                client.sendall(line)
        except OSError:  # no room just now
            pass

    with ExitStack() as stack:
        for _ in range(200):  # more than there is room for
            try:
                client = stack.enter_context(daemon.client())
                client.sendall(b'{"id": 1, "command": "subscribe"}\n{"id"')
            except OSError:
                continue
    assert ask_when_there_is_room(daemon)["ok"] is True
    before = daemon.resident_kib()
    with daemon.client() as deaf:  # asks and asks, and never reads
        try:
            for _ in range(50_000):
                deaf.sendall(b'{"id": 1, "command": "status"}\n')
        except OSError:
            pass
    for _ in range(200):
        leave_at_once(b'{"id": 1, "command": "status"}\n')
    assert ask_when_there_is_room(daemon)["ok"] is True
    assert daemon.resident_kib() - before < 8192


def ask_when_there_is_room(daemon):
    """Clients that have gone are noticed one after the other."""
    deadline = time.monotonic() + 10
    while True:
        try:
            return daemon.ask(b'{"id": 1, "command": "status"}')
        except (OSError, ValueError):
            assert time.monotonic() < deadline
