/* Linked into a daemon that clang has instrumented (-fsanitize-coverage=trace-pc-guard): a file that several processes share
 * has one octet for each basic block, which is 1 once one of them has come there. The file is opened before main(), so
 * before the daemon gives up what it does not need. */

#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

static uint8_t *table;
static uint32_t blocks;

void __sanitizer_cov_trace_pc_guard_init(uint32_t *start, uint32_t *stop);
void __sanitizer_cov_trace_pc_guard(uint32_t *guard);
void __sanitizer_cov_pcs_init(const uintptr_t *start, const uintptr_t *stop);

void __sanitizer_cov_trace_pc_guard_init(uint32_t *start, uint32_t *stop)
{
    if (start == stop || *start != 0) {
        return; /* called once for each object, with the whole section each time */
    }
    for (uint32_t *guard = start; guard < stop; guard++) {
        *guard = ++blocks;
    }
    const char *name = getenv("IKELAB_REACH");
    int file = name != NULL ? open(name, O_RDWR | O_CREAT | O_CLOEXEC, 0600) : -1;
    if (file < 0 || ftruncate(file, (off_t)blocks) != 0) {
        return;
    }
    void *memory = mmap(NULL, blocks, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
    table = memory == MAP_FAILED ? NULL : memory;
    close(file);
}

void __sanitizer_cov_trace_pc_guard(uint32_t *guard)
{
    if (table != NULL && *guard != 0) {
        table[*guard - 1] = 1;
    }
}

/* Where the blocks are is read from the program's file. */
void __sanitizer_cov_pcs_init(const uintptr_t *start, const uintptr_t *stop)
{
    (void)start;
    (void)stop;
}
