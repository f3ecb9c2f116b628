/* SPDX-License-Identifier: Apache-2.0 */
#include "print.h"

/* CTAP 2.1, 6: commands, and the names of their integer keys. */

static const char *const make_credential_request[] = { NULL, "clientDataHash", "rp", "user",
        "pubKeyCredParams", "excludeList", "extensions", "options", "pinUvAuthParam", "pinUvAuthProtocol",
        "enterpriseAttestation" };
static const char *const make_credential_response[] = { NULL, "fmt", "authData", "attStmt", "epAtt",
        "largeBlobKey" };
static const char *const get_assertion_request[] = { NULL, "rpId", "clientDataHash", "allowList",
        "extensions", "options", "pinUvAuthParam", "pinUvAuthProtocol" };
static const char *const get_assertion_response[] = { NULL, "credential", "authData", "signature", "user",
        "numberOfCredentials", "userSelected", "largeBlobKey" };
static const char *const get_info_response[] = { NULL, "versions", "extensions", "aaguid", "options",
        "maxMsgSize", "pinUvAuthProtocols", "maxCredentialCountInList", "maxCredentialIdLength", "transports",
        "algorithms", "maxSerializedLargeBlobArray", "forcePINChange", "minPINLength", "firmwareVersion",
        "maxCredBlobLength", "maxRPIDsForSetMinPINLength", "preferredPlatformUvAttempts", "uvModality",
        "certifications", "remainingDiscoverableCredentials", "vendorPrototypeConfigCommands" };
static const char *const client_pin_request[] = { NULL, "pinUvAuthProtocol", "subCommand", "keyAgreement",
        "pinUvAuthParam", "newPinEnc", "pinHashEnc", NULL, NULL, "permissions", "rpId" };
static const char *const client_pin_response[] = { NULL, "keyAgreement", "pinUvAuthToken", "pinRetries",
        "powerCycleState", "uvRetries" };
static const char *const bio_request[] = { NULL, "modality", "subCommand", "subCommandParams",
        "pinUvAuthProtocol", "pinUvAuthParam", "getModality" };
static const char *const bio_response[] = { NULL, "modality", "fingerprintKind", "maxCaptureSamples",
        "templateId", "lastEnrollSampleStatus", "remainingSamples", "templateInfos" };

static const char *const credentials_request[] = { NULL, "subCommand", "subCommandParams",
        "pinUvAuthProtocol", "pinUvAuthParam" };
static const char *const credentials_response[] = { NULL, "existingResidentCredentialsCount",
        "maxPossibleRemainingResidentCredentialsCount", "rp", "rpIDHash", "totalRPs", "user", "credentialID",
        "publicKey", "totalCredentials", "credProtect", "largeBlobKey", "thirdPartyPayment" };
static const char *const blobs_request[] = { NULL, "get", "set", "offset", "length", "pinUvAuthParam",
        "pinUvAuthProtocol" };
static const char *const blobs_response[] = { NULL, "config" };
static const char *const config_request[] = { NULL, "subCommand", "subCommandParams", "pinUvAuthProtocol",
        "pinUvAuthParam" };

static const char *const vendor_request[] = { NULL, "subCommand", "pinUvAuthProtocol", "keyAgreement",
        "secretEnc", "secretAuth", "hash", "file", "offset", "nonce", "number", "digest" };

#define NAMES(array)                                        \
        {                                                   \
                (array), sizeof(array) / sizeof((array)[0]) \
        }

static const struct command {
        uint8_t code;
        const char *name;
        struct print_names request, response;
} commands[] = {
        { 0x01, "authenticatorMakeCredential", NAMES(make_credential_request),
                NAMES(make_credential_response) },
        { 0x02, "authenticatorGetAssertion", NAMES(get_assertion_request), NAMES(get_assertion_response) },
        { 0x04, "authenticatorGetInfo", { NULL, 0 }, NAMES(get_info_response) },
        { 0x06, "authenticatorClientPIN", NAMES(client_pin_request), NAMES(client_pin_response) },
        { 0x07, "authenticatorReset", { NULL, 0 }, { NULL, 0 } },
        { 0x08, "authenticatorGetNextAssertion", { NULL, 0 }, NAMES(get_assertion_response) },
        { 0x09, "authenticatorBioEnrollment", NAMES(bio_request), NAMES(bio_response) },
        { 0x0A, "authenticatorCredentialManagement", NAMES(credentials_request),
                NAMES(credentials_response) },
        { 0x0B, "authenticatorSelection", { NULL, 0 }, { NULL, 0 } },
        { 0x0C, "authenticatorLargeBlobs", NAMES(blobs_request), NAMES(blobs_response) },
        { 0x0D, "authenticatorConfig", NAMES(config_request), { NULL, 0 } },
        { 0x40, "authenticatorBioEnrollment (preview)", NAMES(bio_request), NAMES(bio_response) },
        { 0x41, "authenticatorCredentialManagement (preview)", NAMES(credentials_request),
                NAMES(credentials_response) },
        { 0x4D, "vendor command of Mitome", NAMES(vendor_request), { NULL, 0 } },
};

static const struct {
        uint8_t code;
        const char *name;
} statuses[] = {
        { 0x00, "CTAP2_OK" },
        { 0x01, "CTAP1_ERR_INVALID_COMMAND" },
        { 0x02, "CTAP1_ERR_INVALID_PARAMETER" },
        { 0x03, "CTAP1_ERR_INVALID_LENGTH" },
        { 0x04, "CTAP1_ERR_INVALID_SEQ" },
        { 0x05, "CTAP1_ERR_TIMEOUT" },
        { 0x06, "CTAP1_ERR_CHANNEL_BUSY" },
        { 0x0A, "CTAP1_ERR_LOCK_REQUIRED" },
        { 0x0B, "CTAP1_ERR_INVALID_CHANNEL" },
        { 0x11, "CTAP2_ERR_CBOR_UNEXPECTED_TYPE" },
        { 0x12, "CTAP2_ERR_INVALID_CBOR" },
        { 0x14, "CTAP2_ERR_MISSING_PARAMETER" },
        { 0x15, "CTAP2_ERR_LIMIT_EXCEEDED" },
        { 0x17, "CTAP2_ERR_FP_DATABASE_FULL" },
        { 0x18, "CTAP2_ERR_LARGE_BLOB_STORAGE_FULL" },
        { 0x19, "CTAP2_ERR_CREDENTIAL_EXCLUDED" },
        { 0x21, "CTAP2_ERR_PROCESSING" },
        { 0x22, "CTAP2_ERR_INVALID_CREDENTIAL" },
        { 0x23, "CTAP2_ERR_USER_ACTION_PENDING" },
        { 0x24, "CTAP2_ERR_OPERATION_PENDING" },
        { 0x25, "CTAP2_ERR_NO_OPERATIONS" },
        { 0x26, "CTAP2_ERR_UNSUPPORTED_ALGORITHM" },
        { 0x27, "CTAP2_ERR_OPERATION_DENIED" },
        { 0x28, "CTAP2_ERR_KEY_STORE_FULL" },
        { 0x2B, "CTAP2_ERR_UNSUPPORTED_OPTION" },
        { 0x2C, "CTAP2_ERR_INVALID_OPTION" },
        { 0x2D, "CTAP2_ERR_KEEPALIVE_CANCEL" },
        { 0x2E, "CTAP2_ERR_NO_CREDENTIALS" },
        { 0x2F, "CTAP2_ERR_USER_ACTION_TIMEOUT" },
        { 0x30, "CTAP2_ERR_NOT_ALLOWED" },
        { 0x31, "CTAP2_ERR_PIN_INVALID" },
        { 0x32, "CTAP2_ERR_PIN_BLOCKED" },
        { 0x33, "CTAP2_ERR_PIN_AUTH_INVALID" },
        { 0x34, "CTAP2_ERR_PIN_AUTH_BLOCKED" },
        { 0x35, "CTAP2_ERR_PIN_NOT_SET" },
        { 0x36, "CTAP2_ERR_PUAT_REQUIRED" },
        { 0x37, "CTAP2_ERR_PIN_POLICY_VIOLATION" },
        { 0x39, "CTAP2_ERR_REQUEST_TOO_LARGE" },
        { 0x3A, "CTAP2_ERR_ACTION_TIMEOUT" },
        { 0x3B, "CTAP2_ERR_UP_REQUIRED" },
        { 0x3C, "CTAP2_ERR_UV_BLOCKED" },
        { 0x3D, "CTAP2_ERR_INTEGRITY_FAILURE" },
        { 0x3E, "CTAP2_ERR_INVALID_SUBCOMMAND" },
        { 0x3F, "CTAP2_ERR_UV_INVALID" },
        { 0x40, "CTAP2_ERR_UNAUTHORIZED_PERMISSION" },
        { 0x7F, "CTAP1_ERR_OTHER" },
};

static const struct command *command_of(uint8_t code)
{
        for (size_t i = 0; i < sizeof commands / sizeof commands[0]; i++)
                if (commands[i].code == code)
                        return &commands[i];
        return NULL;
}

static const char *status_name(uint8_t code)
{
        for (size_t i = 0; i < sizeof statuses / sizeof statuses[0]; i++)
                if (statuses[i].code == code)
                        return statuses[i].name;
        return NULL;
}

bool print_ctap_knows(bool request, uint8_t code)
{
        return request ? command_of(code) != NULL : status_name(code) != NULL;
}

void print_ctap(FILE *out, bool request, uint8_t command, slice message)
{
        reader r = reader_over(message, NULL, NULL);
        uint8_t first;
        if (failed(read_u8(&r, "CTAP message", &first))) {
                fputs("CTAP (empty message)\n", out);
                return;
        }
        const struct command *known = command_of(request ? first : command);
        const char *name = request ? (known ? known->name : NULL) : status_name(first);
        fprintf(out, "CTAP %s %s (0x%02x)", request ? ">" : "<",
                name      ? name
                : request ? "command"
                          : "status",
                first);
        const struct print_names none = { NULL, 0 };
        const struct print_names *names = !known ? &none : request ? &known->request : &known->response;
        if (r.rest.size) {
                fputc(' ', out);
                if (failed(print_cbor(out, r.rest, names, false, NULL))) {
                        fputs("not CBOR: ", out);
                        print_hex(out, r.rest, 32);
                }
        }
        fputc('\n', out);
}
