/* Rekeys of a Child SA, with a key exchange of their own (PFS) and without, and of an IKE SA, each
 * with the Delete of the old one; and the smallest exchange there is, a liveness check. By role. */

#include "bench/cases.h"

#include "bench/duet.h"

static const struct {
    const char *name;
    enum command_type command;
    const char *esp;
} exchanges[] = {
    {"rekey.child", COMMAND_REKEY_CHILD, "aes256gcm16-noesn"},
    {"rekey.child-pfs", COMMAND_REKEY_CHILD, "aes256gcm16-x25519-noesn"},
    {"rekey.ike", COMMAND_REKEY_IKE, "aes256gcm16-noesn"},
    {"liveness", COMMAND_LIVENESS, "aes256gcm16-noesn"},
};

static const char *const roles[2] = {"initiator", "responder"};

struct rekey {
    struct duet duet;
    enum command_type command;
};

static void play_rekey(struct bench *bench, void *context)
{
    struct rekey *rekey = context;
    const struct duet_side *b = &rekey->duet.sides[DUET_B];
    unsigned before = b->child_sas + b->rekeyed;
    duet_command(&rekey->duet, rekey->command);
    bool rekeyed = b->child_sas + b->rekeyed == before + 1;
    bench_insist(bench, rekeyed == (rekey->command != COMMAND_LIVENESS), "there is no new SA");
}

void rekey_cases(struct bench *bench)
{
    static struct rekey rekey;
    for (size_t x = 0; x < sizeof exchanges / sizeof exchanges[0]; x++) {
        for (unsigned role = 0; role < 2; role++) {
            if (!bench_begin(bench, "%s.%s", exchanges[x].name, roles[role])) {
                continue;
            }
            rekey.command = exchanges[x].command;
            duet_init(&rekey.duet, bench, "aes256gcm16-prfsha256-x25519", exchanges[x].esp);
            duet_start(&rekey.duet);
            duet_connect(&rekey.duet);
            rekey.duet.counted = role;
            bench_play(bench, 1, play_rekey, &rekey);
            duet_stop(&rekey.duet);
        }
    }
}
