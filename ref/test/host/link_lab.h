/* Two interfaces joined back to back, in the network of the test's own (net_lab.h). */
#ifndef IKEREF_TEST_LINK_LAB_H
#define IKEREF_TEST_LINK_LAB_H

/* Makes both, up and without addresses, and waits, at most five seconds, until the kernel says that
 * they run: it tells a moment after they are up. */
void link_lab_join(const char *one, const char *other);

#endif
