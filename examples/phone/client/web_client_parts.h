/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WEB_CLIENT_PARTS_H
#define WEB_CLIENT_PARTS_H

/* What the parts of the WebAuthn client share. */

#include "authdata.h"
#include "cbor.h"
#include "digest.h"
#include "json.h"
#include "web_client.h"

enum {
        CLIENT_MESSAGE_MAX = 7609, /* MITOME_MESSAGE_MAX */
        CLIENT_ALGORITHMS = 32,
        CLIENT_TRANSPORTS_MAX = 64, /* bytes of the member as it is written */
        CLIENT_BLOB_MAX = 32,
        CLIENT_PIN_PARAM_SIZE = 32,
        CLIENT_DATA_MAX = 4096,
        CLIENT_UNSUPPORTED_OPTION = 0x2B, /* a status of CTAP */
};

enum client_wish { CLIENT_PREFERRED, CLIENT_REQUIRED, CLIENT_DISCOURAGED };

/* What a page asks for. Views into the arena that it was read with. */
struct client_options {
        bool creates;
        slice challenge, rp_id, rp_name;
        slice user_id, user_name, user_display_name;
        int64_t algorithms[CLIENT_ALGORITHMS];
        size_t algorithm_count;
        bool parameters_given;          /* some, of whatever type */
        slice ids[WEB_CLIENT_LIST_MAX]; /* excluded or allowed */
        size_t id_count;
        enum client_wish user_verification, resident_key;
        bool attestation, enterprise; /* a statement is wanted; one that tells whose it is */
        bool cred_props, min_pin_length, enforce_protection, get_blob;
        unsigned protection; /* credProtect, 1..3; 0: not asked */
        bool has_blob;
        slice blob;
};

MITOME_CHECKED mitome_status client_read_creation(
        slice json, writer *arena, struct client_options *ret, mitome_error *error);
MITOME_CHECKED mitome_status client_read_request(
        slice json, writer *arena, struct client_options *ret, mitome_error *error);

/* What getInfo says, as far as a client goes by it. */
struct client_device {
        bool rk, uv, pin, always_uv, enterprise, uv_not_needed;
        bool credential_blob, protection, min_pin_length, jpki;
        bool protocol_two;
        uint64_t list_max, id_max, message_max; /* 0: not said */
        bool internal;
        slice transports; /* JSON, without the brackets; views the client_talk's */
        uint8_t transports_text[CLIENT_TRANSPORTS_MAX];
};

/* One ceremony with an authenticator. */
struct client_talk {
        const struct web_client *client;
        struct client_device device;
        uint8_t client_data_hash[SHA256_SIZE];
        bool wants_pin;
        uint8_t status; /* of the last response */
        size_t size;
        uint8_t response[CLIENT_MESSAGE_MAX];
};

/* client_exchange sends a request; any status is an answer, which stands in talk->status. client_must fails
 * with CTAP_STATUS for any but 0. client_body reads what came behind it. */
MITOME_CHECKED mitome_status client_exchange(
        struct client_talk *talk, const writer *request, mitome_error *error);
MITOME_CHECKED mitome_status client_must(
        struct client_talk *talk, const writer *request, mitome_error *error);
struct cbor_reader client_body(const struct client_talk *talk, mitome_error *error);

/* Members of an answer, by a table. */
struct client_member {
        int64_t number;
        const char *field;
        mitome_status (*read)(struct cbor_reader *r, const char *field, void *into);
        bool required;
};
enum { CLIENT_MEMBERS = 16 };
MITOME_CHECKED mitome_status client_read_map(struct cbor_reader *r, const char *field,
        const struct client_member *members, size_t count, void *into);

MITOME_CHECKED mitome_status client_ask_info(struct client_talk *talk, mitome_error *error);

/* client_pin_param asks the holder for the PIN and the authenticator for a token of that permission (1: a new
 * credential, 2: an assertion), and authenticates the client data hash with it. */
MITOME_CHECKED mitome_status client_pin_param(struct client_talk *talk, uint8_t permission, slice rp_id,
        uint8_t ret_param[CLIENT_PIN_PARAM_SIZE], mitome_error *error);

/* What a ceremony is about. */
struct client_ceremony {
        const struct web_client_page *page;
        struct client_options options;
        slice client_data;
        struct client_talk talk;
        uint8_t client_data_bytes[CLIENT_DATA_MAX];
        uint8_t request[CLIENT_MESSAGE_MAX];
        uint8_t arena[WEB_CLIENT_OPTIONS_MAX];
};

/* client_write_data writes the client data, and its hash for the authenticator. */
MITOME_CHECKED mitome_status client_write_data(struct client_ceremony *c, mitome_error *error);

/* Extensions that are asked for, in canonical order. */
struct client_extensions {
        bool blob, protection, jpki, min_pin_length;
        size_t count;
};
struct client_extensions client_extensions_of(const struct client_ceremony *c);
void client_write_extensions(writer *w, const struct client_ceremony *c, unsigned key);

/* How the user is verified in one request. */
enum client_verification { CLIENT_VERIFY_NOT, CLIENT_VERIFY_FINGER, CLIENT_VERIFY_PIN };

/* client_send sends the command; `param` is the PIN's. client_verify sends it as often as verifying the
 * holder takes; CTAP_STATUS when the authenticator refuses. */
bool client_wants_discoverable(const struct client_ceremony *c);
bool client_wants_enterprise(const struct client_ceremony *c);
MITOME_CHECKED mitome_status client_send(
        struct client_ceremony *c, enum client_verification by, const uint8_t *param, mitome_error *error);
MITOME_CHECKED mitome_status client_verify(struct client_ceremony *c, mitome_error *error);

/* What the authenticator answers, of both commands. */
struct client_answer {
        slice format, statement;
        slice auth_data_bytes;
        struct authdata auth_data;
        slice credential_id, signature, user_id;
        bool enterprise;
};
MITOME_CHECKED mitome_status client_read_created(
        const struct client_ceremony *c, struct client_answer *ret, mitome_error *error);
MITOME_CHECKED mitome_status client_read_assertion(
        const struct client_ceremony *c, struct client_answer *ret, mitome_error *error);

/* The response for the page's server. */
void client_write_created(writer *w, const struct client_ceremony *c, const struct client_answer *answer);
void client_write_got(writer *w, const struct client_ceremony *c, const struct client_answer *answer);
void client_write_blob_result(
        struct json_writer *json, const struct client_ceremony *c, const struct client_answer *answer);

/* client_write_spki writes a COSE key as SubjectPublicKeyInfo; false for a kind that has none here. */
bool client_write_spki(writer *w, slice cose_key, int64_t *ret_algorithm);

#endif
