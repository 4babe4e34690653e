"""What pluto and its kernel say, in neutral words.

pluto lists its SAs by number; selectors, modes and counters of Child SAs come from the kernel, SPIs of IKE SAs from
its key log (libreswan_log). Who is behind a NAT it does not tell.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace

from ikelab.guest.netlink import Message
from ikelab.peers import xfrm
from ikelab.peers.libreswan_config import GROUPS
from ikelab.peers.neutral import ChildSaStatus, Endpoint, IkeSaStatus, PeerStatus, PeerSpec

_STATE = re.compile(r'^(?:000 )?#(\d+): "([^"]+)"(?:\[\d+\])?(?: ([0-9a-f.:]+?))?:(\d+) (\S+) \(([^)]*)\);(.*)$', re.M)
_ESP = re.compile(r'^(?:000 )?#(\d+): "[^"]+".* esp[.:]([0-9a-f]+)@(\S+) esp[.:]([0-9a-f]+)@(\S+) ', re.M)
_NEWEST = re.compile(r'^(?:000 )?"([^"]+)"(?:\[\d+\])?(?: [0-9a-f.:]+)?:   IKE(?:v2)? algorithm newest: (\S+)$', re.M)
_END = r'([0-9a-f.:]+|%any)[<\[]'
_ENDS = re.compile(r'^(?:000 )?"([^"]+)"(\[\d+\])?(?: [0-9a-f.:]+)?: (?:\S+?===)?' + _END + r'.*?\.\.\.' + _END, re.M)
_GROUPS = {group: name for name, group in GROUPS.items()} | {
    "MODP2048": "modp2048", "MODP3072": "modp3072", "MODP4096": "modp4096"}
_REFUSAL = re.compile(r"\b(?:v2N_)?(NO_PROPOSAL_CHOSEN|AUTHENTICATION_FAILED|TS_UNACCEPTABLE|INVALID_SYNTAX|"
                      r"INVALID_KE_PAYLOAD|NO_ADDITIONAL_SAS|TEMPORARY_FAILURE|CHILD_SA_NOT_FOUND|"
                      r"FAILED_CP_REQUIRED|SINGLE_PAIR_REQUIRED|INTERNAL_ADDRESS_FAILURE|UNSUPPORTED_CRITICAL_PAYLOAD)\b")


def peer_status(states: str, kernel: Sequence[Message], names: Mapping[str, tuple[str, str]],
                peers: Mapping[str, PeerSpec], local: Mapping[str, str]) -> PeerStatus:
    """`states` is what --status says, `kernel` its SAs and policies. `local`: this host's address towards each family of peer addresses."""
    esp = {sa.spi: sa for sa in xfrm.states(kernel)}
    outbound = [p for p in xfrm.policies(kernel) if p.direction == "out"]
    newest = {m[1]: proposal_text(m[2]) for m in _NEWEST.finditer(states)}
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
                local_ts=tuple(dict.fromkeys(p.source for p in selectors)),
                remote_ts=tuple(dict.fromkeys(p.destination for p in selectors)),
                proposal=outgoing.proposal, esn=outgoing.esn, udp_encapsulation=outgoing.encapsulated,
                local=f"{here}:{outgoing.source_port or 500}", remote=f"{there}:{outgoing.destination_port or 500}",
                ike_sa=parent[1] if parent else "", unique=number,
                packets_in=incoming.packets, packets_out=outgoing.packets, octets_in=incoming.octets,
                octets_out=outgoing.octets, replayed=incoming.replayed, not_authentic=incoming.not_authentic))
        else:
            one_more = _ike_sa(int(number), peer, remote or "", int(port), state, rest, peers, local)
            ike_sas.append(replace(one_more, proposal=newest.get(name, "") if one_more.state == "established" else ""))
    # An IKE SA's addresses are those of its Child SAs, which pluto keeps the same.
    return PeerStatus(tuple(_with_addresses(sa, child_sas) for sa in ike_sas), tuple(child_sas))


def _ike_sa(number: int, peer: str, remote: str, port: int, state: str, rest: str,
            peers: Mapping[str, PeerSpec], local: Mapping[str, str]) -> IkeSaStatus:
    spec = peers.get(peer)
    there = remote or (spec.remote_addresses[0] if spec and spec.remote_addresses else "")
    established = "ESTABLISHED_IKE_SA" in state and "EXPIRE in" not in rest  # what pluto has replaced, expires
    return IkeSaStatus(
        peer=peer, state="established" if established else "rekeying" if "ESTABLISHED" in state else "connecting",
        initiator=None, spi_i=0, spi_r=0, local=Endpoint(local.get("6" if ":" in there else "4", ""), port),
        remote=Endpoint(there, port), local_id=spec.local_id if spec else "", remote_id=spec.remote_id if spec else "",
        unique=str(number), nat_local=None, nat_remote=None)


def _with_addresses(sa: IkeSaStatus, children: list[ChildSaStatus]) -> IkeSaStatus:
    for child in children:
        if child.ike_sa == sa.unique:
            here, there = (Endpoint(text.rpartition(":")[0], int(text.rpartition(":")[2]))
                           for text in (child.local, child.remote))
            return replace(sa, local=here, remote=there, udp_encapsulation=child.udp_encapsulation)
    return sa


def moved(states: str) -> str:
    """The first instance that is between other addresses than its template, as pluto writes it; "" where there is none."""
    ends = {m[1]: (m[3], m[4]) for m in _ENDS.finditer(states) if not m[2]}
    for one in _ENDS.finditer(states):
        known = ends.get(one[1], ())
        if one[2] and any(here != there and there != "%any" for here, there in zip((one[3], one[4]), known)):
            return f"{one[1]}{one[2]}, {one[3]}...{one[4]}"
    return ""


def proposal_text(words: str) -> str:
    """AES_GCM_16_256-HMAC_SHA2_256-DH31 in our words."""
    cipher, *others = words.split("-")
    size = cipher.rpartition("_")[2]
    if cipher.startswith("CHACHA20"):
        found = ["chacha20poly1305"]
    elif cipher.startswith("NULL"):
        found = ["null"]
    else:
        found = [f"aes{size}" + ("gcm16" if "GCM" in cipher else "")]
    aead = "GCM" in cipher or "CHACHA" in cipher
    for word in others:
        if hashed := re.match(r"HMAC_SHA2_(\d+)", word):
            found += [f"prfsha{hashed[1]}"] if aead else [f"sha{hashed[1]}", f"prfsha{hashed[1]}"]
        else:
            found.append(_GROUPS.get(word.lower(), _GROUPS.get(word, word.lower())))
    return "-".join(found)


def refusal(words: str) -> str:
    """The last error notification that pluto's words tell of, or "". Only to give a PeerError its name."""
    found = _REFUSAL.findall(words)
    return found[-1] if found else ""
