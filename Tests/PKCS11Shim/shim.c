// A PKCS#11 module that stands before another one and fails as it is told: answers codes before or after the real call, hangs, loses
// sessions, forgets the login, takes the token away, spoils signatures, lies about counts, lengths and names. It counts calls and open sessions. Each copy of the library has a
// plan of its own; Tests/CustodyTests/Shim.swift tells it what to do. Linux.
#define _GNU_SOURCE
#include <dlfcn.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../../Sources/CPKCS11/pkcs11.h"

#define SHIMMED(X)                                                                                                                         \
    X(C_GetSlotList) X(C_GetTokenInfo) X(C_GetMechanismList) X(C_OpenSession) X(C_CloseSession) X(C_GetSessionInfo) X(C_Login)              \
    X(C_Logout) X(C_FindObjectsInit) X(C_FindObjects) X(C_FindObjectsFinal) X(C_GetAttributeValue) X(C_SignInit) X(C_Sign)                  \
    X(C_GenerateKeyPair) X(C_DestroyObject) X(C_GetMechanismInfo) X(C_Initialize) X(C_Finalize)

#define NUMBER(name) N_##name,
enum number { SHIMMED(NUMBER) FUNCTIONS };
#define NAME(name) #name,
static const char *const names[] = {SHIMMED(NAME)};

// What happens to calls number first…last of a function; counted from the plan.
struct plan {
    CK_RV code;
    long first, last;
    int after, hangs;
};

enum { MOST = 4096 };
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t released = PTHREAD_COND_INITIALIZER;
static CK_FUNCTION_LIST *real;
static CK_FUNCTION_LIST list;
static struct plan plans[FUNCTIONS];
static long calls[FUNCTIONS], since[FUNCTIONS];
static CK_SESSION_HANDLE sessions[MOST];
static long open_sessions, most_open, hanging, spoiled, faults;
static int away, raw_points, hangs_on;
// What is entered at the keypad that the token is said to have.
static CK_BYTE keyed[64];
static CK_ULONG keyed_length;
static unsigned rate;

// What it says instead of the truth, where `told` is set.
#define LIES(X)                                                                                                                            \
    X(slots) X(mechanisms) X(found) X(attribute_lengths) X(attributes_filled) X(booleans) X(point) X(signature) X(label) X(serial)           \
    X(most_sessions) X(session)
#define LIE(name) LIE_##name,
enum lie { LIES(LIE) LIE_COUNT };
static const char *const lie_names[] = {LIES(NAME)};
static struct {
    int told;
    unsigned long value;
} lies[LIE_COUNT];

static int tells(enum lie lie, unsigned long *value) {
    pthread_mutex_lock(&lock);
    int told = lies[lie].told;
    if (told) *value = lies[lie].value;
    pthread_mutex_unlock(&lock);
    return told;
}
static unsigned long long random_state = 88172645463325252ULL;

static unsigned long next_random(void) {
    random_state ^= random_state << 13;
    random_state ^= random_state >> 7;
    random_state ^= random_state << 17;
    return (unsigned long)(random_state >> 11);
}

static int number_of(const char *name) {
    for (int number = 0; number < FUNCTIONS; number++)
        if (strcmp(names[number], name) == 0) return number;
    return -1;
}

static void track(CK_SESSION_HANDLE session) {
    if (open_sessions < MOST) sessions[open_sessions++] = session;
    if (open_sessions > most_open) most_open = open_sessions;
}

static void untrack(CK_SESSION_HANDLE session) {
    for (long place = 0; place < open_sessions; place++)
        if (sessions[place] == session) {
            sessions[place] = sessions[--open_sessions];
            return;
        }
}

// What a call is to do: nothing but the real thing, or answer `code` before or after it.
struct fate {
    CK_RV code;
    int after, closes, logs_out;
};

static struct fate chance(enum number number) {
    static const CK_RV any[] = {0x5,  0x6,  0x30, 0x31, 0x32,  0x60, 0x82,       0x90, 0x91,
                                0xb0, 0xb3, 0xe0, 0x2,  0x101, 0x70, 0x80000001, 0x201};
    struct fate fate = {0};
    if (rate == 0 || number == N_C_GenerateKeyPair || number == N_C_DestroyObject || number == N_C_GetMechanismInfo ||
        number == N_C_Initialize || number == N_C_Finalize)
        return fate;
    if (next_random() % 10000 >= rate) return fate;
    faults++;
    fate.code = any[next_random() % (sizeof any / sizeof any[0])];
    // A session that was opened without a word is nobody's; and no PIN is ever said to be wrong.
    fate.after = number != N_C_OpenSession && number != N_C_Login && next_random() % 2;
    if (number == N_C_Login) fate.code = 0x30;
    // Nor is a session said to be gone that is there: nobody would close it a second time.
    if (number == N_C_CloseSession && fate.code == 0xb3) fate.after = 1;
    if (number == N_C_SignInit || number == N_C_Sign) {
        unsigned long kind = next_random() % 4;
        fate.closes = kind == 0;
        fate.logs_out = kind == 1;
    }
    return fate;
}

static struct fate decide(enum number number) {
    pthread_mutex_lock(&lock);
    struct plan *plan = &plans[number];
    struct fate fate = {0};
    calls[number]++;
    long call = ++since[number];
    if (plan->last != 0 && call >= plan->first && (plan->last < 0 || call <= plan->last)) {
        if (plan->hangs) {
            hanging++;
            while (hangs_on) pthread_cond_wait(&released, &lock);
            hanging--;
        } else {
            fate.code = plan->code;
            fate.after = plan->after;
        }
    } else {
        fate = chance(number);
    }
    pthread_mutex_unlock(&lock);
    return fate;
}

#define AROUND(name, session, call)                                                                                                        \
    struct fate fate = decide(N_##name);                                                                                                   \
    if (fate.closes) return lose(session);                                                                                                 \
    if (fate.logs_out) real->C_Logout(session);                                                                                            \
    if (fate.code != 0 && !fate.after && !fate.logs_out) return fate.code;                                                                 \
    CK_RV answer = (call);                                                                                                                 \
    if (fate.code != 0 && fate.after) return fate.code;

static CK_RV lose(CK_SESSION_HANDLE session) {
    if (real->C_CloseSession(session) == 0) {
        pthread_mutex_lock(&lock);
        untrack(session);
        pthread_mutex_unlock(&lock);
    }
    return 0xb3;
}

// Taken away by whoever loads this in tests, or as long as the file that ASSAY_SHIM_AWAY names is there.
static int is_away(void) {
    const char *file = getenv("ASSAY_SHIM_AWAY");
    if (file != NULL && access(file, F_OK) == 0) return 1;
    pthread_mutex_lock(&lock);
    int answer = away;
    pthread_mutex_unlock(&lock);
    return answer;
}

static CK_RV shim_C_Initialize(void *arguments) {
    AROUND(C_Initialize, 0, real->C_Initialize(arguments))
    return answer;
}

static CK_RV shim_C_Finalize(void *reserved) {
    AROUND(C_Finalize, 0, real->C_Finalize(reserved))
    if (answer == 0) {
        pthread_mutex_lock(&lock);
        open_sessions = 0;
        pthread_mutex_unlock(&lock);
    }
    return answer;
}

static CK_RV shim_C_GetSlotList(CK_BBOOL present, CK_SLOT_ID *slots, CK_ULONG *count) {
    AROUND(C_GetSlotList, 0, real->C_GetSlotList(present, slots, count))
    if (answer == 0 && is_away()) *count = 0;
    if (answer == 0) tells(LIE_slots, count);
    return answer;
}

static CK_RV shim_C_GetTokenInfo(CK_SLOT_ID slot, CK_TOKEN_INFO *info) {
    AROUND(C_GetTokenInfo, 0, is_away() ? 0xe0 : real->C_GetTokenInfo(slot, info))
    unsigned long octet;
    // A first octet that may be no UTF-8; one more in front.
    if (answer == 0 && tells(LIE_label, &octet)) info->label[0] = (unsigned char)octet;
    if (answer == 0 && tells(LIE_serial, &octet)) {
        memmove(info->serial + 1, info->serial, sizeof info->serial - 1);
        info->serial[0] = (unsigned char)octet;
    }
    if (answer == 0) tells(LIE_most_sessions, &info->max_sessions);
    if (answer == 0 && keyed_length > 0) info->flags |= 0x100;
    return answer;
}

static CK_RV shim_C_GetMechanismList(CK_SLOT_ID slot, CK_MECHANISM_TYPE *mechanisms, CK_ULONG *count) {
    CK_ULONG room = *count;
    AROUND(C_GetMechanismList, 0, real->C_GetMechanismList(slot, mechanisms, count))
    unsigned long wanted;
    if (answer == 0 && tells(LIE_mechanisms, &wanted)) {
        // As many as were promised, the first again and again.
        if (mechanisms != NULL)
            for (CK_ULONG place = *count; place < wanted && place < room; place++) mechanisms[place] = mechanisms[place % *count];
        *count = wanted;
    }
    return answer;
}

static CK_RV shim_C_GetMechanismInfo(CK_SLOT_ID slot, CK_MECHANISM_TYPE mechanism, CK_MECHANISM_INFO *info) {
    AROUND(C_GetMechanismInfo, 0, real->C_GetMechanismInfo(slot, mechanism, info))
    return answer;
}

static CK_RV shim_C_OpenSession(CK_SLOT_ID slot, CK_FLAGS flags, void *application, void *notify, CK_SESSION_HANDLE *session) {
    AROUND(C_OpenSession, 0, is_away() ? 0xe0 : real->C_OpenSession(slot, flags, application, notify, session))
    if (answer == 0) {
        unsigned long same;
        if (tells(LIE_session, &same)) {
            real->C_CloseSession(*session);
            *session = same;
            return 0;
        }
        pthread_mutex_lock(&lock);
        track(*session);
        pthread_mutex_unlock(&lock);
    }
    return answer;
}

static CK_RV close_really(CK_SESSION_HANDLE session) {
    CK_RV answer = real->C_CloseSession(session);
    if (answer == 0) {
        pthread_mutex_lock(&lock);
        untrack(session);
        pthread_mutex_unlock(&lock);
    }
    return answer;
}

static CK_RV shim_C_CloseSession(CK_SESSION_HANDLE session) {
    AROUND(C_CloseSession, session, close_really(session))
    return answer;
}

static CK_RV shim_C_GetSessionInfo(CK_SESSION_HANDLE session, CK_SESSION_INFO *info) {
    AROUND(C_GetSessionInfo, session, is_away() ? 0xe0 : real->C_GetSessionInfo(session, info))
    return answer;
}

static CK_RV shim_C_Login(CK_SESSION_HANDLE session, CK_ULONG user, CK_BYTE *pin, CK_ULONG length) {
    AROUND(C_Login, session,
           pin == NULL ? real->C_Login(session, user, keyed, keyed_length) : real->C_Login(session, user, pin, length))
    return answer;
}

static CK_RV shim_C_Logout(CK_SESSION_HANDLE session) {
    AROUND(C_Logout, session, real->C_Logout(session))
    return answer;
}

static CK_RV shim_C_FindObjectsInit(CK_SESSION_HANDLE session, CK_ATTRIBUTE *attributes, CK_ULONG count) {
    AROUND(C_FindObjectsInit, session, real->C_FindObjectsInit(session, attributes, count))
    return answer;
}

static CK_RV shim_C_FindObjects(CK_SESSION_HANDLE session, CK_OBJECT_HANDLE *objects, CK_ULONG most, CK_ULONG *count) {
    AROUND(C_FindObjects, session, real->C_FindObjects(session, objects, most, count))
    if (answer == 0 && *count > 0) tells(LIE_found, count);
    return answer;
}

static CK_RV shim_C_FindObjectsFinal(CK_SESSION_HANDLE session) {
    AROUND(C_FindObjectsFinal, session, real->C_FindObjectsFinal(session))
    return answer;
}

// An OCTET STRING around an EC point is taken off, as some modules give it.
static CK_RV attributes_really(CK_SESSION_HANDLE session, CK_OBJECT_HANDLE object, CK_ATTRIBUTE *attributes, CK_ULONG count) {
    CK_RV answer = real->C_GetAttributeValue(session, object, attributes, count);
    for (CK_ULONG place = 0; raw_points && place < count; place++) {
        CK_ATTRIBUTE *attribute = &attributes[place];
        CK_BYTE *octets = attribute->value;
        if (attribute->type != 0x181 || octets == NULL || attribute->length != 67) continue;
        memmove(octets, octets + 2, 65);
        attribute->length = 65;
    }
    unsigned long value;
    for (CK_ULONG place = 0; place < count; place++) {
        CK_ATTRIBUTE *attribute = &attributes[place];
        int is_boolean = attribute->length == 1;
        if (attribute->value == NULL) {
            if (tells(LIE_attribute_lengths, &value)) attribute->length = value;
        } else {
            if (attribute->type == 0x181 && attribute->length > 8 && tells(LIE_point, &value))
                ((CK_BYTE *)attribute->value)[attribute->length - 1] ^= (CK_BYTE)value;
            if (tells(LIE_attributes_filled, &value)) attribute->length = value;
        }
        if (is_boolean && tells(LIE_booleans, &value)) attribute->length = value;
    }
    return answer;
}

static CK_RV shim_C_GetAttributeValue(CK_SESSION_HANDLE session, CK_OBJECT_HANDLE object, CK_ATTRIBUTE *attributes, CK_ULONG count) {
    AROUND(C_GetAttributeValue, session, attributes_really(session, object, attributes, count))
    return answer;
}

static CK_RV shim_C_SignInit(CK_SESSION_HANDLE session, CK_MECHANISM *mechanism, CK_OBJECT_HANDLE key) {
    AROUND(C_SignInit, session, is_away() ? 0x32 : real->C_SignInit(session, mechanism, key))
    return answer;
}

// Where a program of its own loads this: dies in its next signature when the file that ASSAY_SHIM_CRASH names is there.
static void crash_if_told(void) {
    const char *file = getenv("ASSAY_SHIM_CRASH");
    if (file != NULL && unlink(file) == 0) abort();
}

static CK_RV shim_C_Sign(CK_SESSION_HANDLE session, CK_BYTE *data, CK_ULONG length, CK_BYTE *signature, CK_ULONG *signature_length) {
    crash_if_told();
    AROUND(C_Sign, session, is_away() ? 0x32 : real->C_Sign(session, data, length, signature, signature_length))
    pthread_mutex_lock(&lock);
    if (answer == 0 && spoiled > 0) {
        spoiled--;
        signature[*signature_length - 1] ^= 1;
    }
    pthread_mutex_unlock(&lock);
    if (answer == 0) tells(LIE_signature, signature_length);
    return answer;
}

static CK_RV shim_C_GenerateKeyPair(CK_SESSION_HANDLE session, CK_MECHANISM *mechanism, CK_ATTRIBUTE *public_attributes,
                                    CK_ULONG public_count, CK_ATTRIBUTE *private_attributes, CK_ULONG private_count,
                                    CK_OBJECT_HANDLE *public_key, CK_OBJECT_HANDLE *private_key) {
    AROUND(C_GenerateKeyPair, session,
           real->C_GenerateKeyPair(session, mechanism, public_attributes, public_count, private_attributes, private_count, public_key,
                                   private_key))
    return answer;
}

static CK_RV shim_C_DestroyObject(CK_SESSION_HANDLE session, CK_OBJECT_HANDLE object) {
    AROUND(C_DestroyObject, session, real->C_DestroyObject(session, object))
    return answer;
}

static CK_RV shim_C_GetFunctionList(CK_FUNCTION_LIST **functions) {
    *functions = &list;
    return 0;
}

int shim_load(const char *path);

CK_RV C_GetFunctionList(CK_FUNCTION_LIST **functions) {
    const char *path = getenv("ASSAY_SHIM_MODULE");
    if (real == NULL && path != NULL) shim_load(path);
    return real == NULL ? 0x5 : shim_C_GetFunctionList(functions);
}

// Before anything else: the module that does the work.
int shim_load(const char *path) {
    void *library = dlopen(path, RTLD_NOW | RTLD_LOCAL);
    CK_RV (*get)(CK_FUNCTION_LIST **) = NULL;
    if (library != NULL) *(void **)&get = dlsym(library, "C_GetFunctionList");
    if (get == NULL || get(&real) != 0) return 0;
    list = *real;
#define PUT(name) list.name = shim_##name;
    SHIMMED(PUT)
    list.C_GetFunctionList = shim_C_GetFunctionList;
    return 1;
}

// The calls after the next `skip` answer `code`, `times` of them, or all when it is below zero; `after`: when the real call was made.
void shim_plan(const char *name, CK_RV code, long skip, long times, int after) {
    int number = number_of(name);
    if (number < 0) return;
    pthread_mutex_lock(&lock);
    since[number] = 0;
    plans[number] = (struct plan){code, skip + 1, times < 0 ? -1 : times == 0 ? 0 : skip + times, after, 0};
    pthread_mutex_unlock(&lock);
}

void shim_hang(const char *name, long skip, long times) {
    shim_plan(name, 0, skip, times, 0);
    int number = number_of(name);
    if (number < 0) return;
    pthread_mutex_lock(&lock);
    plans[number].hangs = 1;
    hangs_on = 1;
    pthread_mutex_unlock(&lock);
}

void shim_release(void) {
    pthread_mutex_lock(&lock);
    hangs_on = 0;
    pthread_cond_broadcast(&released);
    pthread_mutex_unlock(&lock);
}

// Faults in so many of 10,000 calls.
void shim_random(unsigned per_10000, unsigned long long seed) {
    pthread_mutex_lock(&lock);
    rate = per_10000;
    random_state = seed | 1;
    pthread_mutex_unlock(&lock);
}

void shim_spoil(long signatures) {
    pthread_mutex_lock(&lock);
    spoiled = signatures;
    pthread_mutex_unlock(&lock);
}

void shim_raw_points(int raw) { raw_points = raw; }

// From now on it says `value` of this.
void shim_lie(const char *name, unsigned long value, int told) {
    for (int lie = 0; lie < LIE_COUNT; lie++) {
        if (strcmp(lie_names[lie], name) != 0) continue;
        pthread_mutex_lock(&lock);
        lies[lie].told = told;
        lies[lie].value = value;
        pthread_mutex_unlock(&lock);
    }
}

// The token has a keypad, and somebody enters this PIN at each login. Before anything else.
void shim_keypad(const char *pin) {
    keyed_length = strlen(pin) < sizeof keyed ? strlen(pin) : sizeof keyed;
    memcpy(keyed, pin, keyed_length);
}

// Closes every session behind its owner's back. Only while nobody calls.
void shim_lose_sessions(void) {
    pthread_mutex_lock(&lock);
    while (open_sessions > 0) real->C_CloseSession(sessions[--open_sessions]);
    pthread_mutex_unlock(&lock);
}

// Logs out behind everybody's back. Only while nobody calls.
void shim_log_out(void) {
    pthread_mutex_lock(&lock);
    if (open_sessions > 0) real->C_Logout(sessions[0]);
    pthread_mutex_unlock(&lock);
}

void shim_take_away(int is_away) {
    if (is_away) shim_lose_sessions();
    pthread_mutex_lock(&lock);
    away = is_away;
    pthread_mutex_unlock(&lock);
}

static long read_number(const long *number) {
    pthread_mutex_lock(&lock);
    long answer = *number;
    pthread_mutex_unlock(&lock);
    return answer;
}

long shim_calls(const char *name) {
    int number = number_of(name);
    return number < 0 ? -1 : read_number(&calls[number]);
}
long shim_sessions(void) { return read_number(&open_sessions); }
long shim_most_sessions(void) { return read_number(&most_open); }
long shim_hanging(void) { return read_number(&hanging); }
long shim_faults(void) { return read_number(&faults); }
