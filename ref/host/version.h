/* The one place that says which version this is. */
#ifndef IKEREF_HOST_VERSION_H
#define IKEREF_HOST_VERSION_H

#define IKEREF_VERSION "0.1.0"

#endif
