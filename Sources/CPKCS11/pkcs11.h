// What Assay uses of PKCS #11 2.40 (OASIS), written from the standard: types, structures, and the function list, which every later
// version keeps as its beginning. Linux: natural alignment, CK_ULONG is a C long. Numbers have their places in Swift, beside their use.
#ifndef ASSAY_PKCS11_H
#define ASSAY_PKCS11_H

typedef unsigned char CK_BYTE;
typedef CK_BYTE CK_BBOOL;
typedef unsigned long CK_ULONG;
typedef CK_ULONG CK_FLAGS;
typedef CK_ULONG CK_RV;
typedef CK_ULONG CK_SLOT_ID;
typedef CK_ULONG CK_SESSION_HANDLE;
typedef CK_ULONG CK_OBJECT_HANDLE;
typedef CK_ULONG CK_MECHANISM_TYPE;
typedef CK_ULONG CK_ATTRIBUTE_TYPE;

typedef struct { CK_BYTE major, minor; } CK_VERSION;

// Text is padded with blanks and has no NUL at its end.
typedef struct {
    CK_VERSION cryptoki_version;
    CK_BYTE manufacturer[32];
    CK_FLAGS flags;
    CK_BYTE library_description[32];
    CK_VERSION library_version;
} CK_INFO;

typedef struct {
    CK_BYTE description[64];
    CK_BYTE manufacturer[32];
    CK_FLAGS flags;
    CK_VERSION hardware_version, firmware_version;
} CK_SLOT_INFO;

typedef struct {
    CK_BYTE label[32];
    CK_BYTE manufacturer[32];
    CK_BYTE model[16];
    CK_BYTE serial[16];
    CK_FLAGS flags;
    CK_ULONG max_sessions, sessions, max_rw_sessions, rw_sessions;
    CK_ULONG max_pin_length, min_pin_length;
    CK_ULONG total_public_memory, free_public_memory, total_private_memory, free_private_memory;
    CK_VERSION hardware_version, firmware_version;
    CK_BYTE utc_time[16];
} CK_TOKEN_INFO;

typedef struct {
    CK_SLOT_ID slot;
    CK_ULONG state;
    CK_FLAGS flags;
    CK_ULONG device_error;
} CK_SESSION_INFO;

typedef struct {
    CK_ATTRIBUTE_TYPE type;
    void *value;
    CK_ULONG length;
} CK_ATTRIBUTE;

typedef struct {
    CK_MECHANISM_TYPE mechanism;
    void *parameter;
    CK_ULONG parameter_length;
} CK_MECHANISM;

typedef struct {
    CK_ULONG min_key_size, max_key_size;
    CK_FLAGS flags;
} CK_MECHANISM_INFO;

typedef struct {
    CK_MECHANISM_TYPE hash;
    CK_ULONG mgf;
    CK_ULONG salt_length;
} CK_RSA_PKCS_PSS_PARAMS;

typedef struct {
    CK_BYTE *iv;
    CK_ULONG iv_length;
    CK_ULONG iv_bits;
    CK_BYTE *associated;
    CK_ULONG associated_length;
    CK_ULONG tag_bits;
} CK_GCM_PARAMS;

typedef struct {
    CK_RV (*create_mutex)(void **mutex);
    CK_RV (*destroy_mutex)(void *mutex);
    CK_RV (*lock_mutex)(void *mutex);
    CK_RV (*unlock_mutex)(void *mutex);
    CK_FLAGS flags;
    void *reserved;
} CK_C_INITIALIZE_ARGS;

typedef struct CK_FUNCTION_LIST {
    CK_VERSION version;
    CK_RV (*C_Initialize)(void *arguments);
    CK_RV (*C_Finalize)(void *reserved);
    CK_RV (*C_GetInfo)(CK_INFO *info);
    CK_RV (*C_GetFunctionList)(struct CK_FUNCTION_LIST **list);
    CK_RV (*C_GetSlotList)(CK_BBOOL token_present, CK_SLOT_ID *slots, CK_ULONG *count);
    CK_RV (*C_GetSlotInfo)(CK_SLOT_ID slot, CK_SLOT_INFO *info);
    CK_RV (*C_GetTokenInfo)(CK_SLOT_ID slot, CK_TOKEN_INFO *info);
    CK_RV (*C_GetMechanismList)(CK_SLOT_ID slot, CK_MECHANISM_TYPE *mechanisms, CK_ULONG *count);
    CK_RV (*C_GetMechanismInfo)(CK_SLOT_ID slot, CK_MECHANISM_TYPE mechanism, CK_MECHANISM_INFO *info);
    CK_RV (*C_InitToken)(CK_SLOT_ID slot, CK_BYTE *pin, CK_ULONG pin_length, CK_BYTE *label);
    CK_RV (*C_InitPIN)(CK_SESSION_HANDLE session, CK_BYTE *pin, CK_ULONG pin_length);
    CK_RV (*C_SetPIN)(CK_SESSION_HANDLE session, CK_BYTE *old, CK_ULONG old_length, CK_BYTE *pin, CK_ULONG pin_length);
    CK_RV (*C_OpenSession)(CK_SLOT_ID slot, CK_FLAGS flags, void *application, void *notify, CK_SESSION_HANDLE *session);
    CK_RV (*C_CloseSession)(CK_SESSION_HANDLE session);
    CK_RV (*C_CloseAllSessions)(CK_SLOT_ID slot);
    CK_RV (*C_GetSessionInfo)(CK_SESSION_HANDLE session, CK_SESSION_INFO *info);
    CK_RV (*C_GetOperationState)(CK_SESSION_HANDLE session, CK_BYTE *state, CK_ULONG *length);
    CK_RV (*C_SetOperationState)(CK_SESSION_HANDLE session, CK_BYTE *state, CK_ULONG length, CK_OBJECT_HANDLE encryption,
        CK_OBJECT_HANDLE authentication);
    CK_RV (*C_Login)(CK_SESSION_HANDLE session, CK_ULONG user, CK_BYTE *pin, CK_ULONG pin_length);
    CK_RV (*C_Logout)(CK_SESSION_HANDLE session);
    CK_RV (*C_CreateObject)(CK_SESSION_HANDLE session, CK_ATTRIBUTE *attributes, CK_ULONG count, CK_OBJECT_HANDLE *object);
    CK_RV (*C_CopyObject)(CK_SESSION_HANDLE session, CK_OBJECT_HANDLE object, CK_ATTRIBUTE *attributes, CK_ULONG count, CK_OBJECT_HANDLE
        *copy);
    CK_RV (*C_DestroyObject)(CK_SESSION_HANDLE session, CK_OBJECT_HANDLE object);
    CK_RV (*C_GetObjectSize)(CK_SESSION_HANDLE session, CK_OBJECT_HANDLE object, CK_ULONG *size);
    CK_RV (*C_GetAttributeValue)(CK_SESSION_HANDLE session, CK_OBJECT_HANDLE object, CK_ATTRIBUTE *attributes, CK_ULONG count);
    CK_RV (*C_SetAttributeValue)(CK_SESSION_HANDLE session, CK_OBJECT_HANDLE object, CK_ATTRIBUTE *attributes, CK_ULONG count);
    CK_RV (*C_FindObjectsInit)(CK_SESSION_HANDLE session, CK_ATTRIBUTE *attributes, CK_ULONG count);
    CK_RV (*C_FindObjects)(CK_SESSION_HANDLE session, CK_OBJECT_HANDLE *objects, CK_ULONG most, CK_ULONG *count);
    CK_RV (*C_FindObjectsFinal)(CK_SESSION_HANDLE session);
    CK_RV (*C_EncryptInit)(CK_SESSION_HANDLE session, CK_MECHANISM *mechanism, CK_OBJECT_HANDLE key);
    CK_RV (*C_Encrypt)(CK_SESSION_HANDLE session, CK_BYTE *data, CK_ULONG length, CK_BYTE *output, CK_ULONG *output_length);
    CK_RV (*C_EncryptUpdate)(CK_SESSION_HANDLE session, CK_BYTE *data, CK_ULONG length, CK_BYTE *output, CK_ULONG *output_length);
    CK_RV (*C_EncryptFinal)(CK_SESSION_HANDLE session, CK_BYTE *output, CK_ULONG *output_length);
    CK_RV (*C_DecryptInit)(CK_SESSION_HANDLE session, CK_MECHANISM *mechanism, CK_OBJECT_HANDLE key);
    CK_RV (*C_Decrypt)(CK_SESSION_HANDLE session, CK_BYTE *data, CK_ULONG length, CK_BYTE *output, CK_ULONG *output_length);
    CK_RV (*C_DecryptUpdate)(CK_SESSION_HANDLE session, CK_BYTE *data, CK_ULONG length, CK_BYTE *output, CK_ULONG *output_length);
    CK_RV (*C_DecryptFinal)(CK_SESSION_HANDLE session, CK_BYTE *output, CK_ULONG *output_length);
    CK_RV (*C_DigestInit)(CK_SESSION_HANDLE session, CK_MECHANISM *mechanism);
    CK_RV (*C_Digest)(CK_SESSION_HANDLE session, CK_BYTE *data, CK_ULONG length, CK_BYTE *digest, CK_ULONG *digest_length);
    CK_RV (*C_DigestUpdate)(CK_SESSION_HANDLE session, CK_BYTE *data, CK_ULONG length);
    CK_RV (*C_DigestKey)(CK_SESSION_HANDLE session, CK_OBJECT_HANDLE key);
    CK_RV (*C_DigestFinal)(CK_SESSION_HANDLE session, CK_BYTE *digest, CK_ULONG *digest_length);
    CK_RV (*C_SignInit)(CK_SESSION_HANDLE session, CK_MECHANISM *mechanism, CK_OBJECT_HANDLE key);
    CK_RV (*C_Sign)(CK_SESSION_HANDLE session, CK_BYTE *data, CK_ULONG length, CK_BYTE *signature, CK_ULONG *signature_length);
    CK_RV (*C_SignUpdate)(CK_SESSION_HANDLE session, CK_BYTE *data, CK_ULONG length);
    CK_RV (*C_SignFinal)(CK_SESSION_HANDLE session, CK_BYTE *signature, CK_ULONG *signature_length);
    CK_RV (*C_SignRecoverInit)(CK_SESSION_HANDLE session, CK_MECHANISM *mechanism, CK_OBJECT_HANDLE key);
    CK_RV (*C_SignRecover)(CK_SESSION_HANDLE session, CK_BYTE *data, CK_ULONG length, CK_BYTE *signature, CK_ULONG *signature_length);
    CK_RV (*C_VerifyInit)(CK_SESSION_HANDLE session, CK_MECHANISM *mechanism, CK_OBJECT_HANDLE key);
    CK_RV (*C_Verify)(CK_SESSION_HANDLE session, CK_BYTE *data, CK_ULONG length, CK_BYTE *signature, CK_ULONG signature_length);
    CK_RV (*C_VerifyUpdate)(CK_SESSION_HANDLE session, CK_BYTE *data, CK_ULONG length);
    CK_RV (*C_VerifyFinal)(CK_SESSION_HANDLE session, CK_BYTE *signature, CK_ULONG signature_length);
    CK_RV (*C_VerifyRecoverInit)(CK_SESSION_HANDLE session, CK_MECHANISM *mechanism, CK_OBJECT_HANDLE key);
    CK_RV (*C_VerifyRecover)(CK_SESSION_HANDLE session, CK_BYTE *signature, CK_ULONG signature_length, CK_BYTE *data, CK_ULONG *length);
    CK_RV (*C_DigestEncryptUpdate)(CK_SESSION_HANDLE session, CK_BYTE *data, CK_ULONG length, CK_BYTE *output, CK_ULONG *output_length);
    CK_RV (*C_DecryptDigestUpdate)(CK_SESSION_HANDLE session, CK_BYTE *data, CK_ULONG length, CK_BYTE *output, CK_ULONG *output_length);
    CK_RV (*C_SignEncryptUpdate)(CK_SESSION_HANDLE session, CK_BYTE *data, CK_ULONG length, CK_BYTE *output, CK_ULONG *output_length);
    CK_RV (*C_DecryptVerifyUpdate)(CK_SESSION_HANDLE session, CK_BYTE *data, CK_ULONG length, CK_BYTE *output, CK_ULONG *output_length);
    CK_RV (*C_GenerateKey)(CK_SESSION_HANDLE session, CK_MECHANISM *mechanism, CK_ATTRIBUTE *attributes, CK_ULONG count,
        CK_OBJECT_HANDLE *key);
    CK_RV (*C_GenerateKeyPair)(CK_SESSION_HANDLE session, CK_MECHANISM *mechanism, CK_ATTRIBUTE *public_attributes, CK_ULONG
        public_count, CK_ATTRIBUTE *private_attributes, CK_ULONG private_count, CK_OBJECT_HANDLE *public_key, CK_OBJECT_HANDLE
        *private_key);
    CK_RV (*C_WrapKey)(CK_SESSION_HANDLE session, CK_MECHANISM *mechanism, CK_OBJECT_HANDLE wrapping, CK_OBJECT_HANDLE key, CK_BYTE
        *wrapped, CK_ULONG *length);
    CK_RV (*C_UnwrapKey)(CK_SESSION_HANDLE session, CK_MECHANISM *mechanism, CK_OBJECT_HANDLE wrapping, CK_BYTE *wrapped, CK_ULONG
        length, CK_ATTRIBUTE *attributes, CK_ULONG count, CK_OBJECT_HANDLE *key);
    CK_RV (*C_DeriveKey)(CK_SESSION_HANDLE session, CK_MECHANISM *mechanism, CK_OBJECT_HANDLE base, CK_ATTRIBUTE *attributes, CK_ULONG
        count, CK_OBJECT_HANDLE *key);
    CK_RV (*C_SeedRandom)(CK_SESSION_HANDLE session, CK_BYTE *seed, CK_ULONG length);
    CK_RV (*C_GenerateRandom)(CK_SESSION_HANDLE session, CK_BYTE *random, CK_ULONG length);
    CK_RV (*C_GetFunctionStatus)(CK_SESSION_HANDLE session);
    CK_RV (*C_CancelFunction)(CK_SESSION_HANDLE session);
    CK_RV (*C_WaitForSlotEvent)(CK_FLAGS flags, CK_SLOT_ID *slot, void *reserved);
} CK_FUNCTION_LIST;

_Static_assert(sizeof(CK_TOKEN_INFO) == 208 && sizeof(CK_ATTRIBUTE) == 24 && sizeof(CK_GCM_PARAMS) == 48, "the layout is that of 64-bit Linux");
_Static_assert(sizeof(CK_FUNCTION_LIST) == 8 + 68 * sizeof(void *), "the function list of 2.40 has 68 members");

#endif
