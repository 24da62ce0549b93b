#ifndef CLOOP_H
#define CLOOP_H

// Whether a signature (r and s) is good; called by the thread that made it.
typedef int (*cloop_check)(const void *context, const unsigned char *signature, unsigned long length);

// C_SignInit and C_Sign over a digest of 32 octets by CKM_ECDSA, in `threads` threads with a session each, `signatures` in each, each of them
// checked if `check` is not NULL: the least that a program in C does. The module is initialized and somebody is logged in already.
// Returns the seconds that it took, or a negative number where a call failed or a signature was not good.
double cloop_sign(
    const char *module, unsigned long slot, const unsigned char *id, unsigned long id_length, const unsigned char *digest, int threads,
    int signatures, cloop_check check, const void *context);

// The slot of the token with this label; all ones when there is none.
unsigned long cloop_slot(const char *module, const char *label);

#endif
