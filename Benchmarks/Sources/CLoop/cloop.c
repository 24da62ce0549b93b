#define _GNU_SOURCE
#include "include/cloop.h"

#include <dlfcn.h>
#include <pthread.h>
#include <string.h>
#include <time.h>

#include "../../../Sources/CPKCS11/pkcs11.h"

static CK_FUNCTION_LIST *load(const char *module) {
    void *library = dlopen(module, RTLD_NOW | RTLD_LOCAL);
    CK_RV (*get)(CK_FUNCTION_LIST **) = NULL;
    CK_FUNCTION_LIST *list = NULL;
    if (library != NULL) *(void **)&get = dlsym(library, "C_GetFunctionList");
    return get != NULL && get(&list) == 0 ? list : NULL;
}

unsigned long cloop_slot(const char *module, const char *label) {
    CK_FUNCTION_LIST *p = load(module);
    CK_SLOT_ID slots[256];
    CK_ULONG count = 256;
    if (p == NULL || p->C_GetSlotList(1, slots, &count) != 0) return ~0UL;
    for (CK_ULONG number = 0; number < count; number++) {
        CK_TOKEN_INFO info;
        if (p->C_GetTokenInfo(slots[number], &info) == 0 && strncmp((char *)&info.label, label, strlen(label)) == 0) return slots[number];
    }
    return ~0UL;
}

struct work {
    CK_FUNCTION_LIST *p;
    CK_SESSION_HANDLE session;
    CK_OBJECT_HANDLE key;
    int signatures, failed;
    const unsigned char *digest;
    cloop_check check;
    const void *context;
};

static void *run(void *given) {
    struct work *work = given;
    CK_MECHANISM mechanism = {0x1041, NULL, 0};
    CK_BYTE digest[32], signature[256];
    memcpy(digest, work->digest, sizeof digest);
    for (int number = 0; number < work->signatures; number++) {
        CK_ULONG length = sizeof signature;
        if (work->p->C_SignInit(work->session, &mechanism, work->key) != 0
            || work->p->C_Sign(work->session, digest, sizeof digest, signature, &length) != 0
            || (work->check != NULL && !work->check(work->context, signature, length)))
            work->failed = 1;
    }
    return NULL;
}

double cloop_sign(
    const char *module, unsigned long slot, const unsigned char *id, unsigned long id_length, const unsigned char *digest, int threads,
    int signatures, cloop_check check, const void *context
) {
    CK_FUNCTION_LIST *p = load(module);
    struct work works[64];
    pthread_t handles[64];
    CK_ULONG class = 3;
    CK_ATTRIBUTE template[] = {{0, &class, sizeof class}, {0x102, (void *)id, id_length}};
    if (p == NULL || threads < 1 || threads > 64) return -1;
    for (int number = 0; number < threads; number++) {
        CK_ULONG found = 0;
        works[number] = (struct work){p, 0, 0, signatures, 0, digest, check, context};
        if (p->C_OpenSession(slot, 4, NULL, NULL, &works[number].session) != 0
            || p->C_FindObjectsInit(works[number].session, template, 2) != 0
            || p->C_FindObjects(works[number].session, &works[number].key, 1, &found) != 0
            || p->C_FindObjectsFinal(works[number].session) != 0 || found != 1)
            return -2;
    }
    struct timespec begin, end;
    clock_gettime(CLOCK_MONOTONIC, &begin);
    for (int number = 0; number < threads; number++) pthread_create(&handles[number], NULL, run, &works[number]);
    for (int number = 0; number < threads; number++) pthread_join(handles[number], NULL);
    clock_gettime(CLOCK_MONOTONIC, &end);
    int failed = 0;
    for (int number = 0; number < threads; number++) {
        failed |= works[number].failed;
        p->C_CloseSession(works[number].session);
    }
    return failed ? -3 : (double)(end.tv_sec - begin.tv_sec) + (double)(end.tv_nsec - begin.tv_nsec) / 1e9;
}
