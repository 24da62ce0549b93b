#ifndef CLOOP_H
#define CLOOP_H

// C_SignInit and C_Sign over 32 octets by CKM_ECDSA, in `threads` threads with a session each, `signatures` in each: the least that a program
// in C does. The module is initialized and somebody is logged in already.
// Returns the seconds that it took, or a negative number where a call failed.
double cloop_sign(const char *module, unsigned long slot, const unsigned char *id, unsigned long id_length, int threads, int signatures);

// The slot of the token with this label; all ones when there is none.
unsigned long cloop_slot(const char *module, const char *label);

#endif
