/* SPDX-License-Identifier: Apache-2.0 */
#include "core_internal.h"

/* authenticatorGetInfo (CTAP 2.1, 6.4), from what the element says of itself. */

/* What is announced must be sendable: a full list of credentials as a platform writes them
 * ({"id": 32 bytes, "type": "public-key"}), with all that goes along with it, in one message. */
enum { DESCRIPTOR_SIZE = 1 + 3 + 2 + CORE_CREDENTIAL_ID_SIZE + 5 + 11, BESIDE_LIST = 1024 };
_Static_assert(CORE_LIST_MAX *DESCRIPTOR_SIZE + BESIDE_LIST <= CORE_MESSAGE_MAX,
        "maxCredentialCountInList x maxCredentialIdLength does not fit maxMsgSize");

static void write_strings(writer *w, const char *const *texts, size_t count)
{
        cbor_write_array(w, count);
        for (size_t i = 0; i < count; i++)
                cbor_write_string(w, texts[i]);
}

static void write_versions(writer *w, const struct core_state *state)
{
        static const char *const versions[] = { "FIDO_2_0", "FIDO_2_1_PRE" };
        (void)state;
        write_strings(w, versions, sizeof versions / sizeof *versions);
}

static void write_aaguid(writer *w, const struct core_state *state)
{
        cbor_write_bytes(w, SLICE(state->aaguid));
}

/* In canonical order. `shown` and `value` are functions of the state. */
static bool always(const struct core_state *state)
{
        (void)state;
        return true;
}

static bool never(const struct core_state *state)
{
        (void)state;
        return false;
}

static bool paired(const struct core_state *state)
{
        return state->paired;
}

static bool finger_open(const struct core_state *state)
{
        return state->finger_open;
}

static bool enterprise(const struct core_state *state)
{
        return state->enterprise;
}

static bool pin_set(const struct core_state *state)
{
        return state->pin_set;
}

static const struct {
        const char *name;
        bool (*shown)(const struct core_state *state);
        bool (*value)(const struct core_state *state);
} options[] = {
        /* Only the management station switches it on: to a host that could not, it is there or it is not. */
        { "ep", enterprise, enterprise },
        { "rk", always, always },
        { "up", always, always },
        { "uv", paired, finger_open },
        { "plat", always, never },
        { "clientPin", always, pin_set },
        { "userVerificationMgmtPreview", paired, finger_open },
};

static void write_options(writer *w, const struct core_state *state)
{
        size_t count = 0;
        for (size_t i = 0; i < sizeof options / sizeof *options; i++)
                count += options[i].shown(state);
        cbor_write_map(w, count);
        for (size_t i = 0; i < sizeof options / sizeof *options; i++) {
                if (!options[i].shown(state))
                        continue;
                cbor_write_string(w, options[i].name);
                cbor_write_bool(w, options[i].value(state));
        }
}

static void write_message_max(writer *w, const struct core_state *state)
{
        (void)state;
        cbor_write_uint(w, CORE_MESSAGE_MAX);
}

static void write_protocols(writer *w, const struct core_state *state)
{
        (void)state;
        cbor_write_array(w, 1);
        cbor_write_uint(w, CORE_PROTOCOL_TWO);
}

static void write_list_max(writer *w, const struct core_state *state)
{
        (void)state;
        cbor_write_uint(w, CORE_LIST_MAX);
}

static void write_id_max(writer *w, const struct core_state *state)
{
        (void)state;
        cbor_write_uint(w, CORE_CREDENTIAL_ID_SIZE);
}

static void write_transports(writer *w, const struct core_state *state)
{
        static const char *const transports[] = { "usb" };
        (void)state;
        write_strings(w, transports, sizeof transports / sizeof *transports);
}

static void write_algorithms(writer *w, const struct core_state *state)
{
        static const int algorithms[] = { -7, -8, -257 }; /* ES256, EdDSA, RS256 */
        bool certificate = state->enterprise && state->certificate;
        size_t count = sizeof algorithms / sizeof *algorithms - !certificate;
        cbor_write_array(w, count);
        for (size_t i = 0; i < count; i++) {
                cbor_write_map(w, 2);
                cbor_write_string(w, "alg");
                cbor_write_int(w, algorithms[i]);
                cbor_write_string(w, "type");
                cbor_write_string(w, "public-key");
        }
}

static void write_min_pin_length(writer *w, const struct core_state *state)
{
        cbor_write_uint(w, state->min_pin_length);
}

static void write_firmware_version(writer *w, const struct core_state *state)
{
        (void)state;
        cbor_write_uint(w, CORE_FIRMWARE_VERSION);
}

static void write_room(writer *w, const struct core_state *state)
{
        cbor_write_uint(w, state->room);
}

/* CTAP 2.1, 6.4, "authenticatorGetInfo response structure". */
static const struct {
        uint8_t key;
        void (*write)(writer *w, const struct core_state *state);
} members[] = {
        { 0x01, write_versions },
        { 0x03, write_aaguid },
        { 0x04, write_options },
        { 0x05, write_message_max },
        { 0x06, write_protocols },
        { 0x07, write_list_max },
        { 0x08, write_id_max },
        { 0x09, write_transports },
        { 0x0A, write_algorithms },
        { 0x0D, write_min_pin_length },
        { 0x0E, write_firmware_version },
        { 0x14, write_room },
};

static void tell(struct core *core)
{
        writer w = core_body(core);
        cbor_write_map(&w, sizeof members / sizeof *members);
        for (size_t i = 0; i < sizeof members / sizeof *members; i++) {
                cbor_write_uint(&w, members[i].key);
                members[i].write(&w, &core->state);
        }
        core_send(core, &w);
}

void core_get_info(struct core *core)
{
        /* 6.4: the method takes no input. */
        if (core->request_size != 1)
                core_answer(core, CTAP1_ERR_INVALID_LENGTH);
        else
                core_fetch_state(core, tell);
}
