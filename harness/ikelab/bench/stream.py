"""TCP from one host to another, made by iperf3."""

from __future__ import annotations

import json
import subprocess

from ikelab.topology.host import Host

START_S = 20.0  # what iperf3 may take beyond its time, on a machine that has other things to do


class CannotPlay(Exception):
    """One sentence with the remedy."""


def client_command(source: str, destination: str, seconds: int, streams: int = 1) -> list[str]:
    return ["iperf3", "--client", destination, "--bind", source, "--time", str(seconds), "--parallel", str(streams), "--json"]


SERVER_COMMAND = ["iperf3", "--server", "--one-off", "--forceflush"]


def mbit(client: Host, gateway: Host, source: str, destination: str, seconds: int, streams: int = 1) -> tuple[float, int]:
    """Mbit/s that arrive, and how many octets. Each with a server of its own: one that has just served is busy for a while."""
    server = gateway.popen(SERVER_COMMAND, stdout=subprocess.PIPE)
    try:
        while b"listening" not in (line := server.stdout.readline()):
            if not line:
                raise CannotPlay(f"iperf3 does not listen; {server.log} says why")
        done = client.run(client_command(source, destination, seconds, streams), timeout=seconds + START_S, check=False)
    finally:
        server.kill()
    try:
        said = json.loads(done.stdout)
    except json.JSONDecodeError as error:
        raise CannotPlay(f"iperf3 said nothing that could be read: {(done.stdout + done.stderr).strip()[-200:]}") from error
    if "error" in said:
        raise CannotPlay(f"no stream from {source} to {destination}: iperf3 says {said['error']}; see {client.directory}")
    received = said["end"]["sum_received"]
    return received["bits_per_second"] / 1e6, int(received["bytes"])
