#!/usr/bin/python3
"""Shows that the simulator sees faults: plants one after the other into a copy, and has `ikesim` find it.

    ci/sim_mutants.py --build build            every mutant, with the default seeds
    ci/sim_mutants.py --build build NAME ...   only these

Each mutant is a piece of one file of ref/ and what stands there instead (white space does not count). Prints
what was broken and how soon; exits 1 when a mutant survives, 2 when one fits no longer: rewrite it then.
"""

from __future__ import annotations

import argparse
import os
import re
import shlex
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
SEEDS = 6000
TIMEOUT_S = 300


@dataclass(frozen=True)
class Mutant:
    name: str
    file: str  # below ref/
    old: str
    new: str


MUTANTS = (
    # rekeys and their collisions
    Mutant("a lost Child SA rekey collision is not noticed", "exchange/child_rekey.c",
           "return collision->active && nonce_compare", "return false && nonce_compare"),
    Mutant("the wrong IKE SA of a collision inherits", "exchange/ike_rekey.c",
           "} else if (lost && theirs != NULL) {", "} else if (!lost && theirs != NULL) {"),
    Mutant("the rival of a lost IKE SA rekey stays for ever", "exchange/ike_rekey.c",
           "theirs->close_ns = store->now_ns + REPLACED_LINGER_NS; } ike_rekey_inherit(store, sa, made);",
           "} ike_rekey_inherit(store, sa, made);"),
    Mutant("Child SAs do not move at an IKE SA rekey", "sa/ike_sa.c",
           "heir->children = old->children; old->children = NULL;", ";"),
    Mutant("what waits does not move at an IKE SA rekey", "exchange/ike_rekey.c",
           "move_task(store, heir, &old->tasks.items[i]);", ";"),
    Mutant("the old IKE SA is not deleted after its rekey", "exchange/ike_rekey.c",
           "ike_rekey_inherit(store, sa, made); delete_later(store, sa, command);",
           "ike_rekey_inherit(store, sa, made); sa_store_emit_done(store, command, STATUS_OK);"),
    Mutant("the new IKE SA forgets the path", "exchange/ike_rekey.c", "heir->path = old->path;", ";"),
    Mutant("the new IKE SA forgets that it is encapsulated", "exchange/ike_rekey.c",
           "heir->encapsulated = old->encapsulated;", ";"),
    Mutant("the new IKE SA forgets MOBIKE", "exchange/ike_rekey.c", "heir->mobike = old->mobike;", ";"),
    Mutant("the nonce of an IKE SA rekey is always the same", "exchange/ike_rekey.c",
           "TRY(random_fill(store->random, request->nonce, sizeof request->nonce));", ";"),
    Mutant("the nonce of a Child SA offer is always the same", "exchange/child_negotiation.c",
           "TRY(random_fill(store->random, request->nonce, sizeof request->nonce));", ";"),
    Mutant("the nonce of an answer is always the same", "exchange/child_create.c",
           "TRY(random_fill(store->random, nr, NONCE_OURS));", "memset(nr, 7, NONCE_OURS);"),
    Mutant("the old Child SA is not deleted after its rekey", "exchange/child_rekey.c",
           "child_delete_queue(store, sa, lost || orphan ? made : old, DOWN_REPLACED, request->task.command);",
           "sa_store_emit_done(store, request->task.command, STATUS_OK);"),
    Mutant("the winner of a collision is deleted", "exchange/child_rekey.c",
           "child_delete_queue(store, sa, lost || orphan ? made : old, DOWN_REPLACED,",
           "child_delete_queue(store, sa, lost && old != NULL ? old : made, DOWN_REPLACED,"),
    Mutant("TEMPORARY_FAILURE is not tried again", "exchange/request.c",
           "request_queue(store, sa, &later);", "sa_store_task_ended(store, sa, &later, STATUS_DROP);"),
    # keys and IVs
    Mutant("an IV serves twice", "crypto/iv_counter.c", "counter->last++;",
           "counter->last += counter->last < 3;"),
    Mutant("keys are swapped at one side", "sa/sa_events.c",
           "info->encryption_out = we_initiated ? keys->encryption_i : keys->encryption_r;",
           "info->encryption_out = keys->encryption_i;"),
    Mutant("both directions of a Child SA have one key", "sa/keymat.c",
           "cut(&rest, encryption, &out->encryption_r);", "out->encryption_r = out->encryption_i;"),
    Mutant("the keys of Child SAs do not depend on their nonces", "sa/keymat.c",
           "writer_put(&w, ni); writer_put(&w, nr); assert(!w.overflow); size_t length",
           "(void)ni; (void)nr; assert(!w.overflow); size_t length"),
    # messages and windows
    Mutant("a repeated request is handled anew", "endpoint/corridor.c",
           "if (repeated) {", "if (repeated && sa->state == IKE_SA_CLOSED) {"),
    Mutant("Message IDs stand still", "exchange/request.c", "sa->next_request++;", "sa->next_request |= 1;"),
    Mutant("a Message ID is left out", "exchange/request.c", "sa->next_request++;", "sa->next_request += 2;"),
    Mutant("the peer's Message ID is not counted", "exchange/response.c",
           "sa->expected_request = in->header->message_id + 1;", ";"),
    Mutant("the next request does not wait for the answer", "exchange/request.c",
           "if (!request->active) { return; }",
           "if (!request->active) { return; } if (request->sent == 2) { sa->request.message_id++; }"),
    Mutant("a request is never given up", "exchange/request.c",
           "} else if (request->sent >= sa->peer->retransmission.tries) {", "} else if (false) {"),
    Mutant("a request is sent once", "exchange/request.c",
           "} else { request_resend(store, sa); } } } void request_answered",
           "} else { request->next_ns = UINT64_MAX; } } } void request_answered"),
    Mutant("cookies are never believed", "sa/cookie.c", "(uint8_t)(jar->version - version) > 1",
           "(uint8_t)(jar->version - version) <= 1"),
    # ends
    Mutant("a half-open IKE SA stays", "endpoint/timers.c", "if (store->now_ns >= sa->close_ns) {",
           "if (store->now_ns >= sa->close_ns && sa->state != IKE_SA_HALF_OPEN) {"),
    Mutant("a refused IKE SA stays", "endpoint/timers.c",
           "if (sa->state == IKE_SA_CLOSED && store->now_ns >= sa->close_ns) {", "if (false) {"),
    Mutant("what is left of a closed IKE SA stays", "sa/closed_sa.c",
           "while (list->oldest != NULL && list->oldest->until_ns <= now_ns) {", "while (false) {"),
    Mutant("what a datagram brings changes no deadline", "sa/sa_store.c",
           "return stirred(store, spi_index_find(&store->by_spi, local_spi));",
           "return spi_index_find(&store->by_spi, local_spi);"),
    Mutant("the host is not told of a Child SA's end", "sa/sa_store.c",
           "if (!child->redundant) { uint64_t linger_ns", "if (false) { uint64_t linger_ns"),
    Mutant("Child SAs outlive their IKE SA", "sa/sa_store.c", "while (sa->children != NULL) {", "while (false) {"),
    Mutant("commands that wait are not answered", "sa/sa_store.c",
           "sa_store_task_ended(store, sa, &sa->tasks.items[i], status);", ";"),
    Mutant("a Delete of a Child SA is answered and not obeyed", "exchange/child_delete.c",
           "sa_store_child_gone(store, sa, child, reason_of(child));", ";"),
    Mutant("a Delete of the IKE SA is answered and not obeyed", "exchange/ike_delete.c",
           "reply->close = true;", "reply->close = false;"),
    Mutant("silence is never looked into", "endpoint/timers.c",
           "uint64_t at_ns = later(last_in(sa), sa->peer->liveness_ns);", "uint64_t at_ns = UINT64_MAX;"),
    Mutant("a Child SA that went while it was being made is kept", "exchange/child_delete.c",
           "if (child == NULL && child_offer_is_out(sa)) {", "if (false) {"),
    # addresses
    Mutant("UPDATE_SA_ADDRESSES is ignored", "exchange/mobike.c", "if (update) {", "if (false) {"),
    Mutant("a rebinding NAT is not followed", "exchange/mobike_path.c",
           "if (sa->mobike || !may_follow(sa, path)) {", "if (true) {"),
    Mutant("a new mapping is not told to the peer", "exchange/mobike.c", "if (changed) {", "if (false) {"),
    Mutant("Child SAs never follow after the check of the way back", "exchange/mobike.c",
           "sa->children_follow = false; mobike_move_children(store, sa);", ";"),
    Mutant("Child SAs do not come back from a late packet", "exchange/mobike_path.c",
           "sa->children_apart = true;", ";"),
    Mutant("COOKIE2 is not returned", "exchange/mobike.c", "if (cookie2 != NULL) {", "if (false) {"),
    Mutant("a NAT before the peer is not seen", "sa/nat_detection.c",
           "out->nat_remote = out->supported && !source_same;", "out->nat_remote = false;"),
    Mutant("the data plane does not move", "esp/esp_plane.c",
           "esp_pair_set_path(pair, path, udp_encapsulation); return true;", "return true;"),
    # ESP
    Mutant("replayed packets are welcome", "esp/replay_window.c",
           "return (word >> sequence % 64 & 1) == 0;", "return true;"),
    Mutant("the replay window slides too far", "esp/replay_window.c", "window->highest = sequence;",
           "window->highest = sequence + 2 * window->size;"),
    Mutant("sequence numbers stand still", "esp/esp_seal.c", "uint64_t sequence = ++pair->sequence_out;",
           "uint64_t sequence = pair->sequence_out |= 1;"),
    Mutant("a spoilt packet is let through", "esp/esp_open.c", "if (status == STATUS_DROP) {",
           "if (status == STATUS_DROP) { status = STATUS_OK; } if (false) {"),
    Mutant("a replaced Child SA closes at once", "sa/sa_store.c",
           "reason == DOWN_REPLACED ? store->config->delete_linger_ns : 0;", "0;"),
    # fragments, IPv6, certificates
    Mutant("fragments are joined in the order in which they came", "protect/reassembly.c",
           "writer_put(&w, bytes_of(r->octets + r->pieces[i].offset, r->pieces[i].length));",
           "if (i == 0) { writer_put(&w, bytes_of(r->octets, r->length)); }"),
    Mutant("a copy of a fragment counts as another one", "protect/reassembly.c",
           "return skf->total > r->total || !r->pieces[skf->number - 1].present;", "return true;"),
    Mutant("the last fragment of a message is not sent", "sa/sa_events.c",
           "for (const struct stored_datagram *d = message->datagrams; d != NULL; d = d->next) {",
           "for (const struct stored_datagram *d = message->datagrams; d != NULL && (!fragments || d->next != NULL); d = d->next) {"),
    Mutant("IPv6 addresses are told apart by their first octets", "base/address.c",
           "memcmp(a->octets, b->octets, address_length(a)) == 0;", "memcmp(a->octets, b->octets, 4) == 0;"),
    Mutant("the peer's hashes are not noted", "exchange/authentication.c",
           "hash <= HASH_IDENTITY ? HASH_BIT(hash) : 0;", "0;"),
    Mutant("a copy of what is being worked on is worked on, too", "endpoint/corridor.c", "if (ike_sa_is_busy(sa) || !message_id_fits(",
           "if (!message_id_fits("),
    # puzzles
    Mutant("the solution of a puzzle is not sent", "exchange/ike_sa_init.c", "if (sa->init->solution_length > 0) {",
           "if (false) {"),
    Mutant("a puzzle is solved for one bit less", "sa/puzzle.c", ">= search->difficulty) {", "+ 1u >= search->difficulty) {"),
    Mutant("the search for a solution does not go on", "exchange/client_puzzle.c",
           "if (store->now_ns < client_puzzle_deadline(sa)) {", "if (true) {"),
    Mutant("the solution is not sent with IKE_AUTH", "exchange/fragmentation.c",
           "return asks && sa->init != NULL ?", "return false && sa->init != NULL ?"),
    Mutant("the solution stands in every fragment", "protect/skf_message.c", "number == 1 ? ps : bytes_of(NULL, 0)", "ps"),
    Mutant("a stranger who has proved itself still counts", "sa/half_open.c", "table->failing -= sa->failures > 0;", ";"),
    Mutant("held packets are forgotten", "esp/plane_seal.c", "hold_drop(&entry->held, link); } else if",
           "link = &held->next; } else if"),
)


def words_pattern(text: str) -> re.Pattern[str]:
    """The text whatever white space stands between its words, and around brackets."""
    return re.compile(r"\s*".join(re.escape(word) for word in re.findall(r"\w+|\W", text) if not word.isspace()))


def mutate(mutant: Mutant) -> str | None:
    """The whole file with the fault in it; None when the piece does not stand there exactly once."""
    text = (ROOT / "ref" / mutant.file).read_text(encoding="utf-8")
    found = list(words_pattern(mutant.old).finditer(text))
    if len(found) != 1:
        return None
    return text[: found[0].start()] + mutant.new + text[found[0].end() :]


def build_mutant(mutant: Mutant, build: Path, text: str) -> Path:
    folder = build / "mutants"
    folder.mkdir(parents=True, exist_ok=True)
    source, program = folder / "mutant.c", folder / "ikesim-mutant"
    source.write_text(text, encoding="utf-8")
    objects = sorted((build / "ref/sim").glob("*.o"))
    subprocess.run([*shlex.split(os.environ.get("CC", "cc")), "-std=c11", "-D_GNU_SOURCE", "-O1", "-w", "-fno-strict-aliasing",
                    f"-I{ROOT / 'ref'}", "-o", program, source, *objects, build / "libikeref.a", "-lcrypto"], check=True)
    return program


def hunt(program: Path, seeds: int) -> tuple[bool, str]:
    """Found, and how: the rule that broke first."""
    try:
        done = subprocess.run([program, "--seeds", str(seeds), "--first", "--quiet"], capture_output=True, text=True,
                              errors="replace", timeout=TIMEOUT_S, check=False)
    except subprocess.TimeoutExpired:
        return False, f"no end after {TIMEOUT_S} s"
    return done.returncode == 1, done.stdout.split("\n", 1)[0]


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--build", type=Path, default=ROOT / "build", help="where libikeref.a and ref/sim/*.o are")
    parser.add_argument("--seeds", type=int, default=SEEDS, help=f"how many each mutant has to survive (default {SEEDS})")
    parser.add_argument("names", nargs="*", help="words of the mutants to try (default: all)")
    options = parser.parse_args()
    chosen = [m for m in MUTANTS if not options.names or any(name in m.name for name in options.names)]
    if not (options.build / "libikeref.a").exists():
        print(f"sim_mutants: {options.build}/libikeref.a is missing; run `make ikesim`", file=sys.stderr)
        return 3
    survivors, misfits = [], []
    for mutant in chosen:
        text, before = mutate(mutant), time.monotonic()
        if text is None:
            misfits.append(mutant)
            print(f"  misfit    {mutant.name}: its piece does not stand once in ref/{mutant.file}", flush=True)
            continue
        found, how = hunt(build_mutant(mutant, options.build.resolve(), text), options.seeds)
        if not found:
            survivors.append(mutant)
        print(f"  {'found' if found else 'SURVIVED':<9} {mutant.name} ({time.monotonic() - before:.0f} s): {how}", flush=True)
    tried = len(chosen) - len(misfits)
    print(f"{tried - len(survivors)} of {tried} mutants found, {len(misfits)} no longer fit")
    return 1 if survivors else 2 if misfits else 0


if __name__ == "__main__":
    raise SystemExit(main())
