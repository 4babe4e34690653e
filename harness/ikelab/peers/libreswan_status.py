"""What pluto and its kernel say, in neutral words.

pluto lists its SAs by number and tells neither the SPIs of an IKE SA nor who is behind a NAT; selectors, modes and
counters of Child SAs come from the kernel. IKE SPIs of 0 mean "not told" (neutral.IkeSaStatus.spis).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace

from ikelab.peers import xfrm
from ikelab.peers.neutral import ChildSaStatus, Endpoint, IkeSaStatus, PeerStatus, PeerSpec

_STATE = re.compile(r'^(?:000 )?#(\d+): "([^"]+)"(?:\[\d+\])?(?: ([0-9a-f.:]+?))?:(\d+) (\S+) \(([^)]*)\);(.*)$', re.M)
_ESP = re.compile(r'^(?:000 )?#(\d+): "[^"]+".* esp[.:]([0-9a-f]+)@(\S+) esp[.:]([0-9a-f]+)@(\S+) ', re.M)
_REFUSAL = re.compile(r"\b(?:v2N_)?(NO_PROPOSAL_CHOSEN|AUTHENTICATION_FAILED|TS_UNACCEPTABLE|INVALID_SYNTAX|"
                      r"INVALID_KE_PAYLOAD|NO_ADDITIONAL_SAS|TEMPORARY_FAILURE|CHILD_SA_NOT_FOUND|"
                      r"FAILED_CP_REQUIRED|SINGLE_PAIR_REQUIRED|INTERNAL_ADDRESS_FAILURE|UNSUPPORTED_CRITICAL_PAYLOAD)\b")


def peer_status(states: str, kernel_states: str, kernel_policies: str, names: Mapping[str, tuple[str, str]],
                peers: Mapping[str, PeerSpec], local: Mapping[str, str]) -> PeerStatus:
    """`states` is what --showstates says. `local`: this host's address towards each family of peer addresses."""
    esp = {sa.spi: sa for sa in xfrm.states(kernel_states)}
    outbound = [p for p in xfrm.policies(kernel_policies) if p.direction == "out"]
    halves = {int(m[1]): (int(m[2], 16), m[3], int(m[4], 16), m[5]) for m in _ESP.finditer(states)}
    ike_sas: list[IkeSaStatus] = []
    child_sas: list[ChildSaStatus] = []
    listed = list(_STATE.finditer(states))
    for one in listed:
        number, name, remote, port, state, words, rest = (one[n] for n in range(1, 8))
        peer, child = names.get(name, (name, name))
        if int(number) in halves or "CHILD" in state:
            if int(number) not in halves:
                continue
            spi_out, there, spi_in, here = halves[int(number)]
            incoming, outgoing = esp.get(spi_in), esp.get(spi_out)
            if incoming is None or outgoing is None:
                continue  # larval, or just gone
            owner = "eroute owner" in rest and "newest" in rest
            selectors = [p for p in outbound if p.reqid == outgoing.reqid]
            parent = re.search(r"(?:IKE SA|isakmp)\s?#(\d+)", rest)
            child_sas.append(ChildSaStatus(
                peer=peer, child=child, state="installed" if owner else "rekeying",
                mode="transport" if outgoing.mode == "transport" else "tunnel", spi_in=spi_in, spi_out=spi_out,
                local_ts=tuple(dict.fromkeys(xfrm.whole(p.source) for p in selectors)),
                remote_ts=tuple(dict.fromkeys(xfrm.whole(p.destination) for p in selectors)),
                esn=outgoing.esn, udp_encapsulation=outgoing.encapsulated,
                local=f"{here}:{outgoing.source_port or 500}", remote=f"{there}:{outgoing.destination_port or 500}",
                ike_sa=parent[1] if parent else "", unique=number,
                packets_in=incoming.packets, packets_out=outgoing.packets, octets_in=incoming.octets,
                octets_out=outgoing.octets, replayed=incoming.replayed, not_authentic=incoming.not_authentic))
        else:
            ike_sas.append(_ike_sa(int(number), peer, remote or "", int(port), state, rest, peers, local))
    # An IKE SA's addresses are those of its Child SAs, which pluto keeps the same.
    return PeerStatus(tuple(_with_addresses(sa, child_sas) for sa in ike_sas), tuple(child_sas))


def _ike_sa(number: int, peer: str, remote: str, port: int, state: str, rest: str,
            peers: Mapping[str, PeerSpec], local: Mapping[str, str]) -> IkeSaStatus:
    spec = peers.get(peer)
    there = remote or (spec.remote_addresses[0] if spec and spec.remote_addresses else "")
    established = "ESTABLISHED_IKE_SA" in state and "newest" in rest
    return IkeSaStatus(
        peer=peer, state="established" if established else "rekeying" if "ESTABLISHED" in state else "connecting",
        initiator=False, spi_i=0, spi_r=number, local=Endpoint(local.get("6" if ":" in there else "4", ""), port),
        remote=Endpoint(there, port), local_id=spec.local_id if spec else "", remote_id=spec.remote_id if spec else "",
        unique=str(number))


def _with_addresses(sa: IkeSaStatus, children: list[ChildSaStatus]) -> IkeSaStatus:
    for child in children:
        if child.ike_sa == sa.unique:
            here, there = (Endpoint(text.rpartition(":")[0], int(text.rpartition(":")[2]))
                           for text in (child.local, child.remote))
            return replace(sa, local=here, remote=there, udp_encapsulation=child.udp_encapsulation)
    return sa


def refusal(words: str) -> str:
    """The last error notification that pluto's words tell of, or "". Only to give a PeerError its name."""
    found = _REFUSAL.findall(words)
    return found[-1] if found else ""
