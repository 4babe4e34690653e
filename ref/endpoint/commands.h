/* What the host asks for. */
#ifndef IKEREF_ENDPOINT_COMMANDS_H
#define IKEREF_ENDPOINT_COMMANDS_H

#include "sa/command.h"
#include "sa/sa_store.h"

enum status commands_execute(struct sa_store *store, const struct command *command);

#endif
