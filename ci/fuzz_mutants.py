#!/usr/bin/python3
"""Shows that the fuzzers of the data plane see faults: plants one after the other into a copy, and has a fuzzer find it.

    ci/fuzz_mutants.py --build build            every mutant
    ci/fuzz_mutants.py --build build NAME ...   only these

Each is found from the corpus and so many seeded runs. Prints what was broken and what the fuzzer said; exits 1 when a mutant
survives, 2 when one fits no longer: rewrite it then, 3 when the fuzzers are not built.
"""

from __future__ import annotations

import argparse
import os
import re
import shlex
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

import fuzz
from sim_mutants import Mutant, mutate

RUNS = 4000
FLAGS = ("-std=c11", "-D_GNU_SOURCE", "-O1", "-g", "-w", "-fno-strict-aliasing", f"-I{fuzz.ROOT / 'ref'}")
SANITIZE = "-fsanitize=address,undefined"
LIBRARIES = ("-lcmocka", "-lconfuse", "-ljansson", "-lmnl", "-lseccomp", "-lcrypto")


@dataclass(frozen=True)
class Hunt:
    target: str
    mutants: tuple[Mutant, ...]


CUT, JOIN = "esp/segmentation.c", "esp/coalescing.c"
HUNTS = (
    Hunt("segmentation", (
        Mutant("Identification does not count", CUT, "octets_get_u16(octets + 4) + s->number", "octets_get_u16(octets + 4)"),
        Mutant("FIN and PSH are everybody's", CUT, "if (s->at + length < s->payload) {", "if (false) {"),
        Mutant("CWR is everybody's", CUT, "if (s->number > 0) {", "if (false) {"),
        Mutant("sequence numbers stand still", CUT, "octets_get_u32(tcp + TCP_SEQUENCE) + (uint32_t)s->at",
               "octets_get_u32(tcp + TCP_SEQUENCE)"),
        Mutant("IPv6 counts its header", CUT, "(uint16_t)(length - IPV6_HEADER_LENGTH)", "(uint16_t)length"),
        Mutant("UDP says that it has no checksum", CUT, "udp && checksum == 0 ? 0xffff : checksum", "udp ? 0 : checksum"),
        Mutant("a fragment is cut", CUT, "|| s->ip.fragment ||", "||"),
        Mutant("a TCP header of 4 octets is one", CUT, "upper < (tcp ? TCP_HEADER_LENGTH : UDP_HEADER_LENGTH) ||", ""),
        Mutant("TCP's options are not looked for", CUT, "return there < TCP_HEADER_LENGTH ? 0 : tcp_header_length(upper);",
               "return TCP_HEADER_LENGTH;"),
        Mutant("a header that ends behind the packet is read", CUT, "return there < TCP_HEADER_LENGTH ? 0 : tcp_header_length(upper);",
               "return tcp_header_length(upper);"),
        Mutant("no room is left behind", CUT, "ESP_HEADROOM + ESP_TAILROOM + s->header_length", "ESP_HEADROOM + s->header_length"),
        Mutant("a checksum behind the packet is written", CUT, "place + 2 > packet->length", "place + 2 > packet->length + 8"),
        Mutant("a checksum is not said as 0xffff", CUT, "octets_put_u16(octets + place, checksum == 0 ? 0xffff : checksum)",
               "octets_put_u16(octets + place, checksum)"),
        Mutant("an odd octet at the end is not summed", "esp/checksum.c", "if (length == 1) {", "if (false) {"),
        Mutant("what was not offered is taken", "host/vnet_header.c", "default: return false;", "default: return true;"),
    )),
    Hunt("coalescing", (
        Mutant("checksums are not looked at", JOIN, "!checksums_are_right(packet, &ip))", "false)"),
        Mutant("the first one's checksum is not looked at", JOIN, "!checksums_are_right(c->packets[0], &c->ip)", "false"),
        Mutant("IPv4's checksum is not looked at", JOIN,
               "(ip->version == 6 || checksum_finish(checksum_add(0, octets, ip->header_length)) == 0)", "true"),
        Mutant("gaps are joined", JOIN, "octets_get_u32(next + TCP_SEQUENCE) ==", "true || octets_get_u32(next + TCP_SEQUENCE) =="),
        Mutant("acknowledgments differ", JOIN, "memcmp(first + TCP_ACKNOWLEDGMENT, next + TCP_ACKNOWLEDGMENT, 5)",
               "memcmp(first + TCP_ACKNOWLEDGMENT, next + TCP_ACKNOWLEDGMENT, 3)"),
        Mutant("flags differ", JOIN, "((first[TCP_FLAGS] ^ next[TCP_FLAGS]) & ~ENDS_A_RUN) == 0 &&", ""),
        Mutant("windows differ", JOIN, "memcmp(first + TCP_FLAGS + 1, next + TCP_FLAGS + 1, 2) == 0 &&", ""),
        Mutant("options differ", JOIN, "memcmp(first + TCP_CHECKSUM + 2, next + TCP_CHECKSUM + 2, header_length - TCP_CHECKSUM - 2)",
               "memcmp(first + TCP_CHECKSUM + 2, next + TCP_CHECKSUM + 2, 2)"),
        Mutant("marks differ", JOIN, "memcmp(first, next, 2) == 0 &&", ""),
        Mutant("hop limits differ", JOIN, "memcmp(first + 6, next + 6, 4) == 0 &&", ""),
        Mutant("IPv6 marks differ", JOIN, "memcmp(first, next, 4) == 0 && memcmp(first + 6, next + 6, 34)", "memcmp(first + 6, next + 6, 34)"),
        Mutant("Identification does not matter", JOIN, "(id == (uint16_t)(at_first + number) || (dont_fragment && id == at_first))", "true"),
        Mutant("one that pushes does not end", JOIN, "return payload == c->segment && (tcp[TCP_FLAGS] & ENDS_A_RUN) == 0;",
               "return payload == c->segment;"),
        Mutant("a shorter one does not end", JOIN, "return payload == c->segment && (tcp[TCP_FLAGS] & ENDS_A_RUN) == 0;",
               "return (tcp[TCP_FLAGS] & ENDS_A_RUN) == 0;"),
        Mutant("a longer one goes on", JOIN, "return payload <= c->segment && c->length", "return c->length"),
        Mutant("CWR joins", JOIN, "#define GOES_ALONE (TCP_SYN | TCP_RST | TCP_URG | TCP_CWR)",
               "#define GOES_ALONE (TCP_SYN | TCP_RST | TCP_URG)"),
        Mutant("longer than IP can be", JOIN, "c->length + payload <= IP_TOTAL_MAX", "true"),
        Mutant("more than there is room for", JOIN, "c->count == COALESCED_MAX ||", ""),
        Mutant("what is behind the packet joins", JOIN, "ip->total_length != packet->length ||", ""),
        Mutant("IP options and extensions join", JOIN,
               "ip->upper_offset != (ip->version == 4 ? IPV4_HEADER_LENGTH : IPV6_HEADER_LENGTH) ||", ""),
        Mutant("IPv4 options join", JOIN, "IPV4_HEADER_LENGTH : IPV6_HEADER_LENGTH)", "ip->upper_offset : IPV6_HEADER_LENGTH)"),
        Mutant("nothing joins", JOIN, "if (c->header_length == 0 || c->count == COALESCED_MAX ||",
               "if (true || c->header_length == 0 || c->count == COALESCED_MAX ||"),
        Mutant("the last one's flags are lost", JOIN, "tcp[TCP_FLAGS] |= last[TCP_FLAGS] & ENDS_A_RUN;", "(void)last;"),
        Mutant("the pseudo-header is complemented", JOIN, "(uint16_t)~checksum_finish(pseudo)", "checksum_finish(pseudo)"),
        Mutant("the joined IPv4 header keeps its checksum", JOIN,
               "octets_put_u16(ip + 10, checksum_finish(checksum_add(0, ip, c->ip.header_length)));", ""),
        Mutant("the kernel is told of IPv4", "host/vnet_header.c", "version == 4 ? VIRTIO_NET_HDR_GSO_TCPV4 : VIRTIO_NET_HDR_GSO_TCPV6",
               "VIRTIO_NET_HDR_GSO_TCPV4"),
    )),
)


def program(target: str, mutant: Mutant, text: str, build: Path, folder: Path) -> Path:
    """The target with this file instead of its own: what stands before a library is taken first."""
    source, out = folder / "mutant.c", folder / "fuzz_mutant"
    source.write_text(text, encoding="utf-8")
    cc = shlex.split(os.environ.get("FUZZ_CC", "clang"))
    extra = [build / "ref/fuzz/record_mutator.o"] if target == "coalescing" else []
    subprocess.run([*cc, *FLAGS, f"{SANITIZE},fuzzer-no-link", "-c", "-o", folder / "mutant.o", source], check=True)
    subprocess.run([*cc, f"{SANITIZE},fuzzer", "-o", out, build / f"ref/fuzz/fuzz_{target}.o", folder / "mutant.o", *extra,
                    build / "libfuzz.a", build / "libikeref.a", *LIBRARIES], check=True)
    return out


def found(target: str, mutated: Path, folder: Path) -> str | None:
    """What the fuzzer says of it; None: nothing."""
    work, findings = folder / "corpus", folder / "findings"
    for one in (work, findings):
        one.mkdir()
    words = [*fuzz.command(mutated, target, work, findings), f"-runs={RUNS}", "-seed=1"]
    done = subprocess.run(words, capture_output=True, text=True, errors="replace", check=False)
    if done.returncode == 0:
        return None
    said = re.search(r"^(finding: .*|.*runtime error: .*|SUMMARY: .*)$", done.stderr, re.MULTILINE)
    return said.group(1).removeprefix("finding: ") if said else f"status {done.returncode}"


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--build", type=Path, default=fuzz.ROOT / "build", help="where fuzzed/ is (default: build)")
    parser.add_argument("names", nargs="*", help="words of the mutants to try (default: all)")
    options = parser.parse_args()
    build = (options.build / "fuzzed").resolve()
    if not (build / "libfuzz.a").exists():
        print(f"fuzz_mutants: {build}/libfuzz.a is missing; run `make fuzzers`", file=sys.stderr)
        return 3
    tried = survivors = misfits = 0
    for target, mutant in ((hunt.target, mutant) for hunt in HUNTS for mutant in hunt.mutants):
        if options.names and not any(name in mutant.name for name in options.names):
            continue
        text = mutate(mutant)
        if text is None:
            misfits += 1
            print(f"  misfit    {target}: {mutant.name}: its piece does not stand once in ref/{mutant.file}", flush=True)
            continue
        with tempfile.TemporaryDirectory(prefix="ikelab-fuzz-") as folder:
            said = found(target, program(target, mutant, text, build, Path(folder)), Path(folder))
        tried += 1
        survivors += said is None
        print(f"  {'SURVIVED' if said is None else 'found':<9} {target}: {mutant.name}: {said or 'nothing was said'}", flush=True)
    print(f"{tried - survivors} of {tried} mutants found, {misfits} no longer fit")
    return 1 if survivors else 2 if misfits else 0


if __name__ == "__main__":
    raise SystemExit(main())
