#ifndef OUTLET_H
#define OUTLET_H

/* Runs one end of a flow inside the guest (outlet.c): udp|tcp STUB INSIDE PORT OUTER PORT [TARGET
 * PORT]. Returns the exit status; a UDP end runs until it is killed. */
int outlet_main(int count, char *words[]);

#endif
