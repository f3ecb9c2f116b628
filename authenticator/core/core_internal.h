/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CORE_INTERNAL_H
#define CORE_INTERNAL_H

/* What the files of the core share: the machine (core.c), what makeCredential and getAssertion have in common
 * (operation.c), the reading of requests (request.c), and a command a file.
 *
 * A command is a chain of functions. Each ends with exactly one of the calls under "actions" below, which
 * says what the core does now and, where it then waits, which function goes on. */

#include "cbor.h"
#include "core.h"
#include "ctap_status.h"
#include "digest.h"
#include "tlv.h"

enum {
        CORE_CREDENTIAL_ID_SIZE = 32,
        CORE_LIST_MAX = 64,   /* maxCredentialCountInList */
        CORE_RP_ID_MAX = 253, /* of a domain name's text */
        CORE_USER_ID_MAX = 64,
        CORE_CRED_BLOB_MAX = 64,          /* maxCredBlobLength */
        CORE_MIN_PIN_RP_IDS = 8,          /* maxRPIDsForSetMinPINLength */
        CORE_NAME_MAX = 64,               /* of names the first 64 bytes are kept */
        CORE_UV_TIMEOUT_MS = 30000,       /* CTAP 2.1 6.5.3.2 recommends 30 s */
        CORE_UV_ATTEMPTS = 3,             /* CTAP 2.1 6.5.3.1, maxUvAttemptsForInternalRetries */
        CORE_TOUCH_TIMEOUT_MS = 30000,    /* CTAP 2.1 6.5.2.1, the same */
        CORE_SEQUENCE_TIMEOUT_MS = 30000, /* CTAP 2.1 6: from one of a sequence to the next */
        CORE_RESET_WINDOW_MS = 10000,     /* CTAP 2.1 6.6 */
        CORE_SAMPLES_MAX = 20,            /* of one enrolment; a gate that wants more is not believed */
        CORE_TEMPLATE_ID_SIZE = 16,
        CORE_FIRMWARE_VERSION = 1,
        CORE_DATA_MAX = 4608,  /* data for the element */
        CORE_BLOBS_MAX = 8192, /* maxSerializedLargeBlobArray */
        CORE_BLOBS_HASH_SIZE = 16,
        CORE_FRAGMENT_MAX = CORE_MESSAGE_MAX - 64, /* CTAP 2.1 6.10.2, maxFragmentLength */
        CORE_OUTPUT_MAX = CORE_MESSAGE_MAX,
};

enum core_pin_protocol { CORE_PROTOCOL_ONE = 1, CORE_PROTOCOL_TWO = 2 };

/* The element's commands (authenticator/element/PROTOCOL.md, "FIDO applet"). */
enum core_ins {
        INS_GET_STATE = 0x10,
        INS_KEY_AGREEMENT = 0x12,
        INS_GET_PIN_TOKEN = 0x14,
        INS_GET_UV_TOKEN = 0x16,
        INS_RESET = 0x18,
        INS_FORGET_TOKEN = 0x1A,
        INS_CHANGE_PIN = 0x1C,
        INS_CONFIGURE = 0x1E,
        INS_BEGIN = 0x20,
        INS_NEXT_ASSERTION = 0x22,
        INS_MAKE_CREDENTIAL = 0x24,
        INS_GET_ASSERTION = 0x26,
        INS_AUTHORISE = 0x28,
        INS_CONFIRM_ENROLMENT = 0x2A,
        INS_CHECK = 0x2C,
        INS_ABANDON = 0x2E,
        INS_GET_RECEIPT = 0x40,
        INS_ACKNOWLEDGE_RECEIPT = 0x42,
        INS_GET_STATEMENT = 0x44,
        INS_MANAGE_CREDENTIALS = 0x46,
        INS_U2F_REGISTER = 0x52,
        INS_U2F_AUTHENTICATE = 0x54,
        INS_SIGN_DOCUMENT = 0x56,
        INS_READ_CERTIFICATE = 0x58,
};

enum core_command {
        COMMAND_MAKE_CREDENTIAL = 0x01,
        COMMAND_GET_ASSERTION = 0x02,
        COMMAND_GET_INFO = 0x04,
        COMMAND_CLIENT_PIN = 0x06,
        COMMAND_RESET = 0x07,
        COMMAND_GET_NEXT_ASSERTION = 0x08,
        COMMAND_BIO_ENROLLMENT = 0x09,
        COMMAND_CREDENTIAL_MANAGEMENT = 0x0A,
        COMMAND_SELECTION = 0x0B,
        COMMAND_LARGE_BLOBS = 0x0C,
        COMMAND_CONFIG = 0x0D,
        COMMAND_BIO_ENROLLMENT_PREVIEW = 0x40,
        COMMAND_CREDENTIAL_MANAGEMENT_PREVIEW = 0x41,
        COMMAND_VENDOR = 0x4D, /* VENDOR.md */
};

enum { BEGIN_PRESENCE = 0x01, BEGIN_BUILT_IN_UV = 0x02 };
enum { DO_DISCOVERABLE = 0x01, DO_PRESENT = 0x02, DO_ENTERPRISE = 0x04 };

/* The element's numbers of algorithms. RS256 is the key of the user-verification certificate. */
enum {
        ELEMENT_ES256 = 0x07,
        ELEMENT_EDDSA = 0x08,
        ELEMENT_RS256 = 0x09,
        ELEMENT_ES384 = 0x0A,
        ELEMENT_ALGORITHMS = 4
};

/* What GET STATE said last. */
struct core_state {
        uint8_t aaguid[16];
        bool pin_set, paired, finger_open;
        bool enterprise;  /* the list of relying parties is there and switched on */
        bool certificate; /* credentials of the user-verification key can be made */
        bool personalised, pin_complexity;
        bool always_uv, force_pin_change;
        bool enterprise_list;  /* there, on or off */
        bool enrolled;         /* a set of fingers is confirmed */
        bool power_cycle_owed; /* three wrong PINs in a row */
        uint8_t pin_tries, uv_tries, min_pin_length;
        uint16_t room, discoverable;
        uint8_t matcher_class;                 /* of the paired matcher: enum matcher_class */
        uint8_t modality;                      /* enum unlock_modality; 0: the element does not say */
        uint32_t uv_count;                     /* uvCountSinceLastPinEntry */
        slice enc_identifier, enc_store_state; /* good until the next answer; only from core_fetch_identity */
};

enum core_option { OPTION_ABSENT, OPTION_FALSE, OPTION_TRUE };

struct core_point {
        slice x, y;
};

/* The input of hmac-secret and hmac-secret-mc, as it is encrypted. */
struct core_salts {
        bool asked, has_protocol;
        uint64_t protocol;
        struct core_point key_agreement;
        slice salt_enc, salt_auth;
};

/* What extensions are asked for (extensions.c). */
struct core_extensions {
        uint8_t flags; /* the element's, of those that are asked for */
        bool has_protection, has_large_blob_key, large_blob_key;
        uint64_t protection;
        bool has_blob; /* not too long */
        slice blob;    /* credBlob of makeCredential */
        struct core_salts salts;
};

/* A makeCredential or getAssertion that is being done. Views point into the request. */
struct core_operation {
        enum core_command command;
        slice client_data_hash;
        slice rp_id;
        enum core_option rk, up, uv;
        bool has_pin_uv_param, has_protocol;
        slice pin_uv_param;
        uint64_t protocol;
        bool has_list;            /* exclude or allow list, with at least one member */
        slice ids[CORE_LIST_MAX]; /* those of its members that could be this authenticator's */
        size_t id_count;
        /* makeCredential */
        slice user_id, user_name, display_name;
        uint8_t algorithms[ELEMENT_ALGORITHMS]; /* as they are preferred, those that the element has */
        size_t algorithm_count;
        bool enterprise;
        uint64_t enterprise_kind;
        bool attestation_chosen, attestation_none; /* attestationFormatsPreference: what is the first known */
        /* both */
        struct core_extensions extensions;
        /* what the user has done */
        bool present;       /* touched */
        bool refused;       /* would not touch, or not in time */
        bool verified;      /* `evidence` is there */
        uint8_t mismatches; /* captures that were compared in vain */
        uint8_t evidence[MITOME_GATE_EVIDENCE_SIZE];
        void (*check)(struct core *core);
        void (*perform)(struct core *core);
};

/* A clientPIN request: which of its members are there, and what they say. */
enum core_pin_member {
        PIN_PROTOCOL = 0x01,
        PIN_KEY_AGREEMENT = 0x02,
        PIN_PARAM = 0x04,
        PIN_NEW = 0x08,
        PIN_HASH = 0x10,
        PIN_PERMISSIONS = 0x20,
        PIN_RP_ID = 0x40,
};

struct core_pin_request {
        unsigned given;
        uint64_t protocol, subcommand, permissions;
        struct core_point key_agreement;
        slice param, new_pin, hash, rp_id;
};

/* An authenticatorConfig request. */
struct core_config_request {
        bool has_protocol, has_param;
        bool authorised; /* `param` is for the element to verify */
        uint64_t subcommand, protocol;
        slice params, param; /* params: as encoded */
};

/* A largeBlobs request. */
struct core_blobs_request {
        bool has_get, has_set, has_offset, has_length, has_protocol, has_param;
        uint64_t get, offset, length, protocol;
        slice set, param;
};

/* A bioEnrollment request, and the enrolment that goes on between requests. */
struct core_bio_request {
        bool has_modality, has_subcommand, has_params, has_protocol, has_pin_uv_param, get_modality;
        uint64_t modality, subcommand, protocol, timeout_ms;
        slice params; /* as encoded */
        slice template_id;
        bool has_name;
        slice name;
        slice pin_uv_param;
};

struct core_enrolment {
        bool counted; /* `remaining` is known */
        uint8_t remaining;
        bool begins;  /* the request that is being done began it */
        bool limited; /* the host waits for a sample until `until_ms` only */
        uint64_t until_ms;
        uint8_t template_id[CORE_TEMPLATE_ID_SIZE];
};

enum core_awaits {
        AWAITS_REQUEST,
        AWAITS_ANSWER, /* of the element */
        AWAITS_GATE,
        AWAITS_TOUCH,
        AWAITS_BLOBS,
        AWAITS_COUNT,
};

enum core_presence { PRESENCE_GIVEN, PRESENCE_DECLINED, PRESENCE_TIMEOUT };

typedef void core_next(struct core *core);
typedef void core_on_answer(struct core *core, slice data, uint16_t sw);
typedef void core_on_gate(struct core *core, const struct mitome_gate_event *event);
typedef void core_on_touch(struct core *core, enum core_presence presence);
typedef void core_on_blobs(struct core *core, bool done);

/* The living pinUvAuthToken's time (CTAP 2.1, 6.5.2.1). The token itself and its permissions are the
 * element's. */
struct core_token {
        bool alive;
        bool used;    /* it has authorised something: the initial usage limit is over */
        bool present; /* userPresent */
        uint64_t since_ms;
        uint64_t first_ms; /* initial usage time limit, user present time limit */
};

/* A "next" command goes on where the last request was of the same sequence, and not too long ago (CTAP 2.1,
 * 6, stateful commands). */
enum core_sequence {
        SEQUENCE_NONE,
        SEQUENCE_ASSERTIONS,
        SEQUENCE_CREDENTIALS, /* of credential management: relying parties and their credentials */
};

/* The large-blob array (6.10): `bytes` is what is saved; the one being written waits beside it. */
struct core_blobs {
        bool loaded;
        size_t size;
        uint8_t bytes[CORE_BLOBS_MAX];
        size_t expected, written; /* expectedLength, expectedNextOffset; both 0: none is being written */
        uint8_t pending[CORE_BLOBS_MAX];
};

struct core {
        struct core_action *action; /* of the step being done */
        enum core_awaits awaits;
        core_on_answer *on_answer;
        core_on_gate *on_gate;
        core_on_touch *on_touch;
        core_on_blobs *on_blobs;
        core_next *on_state;

        struct core_config config;
        uint64_t now_ms;      /* of the event that is being taken */
        uint64_t power_on_ms; /* authenticatorReset's window opened */
        enum core_caller caller;
        uint32_t channel;
        bool contactless;
        bool u2f;           /* the request is an APDU, and so is its answer */
        bool pending_param; /* the element is asked something with a pinUvAuthParam */
        core_next *after_time;
        struct core_token token;
        enum core_sequence sequence; /* that the next request may go on with */
        enum core_sequence former;   /* that this request may go on with */
        uint64_t sequence_ms;
        enum core_caller sequence_caller; /* who began it, and nobody else goes on with it */
        uint32_t sequence_channel;

        bool gate_runs; /* started, and its last event not yet seen */
        bool begun;     /* the element holds an operation open */
        bool erasing;   /* the element has been reset: what follows is not given up, whoever cancels */
        bool winding;   /* gate and operation are being ended, then `after` goes on */
        core_next *after;
        enum ctap_status answer;

        struct core_state state;
        struct core_operation operation;
        struct core_pin_request pin;
        struct core_config_request configuration;
        struct core_blobs_request blobs_request;
        struct core_bio_request bio;
        struct core_enrolment enrolment;
        uint8_t challenge[32];
        bool has_entry; /* the element's word beside it, on how often its PIN was entered: for the gate */
        uint8_t entry[40];
        uint8_t permissions[32]; /* as a token by finger is announced: in the place of a clientDataHash */

        size_t request_size;
        uint8_t request[CORE_MESSAGE_MAX];
        writer data_writer;
        uint8_t data[CORE_DATA_MAX];     /* of the command APDU that is being built */
        uint8_t output[CORE_OUTPUT_MAX]; /* of the action */
        struct core_blobs blobs;
};

/* core_cbor reads the request behind its command byte. */
struct cbor_reader core_cbor(const struct core *core, const char *clause);

/* ---- actions ---- */

/* core_answer replies with a status alone and leaves gate and element as they are; core_close first ends
 * whatever runs. core_close_with hands the gate's evidence to the element on the way (empty: none). */
void core_answer(struct core *core, enum ctap_status status);
void core_close(struct core *core, enum ctap_status status);
void core_close_with(struct core *core, enum ctap_status status, slice evidence);

/* core_wind_down ends whatever runs and goes on with `after`. */
void core_wind_down(struct core *core, slice evidence, core_next *after);

/* core_body is where the CBOR of a successful answer is written; core_send replies with it. */
writer core_body(struct core *core);
void core_send(struct core *core, const writer *body);

/* core_send_apdu replies to a U2F request: data and status word. */
void core_send_apdu(struct core *core, slice data, uint16_t sw);

/* core_data is where the data field of the next command APDU is written; core_transmit sends it. */
writer *core_data(struct core *core);
void core_transmit(struct core *core, enum core_ins ins, core_on_answer *on_answer);
void core_transmit_p1(struct core *core, enum core_ins ins, uint8_t p1, core_on_answer *on_answer);

void core_start_gate(struct core *core, const struct mitome_gate_request *request, core_on_gate *on_gate);
void core_poll_gate(struct core *core, core_on_gate *on_gate);

/* core_status_of_absence: nobody came in time, or somebody would not (CTAP 2.1, 8.2). */
enum ctap_status core_status_of_absence(const struct mitome_gate_event *event);

/* core_tell has the user told something with the action of this step; core_tell_mismatch what a finger that
 * was not recognised has left, by the state as it was just fetched. */
void core_tell(struct core *core, enum mitome_guidance state, unsigned number);
void core_tell_mismatch(struct core *core);

/* core_ask_touch asks for CORE_TOUCH_TIMEOUT_MS. `rp_id` and `user_name` may be empty. */
void core_ask_touch(
        struct core *core, enum core_prompt why, slice rp_id, slice user_name, core_on_touch *on_touch);

/* core_ask_touch_for asks for another time, and names nobody. */
void core_ask_touch_for(
        struct core *core, enum core_prompt why, uint32_t timeout_ms, core_on_touch *on_touch);

void core_load_blobs(struct core *core, core_on_blobs *on_blobs);
void core_save_blobs(struct core *core, slice array, core_on_blobs *on_blobs);

/* core_fetch_state asks the element for its state and goes on with `on_state`; core_fetch_identity does so
 * for enc_identifier and enc_store_state too. */
void core_fetch_state(struct core *core, core_next *on_state);
void core_fetch_identity(struct core *core, core_next *on_state);

/* ---- tokens and sequences: what is measured in time ---- */

/* beginUsingPinUvAuthToken. An expired token is forgotten (FORGET TOKEN) before the next request is looked
 * at; a command of the element's that carried a pinUvAuthParam and was answered 9000 counts as its use. */
void core_token_begins(struct core *core, bool user_present);

/* core_token_present is getUserPresentFlagValue; core_token_spent clears that flag, as an operation that used
 * the token ends (CTAP 2.1, 6.1.2 and 6.2.2: clearUserPresentFlag). */
bool core_token_present(const struct core *core);
void core_token_spent(struct core *core);

/* core_begin_sequence: the next request may go on with `sequence`, for 30 s. core_continues tells whether
 * this request may: the one before it began or went on with the sequence. Whoever goes on calls
 * core_begin_sequence again. */
void core_begin_sequence(struct core *core, enum core_sequence sequence);
bool core_continues(const struct core *core, enum core_sequence sequence);

/* For the machine: core_pass_sequence is for every request; core_pass_time looks at the clock before a
 * request and goes on with `next`; core_token_answered notes an answer of the element's; core_forget_time is
 * for a power cycle. */
void core_pass_sequence(struct core *core);
void core_pass_time(struct core *core, core_next *next);
void core_token_answered(struct core *core, uint16_t sw);
void core_forget_time(struct core *core);

/* core_check_param tells what speaks against a request's pinUvAuthParam, for all commands alike: the
 * protocol is absent: MISSING_PARAMETER, not supported: INVALID_PARAMETER, or the parameter has not its
 * protocol's size and cannot verify: PIN_AUTH_INVALID. */
enum ctap_status core_check_param(bool has_protocol, uint64_t protocol, slice param);

/* core_knows_protocol: 1 or 2. */
bool core_knows_protocol(uint64_t protocol);

/* ---- reading requests (request.c) ---- */

/* A member of a map: its key is `name`, or `number` when that is NULL. */
struct core_member {
        int64_t number;
        const char *name;
        const char *field;
        bool required;
        mitome_status (*read)(struct cbor_reader *r, const char *field, void *into);
};

/* core_read_map takes a map. Keys that are not in the table are skipped (CTAP 2.1, 8: unknown keys must be
 * ignored); a required one that is not there: MISSING. */
MITOME_CHECKED mitome_status core_read_map(struct cbor_reader *r, const char *field,
        const struct core_member *members, size_t count, void *into);

/* Readers for struct core_operation, in the shape of core_member.read. */
MITOME_CHECKED mitome_status core_read_client_data_hash(struct cbor_reader *r, const char *field, void *into);
MITOME_CHECKED mitome_status core_read_rp_id(struct cbor_reader *r, const char *field, void *into);
MITOME_CHECKED mitome_status core_read_list(struct cbor_reader *r, const char *field, void *into);
MITOME_CHECKED mitome_status core_read_options(struct cbor_reader *r, const char *field, void *into);
MITOME_CHECKED mitome_status core_read_pin_uv_param(struct cbor_reader *r, const char *field, void *into);
MITOME_CHECKED mitome_status core_read_protocol(struct cbor_reader *r, const char *field, void *into);

/* core_read_key_agreement takes a COSE key of P-256 as platforms send it in key agreement (CTAP 2.1, 6.5.6),
 * into a struct core_point. */
MITOME_CHECKED mitome_status core_read_key_agreement(struct cbor_reader *r, const char *field, void *into);

/* ---- extensions (extensions.c) ---- */

/* Readers for struct core_operation, of makeCredential's and getAssertion's inputs. */
MITOME_CHECKED mitome_status core_read_make_extensions(struct cbor_reader *r, const char *field, void *into);
MITOME_CHECKED mitome_status core_read_get_extensions(struct cbor_reader *r, const char *field, void *into);

/* core_check_extensions tells what speaks against the inputs, CTAP2_OK for nothing. */
enum ctap_status core_check_extensions(const struct core_operation *operation);

/* core_write_extensions writes them into a command's data. */
void core_write_extensions(writer *data, const struct core_operation *operation);

/* ---- operations (operation.c) ---- */

/* core_check_protocol and core_check_built_in_uv tell what speaks against pinUvAuthProtocol and the option
 * "uv", CTAP2_OK for nothing. */
enum ctap_status core_check_protocol(const struct core_operation *operation);
enum ctap_status core_check_built_in_uv(const struct core *core);

/* core_is_protected: some form of user verification protects the authenticator. */
bool core_is_protected(const struct core *core);

/* core_require_uv is what alwaysUv asks for: the finger is asked for where it can be, CTAP2_OK; or nothing
 * verifies the user, and the status says what to do. */
enum ctap_status core_require_uv(struct core *core);

/* core_read_request parses the request into core->operation, and answers itself when that fails. */
bool core_read_request(
        struct core *core, enum core_command command, const struct core_member *members, size_t count);

/* core_begin_operation goes on with `check`, which ends in core_authorise or an answer, unless the request
 * only asks which device is meant. */
void core_begin_operation(struct core *core, core_next *check, core_next *perform);

/* core_wants_built_in_uv: the option counts only without a pinUvAuthParam. */
bool core_wants_built_in_uv(const struct core_operation *operation);

/* core_keep_challenge keeps what BEGIN answered for the gate: the challenge and, from an element that says
 * it, its word on the PIN; core_entry is that word, or nothing. */
MITOME_CHECKED mitome_status core_keep_challenge(struct core *core, slice data);
slice core_entry(const struct core *core);

/* core_is_pin_due: the gate reads no finger before the PIN is entered, or not yet again. Nothing was
 * compared. */
bool core_is_pin_due(const struct mitome_gate_event *event);

/* core_authorise announces the operation to the element, has the user verified or asks for a touch, and goes
 * on with operation.perform. */
void core_authorise(struct core *core);

/* core_operation_done ends what an operation used of its token; whoever has the element's 9000 calls it. */
void core_operation_done(struct core *core);

/* core_write_ids writes the list, and the token when there is one, into a command's data. */
void core_write_ids(writer *data, const struct core_operation *operation);
void core_write_token(writer *data, const struct core_operation *operation);

/* ---- the large-blob array (large_blobs.c), for the machine and for authenticatorReset ---- */

void core_keep_blobs(struct core *core, const struct core_event *event);
void core_forget_blobs(struct core *core);

/* core_erase_blobs saves the initial array. */
void core_erase_blobs(struct core *core, core_on_blobs *on_blobs);

/* ---- the commands ---- */

core_next core_get_info, core_make_credential, core_get_assertion, core_client_pin, core_bio_enrollment;
core_next core_get_next_assertion;
core_next core_reset, core_selection, core_large_blobs, core_configure;
core_next core_credential_management, core_u2f, core_vendor;

#endif
