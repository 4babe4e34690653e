"""What iked (`ikectl show sa`) and its kernel say, in neutral words."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace

from ikelab.guest.netlink import Message
from ikelab.peers import xfrm
from ikelab.peers.openiked_debug import Told
from ikelab.peers.neutral import ChildSaStatus, Endpoint, IkeSaStatus, PeerSpec, PeerStatus

_IKE = re.compile(r"^iked_sas: (\S+) rspi (0x[0-9a-f]+) ispi (0x[0-9a-f]+) (\S+?)->(\S+?)<([^>]*)>\S* (\S+) ([ir]) ?(.*)$")
_CHILD = re.compile(r"^\s+sa_childsas: (\S+) ESP (0x[0-9a-f]+) (in|out) (\S+) -> (\S+) \(([A-Z]*)\)(.*)$")


def peer_status(shown: str, kernel: Sequence[Message], peers: Mapping[str, PeerSpec]) -> PeerStatus:
    """IKE SAs from iked, Child SAs from both."""
    esp = {sa.spi: sa for sa in xfrm.states(kernel)}
    flows = [p for p in xfrm.policies(kernel) if p.direction == "out"]
    ike_sas: list[IkeSaStatus] = []
    child_sas: list[ChildSaStatus] = []
    halves: dict[str, list[tuple[int, str]]] = {}
    for line in shown.splitlines():
        if found := _IKE.match(line):
            ike_sas.append(_ike_sa(found, peers))
            halves[ike_sas[-1].unique] = []
        elif (found := _CHILD.match(line)) and ike_sas:
            halves[ike_sas[-1].unique].append((int(found[2], 16), found[3]))
    for sa in ike_sas:
        spec = peers.get(sa.peer)
        inbound = [spi for spi, way in halves[sa.unique] if way == "in" and spi in esp]
        outbound = [spi for spi, way in halves[sa.unique] if way == "out" and spi in esp]
        # iked lists the halves of one Child SA one after the other; the newest pair comes last.
        for number, (spi_in, spi_out) in enumerate(zip(inbound, outbound), 1):
            incoming, outgoing = esp[spi_in], esp[spi_out]
            own = [p for p in flows if p.reqid in (0, outgoing.reqid)]
            child_sas.append(ChildSaStatus(
                peer=sa.peer, child=spec.children[0].name if spec else "",
                state="installed" if number == len(inbound) else "rekeying",
                mode="transport" if outgoing.mode == "transport" else "tunnel", spi_in=spi_in, spi_out=spi_out,
                local_ts=tuple(dict.fromkeys(p.source for p in own)),
                remote_ts=tuple(dict.fromkeys(p.destination for p in own)),
                proposal=outgoing.proposal, esn=outgoing.esn, udp_encapsulation=outgoing.encapsulated,
                local=f"{sa.local.address}:{sa.local.port}", remote=f"{sa.remote.address}:{sa.remote.port}",
                ike_sa=sa.unique, unique=f"{spi_in:08x}", packets_in=incoming.packets, packets_out=outgoing.packets,
                octets_in=incoming.octets, octets_out=outgoing.octets, replayed=incoming.replayed,
                not_authentic=incoming.not_authentic))
    return PeerStatus(tuple(ike_sas), tuple(child_sas))


def at_one_moment(shown: str, kernel: Sequence[Message]) -> bool:
    """Whether the kernel has the halves that iked lists; not so when one was replaced between the two questions."""
    listed = {int(found[2], 16) for found in map(_CHILD.match, shown.splitlines()) if found}
    return listed <= {sa.spi for sa in xfrm.states(kernel)}


def failed_attempts(stats: str) -> int:
    """Of `ikectl show stats`."""
    found = re.search(r"(\d+) IKE SAs? failed to establish", stats)
    return int(found[1]) if found else 0


def _ike_sa(found: re.Match[str], peers: Mapping[str, PeerSpec]) -> IkeSaStatus:
    remote_id = found[6].partition("/")[2]
    peer = next((name for name, spec in peers.items() if spec.remote_id == remote_id), next(iter(peers), ""))
    spec = peers.get(peer)
    local, remote = endpoint(found[4]), endpoint(found[5])
    state = found[7].lower()
    return IkeSaStatus(
        peer=peer, state="established" if state == "established" else "deleting" if state in ("closing", "closed")
        else "connecting", initiator=found[8] == "i", spi_i=int(found[3], 16), spi_r=int(found[2], 16), local=local,
        remote=remote, local_id=spec.local_id if spec else "", remote_id=remote_id,
        udp_encapsulation=local.port == 4500, unique=found[3])


def endpoint(text: str) -> Endpoint:
    """192.0.2.1:500, or [2001:db8::1]:500; "any" while it is not known."""
    address, _, port = text.rpartition(":")
    return Endpoint(address.strip("[]"), int(port)) if port.isdigit() else Endpoint(text, 0)


def with_told(status: PeerStatus, told: Told) -> PeerStatus:
    """With what only the log says: algorithms, and who is behind a NAT. An IKE SA that never came up and is closing only
    answers repetitions of what it has refused; for iked it goes after some minutes, for us it is none."""
    found = []
    for sa in status.ike_sas:
        if sa.state != "deleting" or sa.spi_i in told.proposals:
            here, there = told.nat.get(sa.spi_i, (False, False))
            found.append(replace(sa, proposal=told.proposals.get(sa.spi_i, ""), nat_local=here, nat_remote=there))
    return replace(status, ike_sas=tuple(found))
