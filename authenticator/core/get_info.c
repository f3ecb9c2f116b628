/* SPDX-License-Identifier: Apache-2.0 */
#include "core_internal.h"

/* authenticatorGetInfo (CTAP 2.1, 6.4), from what the element says of itself. */

/* What is announced must be sendable: a full list of credentials as a platform writes them
 * ({"id": 32 bytes, "type": "public-key"}), with all that goes along with it, in one message. */
enum { DESCRIPTOR_SIZE = 1 + 3 + 2 + CORE_CREDENTIAL_ID_SIZE + 5 + 11, BESIDE_LIST = 1024 };
_Static_assert(CORE_LIST_MAX *DESCRIPTOR_SIZE + BESIDE_LIST <= CORE_MESSAGE_MAX,
        "maxCredentialCountInList x maxCredentialIdLength does not fit maxMsgSize");

typedef void write_member(writer *w, const struct core *core);
typedef bool applies(const struct core *core);

static bool always(const struct core *core)
{
        (void)core;
        return true;
}

static bool paired(const struct core *core)
{
        return core->state.paired;
}

static bool finger_open(const struct core *core)
{
        return core->state.finger_open;
}

static bool enrolled(const struct core *core)
{
        return core->state.enrolled;
}

static bool enterprise(const struct core *core)
{
        return core->state.enterprise;
}

static bool enterprise_list(const struct core *core)
{
        return core->state.enterprise_list || core->state.enterprise;
}

static bool pin_set(const struct core *core)
{
        return core->state.pin_set;
}

static bool always_uv(const struct core *core)
{
        return core->state.always_uv;
}

static bool not_always_uv(const struct core *core)
{
        return !core->state.always_uv;
}

static bool has_blobs(const struct core *core)
{
        return core->config.blobs;
}

static bool in_the_platform(const struct core *core)
{
        return core->caller == CORE_CALLER_APP;
}

static bool over_usb(const struct core *core)
{
        return core->config.transports & MITOME_TRANSPORT_USB;
}

static bool over_nfc(const struct core *core)
{
        return core->config.transports & MITOME_TRANSPORT_NFC;
}

static bool over_contacts(const struct core *core)
{
        return core->config.transports & MITOME_TRANSPORT_SMART_CARD;
}

static bool internal(const struct core *core)
{
        return core->config.transports & MITOME_TRANSPORT_INTERNAL;
}

static bool certificate(const struct core *core)
{
        return core->state.enterprise && core->state.certificate;
}

/* Without the person's certificate even a listed relying party gets the model's. */
static bool shows_person(const struct core *core)
{
        return core->state.enterprise && core->state.personalised;
}

static bool has_transports(const struct core *core)
{
        return core->config.transports != 0;
}

static bool has_identifier(const struct core *core)
{
        return core->state.enc_identifier.size > 0;
}

static bool has_store_state(const struct core *core)
{
        return core->state.enc_store_state.size > 0;
}

/* ---- lists of texts, of which some are shown only now and then ---- */

struct shown_text {
        const char *text;
        applies *shown;
};

static void write_texts(writer *w, const struct core *core, const struct shown_text *texts, size_t count)
{
        size_t shown = 0;
        for (size_t i = 0; i < count; i++)
                shown += texts[i].shown(core);
        cbor_write_array(w, shown);
        for (size_t i = 0; i < count; i++) {
                if (texts[i].shown(core))
                        cbor_write_string(w, texts[i].text);
        }
}

/* [7.2.4] with alwaysUv there is no U2F */
static void write_versions(writer *w, const struct core *core)
{
        static const struct shown_text versions[] = { { "U2F_V2", not_always_uv }, { "FIDO_2_0", always },
                { "FIDO_2_1_PRE", always }, { "FIDO_2_1", always }, { "FIDO_2_2", always },
                { "FIDO_2_3", always } };
        write_texts(w, core, versions, sizeof versions / sizeof *versions);
}

static void write_extensions(writer *w, const struct core *core)
{
        static const struct shown_text extensions[] = { { "credBlob", always }, { "credProtect", always },
                { "hmac-secret", always }, { "mitome-jpki", always }, { "largeBlobKey", has_blobs },
                { "minPinLength", always }, { "hmac-secret-mc", always }, { "thirdPartyPayment", always },
                { "pinComplexityPolicy", always } };
        write_texts(w, core, extensions, sizeof extensions / sizeof *extensions);
}

static void write_transports(writer *w, const struct core *core)
{
        static const struct shown_text transports[] = { { "nfc", over_nfc }, { "usb", over_usb },
                { "smart-card", over_contacts }, { "internal", internal } };
        write_texts(w, core, transports, sizeof transports / sizeof *transports);
}

static void write_formats(writer *w, const struct core *core)
{
        static const struct shown_text formats[] = { { "packed", always }, { "mitome-jpki", shows_person },
                { "none", always } };
        write_texts(w, core, formats, sizeof formats / sizeof *formats);
}

/* Not over a contactless interface: what cannot be undone wants somebody who holds the device.
 */
static void write_reset_transports(writer *w, const struct core *core)
{
        static const struct shown_text transports[] = { { "usb", over_usb }, { "smart-card", over_contacts },
                { "internal", internal } };
        write_texts(w, core, transports, sizeof transports / sizeof *transports);
}

/* ---- options, in canonical order ---- */

static const struct {
        const char *name;
        applies *shown;
        applies *value;
} options[] = {
        /* [6.4 ep] [7.1] only the management station writes the list: to a host that could not, it is there
         * or it is not */
        { "ep", enterprise_list, enterprise },
        /* [6.4 up] is left out: its default is true. Named, a suite of CTAP 2.0's time takes it for a promise
         * to refuse the option in makeCredential. */
        { "rk", always, always },              /* [6.4 rk] credentials may be discoverable */
        { "uv", paired, finger_open },         /* [6.4 uv] there is a sensor, and a finger that opens */
        { "plat", always, in_the_platform },   /* [6.4 plat] only to the program that it is a part of */
        { "alwaysUv", always, always_uv },     /* [6.4 alwaysUv] can be switched, and is on */
        { "credMgmt", always, always },        /* [6.4 credMgmt] [6.8.1] credentials can be managed */
        { "authnrCfg", always, always },       /* [6.4 authnrCfg] it can be configured */
        { "bioEnroll", paired, enrolled },     /* [6.4 bioEnroll] [6.7.1] a sensor, and a set of fingers */
        { "clientPin", always, pin_set },      /* [6.4 clientPin] there can be a PIN, and is one */
        { "largeBlobs", always, has_blobs },   /* [6.4 largeBlobs] [6.10.1] the array has a place */
        { "perCredMgmtRO", always, always },   /* [2.2 6.4 perCredMgmtRO] a token may only read, and last */
        { "pinUvAuthToken", always, always },  /* [6.4 pinUvAuthToken] tokens have permissions */
        { "setMinPINLength", always, always }, /* [6.4 setMinPINLength] [7.4.1] the minimum can grow */
        /* [6.4 makeCredUvNotRqd] absent: who has a PIN or a finger is verified before anything is made for
         * them, discoverable or not */
        /* [6.4 credentialMgmtPreview] is taken by 0x41, as FIDO_2_1_PRE has it */
        { "credentialMgmtPreview", always, always },
        /* [6.4 userVerificationMgmtPreview] is taken by 0x40, as FIDO_2_1_PRE has it */
        { "userVerificationMgmtPreview", paired, enrolled },
};

/* [6.4 uvBioEnroll] [6.4 uvAcfg] absent: a finger alone changes neither fingers nor configuration.
 * [6.4 noMcGaPermissionsWithClientPin] absent: a PIN gives those permissions. */
static void write_options(writer *w, const struct core *core)
{
        size_t count = 0;
        for (size_t i = 0; i < sizeof options / sizeof *options; i++)
                count += options[i].shown(core);
        cbor_write_map(w, count);
        for (size_t i = 0; i < sizeof options / sizeof *options; i++) {
                if (!options[i].shown(core))
                        continue;
                cbor_write_string(w, options[i].name);
                cbor_write_bool(w, options[i].value(core));
        }
}

/* ---- the other members ---- */

static void write_aaguid(writer *w, const struct core *core)
{
        cbor_write_bytes(w, SLICE(core->state.aaguid));
}

static void write_message_max(writer *w, const struct core *core)
{
        (void)core;
        cbor_write_uint(w, CORE_MESSAGE_MAX);
}

static void write_protocols(writer *w, const struct core *core)
{
        (void)core;
        cbor_write_array(w, 2);
        cbor_write_uint(w, CORE_PROTOCOL_TWO);
        cbor_write_uint(w, CORE_PROTOCOL_ONE);
}

static void write_list_max(writer *w, const struct core *core)
{
        (void)core;
        cbor_write_uint(w, CORE_LIST_MAX);
}

static void write_id_max(writer *w, const struct core *core)
{
        (void)core;
        cbor_write_uint(w, CORE_CREDENTIAL_ID_SIZE);
}

static void write_algorithms(writer *w, const struct core *core)
{
        static const int algorithms[] = { -7, -8, -35, -257 }; /* ES256, EdDSA, ES384, RS256 */
        size_t count = sizeof algorithms / sizeof *algorithms - !certificate(core);
        cbor_write_array(w, count);
        for (size_t i = 0; i < count; i++) {
                cbor_write_map(w, 2);
                cbor_write_string(w, "alg");
                cbor_write_int(w, algorithms[i]);
                cbor_write_string(w, "type");
                cbor_write_string(w, "public-key");
        }
}

static void write_blobs_max(writer *w, const struct core *core)
{
        (void)core;
        cbor_write_uint(w, CORE_BLOBS_MAX);
}

static void write_force_pin_change(writer *w, const struct core *core)
{
        cbor_write_bool(w, core->state.force_pin_change);
}

static void write_min_pin_length(writer *w, const struct core *core)
{
        cbor_write_uint(w, core->state.min_pin_length);
}

/* Touches that no person gives are said in the upper half: "TEST" */
static void write_firmware_version(writer *w, const struct core *core)
{
        static const uint64_t test = 0x54455354;
        cbor_write_uint(w, (core->config.test_touch ? test << 32 : 0) | CORE_FIRMWARE_VERSION);
}

static void write_cred_blob_max(writer *w, const struct core *core)
{
        (void)core;
        cbor_write_uint(w, CORE_CRED_BLOB_MAX);
}

static void write_min_pin_rp_ids(writer *w, const struct core *core)
{
        (void)core;
        cbor_write_uint(w, CORE_MIN_PIN_RP_IDS);
}

static void write_uv_attempts(writer *w, const struct core *core)
{
        enum { PREFERRED_ATTEMPTS = 3 };
        (void)core;
        cbor_write_uint(w, PREFERRED_ATTEMPTS);
}

/* By the FIDO registry: USER_VERIFY_FINGERPRINT_INTERNAL, _FACEPRINT_INTERNAL, _EYEPRINT_INTERNAL, by the
 * modality of the paired matcher (finger, face, iris). */
static void write_uv_modality(writer *w, const struct core *core)
{
        static const uint8_t methods[] = { 0x02, 0x02, 0x10, 0x40 };
        uint8_t modality = core->state.modality;
        cbor_write_uint(w, methods[modality < sizeof methods ? modality : 0]);
}

static void write_room(writer *w, const struct core *core)
{
        cbor_write_uint(w, core->state.room);
}

static void write_uv_count(writer *w, const struct core *core)
{
        cbor_write_uint(w, core->state.uv_count);
}

static void write_long_touch(writer *w, const struct core *core)
{
        (void)core;
        cbor_write_bool(w, false);
}

static void write_identifier(writer *w, const struct core *core)
{
        cbor_write_bytes(w, core->state.enc_identifier);
}

/* More is asked of a PIN than its length: the user-verification PIN is four digits */
static void write_complexity(writer *w, const struct core *core)
{
        cbor_write_bool(w, core->state.personalised || core->state.pin_complexity);
}

/* In code points. */
static void write_max_pin_length(writer *w, const struct core *core)
{
        enum { DIGITS = 4, BYTES = 63 };
        cbor_write_uint(w, core->state.personalised ? DIGITS : BYTES);
}

static void write_store_state(writer *w, const struct core *core)
{
        cbor_write_bytes(w, core->state.enc_store_state);
}

static void write_config_commands(writer *w, const struct core *core)
{
        bool with_enterprise = enterprise_list(core);
        cbor_write_array(w, with_enterprise ? 3 : 2);
        for (unsigned subcommand = with_enterprise ? 1 : 2; subcommand <= 3; subcommand++)
                cbor_write_uint(w, subcommand);
}

/* CTAP 2.1, 6.4, "authenticatorGetInfo response structure". Not there: [6.4 0x13] certifications, of which
 * there are none, [6.4 0x15] vendorPrototypeConfigCommands, as there are none, and [2.2 6.4 0x1C]
 * pinComplexityPolicyURL, as there is no page. */
static const struct {
        uint8_t key;
        applies *shown;
        write_member *write;
} members[] = {
        { 0x01, always, write_versions },           /* [6.4 0x01] versions that are spoken */
        { 0x02, always, write_extensions },         /* [6.4 0x02] extensions that are answered */
        { 0x03, always, write_aaguid },             /* [6.4 0x03] aaguid, of the batch key */
        { 0x04, always, write_options },            /* [6.4 0x04] options, each with its value */
        { 0x05, always, write_message_max },        /* [6.4 0x05] maxMsgSize, what CTAPHID carries */
        { 0x06, always, write_protocols },          /* [6.4 0x06] protocols, as they are preferred */
        { 0x07, always, write_list_max },           /* [6.4 0x07] maxCredentialCountInList */
        { 0x08, always, write_id_max },             /* [6.4 0x08] maxCredentialIdLength: all have it */
        { 0x09, has_transports, write_transports }, /* [6.4 0x09] transports that are open */
        { 0x0A, always, write_algorithms },         /* [6.4 0x0A] algorithms, as they are preferred */
        { 0x0B, has_blobs, write_blobs_max },       /* [6.4 0x0B] maxSerializedLargeBlobArray */
        { 0x0C, always, write_force_pin_change },   /* [6.4 0x0C] forcePINChange: no token before it */
        { 0x0D, always, write_min_pin_length },     /* [6.4 0x0D] minPINLength, in code points */
        { 0x0E, always, write_firmware_version },   /* [6.4 0x0E] firmwareVersion; it names a test's touch */
        { 0x0F, always, write_cred_blob_max },      /* [6.4 0x0F] maxCredBlobLength */
        { 0x10, always, write_min_pin_rp_ids },     /* [6.4 0x10] maxRPIDsForSetMinPINLength */
        { 0x11, paired, write_uv_attempts },        /* [6.4 0x11] preferredPlatformUvAttempts */
        { 0x12, paired, write_uv_modality },        /* [6.4 0x12] uvModality */
        { 0x14, always, write_room },               /* [6.4 0x14] remainingDiscoverableCredentials */
        { 0x16, always, write_formats },            /* [2.2 6.4 0x16] attestationFormats */
        { 0x17, paired, write_uv_count },           /* [2.2 6.4 0x17] uvCountSinceLastPinEntry */
        { 0x18, always, write_long_touch },         /* [2.2 6.4 0x18] longTouchForReset */
        { 0x19, has_identifier, write_identifier }, /* [2.2 6.4 0x19] encIdentifier */
        { 0x1A, has_transports, write_reset_transports }, /* [2.2 6.4 0x1A] transportsForReset */
        { 0x1B, always, write_complexity },               /* [2.2 6.4 0x1B] pinComplexityPolicy */
        { 0x1D, always, write_max_pin_length },           /* [2.2 6.4 0x1D] maxPINLength */
        { 0x1E, has_store_state, write_store_state },     /* [2.3 6.4 0x1E] encCredStoreState */
        { 0x1F, always, write_config_commands },          /* [2.2 6.4 0x1F] authenticatorConfigCommands */
};

static void tell(struct core *core)
{
        writer w = core_body(core);
        size_t count = 0;
        for (size_t i = 0; i < sizeof members / sizeof *members; i++)
                count += members[i].shown(core);
        cbor_write_map(&w, count);
        for (size_t i = 0; i < sizeof members / sizeof *members; i++) {
                if (!members[i].shown(core))
                        continue;
                cbor_write_uint(&w, members[i].key);
                members[i].write(&w, core);
        }
        core_send(core, &w);
}

void core_get_info(struct core *core)
{
        /* [6.4] the method takes no input */
        if (core->request_size != 1)
                core_answer(core, CTAP1_ERR_INVALID_LENGTH);
        else
                core_fetch_identity(core, tell);
}
