/* Wireshark's tables: "ikev2_decryption_table" (ISAKMP protocol preferences) and "esp_sa" (ESP).
 * The names of algorithms are those its own tables use. */
#include "host/key_log.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "host/log.h"

static const char *ike_cipher_name(const struct protection *p)
{
    switch (p->cipher->id) {
    case ENCR_AES_CBC:
        return p->key_bits == 128   ? "AES-CBC-128 [RFC3602]"
               : p->key_bits == 192 ? "AES-CBC-192 [RFC3602]"
                                    : "AES-CBC-256 [RFC3602]";
    case ENCR_AES_GCM_16:
        return p->key_bits == 128   ? "AES-GCM-128 with 16 octet ICV [RFC5282]"
               : p->key_bits == 192 ? "AES-GCM-192 with 16 octet ICV [RFC5282]"
                                    : "AES-GCM-256 with 16 octet ICV [RFC5282]";
    case ENCR_CHACHA20_POLY1305:
        return "ChaCha20-Poly1305 [RFC7634]";
    default:
        return NULL;
    }
}

/* Wireshark 4.0 does not know ChaCha20-Poly1305, and one line it does not know makes it refuse the
 * whole table: such a line becomes a comment in it, of use to other readers. */
static const char *line_prefix(const struct protection *p)
{
    return p->cipher->id == ENCR_CHACHA20_POLY1305 ? "# " : "";
}

static const char *ike_integrity_name(const struct protection *p)
{
    if (p->integrity == NULL) {
        return "NONE [RFC4306]";
    }
    switch (p->integrity->id) {
    case AUTH_HMAC_SHA1_96:
        return "HMAC_SHA1_96 [RFC2404]";
    case AUTH_HMAC_SHA2_256_128:
        return "HMAC_SHA2_256_128 [RFC4868]";
    case AUTH_HMAC_SHA2_384_192:
        return "HMAC_SHA2_384_192 [RFC4868]";
    case AUTH_HMAC_SHA2_512_256:
        return "HMAC_SHA2_512_256 [RFC4868]";
    default:
        return NULL;
    }
}

static const char *esp_cipher_name(const struct protection *p)
{
    switch (p->cipher->id) {
    case ENCR_NULL:
        return "NULL";
    case ENCR_AES_CBC:
        return "AES-CBC [RFC3602]";
    case ENCR_AES_GCM_16:
        return "AES-GCM with 16 octet ICV [RFC4106]";
    case ENCR_CHACHA20_POLY1305:
        return "ChaCha20-Poly1305 [RFC7634]";
    default:
        return NULL;
    }
}

static const char *esp_integrity_name(const struct protection *p)
{
    if (p->integrity == NULL) {
        return "NULL";
    }
    switch (p->integrity->id) {
    case AUTH_HMAC_SHA1_96:
        return "HMAC-SHA-1-96 [RFC2404]";
    case AUTH_HMAC_SHA2_256_128:
        return "HMAC-SHA-256-128 [RFC4868]";
    case AUTH_HMAC_SHA2_384_192:
        return "HMAC-SHA-384-192 [RFC4868]";
    case AUTH_HMAC_SHA2_512_256:
        return "HMAC-SHA-512-256 [RFC4868]";
    default:
        return NULL;
    }
}

#define KEY_TEXT_MAX (2 * SECRET_MAX + 3)

static char *key_format(const struct secret *key, const char *prefix, char out[KEY_TEXT_MAX])
{
    char *at = out + sprintf(out, "%s", key->length == 0 ? "" : prefix);
    for (size_t i = 0; i < key->length; i++) {
        at += sprintf(at, "%02x", key->data[i]);
    }
    *at = '\0';
    return out;
}

size_t key_log_format_ike(const struct ike_keys_info *keys, char out[KEY_LOG_LINE_MAX])
{
    const char *cipher = ike_cipher_name(&keys->protection);
    const char *integrity = ike_integrity_name(&keys->protection);
    if (cipher == NULL || integrity == NULL) {
        return 0;
    }
    char ei[KEY_TEXT_MAX], er[KEY_TEXT_MAX], ai[KEY_TEXT_MAX], ar[KEY_TEXT_MAX];
    int length = snprintf(
        out, KEY_LOG_LINE_MAX, "%s%016" PRIx64 ",%016" PRIx64 ",%s,%s,\"%s\",%s,%s,\"%s\"\n",
        line_prefix(&keys->protection), keys->spi_i, keys->spi_r, key_format(&keys->sk_ei, "", ei),
        key_format(&keys->sk_er, "", er), cipher, key_format(&keys->sk_ai, "", ai),
        key_format(&keys->sk_ar, "", ar), integrity);
    octets_wipe(ei, sizeof(ei));
    octets_wipe(er, sizeof(er));
    octets_wipe(ai, sizeof(ai));
    octets_wipe(ar, sizeof(ar));
    return (size_t)length;
}

/* The addresses are left open: behind a NAT, or after a roam, others are on the wire. The SPI is
 * enough. */
size_t key_log_format_esp(const struct child_sa_info *child, bool inbound,
                          char out[KEY_LOG_LINE_MAX])
{
    const char *cipher = esp_cipher_name(&child->protection);
    const char *integrity = esp_integrity_name(&child->protection);
    if (cipher == NULL || integrity == NULL) {
        return 0;
    }
    char encryption[KEY_TEXT_MAX], authentication[KEY_TEXT_MAX];
    key_format(inbound ? &child->encryption_in : &child->encryption_out, "0x", encryption);
    key_format(inbound ? &child->integrity_in : &child->integrity_out, "0x", authentication);
    int length = snprintf(
        out, KEY_LOG_LINE_MAX, "%s\"%s\",\"*\",\"*\",\"0x%08x\",\"%s\",\"%s\",\"%s\",\"%s\"\n",
        line_prefix(&child->protection),
        child->path.remote.ip.family == ADDRESS_V6 ? "IPv6" : "IPv4",
        inbound ? child->spi_in : child->spi_out, cipher, encryption, integrity, authentication);
    octets_wipe(encryption, sizeof(encryption));
    octets_wipe(authentication, sizeof(authentication));
    return (size_t)length;
}

static int file_open(const char *directory, const char *name)
{
    char path[512];
    snprintf(path, sizeof(path), "%s/%s", directory, name);
    return open(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NOFOLLOW, S_IRUSR | S_IWUSR);
}

bool key_log_open(struct key_log *log, const char *directory, struct problem *problem)
{
    log->ike_fd = log->esp_fd = -1;
    if (directory[0] == '\0') {
        return true;
    }
    if (mkdir(directory, S_IRWXU) != 0 && errno != EEXIST) {
        return problem_set(
            problem, EXIT_ENVIRONMENT,
            "cannot make the key log's directory %s: %s; name one that can be made, or remove "
            "key-log from the configuration",
            directory, strerror(errno));
    }
    log->ike_fd = file_open(directory, "ikev2_decryption_table");
    log->esp_fd = file_open(directory, "esp_sa");
    if (log->ike_fd < 0 || log->esp_fd < 0) {
        int error = errno;
        key_log_close(log);
        return problem_set(
            problem, EXIT_ENVIRONMENT,
            "cannot write the key log in %s: %s; make the directory writable or remove "
            "key-log from the configuration",
            directory, strerror(error));
    }
    log_warning("KEY LOG IS ON: every key is written to %s; whoever reads it reads all traffic",
                directory);
    return true;
}

void key_log_close(struct key_log *log)
{
    if (log->ike_fd >= 0) {
        close(log->ike_fd);
    }
    if (log->esp_fd >= 0) {
        close(log->esp_fd);
    }
    log->ike_fd = log->esp_fd = -1;
}

static void line_append(int fd, char line[KEY_LOG_LINE_MAX], size_t length)
{
    /* One write a line: a reader never sees half of one. A full disk costs the log, not the
     * traffic. */
    ssize_t written = length > 0 ? write(fd, line, length) : 0;
    if (written != (ssize_t)length) {
        int error = written < 0 ? errno : ENOSPC;
        off_t end = lseek(fd, 0, SEEK_END);
        bool whole = written <= 0 || (end >= written && ftruncate(fd, end - written) == 0);
        log_warning("the key log cannot be written (%s); keys are missing from it%s",
                    strerror(error), whole ? "" : ", and its last line is cut off");
    }
    octets_wipe(line, KEY_LOG_LINE_MAX);
}

void key_log_event(struct key_log *log, const struct event *event)
{
    char line[KEY_LOG_LINE_MAX];
    if (log->ike_fd < 0) {
        return;
    }
    if (event->type == EVENT_IKE_SA_KEYS) {
        line_append(log->ike_fd, line, key_log_format_ike(&event->ike_keys, line));
    } else if (event->type == EVENT_CHILD_SA_UP) {
        line_append(log->esp_fd, line, key_log_format_esp(&event->child, true, line));
        line_append(log->esp_fd, line, key_log_format_esp(&event->child, false, line));
    }
}
