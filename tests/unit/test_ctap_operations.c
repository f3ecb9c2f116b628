/* SPDX-License-Identifier: Apache-2.0 */
/* makeCredential, getAssertion and getNextAssertion over core and element: each step of CTAP 2.1, 6.1.2,
 * 6.2.2 and 6.3 that a platform can see. */
#include "authdata.h"
#include "cbor.h"
#include "ctap_rig.h"
#include "pin_rig.h"
#include "tlv.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { MAKE = 0x01, GET = 0x02, CLIENT_PIN = 0x06, NEXT = 0x08, GET_INFO = 0x04 };
enum { MC = 0x01, GA = 0x02, CM = 0x04, ACFG = 0x20 };
enum option { NO_OPTION, FALSE_OPTION, TRUE_OPTION };
enum { ID_SIZE = 32, SECOND = 1000 };

static const char rp_id[] = "example.jp";
static struct element_rig plain, holder; /* without and with PIN and finger */

#define assert_status(got, wanted) assert_int_equal((got), (wanted))

static int make_stencils(void **state)
{
        (void)state;
        const uint8_t pin[] = { 0x80, 4, '1', '2', '3', '4' };
        element_rig_open(&plain);
        element_rig_store_batch_key(&plain);
        element_rig_clone(&plain, &holder);
        assert_int_equal(element_rig_channel(&holder, element_rig_fido, &element_rig_keys), SW_OK);
        assert_int_equal(element_rig_secured(&holder, 0x80340000, SLICE(pin)), SW_OK);
        element_rig_pair(&holder, NULL);
        assert_int_equal(element_rig_select(&holder, element_rig_fido), SW_OK);
        assert_int_equal(element_rig_enrol(&holder, ELEMENT_RIG_PIN), SW_OK);
        return 0;
}

static int drop_stencils(void **state)
{
        (void)state;
        element_rig_close(&plain);
        element_rig_close(&holder);
        return 0;
}

static int open_from(const struct element_rig *stencil, void **state)
{
        struct ctap_rig *rig = calloc(1, sizeof *rig);
        assert_non_null(rig);
        element_rig_clone(stencil, &rig->element);
        ctap_rig_open(rig);
        *state = rig;
        return 0;
}

static int open_plain(void **state)
{
        return open_from(&plain, state);
}

static int open_holder(void **state)
{
        return open_from(&holder, state);
}

static int close_ctap(void **state)
{
        ctap_rig_close(*state);
        free(*state);
        return 0;
}

/* ---- requests ---- */

struct ask {
        enum option rk, up, uv;
        const struct secret *token;
        uint8_t protocol; /* of the token; 0: 2 */
        bool filler, empty_param, forged;
        const char *rp, *user;     /* NULL: example.jp, user-1 */
        slice ids;                 /* one after the other */
        slice extensions, formats; /* encoded */
        slice params;              /* pubKeyCredParams, encoded */
        int algorithm;             /* 0: ES256 */
};

#define ASK(...) (&(struct ask){ .filler = false, __VA_ARGS__ })

static const uint8_t client_data_hash[SHA256_SIZE] = { 0xCD };

static void write_list(writer *w, slice ids)
{
        cbor_write_array(w, ids.size / ID_SIZE);
        for (size_t at = 0; at < ids.size; at += ID_SIZE) {
                cbor_write_map(w, 2);
                cbor_write_string(w, "id");
                cbor_write_bytes(w, slice_of(ids.data + at, ID_SIZE));
                cbor_write_string(w, "type");
                cbor_write_string(w, "public-key");
        }
}

static void write_options(writer *w, const struct ask *ask)
{
        const struct {
                const char *name;
                enum option value;
        } options[] = { { "rk", ask->rk }, { "up", ask->up }, { "uv", ask->uv } };
        size_t count = 0;
        for (size_t i = 0; i < 3; i++)
                count += options[i].value != NO_OPTION;
        cbor_write_map(w, count);
        for (size_t i = 0; i < 3; i++) {
                if (options[i].value == NO_OPTION)
                        continue;
                cbor_write_string(w, options[i].name);
                cbor_write_bool(w, options[i].value == TRUE_OPTION);
        }
}

static bool has_options(const struct ask *ask)
{
        return ask->rk != NO_OPTION || ask->up != NO_OPTION || ask->uv != NO_OPTION;
}

static bool has_param(const struct ask *ask)
{
        return ask->token || ask->empty_param;
}

/* Extensions, options, pinUvAuthParam and its protocol are in this order in both. */
static void write_rest(writer *w, const struct ask *ask, uint64_t first)
{
        uint8_t mac[SHA256_SIZE];
        uint8_t protocol = ask->protocol ? ask->protocol : 2;
        slice param = { 0 };
        if (ask->extensions.size) {
                cbor_write_uint(w, first);
                write_slice(w, ask->extensions);
        }
        if (has_options(ask)) {
                cbor_write_uint(w, first + 1);
                write_options(w, ask);
        }
        if (!has_param(ask))
                return;
        if (ask->token) {
                param = pin_rig_param(protocol, ask->token, SLICE(client_data_hash), mac);
                mac[0] ^= ask->forged;
        }
        cbor_write_uint(w, first + 2);
        cbor_write_bytes(w, param);
        cbor_write_uint(w, first + 3);
        cbor_write_uint(w, protocol);
}

static size_t rest_count(const struct ask *ask)
{
        return (ask->extensions.size > 0) + (size_t)has_options(ask) + (has_param(ask) ? 2 : 0);
}

static void write_params(writer *w, const struct ask *ask)
{
        if (ask->params.size) {
                write_slice(w, ask->params);
                return;
        }
        cbor_write_array(w, 1);
        cbor_write_map(w, 2);
        cbor_write_string(w, "alg");
        cbor_write_int(w, ask->algorithm ? ask->algorithm : -7);
        cbor_write_string(w, "type");
        cbor_write_string(w, "public-key");
}

static uint8_t make(struct ctap_rig *rig, const struct ask *ask)
{
        uint8_t bytes[4096];
        writer w = WRITER(bytes);
        cbor_write_map(&w, 4 + (ask->ids.size > 0) + rest_count(ask) + (ask->formats.size > 0));
        cbor_write_uint(&w, 1);
        cbor_write_bytes(&w, SLICE(client_data_hash));
        cbor_write_uint(&w, 2);
        cbor_write_map(&w, 1);
        cbor_write_string(&w, "id");
        cbor_write_string(&w, ask->rp ? ask->rp : rp_id);
        cbor_write_uint(&w, 3);
        cbor_write_map(&w, 2);
        cbor_write_string(&w, "id");
        cbor_write_bytes(&w, slice_text(ask->user ? ask->user : "user-1"));
        cbor_write_string(&w, "name");
        cbor_write_string(&w, "hanako");
        cbor_write_uint(&w, 4);
        write_params(&w, ask);
        if (ask->ids.size) {
                cbor_write_uint(&w, 5);
                write_list(&w, ask->ids);
        }
        write_rest(&w, ask, 6);
        if (ask->formats.size) {
                cbor_write_uint(&w, 11);
                write_slice(&w, ask->formats);
        }
        assert_false(w.overflowed);
        return ctap_rig_command(rig, MAKE, writer_view(&w));
}

static uint8_t get(struct ctap_rig *rig, const struct ask *ask)
{
        uint8_t bytes[4096];
        writer w = WRITER(bytes);
        cbor_write_map(&w, 2 + (ask->ids.size > 0) + rest_count(ask));
        cbor_write_uint(&w, 1);
        cbor_write_string(&w, ask->rp ? ask->rp : rp_id);
        cbor_write_uint(&w, 2);
        cbor_write_bytes(&w, SLICE(client_data_hash));
        if (ask->ids.size) {
                cbor_write_uint(&w, 3);
                write_list(&w, ask->ids);
        }
        write_rest(&w, ask, 4);
        assert_false(w.overflowed);
        return ctap_rig_command(rig, GET, writer_view(&w));
}

static uint8_t next(struct ctap_rig *rig)
{
        return ctap_rig_command(rig, NEXT, (slice){ 0 });
}

/* Straight from the element: clientPIN is another test's. */
static void get_token_by(
        struct ctap_rig *rig, uint8_t protocol, uint8_t permissions, struct secret *ret_token)
{
        const char *rp = permissions & (MC | GA) ? rp_id : NULL;
        assert_int_equal(
                pin_rig_token(&rig->element, protocol, ELEMENT_RIG_PIN, permissions, rp, ret_token), SW_OK);
}

static void get_token(struct ctap_rig *rig, struct secret *ret_token)
{
        get_token_by(rig, 2, MC | GA, ret_token);
}

static uint8_t flags_of(const struct ctap_rig *rig)
{
        struct authdata data;
        assert_int_equal(authdata_read(ctap_rig_bytes(rig, 2), &data, NULL).code, MITOME_OK);
        return data.flags;
}

/* The id that was registered, as a list of one. */
static slice id_of(const struct ctap_rig *rig, uint8_t id[ID_SIZE])
{
        struct authdata data;
        assert_int_equal(authdata_read(ctap_rig_bytes(rig, 2), &data, NULL).code, MITOME_OK);
        memcpy(id, data.credential_id.data, ID_SIZE);
        return slice_of(id, ID_SIZE);
}

static void toggle_always_uv(struct ctap_rig *rig)
{
        const uint8_t toggle[] = { 0x02 };
        SECRET(token);
        get_token_by(rig, 2, ACFG, &token);
        assert_int_equal(pin_rig_configure(&rig->element, 2, &token, SLICE(toggle)), SW_OK);
}

/* ---- 1: which device ---- */

/* [6.1.2 1] [6.2.2 1] [6.1.2 1.1] [6.2.2 1.1] a touch and no more, whatever else is asked */
static void an_empty_param_asks_which_device(void **state)
{
        struct ctap_rig *rig = *state;
        uint8_t (*const commands[])(struct ctap_rig *, const struct ask *) = { make, get };
        for (size_t i = 0; i < 2; i++) {
                assert_status(commands[i](rig, ASK(.empty_param = true)), CTAP2_ERR_PIN_INVALID);
                assert_int_equal(rig->touches, 1);
                assert_int_equal(rig->touch.why, CORE_PROMPT_SELECT);
                rig->user = CORE_NOT_TOUCHED; /* [6.1.2 1.2] [6.2.2 1.2] */
                assert_status(commands[i](rig, ASK(.empty_param = true)), CTAP2_ERR_OPERATION_DENIED);
                rig->user = CORE_TOUCH_TIMEOUT;
                assert_status(commands[i](rig, ASK(.empty_param = true)), CTAP2_ERR_OPERATION_DENIED);
                rig->user = CORE_TOUCHED;
        }
}

/* [6.1.2 1.3] [6.2.2 1.3] */
static void an_empty_param_without_a_pin_says_so(void **state)
{
        struct ctap_rig *rig = *state;
        assert_status(make(rig, ASK(.empty_param = true)), CTAP2_ERR_PIN_NOT_SET);
        assert_status(get(rig, ASK(.empty_param = true)), CTAP2_ERR_PIN_NOT_SET);
}

/* ---- 6 to 11: who has to be verified, and how ---- */

/* [6.1.2 7] [6.1.2 8] [6.1.2 10] [6.1.2 11] [6.1.2 11.2] [6.2.2 6.2] there is no makeCredUvNotRqd: making one
 * wants a verified user, using it need not */
static void every_new_credential_wants_verification(void **state)
{
        struct ctap_rig *rig = *state;
        uint8_t id[ID_SIZE];
        assert_status(make(rig, ASK()), CTAP2_ERR_PUAT_REQUIRED);
        assert_status(make(rig, ASK(.rk = FALSE_OPTION)), CTAP2_ERR_PUAT_REQUIRED);
        assert_status(make(rig, ASK(.rk = TRUE_OPTION)), CTAP2_ERR_PUAT_REQUIRED);
        assert_int_equal(rig->touches, 0);
        assert_status(make(rig, ASK(.uv = TRUE_OPTION)), CTAP2_OK);
        slice ids = id_of(rig, id);
        assert_status(make(rig, ASK(.rk = TRUE_OPTION, .uv = TRUE_OPTION)), CTAP2_OK);
        assert_int_equal(flags_of(rig), AUTHDATA_UP | AUTHDATA_UV | AUTHDATA_AT);
        assert_int_equal(rig->touches, 0); /* [6.1.2 13] the finger was there */
        assert_status(get(rig, ASK(.ids = ids)), CTAP2_OK);
        assert_int_equal(flags_of(rig), AUTHDATA_UP);
        assert_status(get(rig, ASK(.ids = ids, .uv = TRUE_OPTION)), CTAP2_OK);
        assert_int_equal(flags_of(rig), AUTHDATA_UP | AUTHDATA_UV); /* [6.2.2 8] */
        assert_int_equal(rig->touches, 0);
}

static void unprotected_nothing_is_wanted(void **state)
{
        struct ctap_rig *rig = *state;
        assert_status(make(rig, ASK(.rk = TRUE_OPTION)), CTAP2_OK);
        assert_int_equal(flags_of(rig), AUTHDATA_UP | AUTHDATA_AT);
        /* [6.1.2 5.3] [6.1.2 5.3.1] */
        assert_status(make(rig, ASK(.uv = TRUE_OPTION)), CTAP2_ERR_INVALID_OPTION);
        /* [6.2.2 4.3] [6.2.2 4.3.1] */
        assert_status(get(rig, ASK(.uv = TRUE_OPTION)), CTAP2_ERR_INVALID_OPTION);
}

/* [6.1.2 6.1] [6.1.2 6] [6.2.2 5] and it does not drift with what is registered */
static void always_uv_takes_the_finger_or_asks_for_the_pin(void **state)
{
        struct ctap_rig *rig = *state;
        assert_status(make(rig, ASK(.rk = TRUE_OPTION, .uv = TRUE_OPTION)), CTAP2_OK);
        toggle_always_uv(rig);
        for (int i = 0; i < 3; i++) {
                SECRET(token);
                /* [6.1.2 6.3] [6.2.2 5.4] the finger is asked for unasked */
                assert_status(make(rig, ASK()), CTAP2_OK);
                assert_int_equal(flags_of(rig), AUTHDATA_UP | AUTHDATA_UV | AUTHDATA_AT);
                assert_status(get(rig, ASK()), CTAP2_OK);
                assert_int_equal(flags_of(rig), AUTHDATA_UP | AUTHDATA_UV);
                /* [6.2.2 5] not where nobody's presence is asked */
                assert_status(get(rig, ASK(.up = FALSE_OPTION)), CTAP2_OK);
                assert_int_equal(flags_of(rig), 0);
                /* [6.2.2 5.2] [6.2.2 5.3] by a token, or where "uv" is asked, as without alwaysUv */
                get_token(rig, &token);
                assert_status(make(rig, ASK(.token = &token)), CTAP2_OK);
                get_token(rig, &token);
                assert_status(get(rig, ASK(.token = &token)), CTAP2_OK);
                assert_int_equal(rig->touches, 1);
                assert_status(get(rig, ASK(.uv = TRUE_OPTION)), CTAP2_OK);
                assert_int_equal(rig->touches, 0);
        }
        /* [6.1.2 6.4] [6.2.2 5.5] without a finger: the PIN */
        element_rig_pair(&rig->element, NULL);
        assert_int_equal(element_rig_select(&rig->element, element_rig_fido), SW_OK);
        assert_status(make(rig, ASK()), CTAP2_ERR_PUAT_REQUIRED);
        assert_status(get(rig, ASK()), CTAP2_ERR_PUAT_REQUIRED);
        assert_int_equal(rig->touches, 0);
        assert_status(get(rig, ASK(.up = FALSE_OPTION)), CTAP2_OK);
}

/* [6.1.2 6.2] [6.2.2 5.1] */
static void always_uv_without_any_is_refused(void **state)
{
        struct ctap_rig *rig = *state;
        const uint8_t toggle[] = { 0x02 };
        assert_int_equal(pin_rig_configure(&rig->element, 2, NULL, SLICE(toggle)), SW_OK);
        assert_status(make(rig, ASK()), CTAP2_ERR_PUAT_REQUIRED);
        assert_status(get(rig, ASK()), CTAP2_ERR_PUAT_REQUIRED);
        assert_int_equal(rig->touches, 0);
}

/* [6.2.2 6] [6.1.2 11.1.4] [6.1.2 11.1.5] [6.2.2 6.1.4] [6.2.2 6.1.6] [6.1.2 11.1] [6.2.2 6.1] a token of
 * either protocol, once */
static void tokens_of_both_protocols_verify(void **state)
{
        struct ctap_rig *rig = *state;
        for (uint8_t protocol = 1; protocol <= 2; protocol++) {
                SECRET(token);
                get_token_by(rig, protocol, MC | GA, &token);
                assert_status(
                        make(rig, ASK(.token = &token, .protocol = protocol, .rk = TRUE_OPTION)), CTAP2_OK);
                /* [6.1.2 11.1.6] [6.2.2 6.1.6] [6.1.2 14.3] and a PIN alone is no touch */
                assert_int_equal(flags_of(rig), AUTHDATA_UP | AUTHDATA_UV | AUTHDATA_AT);
                assert_int_equal(rig->touches, 1);
                /* [6.1.2 14.4] it is used up; [6.1.2 11.1.4] [6.1.2 11.1.5] and verifies nobody any more */
                assert_status(
                        make(rig, ASK(.token = &token, .protocol = protocol)), CTAP2_ERR_PIN_AUTH_INVALID);
                assert_status(
                        get(rig, ASK(.token = &token, .protocol = protocol)), CTAP2_ERR_PIN_AUTH_INVALID);
                get_token_by(rig, protocol, MC | GA, &token);
                assert_status(get(rig, ASK(.token = &token, .protocol = protocol)), CTAP2_OK);
                assert_int_equal(flags_of(rig), AUTHDATA_UP | AUTHDATA_UV);
                assert_int_equal(rig->touches, 1);
                /* [6.2.2 9.4] [6.2.2 6.1.4] [6.2.2 6.1.5] */
                assert_status(
                        get(rig, ASK(.token = &token, .protocol = protocol)), CTAP2_ERR_PIN_AUTH_INVALID);
        }
}

/* [6.1.2 11.1.2] [6.2.2 6.1.2] [6.2.2 6.1.3] [6.1.2 11.1.1] to [6.1.2 11.1.3], [6.2.2 6.1.1] to
 * [6.2.2 6.1.5]; a token made by one protocol is none by the other: no downgrade. */
static void tokens_for_something_else_do_not(void **state)
{
        struct ctap_rig *rig = *state;
        static const struct {
                uint8_t made, used, permissions;
                bool forged;
                const char *rp;
        } cases[] = {
                { 2, 2, MC | GA, true, NULL },
                { 1, 1, MC | GA, true, NULL },
                { 2, 1, MC | GA, false, NULL },
                { 1, 2, MC | GA, false, NULL },
                { 2, 2, CM, false, NULL },
                { 2, 2, ACFG, false, NULL },
                { 2, 2, MC | GA, false, "other.example" },
        };
        for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
                SECRET(token);
                get_token_by(rig, cases[i].made, cases[i].permissions, &token);
                struct ask *ask = ASK(.token = &token, .protocol = cases[i].used, .forged = cases[i].forged,
                        .rp = cases[i].rp);
                assert_status(make(rig, ask), CTAP2_ERR_PIN_AUTH_INVALID);
                assert_status(get(rig, ask), CTAP2_ERR_PIN_AUTH_INVALID);
                assert_int_equal(rig->touches, 0);
        }
        for (int way = 0; way < 2; way++) { /* each permission for its own */
                SECRET(token);
                get_token_by(rig, 2, way ? MC : GA, &token);
                assert_status(way ? get(rig, ASK(.token = &token)) : make(rig, ASK(.token = &token)),
                        CTAP2_ERR_PIN_AUTH_INVALID);
        }
}

/* [6.1.2 11.2.3] [6.2.2 6.2.3] [6.1.2 11.2.3.1] [6.2.2 6.2.3.1] [6.1.2 11.2.3.2] [6.1.2 11.2.1] [6.2.2 6.2.1]
 */
static void a_finger_that_fails_leaves_the_pin(void **state)
{
        struct ctap_rig *rig = *state;
        rig->finger = MITOME_GATE_ABSENT; /* [6.1.2 11.2.3.1] [6.2.2 6.2.3.1] */
        assert_status(make(rig, ASK(.uv = TRUE_OPTION)), CTAP2_ERR_USER_ACTION_TIMEOUT);
        assert_status(get(rig, ASK(.uv = TRUE_OPTION)), CTAP2_ERR_USER_ACTION_TIMEOUT);
        rig->finger = MITOME_GATE_NO_MATCH;
        for (int i = 0; i < 8; i++) { /* until no try is left, and then too */
                assert_status(make(rig, ASK(.uv = TRUE_OPTION)), CTAP2_ERR_PUAT_REQUIRED);
                assert_status(get(rig, ASK(.uv = TRUE_OPTION)), CTAP2_ERR_PUAT_REQUIRED);
        }
        assert_int_equal(rig->touches, 0);
}

/* [6.5.3.1 maxUvAttemptsForInternalRetries] [6.1.2 11.2.2] [6.2.2 6.2.2] Three captures for one request, each
 * paid for with the element before it: of five tries two are left, then none, and no more is asked. */
static void each_try_within_a_request_is_paid_for(void **state)
{
        struct ctap_rig *rig = *state;
        static const uint8_t left[] = { 2, 0, 0 };
        rig->finger = MITOME_GATE_NO_MATCH;
        for (size_t i = 0; i < sizeof left; i++) {
                assert_status(get(rig, ASK(.uv = TRUE_OPTION)), CTAP2_ERR_PUAT_REQUIRED);
                assert_int_equal(element_rig_state(&rig->element).uv_tries, left[i]);
                assert_int_equal(rig->model.captures, i == 0 ? 3 : i == 1 ? 2 : 0);
        }
        rig->finger = MITOME_GATE_EVIDENCE; /* not even the right one */
        assert_status(get(rig, ASK(.uv = TRUE_OPTION)), CTAP2_ERR_PUAT_REQUIRED);
        assert_int_equal(rig->model.captures, 0);
}

/* A platform looks with the token which credential is here, then registers or logs in with the same. */
static void looking_first_leaves_the_token(void **state)
{
        struct ctap_rig *rig = *state;
        uint8_t id[ID_SIZE];
        SECRET(token);
        get_token(rig, &token);
        assert_status(make(rig, ASK(.token = &token)), CTAP2_OK);
        slice ids = id_of(rig, id);
        get_token(rig, &token);
        for (int i = 0; i < 3; i++) {
                assert_status(get(rig, ASK(.token = &token, .up = FALSE_OPTION, .ids = ids)), CTAP2_OK);
                assert_int_equal(flags_of(rig), AUTHDATA_UV);
                assert_int_equal(rig->touches, 0);
        }
        assert_status(make(rig, ASK(.token = &token, .ids = ids)), CTAP2_ERR_CREDENTIAL_EXCLUDED);
        get_token(rig, &token);
        assert_status(get(rig, ASK(.token = &token, .up = FALSE_OPTION, .ids = ids)), CTAP2_OK);
        assert_status(get(rig, ASK(.token = &token, .ids = ids)), CTAP2_OK);
}

/* ---- 12, 14: excludeList and presence ---- */

/* [6.1.2 12] [6.1.2 12.1] [6.1.2 14.2.1] [6.2.2 9.2.1] */
static void excluded_is_said_whatever_the_touch(void **state)
{
        struct ctap_rig *rig = *state;
        static const enum core_event_kind users[] = { CORE_TOUCHED, CORE_NOT_TOUCHED, CORE_TOUCH_TIMEOUT };
        static const uint8_t other[ID_SIZE] = { 1 };
        uint8_t id[ID_SIZE];
        assert_status(make(rig, ASK()), CTAP2_OK);
        slice ids = id_of(rig, id);
        for (size_t i = 0; i < 3; i++) {
                rig->user = users[i];
                assert_status(make(rig, ASK(.ids = ids)), CTAP2_ERR_CREDENTIAL_EXCLUDED);
                assert_int_equal(rig->touches, 1);
                /* another relying party's list, or an id of nobody's: the touch decides */
                uint8_t wanted = i == 0 ? CTAP2_OK : CTAP2_ERR_OPERATION_DENIED;
                assert_status(make(rig, ASK(.ids = ids, .rp = "other.example")), wanted);
                assert_status(make(rig, ASK(.ids = SLICE(other))), wanted);
                assert_status(make(rig, ASK()), wanted);
                assert_status(get(rig, ASK(.ids = ids)), wanted);
                assert_status(ctap_rig_command(rig, GET_INFO, (slice){ 0 }), CTAP2_OK);
        }
        assert_int_equal(rig->touch.why, CORE_PROMPT_LOGIN);
}

static void write_point(writer *w, const struct pin_rig *pin)
{
        cbor_write_map(w, 5);
        cbor_write_uint(w, 1);
        cbor_write_uint(w, 2);
        cbor_write_uint(w, 3);
        cbor_write_int(w, -25);
        cbor_write_int(w, -1);
        cbor_write_uint(w, 1);
        cbor_write_int(w, -2);
        cbor_write_bytes(w, slice_of(pin->point + 1, 32));
        cbor_write_int(w, -3);
        cbor_write_bytes(w, slice_of(pin->point + 33, 32));
}

/* getPinUvAuthTokenUsingUvWithPermissions */
static void get_finger_token(struct ctap_rig *rig, struct secret *ret_token)
{
        uint8_t bytes[256];
        struct pin_rig pin;
        writer w = WRITER(bytes);
        assert_int_equal(pin_rig_agree(&rig->element, 2, &pin), SW_OK);
        cbor_write_map(&w, 5);
        cbor_write_uint(&w, 1);
        cbor_write_uint(&w, 2);
        cbor_write_uint(&w, 2);
        cbor_write_uint(&w, 6);
        cbor_write_uint(&w, 3);
        write_point(&w, &pin);
        cbor_write_uint(&w, 9);
        cbor_write_uint(&w, MC | GA);
        cbor_write_uint(&w, 10);
        cbor_write_string(&w, rp_id);
        assert_status(ctap_rig_command(rig, CLIENT_PIN, writer_view(&w)), CTAP2_OK);
        pin_rig_decrypt(&pin, ctap_rig_bytes(rig, 2), ret_token);
}

/* [6.1.2 14.1] [6.2.2 9.1] whoever has shown a finger for the token has been there, for 30 s, once */
static void a_token_by_finger_has_seen_its_user(void **state)
{
        struct ctap_rig *rig = *state;
        SECRET(token);
        get_finger_token(rig, &token);
        assert_status(make(rig, ASK(.token = &token, .rk = TRUE_OPTION)), CTAP2_OK);
        assert_int_equal(flags_of(rig), AUTHDATA_UP | AUTHDATA_UV | AUTHDATA_AT);
        assert_int_equal(rig->touches, 0);
        get_finger_token(rig, &token);
        assert_status(get(rig, ASK(.token = &token)), CTAP2_OK);
        assert_int_equal(rig->touches, 0);
        get_finger_token(rig, &token);
        assert_status(get(rig, ASK(.token = &token, .up = FALSE_OPTION)), CTAP2_OK); /* and so lives on */
        rig->now_ms += 31 * SECOND;
        assert_status(get(rig, ASK(.token = &token)), CTAP2_OK);
        assert_int_equal(rig->touches, 1);
        get_finger_token(rig, &token);
        rig->now_ms += 31 * SECOND; /* [6.5.2.1] never used: dead */
        assert_status(get(rig, ASK(.token = &token)), CTAP2_ERR_PIN_AUTH_INVALID);
}

/* ---- 15, 19: extensions and attestation ---- */

/* Maps of extensions by hand: each text and value as it is encoded. */
#define PAIRS_1 "\xA1"
#define CRED_PROTECT \
        "\x6B"       \
        "credProtect"
#define LARGE_BLOB_KEY \
        "\x6C"         \
        "largeBlobKey"
#define HMAC_SECRET \
        "\x6B"      \
        "hmac-secret"
#define HMAC_SECRET_MC \
        "\x6E"         \
        "hmac-secret-mc"
#define CRED_BLOB \
        "\x68"    \
        "credBlob"
#define EXTENSION(text) slice_of(text, sizeof(text) - 1)

/* [12.4] [2.2 12.6] What is asked for as `true` is told in authData, to whom it is for: no relying party is
 * on the list of those that hear the minimum length. */
static void what_was_wished_for_is_told(void **state)
{
        struct ctap_rig *rig = *state;
        static const char wishes[] = "\xA5"
                                     "\x6B"
                                     "mitome-jpki"
                                     "\xF5"
                                     "\x6C"
                                     "largeBlobKey"
                                     "\xF5"
                                     "\x6C"
                                     "minPinLength"
                                     "\xF5"
                                     "\x71"
                                     "thirdPartyPayment"
                                     "\xF5"
                                     "\x73"
                                     "pinComplexityPolicy"
                                     "\xF5";
        static const char told[] = "\xA2"
                                   "\x6B"
                                   "mitome-jpki"
                                   "\x66"
                                   "finger"
                                   "\x71"
                                   "thirdPartyPayment"
                                   "\xF5";
        struct authdata data;
        assert_status(make(rig, ASK(.extensions = EXTENSION(wishes), .rk = TRUE_OPTION, .uv = TRUE_OPTION)),
                CTAP2_OK);
        assert_int_equal(authdata_read(ctap_rig_bytes(rig, 2), &data, NULL).code, MITOME_OK);
        assert_int_equal(data.extensions.size, sizeof told - 1);
        assert_memory_equal(data.extensions.data, told, sizeof told - 1);
        assert_int_equal(ctap_rig_bytes(rig, 5).size, 32); /* [12.3 makeCredential] */
}

/* [6.1.2 15] [6.2.2 10] unknown ones are ignored, those that contradict the request are refused untouched */
static void extensions_are_checked(void **state)
{
        struct ctap_rig *rig = *state;
        const struct {
                slice extensions;
                enum option rk;
                uint8_t make, get;
        } cases[] = {
                { EXTENSION("\xA0"), NO_OPTION, CTAP2_OK, CTAP2_OK },
                { EXTENSION(PAIRS_1 "\x67"
                                    "unknown"
                                    "\x80"),
                        NO_OPTION, CTAP2_OK, CTAP2_OK },
                { EXTENSION("\x80"), NO_OPTION, CTAP2_ERR_CBOR_UNEXPECTED_TYPE,
                        CTAP2_ERR_CBOR_UNEXPECTED_TYPE },
                /* [12.1] */
                { EXTENSION(PAIRS_1 CRED_PROTECT "\x00"), NO_OPTION, CTAP2_ERR_INVALID_OPTION, CTAP2_OK },
                { EXTENSION(PAIRS_1 CRED_PROTECT "\x04"), NO_OPTION, CTAP2_ERR_INVALID_OPTION, CTAP2_OK },
                { EXTENSION(PAIRS_1 CRED_PROTECT "\xF5"), NO_OPTION, CTAP2_ERR_CBOR_UNEXPECTED_TYPE,
                        CTAP2_OK },
                { EXTENSION(PAIRS_1 CRED_PROTECT "\x01"), NO_OPTION, CTAP2_OK, CTAP2_OK },
                /* [12.3 makeCredential] [12.3 getAssertion] */
                { EXTENSION(PAIRS_1 LARGE_BLOB_KEY "\xF5"), NO_OPTION, CTAP2_ERR_INVALID_OPTION, CTAP2_OK },
                { EXTENSION(PAIRS_1 LARGE_BLOB_KEY "\xF5"), FALSE_OPTION, CTAP2_ERR_INVALID_OPTION,
                        CTAP2_OK },
                { EXTENSION(PAIRS_1 LARGE_BLOB_KEY "\xF4"), TRUE_OPTION, CTAP2_ERR_INVALID_OPTION,
                        CTAP2_ERR_INVALID_OPTION },
                { EXTENSION(PAIRS_1 LARGE_BLOB_KEY "\xF5"), TRUE_OPTION, CTAP2_OK, CTAP2_OK },
                /* [12.2] */
                { EXTENSION(PAIRS_1 CRED_BLOB "\xF5"), NO_OPTION, CTAP2_ERR_CBOR_UNEXPECTED_TYPE, CTAP2_OK },
                { EXTENSION(PAIRS_1 CRED_BLOB "\x41"
                                              "b"),
                        NO_OPTION, CTAP2_OK, CTAP2_ERR_CBOR_UNEXPECTED_TYPE },
                /* [12.5] true to make one, a map to use it */
                { EXTENSION(PAIRS_1 HMAC_SECRET "\xF5"), NO_OPTION, CTAP2_OK,
                        CTAP2_ERR_CBOR_UNEXPECTED_TYPE },
                { EXTENSION(PAIRS_1 HMAC_SECRET "\xF4"), NO_OPTION, CTAP2_OK,
                        CTAP2_ERR_CBOR_UNEXPECTED_TYPE },
                { EXTENSION(PAIRS_1 HMAC_SECRET "\xA0"), NO_OPTION, CTAP2_ERR_CBOR_UNEXPECTED_TYPE,
                        CTAP2_ERR_MISSING_PARAMETER },
                { EXTENSION(PAIRS_1 HMAC_SECRET_MC "\xA0"), NO_OPTION, CTAP2_ERR_MISSING_PARAMETER,
                        CTAP2_OK },
        };
        assert_status(make(rig, ASK(.rk = TRUE_OPTION)), CTAP2_OK);
        for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
                uint8_t status = make(rig, ASK(.extensions = cases[i].extensions, .rk = cases[i].rk));
                if (status != cases[i].make)
                        fail_msg("make, case %zu: %02x", i, status);
                assert_int_equal(rig->touches, status == CTAP2_OK);
                status = get(rig, ASK(.extensions = cases[i].extensions));
                if (status != cases[i].get)
                        fail_msg("get, case %zu: %02x", i, status);
                assert_int_equal(rig->touches, status == CTAP2_OK);
        }
}

struct salts {
        const char *name;
        uint8_t protocol; /* 0: not said, which is 1 */
        size_t salts, param;
        bool forged, with_hmac_secret;
};

/* {name: {1: keyAgreement, 2: saltEnc, 3: saltAuth, 4: protocol}} */
static slice salts_of(struct ctap_rig *rig, const struct salts *salts, struct pin_rig *pin, writer *w)
{
        uint8_t sealed[160], clear[128] = { 5 }, param[SHA256_SIZE] = { 0 };
        writer encrypted = WRITER(sealed);
        assert_int_equal(pin_rig_agree(&rig->element, salts->protocol == 2 ? 2 : 1, pin), SW_OK);
        pin_rig_encrypt(pin, slice_of(clear, salts->salts), &encrypted);
        (void)pin_rig_param(pin->protocol, &pin->hmac, writer_view(&encrypted), param);
        param[0] ^= salts->forged;
        cbor_write_map(w, salts->with_hmac_secret ? 2 : 1);
        if (salts->with_hmac_secret) {
                cbor_write_string(w, "hmac-secret");
                cbor_write_bool(w, true);
        }
        cbor_write_string(w, salts->name);
        cbor_write_map(w, salts->protocol ? 4 : 3);
        cbor_write_uint(w, 1);
        write_point(w, pin);
        cbor_write_uint(w, 2);
        cbor_write_bytes(w, writer_view(&encrypted));
        cbor_write_uint(w, 3);
        cbor_write_bytes(w, slice_of(param, salts->param));
        if (salts->protocol) {
                cbor_write_uint(w, 4);
                cbor_write_uint(w, salts->protocol);
        }
        assert_false(w->overflowed);
        return writer_view(w);
}

/* [12.5 getAssertion] [2.2 12.8] */
static void hmac_secret_is_checked(void **state)
{
        struct ctap_rig *rig = *state;
        static const struct {
                uint8_t protocol;
                size_t salts, param;
                bool forged;
                uint8_t status;
        } cases[] = {
                { 0, 32, 16, false, CTAP2_OK }, /* protocol 1 where none is named */
                { 1, 64, 16, false, CTAP2_OK },
                { 2, 32, 32, false, CTAP2_OK },
                { 2, 64, 32, false, CTAP2_OK },
                { 3, 32, 16, false, CTAP1_ERR_INVALID_PARAMETER },
                { 1, 32, 16, true, CTAP2_ERR_PIN_AUTH_INVALID },
                { 2, 32, 32, true, CTAP2_ERR_PIN_AUTH_INVALID },
                { 2, 32, 16, false, CTAP2_ERR_PIN_AUTH_INVALID },
                { 1, 32, 32, false, CTAP2_ERR_PIN_AUTH_INVALID },
                { 1, 16, 16, false, CTAP1_ERR_INVALID_LENGTH },
                { 1, 48, 16, false, CTAP1_ERR_INVALID_LENGTH },
                { 2, 48, 32, false, CTAP1_ERR_INVALID_LENGTH },
                { 2, 96, 32, false, CTAP1_ERR_INVALID_LENGTH },
        };
        assert_status(make(rig, ASK(.rk = TRUE_OPTION)), CTAP2_OK);
        for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
                uint8_t bytes[600];
                struct pin_rig pin;
                struct salts salts = { "hmac-secret", cases[i].protocol, cases[i].salts, cases[i].param,
                        cases[i].forged, false };
                writer w = WRITER(bytes);
                slice extensions = salts_of(rig, &salts, &pin, &w);
                if (get(rig, ASK(.extensions = extensions)) != cases[i].status)
                        fail_msg("get, case %zu: %02x", i, rig->reply[0]);
                /* [12.5 getAssertion] with "up" false it is not an option */
                if (cases[i].status == CTAP2_OK)
                        assert_status(get(rig, ASK(.extensions = extensions, .up = FALSE_OPTION)),
                                CTAP2_ERR_UNSUPPORTED_OPTION);
                salts.name = "hmac-secret-mc";
                salts.with_hmac_secret = true;
                w = WRITER(bytes);
                extensions = salts_of(rig, &salts, &pin, &w);
                if (make(rig, ASK(.extensions = extensions)) != cases[i].status)
                        fail_msg("make, case %zu: %02x", i, rig->reply[0]);
        }
        uint8_t bytes[600];
        struct pin_rig pin;
        writer w = WRITER(bytes);
        slice alone = salts_of(rig, &(struct salts){ "hmac-secret-mc", 2, 32, 32, false, false }, &pin, &w);
        assert_status(make(rig, ASK(.extensions = alone)), CTAP2_ERR_MISSING_PARAMETER);
}

/* [12.2 makeCredential] */
static void a_blob_that_is_too_long_is_not_kept(void **state)
{
        struct ctap_rig *rig = *state;
        static const struct {
                size_t size;
                bool kept;
        } cases[] = { { 0, true }, { 64, true }, { 65, false }, { 600, false } };
        for (size_t i = 0; i < 4; i++) {
                uint8_t bytes[700];
                static const uint8_t blob[600] = { 1 };
                struct authdata data;
                writer w = WRITER(bytes);
                cbor_write_map(&w, 1);
                cbor_write_string(&w, "credBlob");
                cbor_write_bytes(&w, slice_of(blob, cases[i].size));
                assert_status(make(rig, ASK(.rk = TRUE_OPTION, .extensions = writer_view(&w))), CTAP2_OK);
                assert_int_equal(authdata_read(ctap_rig_bytes(rig, 2), &data, NULL).code, MITOME_OK);
                assert_int_equal(data.extensions.data[data.extensions.size - 1], cases[i].kept ? 0xF5 : 0xF4);
        }
}

static bool is_format(const struct ctap_rig *rig, const char *name)
{
        slice value = ctap_rig_member(rig, 1);
        return value.size == strlen(name) + 1 && memcmp(value.data + 1, name, value.size - 1) == 0;
}

/* [6.1.2 19] [2.2 6.1.2 19] */
static void the_preferred_format_is_given(void **state)
{
        struct ctap_rig *rig = *state;
        const struct {
                slice formats;
                const char *wanted;
        } cases[] = {
                { { 0 }, "packed" },
                { EXTENSION("\x80"), "packed" },
                { EXTENSION("\x81\x64none"), "none" },
                { EXTENSION("\x82\x63tpm\x64none"), "none" },
                { EXTENSION("\x82\x66packed\x64none"), "packed" },
                { EXTENSION("\x82\x64none\x66packed"), "none" },
                { EXTENSION("\x81\x63tpm"), "packed" },
        };
        for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
                assert_status(make(rig, ASK(.formats = cases[i].formats)), CTAP2_OK);
                assert_true(is_format(rig, cases[i].wanted));
                if (strcmp(cases[i].wanted, "none") == 0) {
                        slice statement = ctap_rig_member(rig, 3);
                        assert_int_equal(statement.size, 1);
                        assert_int_equal(statement.data[0], 0xA0);
                }
        }
        assert_status(make(rig, ASK(.formats = EXTENSION("\x81\x01"))), CTAP2_ERR_CBOR_UNEXPECTED_TYPE);
        assert_status(make(rig, ASK(.formats = EXTENSION("\x64none"))), CTAP2_ERR_CBOR_UNEXPECTED_TYPE);
}

/* ---- 17, 18, 11: what is made, and what signs ---- */

/* [6.1.2 5.4] [6.1.2 17] [6.1.2 17.1] [6.1.2 17.3] found without a list; [6.1.2 5.5] [6.1.2 18] or by its id
 * only */
static void who_asks_for_it_is_discoverable(void **state)
{
        struct ctap_rig *rig = *state;
        static const enum option hidden[] = { NO_OPTION, FALSE_OPTION };
        uint8_t id[ID_SIZE];
        for (size_t i = 0; i < 2; i++) {
                assert_status(make(rig, ASK(.rk = hidden[i])), CTAP2_OK);
                slice ids = id_of(rig, id);
                assert_status(get(rig, ASK()), CTAP2_ERR_NO_CREDENTIALS);
                assert_status(get(rig, ASK(.ids = ids)), CTAP2_OK);
                assert_int_equal(ctap_rig_member(rig, 4).size, 0);
        }
        assert_status(make(rig, ASK(.rk = TRUE_OPTION, .user = "one")), CTAP2_OK);
        assert_status(get(rig, ASK()), CTAP2_OK); /* [6.2.2 7] [6.2.2 7.2] */
        slice who = ctap_rig_member(rig, 4);      /* {"id": h'..'} */
        assert_int_equal(who.size, 1 + 3 + 1 + 3);
        assert_memory_equal(who.data + 5, "one", 3);
        assert_int_equal(ctap_rig_member(rig, 5).size, 0); /* [6.2.2 12.1] */
        /* [6.1.2 17.2] one for the same user takes its place */
        assert_status(make(rig, ASK(.rk = TRUE_OPTION, .user = "one")), CTAP2_OK);
        assert_status(get(rig, ASK()), CTAP2_OK);
        assert_int_equal(ctap_rig_member(rig, 5).size, 0);
        assert_status(make(rig, ASK(.rk = TRUE_OPTION, .user = "two")), CTAP2_OK);
        assert_status(get(rig, ASK()), CTAP2_OK);
        assert_int_equal(ctap_rig_uint(rig, 5), 2);
}

/* [6.2.2 11] [6.2.2 11.1] one of the list signs, and it is the newest */
static void of_a_list_the_newest_signs(void **state)
{
        struct ctap_rig *rig = *state;
        uint8_t ids[3 * ID_SIZE];
        static const size_t place_of[] = { 1, 2, 0 }; /* the newest is the first of the list */
        for (size_t i = 0; i < 3; i++) {
                assert_status(make(rig, ASK()), CTAP2_OK);
                (void)id_of(rig, ids + place_of[i] * ID_SIZE);
        }
        for (size_t used = 1; used <= 3; used++) {
                assert_status(get(rig, ASK(.ids = slice_of(ids, used * ID_SIZE))), CTAP2_OK);
                slice credential = ctap_rig_member(rig, 1); /* {"id": h'..', "type": "public-key"} */
                assert_true(credential.size > 6 + ID_SIZE);
                assert_memory_equal(credential.data + 6, ids, ID_SIZE);
        }
}

/* ---- getNextAssertion ---- */

enum { MANY = 40 };

/* [6.3 8] [6.2.2 12.2] [6.3] no cap, no list in memory */
static void assertions_are_streamed_to_the_last(void **state)
{
        struct ctap_rig *rig = *state;
        char user[16];
        assert_status(next(rig), CTAP2_ERR_NOT_ALLOWED); /* [6.3 1] */
        /* [6.2.2 7] [6.2.2 7.2] [6.2.2 12.2.1] [6.2.2 12.2.2] all of them, the newest first; [6.3 4] [6.3 5]
         * [6.3 6] flags as at first, and no number again */
        for (int i = 0; i < MANY; i++) {
                (void)snprintf(user, sizeof user, "user-%02d", i);
                assert_status(make(rig, ASK(.rk = TRUE_OPTION, .user = user)), CTAP2_OK);
        }
        for (int silent = 0; silent < 2; silent++) {
                assert_status(get(rig, ASK(.up = silent ? FALSE_OPTION : NO_OPTION)), CTAP2_OK);
                assert_int_equal(ctap_rig_uint(rig, 5), MANY);
                for (int i = MANY - 1; i >= 0; i--) {
                        (void)snprintf(user, sizeof user, "user-%02d", i);
                        slice who = ctap_rig_member(rig, 4); /* {"id": h'..'} */
                        assert_int_equal(who.size, 1 + 3 + 1 + strlen(user));
                        assert_memory_equal(who.data + 5, user, strlen(user));
                        assert_int_equal(flags_of(rig), silent ? 0 : AUTHDATA_UP);
                        if (i < MANY - 1)
                                assert_int_equal(ctap_rig_member(rig, 5).size, 0);
                        rig->now_ms += 29 * SECOND; /* [6.3 7] the time begins anew each time */
                        assert_status(next(rig), i ? CTAP2_OK : CTAP2_ERR_NOT_ALLOWED); /* [6.3 2] */
                        assert_int_equal(rig->touches, 0);
                }
                assert_status(next(rig), CTAP2_ERR_NOT_ALLOWED);
        }
}

/* [6.2.2 12.1] [6.2.2 11.2] [6.2.2 12.3] a credential that was named has no number; of one that is not
 * discoverable the relying party knows the user */
static void who_was_named_is_not_told_again(void **state)
{
        struct ctap_rig *rig = *state;
        uint8_t id[ID_SIZE];
        for (int discoverable = 0; discoverable < 2; discoverable++) {
                assert_status(make(rig, ASK(.rk = discoverable ? TRUE_OPTION : FALSE_OPTION)), CTAP2_OK);
                slice ids = id_of(rig, id);
                assert_status(get(rig, ASK(.ids = ids)), CTAP2_OK);
                assert_int_equal(ctap_rig_member(rig, 4).size > 0, discoverable);
                assert_int_equal(ctap_rig_member(rig, 5).size, 0);
                assert_status(next(rig), CTAP2_ERR_NOT_ALLOWED);
        }
}

/* [6.3 3] not after 30 s, and not after anything else */
static void what_was_remembered_is_forgotten(void **state)
{
        struct ctap_rig *rig = *state;
        const uint8_t input[] = { 0xA0 };
        assert_status(make(rig, ASK(.rk = TRUE_OPTION, .user = "a")), CTAP2_OK);
        assert_status(make(rig, ASK(.rk = TRUE_OPTION, .user = "b")), CTAP2_OK);
        assert_status(get(rig, ASK()), CTAP2_OK);
        rig->now_ms += 31 * SECOND;
        assert_status(next(rig), CTAP2_ERR_NOT_ALLOWED);
        assert_status(next(rig), CTAP2_ERR_NOT_ALLOWED);
        assert_status(get(rig, ASK()), CTAP2_OK);
        assert_status(ctap_rig_command(rig, GET_INFO, (slice){ 0 }), CTAP2_OK);
        assert_status(next(rig), CTAP2_ERR_NOT_ALLOWED);
        assert_status(get(rig, ASK()), CTAP2_OK);
        assert_status(get(rig, ASK(.rp = "other.example")), CTAP2_ERR_NO_CREDENTIALS);
        assert_status(next(rig), CTAP2_ERR_NOT_ALLOWED);
        assert_status(get(rig, ASK()), CTAP2_OK);
        ctap_rig_power_cycle(rig);
        assert_status(next(rig), CTAP2_ERR_NOT_ALLOWED);
        assert_status(get(rig, ASK()), CTAP2_OK);
        assert_status(ctap_rig_command(rig, NEXT, SLICE(input)), CTAP1_ERR_INVALID_LENGTH);
}

/* ---- the form of a request ---- */

/* [6.2.2 11] [6.2.2 11.1] [6.1.2 3.1.1] [6.1.2 3.1.2] a list that is longer than promised, ids of others, and
 * every algorithm */
static void lists_have_their_limits(void **state)
{
        struct ctap_rig *rig = *state;
        enum { PROMISED = 64 };
        uint8_t ids[(PROMISED + 1) * ID_SIZE] = { 0 };
        static const int algorithms[] = { -7, -8, -35 };
        assert_status(make(rig, ASK()), CTAP2_OK);
        slice own = id_of(rig, ids + (PROMISED - 1) * ID_SIZE); /* the last of them */
        assert_status(get(rig, ASK(.ids = slice_of(ids, PROMISED * ID_SIZE))), CTAP2_OK);
        assert_status(
                make(rig, ASK(.ids = slice_of(ids, PROMISED * ID_SIZE))), CTAP2_ERR_CREDENTIAL_EXCLUDED);
        assert_status(get(rig, ASK(.ids = SLICE(ids))), CTAP2_ERR_LIMIT_EXCEEDED);
        assert_status(make(rig, ASK(.ids = SLICE(ids))), CTAP2_ERR_LIMIT_EXCEEDED);
        /* [6.2.2 7.3] another relying party's */
        assert_status(get(rig, ASK(.ids = own, .rp = "other.example")), CTAP2_ERR_NO_CREDENTIALS);
        for (size_t i = 0; i < 3; i++)
                assert_status(make(rig, ASK(.algorithm = algorithms[i])), CTAP2_OK);
        assert_status(make(rig, ASK(.algorithm = -257)), CTAP2_ERR_UNSUPPORTED_ALGORITHM); /* [6.1.2 3.2] */
}

/* What is not kept must have its type all the same: a name and an icon of rp and user. */
static void known_members_have_their_types(void **state)
{
        struct ctap_rig *rig = *state;
        static const struct {
                const char *rp, *user;
                size_t rp_size, user_size;
                uint8_t status;
        } cases[] = {
                { "\xA2\x62id\x61r\x64name\x61n", "\xA1\x62id\x41u", 13, 6, CTAP2_OK },
                { "\xA2\x62id\x61r\x64icon\x61n", "\xA2\x62id\x41u\x64icon\x61i", 13, 13, CTAP2_OK },
                { "\xA2\x62id\x61r\x64name\x08", "\xA1\x62id\x41u", 12, 6, CTAP2_ERR_CBOR_UNEXPECTED_TYPE },
                { "\xA2\x62id\x61r\x64icon\x08", "\xA1\x62id\x41u", 12, 6, CTAP2_ERR_CBOR_UNEXPECTED_TYPE },
                { "\xA1\x62id\x61r", "\xA2\x62id\x41u\x64icon\x08", 6, 12, CTAP2_ERR_CBOR_UNEXPECTED_TYPE },
                { "\xA1\x62id\x61r", "\xA2\x62id\x41u\x64name\x08", 6, 12, CTAP2_ERR_CBOR_UNEXPECTED_TYPE },
                { "\xA1\x62id\x61r", "\xA1\x62id\x61u", 6, 6, CTAP2_ERR_CBOR_UNEXPECTED_TYPE },
                { "\xA1\x62id\x08", "\xA1\x62id\x41u", 5, 6, CTAP2_ERR_CBOR_UNEXPECTED_TYPE },
                { "\xA1\x64name\x61n", "\xA1\x62id\x41u", 8, 6, CTAP2_ERR_MISSING_PARAMETER },
                { "\xA1\x62id\x61r", "\xA1\x64name\x61n", 6, 8, CTAP2_ERR_MISSING_PARAMETER },
        };
        for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
                uint8_t bytes[256];
                writer w = WRITER(bytes);
                cbor_write_map(&w, 4);
                cbor_write_uint(&w, 1);
                cbor_write_bytes(&w, SLICE(client_data_hash));
                cbor_write_uint(&w, 2);
                write_slice(&w, slice_of(cases[i].rp, cases[i].rp_size));
                cbor_write_uint(&w, 3);
                write_slice(&w, slice_of(cases[i].user, cases[i].user_size));
                cbor_write_uint(&w, 4);
                write_slice(&w, EXTENSION("\x81\xA2\x63"
                                          "alg\x26\x64type\x6Apublic-key"));
                if (ctap_rig_command(rig, MAKE, writer_view(&w)) != cases[i].status)
                        fail_msg("case %zu: %02x", i, rig->reply[0]);
        }
}

/* ---- what is meant by what is not said ---- */

/* [6.1.2 4] [6.1.2 5] [6.1.2 5.1] [6.1.2 5.4] [6.1.2 5.5] [6.1.2 5.7] [6.2.2 3] [6.2.2 4] [6.2.2 4.1]
 * [6.2.2 4.4] [6.2.2 4.5] */
static void options_have_their_defaults(void **state)
{
        struct ctap_rig *rig = *state;
        assert_status(make(rig, ASK()), CTAP2_OK); /* rk false, up true, uv false */
        assert_int_equal(flags_of(rig), AUTHDATA_UP | AUTHDATA_AT);
        assert_int_equal(rig->touches, 1);
        assert_status(get(rig, ASK()), CTAP2_ERR_NO_CREDENTIALS); /* none is discoverable */
        assert_status(make(rig, ASK(.rk = TRUE_OPTION, .up = TRUE_OPTION, .uv = FALSE_OPTION)), CTAP2_OK);
        assert_status(get(rig, ASK()), CTAP2_OK);
        assert_int_equal(flags_of(rig), AUTHDATA_UP);
        assert_int_equal(rig->touches, 1);
        assert_status(get(rig, ASK(.up = FALSE_OPTION, .uv = FALSE_OPTION)), CTAP2_OK);
        assert_int_equal(flags_of(rig), 0);
        assert_int_equal(rig->touches, 0);
        assert_status(get(rig, ASK(.rk = FALSE_OPTION)), CTAP2_ERR_UNSUPPORTED_OPTION);
}

/* [6.1.2 5.2] [6.2.2 4.2] [6.1.2 14] [6.2.2 9] [6.2.2 9.3] no finger is asked for besides, and no finger is
 * taken for the touch */
static void a_token_takes_the_place_of_the_finger(void **state)
{
        struct ctap_rig *rig = *state;
        SECRET(token);
        rig->finger = MITOME_GATE_NO_MATCH; /* it would be refused */
        get_token(rig, &token);
        assert_status(make(rig, ASK(.token = &token, .uv = TRUE_OPTION, .rk = TRUE_OPTION)), CTAP2_OK);
        assert_int_equal(flags_of(rig), AUTHDATA_UP | AUTHDATA_UV | AUTHDATA_AT);
        assert_int_equal(rig->touches, 1);
        get_token(rig, &token);
        assert_status(get(rig, ASK(.token = &token, .uv = TRUE_OPTION)), CTAP2_OK);
        assert_int_equal(flags_of(rig), AUTHDATA_UP | AUTHDATA_UV);
        assert_int_equal(rig->touches, 1);
        assert_int_equal(element_rig_state(&rig->element).uv_tries, 5);
}

/* [6.1.2 3.1.3] [6.1.2 16] whatever of those that are not known stands before it, or behind */
static void the_first_known_algorithm_is_taken(void **state)
{
        struct ctap_rig *rig = *state;
#define PARAM(alg) \
        "\xA2\x63" \
        "alg" alg "\x64type\x6Apublic-key"
        const struct {
                slice params;
                int64_t wanted;
        } cases[] = {
                { EXTENSION("\x82" PARAM("\x27") PARAM("\x26")), -8 },
                { EXTENSION("\x83" PARAM("\x39\xFF\xFE") PARAM("\x26") PARAM("\x27")), -7 },
                { EXTENSION("\x83" PARAM("\x39\x01\x00") PARAM("\x38\x22") PARAM("\x26")), -35 },
                { EXTENSION("\x82\xA2\x63"
                            "alg\x26\x64type\x65other" PARAM("\x27")),
                        -8 },
        };
        for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
                struct authdata data;
                assert_status(make(rig, ASK(.params = cases[i].params)), CTAP2_OK);
                assert_int_equal(authdata_read(ctap_rig_bytes(rig, 2), &data, NULL).code, MITOME_OK);
                assert_int_equal(data.public_key.algorithm, cases[i].wanted);
        }
        assert_status(make(rig, ASK(.params = EXTENSION("\x81" PARAM("\x39\xFF\xFE")))),
                CTAP2_ERR_UNSUPPORTED_ALGORITHM);
}

/* ---- attacks ---- */

static uint16_t sign_by_u2f(struct ctap_rig *rig, uint8_t control, slice id)
{
        uint8_t bytes[128], application[SHA256_SIZE];
        const slice rp = slice_text(rp_id);
        writer w = WRITER(bytes);
        sha256(&rp, 1, application);
        const uint8_t head[] = { 0x00, 0x02, control, 0x00, 0x00, 0x00, 2 * SHA256_SIZE + 1 + ID_SIZE };
        write_slice(&w, SLICE(head));
        write_slice(&w, SLICE(client_data_hash));
        write_slice(&w, SLICE(application));
        write_u8(&w, ID_SIZE);
        write_slice(&w, id);
        write_u16(&w, 0);
        return ctap_rig_u2f(rig, writer_view(&w));
}

/* Another phone's credentials: neither found, nor excluded, nor signed with, by any of the ways to name one.
 */
static void credentials_of_another_authenticator_are_nobodys(void **state)
{
        struct ctap_rig *rig = *state;
        void *other = NULL;
        uint8_t id[ID_SIZE], own[ID_SIZE];
        open_plain(&other);
        /* the rigs draw the same bytes: the other one has drawn some already */
        for (int i = 0; i < 4; i++)
                assert_status(make(other, ASK(.rk = TRUE_OPTION)), CTAP2_OK);
        slice ids = id_of(other, id);
        assert_status(make(rig, ASK(.rk = TRUE_OPTION)), CTAP2_OK);
        (void)id_of(rig, own);
        assert_memory_not_equal(id, own, ID_SIZE);
        assert_status(get(rig, ASK(.ids = ids)), CTAP2_ERR_NO_CREDENTIALS);
        assert_status(get(rig, ASK(.ids = ids, .up = FALSE_OPTION)), CTAP2_ERR_NO_CREDENTIALS);
        assert_status(make(rig, ASK(.ids = ids)), CTAP2_OK);
        static const uint8_t controls[] = { 0x03, 0x07, 0x08 };
        for (size_t i = 0; i < sizeof controls; i++)
                assert_int_equal(sign_by_u2f(rig, controls[i], ids), SW_WRONG_DATA);
        close_ctap(&other);
}

/* [12.1] each level by each path on which no user is verified, and the first path on which one is */
static void protected_credentials_hide_on_every_path(void **state)
{
        struct ctap_rig *rig = *state;
        static const char *const levels[] = { NULL,
                "\xA1\x6B"
                "credProtect\x01",
                "\xA1\x6B"
                "credProtect\x02",
                "\xA1\x6B"
                "credProtect\x03" };
        for (uint8_t level = 1; level <= 3; level++) {
                uint8_t id[ID_SIZE];
                const char user[] = { (char)('0' + level), 0 };
                uint8_t named = level < 3 ? CTAP2_OK : CTAP2_ERR_NO_CREDENTIALS;
                uint16_t u2f = level < 3 ? SW_OK : SW_WRONG_DATA;
                assert_status(make(rig, ASK(.rk = TRUE_OPTION, .uv = TRUE_OPTION, .user = user,
                                                .extensions = slice_text(levels[level]))),
                        CTAP2_OK);
                slice ids = id_of(rig, id);
                assert_status(get(rig, ASK(.ids = ids)), named);
                assert_status(get(rig, ASK(.ids = ids, .up = FALSE_OPTION)), named);
                assert_int_equal(sign_by_u2f(rig, 0x03, ids), u2f);
                assert_int_equal(sign_by_u2f(rig, 0x08, ids), u2f);
                assert_int_equal(sign_by_u2f(rig, 0x07, ids), level < 3 ? SW_CONDITIONS : SW_WRONG_DATA);
                assert_status(get(rig, ASK(.ids = ids, .uv = TRUE_OPTION)), CTAP2_OK);
        }
        for (int up = 0; up < 2; up++) { /* without a list: the first level alone */
                assert_status(get(rig, ASK(.up = up ? NO_OPTION : FALSE_OPTION)), CTAP2_OK);
                assert_int_equal(ctap_rig_member(rig, 5).size, 0);
                assert_memory_equal(ctap_rig_member(rig, 4).data + 5, "1", 1);
                assert_status(next(rig), CTAP2_ERR_NOT_ALLOWED);
        }
        assert_status(get(rig, ASK(.uv = TRUE_OPTION)), CTAP2_OK);
        assert_int_equal(ctap_rig_uint(rig, 5), 3);
}

/* A fault of others: a secure element that grows slower with each signature. None here costs more than the
 * first: as many commands of the element, and a durable write in 64. */
static void signatures_do_not_slow_down(void **state)
{
        struct ctap_rig *rig = *state;
        enum { SIGNATURES = 256, BLOCK = 64 };
        assert_status(make(rig, ASK(.rk = TRUE_OPTION)), CTAP2_OK);
        assert_status(get(rig, ASK()), CTAP2_OK);
        unsigned commands = rig->element_commands, writes = rig->element.medium.writes;
        for (int i = 0; i < SIGNATURES; i++) {
                assert_status(get(rig, ASK()), CTAP2_OK);
                assert_int_equal(rig->element_commands, commands);
        }
        assert_in_range(rig->element.medium.writes - writes, 1, SIGNATURES / BLOCK);
}

#define WITH(stencil, name) cmocka_unit_test_setup_teardown(name, open_##stencil, close_ctap)

int main(void)
{
        const struct CMUnitTest tests[] = {
                WITH(holder, an_empty_param_asks_which_device),
                WITH(plain, an_empty_param_without_a_pin_says_so),
                WITH(holder, every_new_credential_wants_verification),
                WITH(plain, unprotected_nothing_is_wanted),
                WITH(holder, always_uv_takes_the_finger_or_asks_for_the_pin),
                WITH(plain, always_uv_without_any_is_refused),
                WITH(holder, tokens_of_both_protocols_verify),
                WITH(holder, tokens_for_something_else_do_not),
                WITH(holder, a_finger_that_fails_leaves_the_pin),
                WITH(holder, each_try_within_a_request_is_paid_for),
                WITH(holder, looking_first_leaves_the_token),
                WITH(plain, excluded_is_said_whatever_the_touch),
                WITH(holder, a_token_by_finger_has_seen_its_user),
                WITH(holder, what_was_wished_for_is_told),
                WITH(plain, extensions_are_checked),
                WITH(plain, hmac_secret_is_checked),
                WITH(plain, a_blob_that_is_too_long_is_not_kept),
                WITH(plain, the_preferred_format_is_given),
                WITH(plain, who_asks_for_it_is_discoverable),
                WITH(plain, of_a_list_the_newest_signs),
                WITH(plain, assertions_are_streamed_to_the_last),
                WITH(plain, who_was_named_is_not_told_again),
                WITH(plain, what_was_remembered_is_forgotten),
                WITH(plain, lists_have_their_limits),
                WITH(plain, known_members_have_their_types),
                WITH(plain, options_have_their_defaults),
                WITH(holder, a_token_takes_the_place_of_the_finger),
                WITH(plain, the_first_known_algorithm_is_taken),
                WITH(plain, credentials_of_another_authenticator_are_nobodys),
                WITH(holder, protected_credentials_hide_on_every_path),
                WITH(plain, signatures_do_not_slow_down),
        };
        return cmocka_run_group_tests(tests, make_stencils, drop_stencils);
}
