/*
 * The first process of a guest: makes its file system writable without touching the host's, then
 * runs commands and errands for the harness and tells their output and end.
 *
 * The root is a peer's root directory, read-only. A tmpfs lies over it (overlayfs), so that guests
 * share one root and leave nothing in it. The channel is a serial line, whose far end the harness
 * holds:
 *
 *     0                   4                   8    9
 *     | octets that follow| number of the job |kind| payload ...
 *
 * to the guest
 *     R  run: the count of arguments (2 octets), each ended by a zero, then its standard input
 *     K  signal the job's process group: the signal's number (1 octet); ends what M has begun
 *     W  write a file: its mode (2 octets), the path ended by a zero, then the content
 *     S  settings: paths and values, each ended by a zero; in a path, * stands for any name
 *     G  get a file: from which offset (8 octets), the path ended by a zero
 *     A  await a text: for how many milliseconds (4 octets), from which offset (8 octets), the path
 *        ended by a zero, then the text; without one, that the file is longer than the offset
 *     N  netlink: the family (2 octets), then messages, each with an answer that has an end
 *     M  monitor: the family (2 octets), the groups (4 octets); goes on until K
 *     C  clean: kills every program, and empties /run and /tmp
 * to the harness
 *     h  hello, ready
 *     o  standard output, or what was asked for
 *     e  standard error
 *     x  the end: exit status, or minus the signal, or minus 1000 minus errno (4 octets)
 *     c  how many octets of the job's frame, which is not whole yet, have come (4 octets)
 *
 * All numbers are big-endian, but for those inside netlink messages. A job's output comes before
 * its end. A long frame comes in pieces, the next one after a c: once the line's buffer of 4096
 * octets has been full, user-mode Linux reads no more from it.
 */

#include "agent.h"
#include "errand.h"
#include "outlet.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/random.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/reboot.h>
#include <sys/signalfd.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>

#define JOBS_MAX 32
#define ARGUMENTS_MAX 256
#define FRAME_MAX (1 << 20)
#define HEADER 9
#define CHANNEL "/dev/ttyS0"
#define MODULES "/mnt/modules.load"

struct job {
    bool used, ended;
    uint32_t number;
    pid_t pid; /* 0: no program, a monitor */
    int status;
    int output[2]; /* standard output and error; -1: closed */
};

static struct job jobs[JOBS_MAX];
static uint8_t frame[FRAME_MAX];
static size_t frame_length;
static int channel = -1;

/* The guest cannot go on: its last words are on the console, and the harness sees it end. */
static void die(const char *what)
{
    printf("guest agent: %s: %s\n", what, strerror(errno));
    fflush(stdout);
    sync();
    reboot(RB_POWER_OFF);
    _exit(1);
}

void send_frame(uint32_t number, char kind, const void *payload, size_t length)
{
    uint8_t out[HEADER + 65536];
    uint32_t be_length = htonl((uint32_t)length), be_number = htonl(number);
    memcpy(out, &be_length, 4);
    memcpy(out + 4, &be_number, 4);
    out[8] = (uint8_t)kind;
    memcpy(out + HEADER, payload, length);
    for (size_t done = 0; done < HEADER + length;) {
        ssize_t written = write(channel, out + done, HEADER + length - done);
        if (written < 0 && errno != EINTR) {
            die("the channel does not take more");
        }
        done += written > 0 ? (size_t)written : 0;
    }
}

void send_end(uint32_t number, int32_t status)
{
    uint32_t be = htonl((uint32_t)status);
    send_frame(number, 'x', &be, sizeof be);
}

void send_done(uint32_t number, int error)
{
    send_end(number, error == 0 ? 0 : EXIT_ERRNO - error);
}

static void mount_or_die(const char *source, const char *target, const char *type,
                         unsigned long flags, const char *options)
{
    if (mount(source, target, type, flags, options) != 0 && errno != EBUSY) {
        die(target);
    }
}

/* Runs one of the root's programs before there is a channel; a bad end shows in what follows. */
static void run_early(char *const argv[])
{
    pid_t pid = fork();
    if (pid == 0) {
        execv(argv[0], argv);
        _exit(127);
    }
    int status;
    if (pid < 0 || waitpid(pid, &status, 0) < 0 || status != 0) {
        printf("guest agent: %s did not end well\n", argv[0]);
    }
}

/* /mnt is the harness's: this program, a seed, the list of modules, and lib/modules. */
static void load_modules(void)
{
    static char words[4096];
    char *argv[64] = {"/sbin/modprobe", "-d", "/mnt", "-a"};
    size_t count = 4;
    int fd = open(MODULES, O_RDONLY | O_CLOEXEC);
    ssize_t length = fd < 0 ? -1 : read(fd, words, sizeof words - 1);
    if (length < 0) {
        die(MODULES);
    }
    close(fd);
    for (char *word = strtok(words, " \n"); word != NULL && count < 63;
         word = strtok(NULL, " \n")) {
        argv[count++] = word;
    }
    run_early(argv);
}

/* The guest has no source of its own that is quick; without this the first getrandom() waits. */
static void seed_random(void)
{
    struct {
        struct rand_pool_info info;
        uint8_t octets[64];
    } seed = {.info = {.entropy_count = 512, .buf_size = 64}};
    int from = open("/mnt/seed", O_RDONLY | O_CLOEXEC);
    int to = open("/dev/urandom", O_WRONLY | O_CLOEXEC);
    if (from < 0 || to < 0 || read(from, seed.octets, sizeof seed.octets) != sizeof seed.octets ||
        ioctl(to, RNDADDENTROPY, &seed) != 0) {
        die("seeding the random numbers");
    }
    close(from);
    close(to);
}

static void make_root(void)
{
    mount_or_die("proc", "/proc", "proc", 0, NULL);
    mount_or_die("devtmpfs", "/dev", "devtmpfs", 0, NULL);
    seed_random();
    load_modules();
    mount_or_die("tmpfs", "/srv", "tmpfs", 0, "mode=755");
    if (mkdir("/srv/upper", 0755) != 0 || mkdir("/srv/work", 0755) != 0 ||
        mkdir("/srv/root", 0755) != 0) {
        die("/srv");
    }
    mount_or_die("overlay", "/srv/root", "overlay", 0,
                 "lowerdir=/,upperdir=/srv/upper,workdir=/srv/work");
    /* Not chroot: the kernel's own modprobe is to see the new root, too. */
    if (syscall(SYS_pivot_root, "/srv/root", "/srv/root/media") != 0 || chdir("/") != 0) {
        die("/srv/root");
    }
    if (symlink("/mnt/lib/modules", "/lib/modules") != 0) {
        die("/lib/modules");
    }
    mount_or_die("proc", "/proc", "proc", 0, NULL);
    mount_or_die("sysfs", "/sys", "sysfs", 0, NULL);
    mount_or_die("devtmpfs", "/dev", "devtmpfs", 0, NULL);
    mount_or_die("tmpfs", "/run", "tmpfs", 0, "mode=755");
    mount_or_die("tmpfs", "/tmp", "tmpfs", 0, "mode=1777");
}

static void open_channel(void)
{
    struct termios raw;
    channel = open(CHANNEL, O_RDWR | O_NOCTTY | O_CLOEXEC);
    if (channel < 0 || tcgetattr(channel, &raw) != 0) {
        die(CHANNEL);
    }
    cfmakeraw(&raw);
    if (tcsetattr(channel, TCSANOW, &raw) != 0) {
        die(CHANNEL);
    }
}

static struct job *job_of(uint32_t number)
{
    for (size_t i = 0; i < JOBS_MAX; i++) {
        if (jobs[i].used && jobs[i].number == number) {
            return &jobs[i];
        }
    }
    return NULL;
}

static _Noreturn void become(char *argv[], int input, const int out[2], const int err[2])
{
    sigset_t none;
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
    setpgid(0, 0);
    dup2(input, 0);
    dup2(out[1], 1);
    dup2(err[1], 2);
    execvp(argv[0], argv);
    dprintf(2, "cannot run %s: %s\n", argv[0], strerror(errno));
    _exit(127);
}

/* The standard input is whole before the job starts, so nobody waits for anybody. */
static int input_of(const uint8_t *octets, size_t length)
{
    int fd = memfd_create("input", MFD_CLOEXEC);
    if (fd >= 0 && (write(fd, octets, length) != (ssize_t)length || lseek(fd, 0, SEEK_SET) != 0)) {
        close(fd);
        fd = -1;
    }
    return fd;
}

static struct job *free_job(void)
{
    for (size_t i = 0; i < JOBS_MAX; i++) {
        if (!jobs[i].used) {
            return &jobs[i];
        }
    }
    return NULL;
}

static void job_run(uint32_t number, uint8_t *payload, size_t length)
{
    char *argv[ARGUMENTS_MAX + 1] = {0};
    size_t count = length >= 2 ? (size_t)(payload[0] << 8 | payload[1]) : 0, at = 2;
    struct job *job = free_job();
    for (size_t i = 0; i < count && count <= ARGUMENTS_MAX; i++) {
        uint8_t *end = memchr(payload + at, 0, length - at);
        if (end == NULL) {
            count = 0;
            break;
        }
        argv[i] = (char *)payload + at;
        at = (size_t)(end - payload) + 1;
    }
    if (count == 0 || count > ARGUMENTS_MAX || job == NULL) {
        send_end(number, EXIT_ERRNO - (job == NULL ? EAGAIN : EINVAL));
        return;
    }
    int out[2], err[2], input = input_of(payload + at, length - at);
    if (input < 0 || pipe2(out, O_CLOEXEC) != 0 || pipe2(err, O_CLOEXEC) != 0) {
        die("no room for a job");
    }
    pid_t pid = fork();
    if (pid == 0) {
        become(argv, input, out, err);
    }
    if (pid > 0) {
        setpgid(pid, pid); /* the child does so too: a signal may come before it runs */
    }
    close(input);
    close(out[1]);
    close(err[1]);
    if (pid < 0) {
        close(out[0]);
        close(err[0]);
        send_end(number, EXIT_ERRNO - errno);
        return;
    }
    *job = (struct job){.used = true, .number = number, .pid = pid, .output = {out[0], err[0]}};
}

/* Passes on what there is; closes at the end. */
static void read_output(struct job *job, int which)
{
    uint8_t octets[32768];
    ssize_t got = read(job->output[which], octets, sizeof octets);
    if (got > 0) {
        send_frame(job->number, which == 0 ? 'o' : 'e', octets, (size_t)got);
    } else if (got == 0 || errno != EINTR) {
        close(job->output[which]);
        job->output[which] = -1;
    }
}

/* As init it also reaps what daemons have left behind. `options` as of waitpid(). */
static void reap(int options)
{
    int status;
    for (pid_t pid; (pid = waitpid(-1, &status, options)) > 0;) {
        for (size_t i = 0; i < JOBS_MAX; i++) {
            if (jobs[i].used && jobs[i].pid == pid) {
                jobs[i].ended = true;
                jobs[i].status = WIFSIGNALED(status) ? -WTERMSIG(status) : WEXITSTATUS(status);
            }
        }
    }
}

/* A child of the job may hold its output open for ever: what is there now is passed on, and no
 * more. */
static void end_jobs(void)
{
    for (size_t i = 0; i < JOBS_MAX; i++) {
        struct job *job = &jobs[i];
        if (!job->used || !job->ended) {
            continue;
        }
        for (int which = 0; which < 2; which++) {
            struct pollfd one = {.fd = job->output[which], .events = POLLIN};
            while (job->output[which] >= 0 && poll(&one, 1, 0) > 0) {
                read_output(job, which);
            }
            if (job->output[which] >= 0) {
                close(job->output[which]);
            }
        }
        send_end(job->number, job->status);
        job->used = false;
    }
}

static void job_monitor(uint32_t number, const uint8_t *payload, size_t length)
{
    struct job *job = free_job();
    int fd = job == NULL ? -EAGAIN : errand_listen(payload, length);
    if (fd < 0) {
        send_done(number, -fd);
        return;
    }
    *job = (struct job){.used = true, .number = number, .output = {fd, -1}};
}

static void job_signal(struct job *job, int number)
{
    if (job->pid > 0) {
        kill(-job->pid, number);
        return;
    }
    job->ended = true;
    end_jobs();
}

/* Every program goes, whoever started it, and is waited for. */
static int clean(void)
{
    kill(-1, SIGKILL);
    reap(0);
    for (size_t i = 0; i < JOBS_MAX; i++) {
        jobs[i].ended = jobs[i].used;
    }
    end_jobs();
    return errand_renew();
}

static void handle_frame(uint32_t number, char kind, uint8_t *payload, size_t length)
{
    struct job *job = job_of(number);
    switch (kind) {
    case 'R':
        job_run(number, payload, length);
        break;
    case 'K':
        if (job != NULL && !job->ended && length == 1) {
            job_signal(job, payload[0]);
        }
        break;
    case 'W':
        send_done(number, errand_write(payload, length));
        break;
    case 'S':
        send_done(number, errand_settings(payload, length));
        break;
    case 'G':
        errand_get(number, payload, length);
        break;
    case 'A':
        errand_await(number, payload, length);
        break;
    case 'N':
        errand_netlink(number, payload, length);
        break;
    case 'M':
        job_monitor(number, payload, length);
        break;
    case 'C':
        send_done(number, clean());
        break;
    default:
        errno = EPROTO;
        die("a frame of an unknown kind");
    }
}

static void read_channel(void)
{
    ssize_t got = read(channel, frame + frame_length, sizeof frame - frame_length);
    if (got <= 0) {
        if (got < 0 && errno == EINTR) {
            return;
        }
        die("the channel has ended");
    }
    frame_length += (size_t)got;
    while (frame_length >= HEADER) {
        uint32_t length, number;
        memcpy(&length, frame, 4);
        memcpy(&number, frame + 4, 4);
        length = ntohl(length);
        if (length > FRAME_MAX - HEADER) {
            errno = EMSGSIZE;
            die("a frame too long");
        }
        if (frame_length < HEADER + length) {
            break;
        }
        handle_frame(ntohl(number), (char)frame[8], frame + HEADER, length);
        frame_length -= HEADER + length;
        memmove(frame, frame + HEADER + length, frame_length);
    }
    if (frame_length >= HEADER) {
        uint32_t number, come = htonl((uint32_t)frame_length);
        memcpy(&number, frame + 4, 4);
        send_frame(ntohl(number), 'c', &come, sizeof come);
    }
}

static void serve(int children)
{
    for (;;) {
        struct pollfd polled[2 + 2 * JOBS_MAX];
        nfds_t count = 2;
        polled[0] = (struct pollfd){.fd = channel, .events = POLLIN};
        polled[1] = (struct pollfd){.fd = children, .events = POLLIN};
        for (size_t i = 0; i < JOBS_MAX; i++) {
            for (int which = 0; which < 2; which++) {
                polled[count++] = (struct pollfd){.fd = jobs[i].used ? jobs[i].output[which] : -1,
                                                  .events = POLLIN};
            }
        }
        if (poll(polled, count, errand_look()) < 0) {
            continue;
        }
        for (nfds_t i = 2; i < count; i++) {
            if (polled[i].fd >= 0 && polled[i].revents != 0) {
                read_output(&jobs[(i - 2) / 2], (int)(i % 2));
            }
        }
        if (polled[1].revents != 0) {
            struct signalfd_siginfo info;
            if (read(children, &info, sizeof info) > 0) {
                reap(WNOHANG);
            }
            end_jobs();
        }
        if (polled[0].revents != 0) {
            read_channel();
        }
    }
}

/* As the guest's first process, the agent; started by it, one of the tools that a guest lacks. */
int main(int count, char *words[])
{
    if (getpid() != 1) {
        return count > 1 && strcmp(words[1], "outlet") == 0 ? outlet_main(count - 2, words + 2) : 2;
    }
    static char *environment[] = {
        "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "HOME=/root",
        "LC_ALL=C.UTF-8", NULL};
    sigset_t mask;
    environ = environment;
    make_root();
    open_channel();
    sigemptyset(&mask);
    sigaddset(&mask, SIGCHLD);
    sigprocmask(SIG_BLOCK, &mask, NULL);
    int children = signalfd(-1, &mask, SFD_CLOEXEC);
    if (children < 0) {
        die("signalfd");
    }
    send_frame(0, 'h', "", 0);
    serve(children);
}
