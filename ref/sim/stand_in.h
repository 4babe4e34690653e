/* A key exchange that costs nothing, so that ten million rekeys fit into an afternoon. It keeps no
 * secret whatever; only a program that calls stand_in_register can ever negotiate it. */
#ifndef IKEREF_SIM_STAND_IN_H
#define IKEREF_SIM_STAND_IN_H

#define STAND_IN_A 40001 /* transform IDs of the private range, RFC 7296 3.3.2 */
#define STAND_IN_B 40002

/* Makes both known to this process, and nothing else that was registered before. */
void stand_in_register(void);

#endif
