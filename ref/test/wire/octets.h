/* Test vectors as hex text, in memory of exactly their size so that AddressSanitizer sees a read
 * past the end. */
#ifndef IKEREF_TEST_WIRE_OCTETS_H
#define IKEREF_TEST_WIRE_OCTETS_H

#include "base/bytes.h"
#include "base/writer.h"

/* The octets of "21 22 0000"; spaces are ignored. Free with octets_free. */
struct bytes octets_hex(const char *hex);

/* A copy in a malloc of exactly this length. Free with octets_free. */
struct bytes octets_copy(const void *data, size_t length);
void octets_free(struct bytes octets);

/* Fails the test unless the writer holds exactly this and has not overflown. */
void assert_written(const struct writer *w, const char *hex);

/* One input and what its parser must say. */
struct parse_case {
    const char *name;
    const char *hex;
    enum status expected;
};

typedef enum status (*parse_function)(struct bytes body);

/* Runs the parser over each case; fails the test and names the case when it says something else. */
void assert_parses(parse_function parse, const struct parse_case *cases, size_t count);

/* Cuts the octets at every length: below `minimum` they must be refused as INVALID_SYNTAX, from
 * there on accepted. For a payload without open-ended data, minimum is its full length. */
void assert_truncations(parse_function parse, const char *hex, size_t minimum);

#define CASES(table) table, sizeof(table) / sizeof(table)[0]

#endif
