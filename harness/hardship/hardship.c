/* Loaded into a daemon by a test (LD_PRELOAD): memory that cannot be had, and a calendar that somebody sets. What it is
 * to do stands in a page of memory that both share, the file that IKELAB_HARDSHIP names; harness/tests/hardship.py has
 * the same structure. Programs that the daemon starts are left alone. */
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#define NS_PER_S 1000000000LL

struct hardship {
    uint64_t asked;               /* how often memory was asked for */
    uint64_t fail_from, fail_to;  /* those in between get none; the first has number 0 */
    uint64_t failed;              /* how many got none */
    int64_t calendar_ns;          /* how far CLOCK_REALTIME is ahead */
    int64_t uptime_ns;            /* and CLOCK_BOOTTIME, by which SAs live */
};

/* glibc's own, under the names it gives to who replaces them. */
extern void *__libc_malloc(size_t size);
extern void *__libc_calloc(size_t count, size_t size);
extern void *__libc_realloc(void *old, size_t size);

static struct hardship *page;

__attribute__((constructor)) static void page_open(void)
{
    const char *path = getenv("IKELAB_HARDSHIP");
    int fd = path != NULL ? open(path, O_RDWR | O_CLOEXEC) : -1;
    unsetenv("LD_PRELOAD");
    if (fd >= 0) {
        void *found = mmap(NULL, sizeof(*page), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
        close(fd);
        page = found != MAP_FAILED ? found : NULL;
    }
}

static int refused(void)
{
    if (page == NULL) {
        return 0;
    }
    uint64_t number = page->asked++;
    if (number < page->fail_from || number >= page->fail_to) {
        return 0;
    }
    page->failed++;
    errno = ENOMEM;
    return 1;
}

void *malloc(size_t size)
{
    return refused() ? NULL : __libc_malloc(size);
}

void *calloc(size_t count, size_t size)
{
    return refused() ? NULL : __libc_calloc(count, size);
}

void *realloc(void *old, size_t size)
{
    return refused() ? NULL : __libc_realloc(old, size);
}

int clock_gettime(clockid_t clock, struct timespec *out)
{
    long result = syscall(SYS_clock_gettime, clock, out);
    bool shifts = clock == CLOCK_REALTIME || clock == CLOCK_BOOTTIME;
    if (result == 0 && shifts && page != NULL) {
        int64_t ahead_ns = clock == CLOCK_REALTIME ? page->calendar_ns : page->uptime_ns;
        int64_t ns = out->tv_sec * NS_PER_S + out->tv_nsec + ahead_ns;
        out->tv_sec = ns / NS_PER_S;
        out->tv_nsec = ns % NS_PER_S;
    }
    return (int)result;
}
