/* A configuration file of any octets: read whole, or refused with a sentence. */

#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "fuzz/input.h"
#include "host/config_file.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static int fd = -1;
    static char path[64];
    static struct host_config config;
    if (fd < 0) {
        fd = memfd_create("ikeref.conf", 0);
        (void)!fchmod(fd, S_IRUSR | S_IWUSR); /* it holds keys: nobody else may read it */
        snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
    }
    if (fd < 0 || ftruncate(fd, 0) != 0 || pwrite(fd, data, size, 0) != (ssize_t)size) {
        finding("no memory for the file");
    }
    struct problem problem = {0};
    bool good = config_file_read(path, &config, &problem);
    if (!good && (problem.code == EXIT_FINE || problem.text[0] == '\0')) {
        finding("a file is refused without a word");
    }
    if (good && (config.endpoint.peer_count > PEERS_MAX ||
                 (config.endpoint.peer_count > 0 && config.endpoint.peers == NULL))) {
        finding("a configuration with peers that are not there");
    }
    if (good) {
        host_config_wipe(&config);
    }
    return 0;
}
