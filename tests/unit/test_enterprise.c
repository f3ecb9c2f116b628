/* SPDX-License-Identifier: Apache-2.0 */
/* Enterprise attestation and certificate credentials, from a CTAP request to the relying party's verifier:
 * the core and a real element in one process, and the format's verification procedure over what comes out. */
#include "attestation_format.h"
#include "core.h"
#include "element_rig.h"
#include "fido_applet.h"
#include "tlv.h"

#include <openssl/x509.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { ES256 = -7, EDDSA = -8, RS256 = -257, COUNT_MAX = 4 };
enum { NO_ENTERPRISE = 0, VENDOR = 1, PLATFORM = 2 };
enum { HAS_LIST = 0x20, HAS_CERTIFICATE = 0x40 };

static const char listed[] = "login.example.go.jp", unlisted[] = "shop.example";
static const uint8_t client_data_hash[32] = { 0xC0, 0xDA };
static const uint32_t set_enterprise = 0x803A0000, jpki_personalise = 0x80DA0000;

/* personalised, its key 0017 signs no host's hash, paired, one finger; a device key, `listed` on the list */
static struct element_rig stencil;

struct rig {
        struct element_rig element;
        struct core *core;
        uint8_t reply[8192];
        slice answer; /* behind the status */
        uint8_t status;
};

/* ---- set-up ---- */

static uint16_t put_list(struct element_rig *element, uint8_t flags, const char *rp_id)
{
        uint8_t bytes[512];
        writer w = WRITER(bytes);
        tlv_write_u8(&w, 0x80, flags);
        if (rp_id)
                tlv_write(&w, 0x81, slice_text(rp_id));
        assert_int_equal(element_rig_channel(element, element_rig_fido, &element_rig_keys), SW_OK);
        uint16_t sw = element_rig_secured(element, set_enterprise, writer_view(&w));
        assert_int_equal(element_rig_select(element, element_rig_fido), SW_OK);
        return sw;
}

static void switch_host_hashes_off(struct element_rig *element)
{
        static const uint8_t data[] = { 0x80, 1, 0x00, 0x81, 1, 0x01 };
        assert_int_equal(element_rig_channel(element, element_rig_jpki, &element_rig_keys), SW_OK);
        assert_int_equal(element_rig_secured(element, jpki_personalise, SLICE(data)), SW_OK);
        assert_int_equal(element_rig_select(element, element_rig_fido), SW_OK);
}

static int make_stencil(void **state)
{
        (void)state;
        element_rig_open(&stencil);
        element_rig_personalise(&stencil);
        switch_host_hashes_off(&stencil);
        element_rig_pair(&stencil, NULL);
        assert_int_equal(element_rig_enrol(&stencil, ELEMENT_RIG_PIN), SW_OK);
        element_rig_make_device(&stencil);
        assert_int_equal(put_list(&stencil, 1, listed), SW_OK);
        return 0;
}

static int drop_stencil(void **state)
{
        (void)state;
        element_rig_close(&stencil);
        return 0;
}

static int set_up(void **state)
{
        struct rig *rig = calloc(1, sizeof *rig);
        element_rig_clone(&stencil, &rig->element);
        assert_int_equal(element_rig_select(&rig->element, element_rig_fido), SW_OK);
        assert_int_equal(
                core_new(&(struct core_config){ .transports = MITOME_TRANSPORT_USB }, &rig->core, NULL).code,
                MITOME_OK);
        *state = rig;
        return 0;
}

static int tear_down(void **state)
{
        struct rig *rig = *state;
        core_free(rig->core);
        element_rig_close(&rig->element);
        free(rig);
        return 0;
}

/* ---- the platform: a request, and all that the core asks for until it answers ---- */

static void copy(slice from, uint8_t *to, size_t capacity)
{
        assert_int_equal(slice_copy(from, "copy", to, capacity, NULL).code, MITOME_OK);
}

static void seal(const struct rig *rig, const struct mitome_gate_request *request, uint8_t *ret)
{
        uint8_t hash[SHA256_SIZE];
        struct unlock_token token = { .purpose = UNLOCK_VERIFIED, .modality = UNLOCK_FINGER };
        sha256(&request->rp_id, 1, hash);
        unlock_digest(request->command, SLICE(hash), request->client_data_hash, token.digest);
        copy(request->challenge, token.challenge, sizeof token.challenge);
        copy(SLICE(rig->element.set), token.set, sizeof token.set);
        unlock_token_seal(&token, secret_view(&rig->element.pairing_key), ret);
}

static void run(struct rig *rig, slice request)
{
        struct core_action action;
        struct mitome_gate_event finger = { .kind = MITOME_GATE_EVIDENCE, .has_evidence = true };
        struct core_event event = { .kind = CORE_REQUEST, .bytes = request };
        uint8_t response[MITOME_APDU_MAX];
        for (;;) {
                core_step(rig->core, &event, &action);
                switch (action.kind) {
                case CORE_TRANSMIT:
                        (void)element_rig_transmit(&rig->element, action.bytes);
                        copy(slice_of(rig->element.response, rig->element.data.size + 2), response,
                                sizeof response);
                        event = (struct core_event){ .kind = CORE_RESPONSE,
                                .bytes = slice_of(response, rig->element.data.size + 2) };
                        break;
                case CORE_GATE_START:
                        seal(rig, &action.request, finger.evidence);
                        event = (struct core_event){ .kind = CORE_GATE, .gate = &finger };
                        break;
                case CORE_TOUCH:
                        event = (struct core_event){ .kind = CORE_TOUCHED };
                        break;
                case CORE_REPLY:
                        copy(action.bytes, rig->reply, sizeof rig->reply);
                        rig->status = rig->reply[0];
                        rig->answer = slice_of(rig->reply + 1, action.bytes.size - 1);
                        return;
                default:
                        fail_msg("action %d", (int)action.kind);
                }
        }
}

struct wish {
        const char *rp_id;
        uint64_t enterprise; /* 0: not asked */
        int algorithms[COUNT_MAX];
        bool no_finger;
        const char *user;
        slice excluded;
};

static void write_parameters(writer *w, const struct wish *wish)
{
        size_t count = 0;
        while (count < COUNT_MAX && wish->algorithms[count])
                count++;
        cbor_write_array(w, count);
        for (size_t i = 0; i < count; i++) {
                cbor_write_map(w, 2);
                cbor_write_string(w, "alg");
                cbor_write_int(w, wish->algorithms[i]);
                cbor_write_string(w, "type");
                cbor_write_string(w, "public-key");
        }
}

static void write_options(writer *w, bool rk, bool uv)
{
        cbor_write_map(w, (size_t)rk + uv);
        if (rk) {
                cbor_write_string(w, "rk");
                cbor_write_bool(w, true);
        }
        if (uv) {
                cbor_write_string(w, "uv");
                cbor_write_bool(w, true);
        }
}

static void write_list(writer *w, slice id)
{
        cbor_write_array(w, 1);
        cbor_write_map(w, 2);
        cbor_write_string(w, "id");
        cbor_write_bytes(w, id);
        cbor_write_string(w, "type");
        cbor_write_string(w, "public-key");
}

static uint8_t make(struct rig *rig, const struct wish *wish)
{
        uint8_t bytes[1024];
        writer w = WRITER(bytes);
        write_u8(&w, 0x01);
        cbor_write_map(&w, 5u + (wish->excluded.size > 0) + (wish->enterprise > 0));
        cbor_write_uint(&w, 1);
        cbor_write_bytes(&w, SLICE(client_data_hash));
        cbor_write_uint(&w, 2);
        cbor_write_map(&w, 1);
        cbor_write_string(&w, "id");
        cbor_write_string(&w, wish->rp_id);
        cbor_write_uint(&w, 3);
        cbor_write_map(&w, 1);
        cbor_write_string(&w, "id");
        cbor_write_bytes(&w, slice_text(wish->user ? wish->user : "hanako"));
        cbor_write_uint(&w, 4);
        write_parameters(&w, wish);
        if (wish->excluded.size) {
                cbor_write_uint(&w, 5);
                write_list(&w, wish->excluded);
        }
        cbor_write_uint(&w, 7);
        write_options(&w, true, !wish->no_finger);
        if (wish->enterprise) {
                cbor_write_uint(&w, 10);
                cbor_write_uint(&w, wish->enterprise);
        }
        assert_false(w.overflowed);
        run(rig, writer_view(&w));
        return rig->status;
}

static uint8_t get(struct rig *rig, const char *rp_id, slice id, bool uv)
{
        uint8_t bytes[512];
        writer w = WRITER(bytes);
        write_u8(&w, 0x02);
        cbor_write_map(&w, 2u + (id.size > 0) + uv);
        cbor_write_uint(&w, 1);
        cbor_write_string(&w, rp_id);
        cbor_write_uint(&w, 2);
        cbor_write_bytes(&w, SLICE(client_data_hash));
        if (id.size) {
                cbor_write_uint(&w, 3);
                write_list(&w, id);
        }
        if (uv) {
                cbor_write_uint(&w, 5);
                write_options(&w, false, true);
        }
        run(rig, writer_view(&w));
        return rig->status;
}

/* ---- the relying party ---- */

struct made {
        slice fmt, authdata_bytes, statement;
        struct authdata authdata;
        bool enterprise;
        struct attestation_result result;
};

static slice member(slice map_bytes, int64_t number)
{
        struct cbor_reader r = cbor_over(map_bytes, NULL, NULL);
        struct cbor_members map;
        struct cbor_key key;
        slice item = { 0 };
        bool more = true;
        assert_int_equal(cbor_open_map(&r, "map", 8, &map).code, MITOME_OK);
        while (!failed(cbor_next_key(&r, &map, &key, &more)) && more) {
                assert_int_equal(cbor_read_item(&r, "item", &item).code, MITOME_OK);
                if (key.number == number)
                        return item;
        }
        return (slice){ 0 };
}

static slice bytes_of(slice item)
{
        struct cbor_reader r = cbor_over(item, NULL, NULL);
        slice bytes;
        assert_int_equal(cbor_read_bytes(&r, "bytes", 8192, &bytes).code, MITOME_OK);
        return bytes;
}

/* What the core answered, verified by the format that it names. */
static void verify(const struct rig *rig, struct made *ret)
{
        const struct attestation_format *format;
        const char *name;
        mitome_error error = { 0 };
        assert_int_equal(rig->status, 0);
        struct cbor_reader r = cbor_over(member(rig->answer, 1), NULL, NULL);
        assert_int_equal(cbor_read_text(&r, "fmt", 32, &ret->fmt).code, MITOME_OK);
        ret->authdata_bytes = bytes_of(member(rig->answer, 2));
        ret->statement = member(rig->answer, 3);
        ret->enterprise = member(rig->answer, 4).size > 0;
        assert_int_equal(authdata_read(ret->authdata_bytes, &ret->authdata, NULL).code, MITOME_OK);
        assert_int_equal(attestation_format_find(ret->fmt, "test", &name, &format, NULL).code, MITOME_OK);
        const struct attestation_input input = {
                .statement = cbor_over(ret->statement, "test", &error),
                .auth_data = ret->authdata_bytes,
                .data = &ret->authdata,
                .client_data_hash = SLICE(client_data_hash),
        };
        ret->result = (struct attestation_result){ 0 };
        assert_int_equal(format->verify(&input, &ret->result, &error).code, MITOME_OK);
}

static void expect_packed(const struct rig *rig, int64_t algorithm)
{
        struct made made;
        verify(rig, &made);
        assert_true(slice_is(made.fmt, "packed"));
        assert_false(made.enterprise); /* Chromium refuses an attestation that was not asked for */
        assert_int_equal(made.authdata.public_key.algorithm, algorithm);
        assert_int_equal(made.result.parts[0].type, ATTESTATION_X5C);
}

static void expect_jpki(const struct rig *rig, int64_t algorithm, struct made *made)
{
        verify(rig, made);
        assert_true(slice_is(made->fmt, "mitome-jpki"));
        assert_true(made->enterprise);
        assert_int_equal(made->authdata.public_key.algorithm, algorithm);
        assert_int_equal(made->authdata.flags, AUTHDATA_UP | AUTHDATA_UV | AUTHDATA_AT);
        assert_int_equal(made->result.count, 2);
        assert_int_equal(made->result.parts[0].type, ATTESTATION_JPKI);
        assert_int_equal(made->result.parts[1].type, ATTESTATION_X5C);
}

/* ---- the tests ---- */

static void what_get_info_says(void **state)
{
        struct rig *rig = *state;
        static const uint8_t request[] = { 0x04 }, ep[] = { 0x62, 'e', 'p', 0xF5 },
                             rs256[] = { 0x39, 0x01, 0x00 };
        for (int on = 1; on >= 0; on--) {
                if (!on)
                        assert_int_equal(put_list(&rig->element, 0, listed), SW_OK);
                run(rig, SLICE(request));
                assert_int_equal(rig->status, 0);
                assert_int_equal(memmem(rig->answer.data, rig->answer.size, ep, sizeof ep) != NULL, on);
                assert_int_equal(memmem(rig->answer.data, rig->answer.size, rs256, sizeof rs256) != NULL, on);
                assert_int_equal(element_rig_state(&rig->element).flags & (HAS_LIST | HAS_CERTIFICATE),
                        on ? HAS_LIST | HAS_CERTIFICATE : HAS_CERTIFICATE);
        }
}

/* [6.1.2 9.2.2] [6.1.2 9.2.3] "a certificate credential is made only when the relying party is on the list,
 * asks for enterprise attestation, and has -257 as its first supported algorithm"; everything else gets what
 * it would get. */
static void who_gets_what(void **state)
{
        struct rig *rig = *state;
        static const struct {
                struct wish wish;
                bool person;
                int algorithm; /* of the credential; 0: UNSUPPORTED_ALGORITHM */
        } cases[] = {
                { { listed, VENDOR, { RS256, ES256 } }, true, RS256 },
                { { listed, PLATFORM, { RS256 } }, true, RS256 }, /* "2 is treated as 1" */
                { { listed, VENDOR, { -65535, RS256, ES256 } }, true, RS256 },
                { { listed, VENDOR, { ES256, RS256 } }, true, ES256 },
                { { listed, VENDOR, { EDDSA } }, true, EDDSA },
                { { listed, NO_ENTERPRISE, { RS256, ES256 } }, false, ES256 },
                { { listed, NO_ENTERPRISE, { RS256 } }, false, 0 },
                { { unlisted, VENDOR, { RS256, ES256 } }, false, ES256 },
                { { unlisted, VENDOR, { RS256 } }, false, 0 },
                { { unlisted, NO_ENTERPRISE, { ES256 } }, false, ES256 },
        };
        for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
                struct made made;
                uint8_t status = make(rig, &cases[i].wish);
                if (cases[i].algorithm == 0)
                        assert_int_equal(status, 0x26); /* CTAP2_ERR_UNSUPPORTED_ALGORITHM */
                else if (cases[i].person)
                        expect_jpki(rig, cases[i].algorithm, &made);
                else
                        expect_packed(rig, cases[i].algorithm);
        }
}

/* CTAP 2.1 6.1.2, step 9 */
static void a_wrong_kind_and_a_list_that_is_off(void **state)
{
        struct rig *rig = *state;
        const struct wish wish = { listed, 3, { ES256 } }, right = { listed, VENDOR, { RS256, ES256 } };
        assert_int_equal(make(rig, &wish), 0x2C); /* INVALID_OPTION */
        assert_int_equal(put_list(&rig->element, 0, listed), SW_OK);
        assert_int_equal(make(rig, &right), 0x02); /* INVALID_PARAMETER */
        assert_int_equal(make(rig, &wish), 0x02);
        assert_int_equal(put_list(&rig->element, 1, NULL), SW_OK); /* on, and empty */
        assert_int_equal(make(rig, &right), 0);
        expect_packed(rig, ES256);
}

/* The relying party's view: the key that signs is the one in the certificate that was shown. */
static void expect_key_of(const struct made *made, slice der)
{
        const unsigned char *at = der.data;
        X509 *x509 = d2i_X509(NULL, &at, (long)der.size);
        EVP_PKEY *key = X509_get0_pubkey(x509);
        BIGNUM *n = NULL;
        uint8_t modulus[256];
        assert_int_equal(EVP_PKEY_get_bn_param(key, "n", &n), 1);
        assert_int_equal(BN_bn2binpad(n, modulus, sizeof modulus), sizeof modulus);
        assert_true(slice_equal(made->authdata.public_key.n, SLICE(modulus)));
        BN_free(n);
        X509_free(x509);
}

static void verify_assertion(const struct rig *rig, const struct cose_key *key, uint32_t count)
{
        struct authdata data;
        slice authdata = bytes_of(member(rig->answer, 2)), signature = bytes_of(member(rig->answer, 3));
        const slice parts[] = { authdata, SLICE(client_data_hash) };
        assert_int_equal(authdata_read(authdata, &data, NULL).code, MITOME_OK);
        assert_int_equal(data.flags, AUTHDATA_UP | AUTHDATA_UV);
        assert_int_equal(data.sign_count, count);
        assert_int_equal(
                cose_verify(NULL, key, parts, 2, signature, "signature", NULL, NULL).code, MITOME_OK);
}

static const struct wish certificate_wish = { listed, VENDOR, { RS256, ES256 } };

static void a_certificate_credential_signs_with_the_certificates_key(void **state)
{
        struct rig *rig = *state;
        struct made made;
        uint8_t id[32], reply[8192];
        assert_int_equal(make(rig, &certificate_wish), 0);
        copy(rig->answer, reply, sizeof reply);
        rig->answer = slice_of(reply, rig->answer.size);
        expect_jpki(rig, RS256, &made);
        expect_key_of(&made, made.result.parts[0].chain.certificates[0]);
        copy(made.authdata.credential_id, id, sizeof id);
        for (uint32_t count = 1; count <= 3; count++) {
                assert_int_equal(get(rig, listed, count == 2 ? (slice){ 0 } : SLICE(id), true), 0);
                verify_assertion(rig, &made.authdata.public_key, count);
        }
        /* "it is always credProtect 3": without verification it is not there */
        assert_int_equal(get(rig, listed, SLICE(id), false), 0x2E); /* NO_CREDENTIALS */
        assert_int_equal(get(rig, listed, (slice){ 0 }, false), 0x2E);
        assert_int_equal(get(rig, unlisted, SLICE(id), true), 0x2E);
        /* and nobody is told of it when it is excluded, but its user */
        struct wish again = certificate_wish;
        again.excluded = SLICE(id);
        assert_int_equal(make(rig, &again), 0x19); /* CREDENTIAL_EXCLUDED */
}

/* Another certificate of the same key: a change of address. */
static void renew(struct element_rig *element)
{
        assert_int_equal(element_rig_channel(element, element_rig_jpki, &element_rig_keys), SW_OK);
        element_rig_certify(element, 0x000A, 1280);
        assert_int_equal(element_rig_select(element, element_rig_fido), SW_OK);
}

/* "renewing the certificate ends it", even where the key stays. */
static void renewal_ends_it(void **state)
{
        struct rig *rig = *state;
        struct made made;
        uint8_t id[32];
        assert_int_equal(make(rig, &certificate_wish), 0);
        expect_jpki(rig, RS256, &made);
        copy(made.authdata.credential_id, id, sizeof id);
        const struct wish derived = { listed, NO_ENTERPRISE, { ES256 }, .user = "taro" };
        assert_int_equal(make(rig, &derived), 0);
        uint16_t room = element_rig_state(&rig->element).room;
        assert_int_equal(room, FIDO_CREDENTIALS_MAX - 2);
        renew(&rig->element);
        assert_int_equal(element_rig_state(&rig->element).room, room + 1); /* the derived one stays */
        assert_int_equal(get(rig, listed, SLICE(id), true), 0x2E);
        assert_int_equal(get(rig, listed, (slice){ 0 }, true), 0);
        struct wish again = certificate_wish; /* a new one can be made */
        again.excluded = SLICE(id);
        assert_int_equal(make(rig, &again), 0);
        expect_jpki(rig, RS256, &made);
        element_rig_generate(&rig->element, 0x97); /* and ends with the key, too */
        assert_int_equal(element_rig_select(&rig->element, element_rig_fido), SW_OK);
        assert_int_equal(element_rig_state(&rig->element).room, room + 1);
        assert_int_equal(element_rig_state(&rig->element).flags & HAS_CERTIFICATE, 0);
        assert_int_equal(make(rig, &certificate_wish), 0); /* nobody's certificate: an ordinary credential */
        expect_packed(rig, ES256);
}

/* "deleting it keeps the key": a new credential of the same user takes the place of the former. */
static void replacing_it_keeps_the_key(void **state)
{
        struct rig *rig = *state;
        struct made first, second;
        uint8_t reply[8192];
        assert_int_equal(make(rig, &certificate_wish), 0);
        copy(rig->answer, reply, sizeof reply);
        const slice answer = rig->answer;
        rig->answer = slice_of(reply, answer.size);
        expect_jpki(rig, RS256, &first);
        assert_int_equal(make(rig, &certificate_wish), 0);
        expect_jpki(rig, RS256, &second);
        assert_int_equal(element_rig_state(&rig->element).room, FIDO_CREDENTIALS_MAX - 1);
        assert_true(slice_equal(first.authdata.public_key.n, second.authdata.public_key.n));
        assert_false(slice_equal(first.authdata.credential_id, second.authdata.credential_id));
}

/* "it exists only where personalisation disables signing of host-supplied hashes with key 0017" */
static void without_the_switch_there_is_none(void **state)
{
        (void)state;
        struct rig *rig = calloc(1, sizeof *rig);
        struct made made;
        assert_int_equal(
                core_new(&(struct core_config){ .transports = MITOME_TRANSPORT_USB }, &rig->core, NULL).code,
                MITOME_OK);
        element_rig_open(&rig->element);
        element_rig_personalise(&rig->element);
        element_rig_pair(&rig->element, NULL);
        assert_int_equal(element_rig_enrol(&rig->element, ELEMENT_RIG_PIN), SW_OK);
        assert_int_equal(put_list(&rig->element, 1, listed), SW_OK);
        assert_int_equal(element_rig_state(&rig->element).flags & (HAS_LIST | HAS_CERTIFICATE), HAS_LIST);
        assert_int_equal(make(rig, &certificate_wish), 0);
        expect_packed(rig, ES256); /* no device key: nobody could believe the statement */
        element_rig_make_device(&rig->element);
        assert_int_equal(make(rig, &certificate_wish), 0);
        expect_jpki(rig, ES256, &made);
        /* and the element itself, whatever a core asks for */
        uint8_t token[UNLOCK_TOKEN_SIZE];
        struct element_rig_operation operation = { .command = 1, .rp_id = listed, .options = 2 };
        assert_int_equal(element_rig_begin(&rig->element, &operation), SW_OK);
        element_rig_seal(&rig->element, &operation, UNLOCK_VERIFIED, token);
        assert_int_equal(element_rig_make(&rig->element, &operation, SLICE(token), 0x04, 0x09,
                                 slice_text("u"), (slice){ 0 }),
                SW_FUNCTION_UNSUPPORTED);
        core_free(rig->core);
        element_rig_close(&rig->element);
        free(rig);
}

/* What the person's key says of presence, verification and counters nobody believes: without a device key
 * that says it there is no credential of that key, attested by the model's. */
static void without_a_device_key_there_is_none(void **state)
{
        (void)state;
        struct rig *rig = calloc(1, sizeof *rig);
        uint8_t token[UNLOCK_TOKEN_SIZE];
        struct element_rig_operation operation = { .command = 1, .rp_id = listed, .options = 2 };
        struct made made;
        assert_int_equal(
                core_new(&(struct core_config){ .transports = MITOME_TRANSPORT_USB }, &rig->core, NULL).code,
                MITOME_OK);
        element_rig_open(&rig->element);
        element_rig_personalise(&rig->element);
        switch_host_hashes_off(&rig->element);
        element_rig_pair(&rig->element, NULL);
        assert_int_equal(element_rig_enrol(&rig->element, ELEMENT_RIG_PIN), SW_OK);
        assert_int_equal(put_list(&rig->element, 1, listed), SW_OK);
        assert_int_equal(element_rig_begin(&rig->element, &operation), SW_OK);
        element_rig_seal(&rig->element, &operation, UNLOCK_VERIFIED, token);
        assert_int_equal(element_rig_make(&rig->element, &operation, SLICE(token), 0x04, 0x09,
                                 slice_text("u"), (slice){ 0 }),
                SW_FUNCTION_UNSUPPORTED);
        assert_int_equal(element_rig_state(&rig->element).flags & HAS_CERTIFICATE, 0);
        assert_int_equal(make(rig, &certificate_wish), 0);
        expect_packed(rig, ES256);
        element_rig_make_device(&rig->element);
        assert_int_equal(make(rig, &certificate_wish), 0);
        expect_jpki(rig, RS256, &made);
        core_free(rig->core);
        element_rig_close(&rig->element);
        free(rig);
}

/* SET STATUS of the JPKI applet: what its owner locked does not sign by way of the other applet. */
static void a_locked_applet_lends_no_key(void **state)
{
        struct rig *rig = *state;
        struct made made;
        assert_int_equal(make(rig, &certificate_wish), 0);
        for (uint32_t life = 0x83;; life = 0x03) {
                assert_int_equal(
                        element_rig_channel(&rig->element, element_rig_manager, &element_rig_keys), SW_OK);
                assert_int_equal(
                        element_rig_secured(&rig->element, 0x80F04000 | life, element_rig_jpki), SW_OK);
                assert_int_equal(element_rig_select(&rig->element, element_rig_fido), SW_OK);
                if (life != 0x83)
                        break;
                assert_int_equal(element_rig_state(&rig->element).flags & HAS_CERTIFICATE, 0);
                assert_int_equal(get(rig, listed, (slice){ 0 }, true), 0x2E); /* NO_CREDENTIALS */
                struct wish other = certificate_wish;
                other.user = "taro";
                assert_int_equal(make(rig, &other), 0);
                expect_packed(rig, ES256);
        }
        assert_int_equal(make(rig, &certificate_wish), 0);
        expect_jpki(rig, RS256, &made);
        assert_int_equal(get(rig, listed, (slice){ 0 }, true), 0);
}

/* Certificate credentials die with the certificate: they keep neither PIN nor fingers from going with it. */
static void the_last_of_them_keeps_no_pin(void **state)
{
        enum { PIN = 0x0020, ENROLMENT_SET = 0x0031 };
        struct rig *rig = *state;
        uint8_t bytes[256];
        assert_int_equal(make(rig, &certificate_wish), 0);
        assert_int_equal(element_rig_channel(&rig->element, element_rig_jpki, &element_rig_keys), SW_OK);
        assert_int_equal(element_rig_secured(&rig->element, 0x800E0097, (slice){ 0 }), SW_OK);
        assert_int_equal(element_rig_stored(&rig->element, PIN, bytes, sizeof bytes).size, 0);
        assert_int_equal(element_rig_stored(&rig->element, ENROLMENT_SET, bytes, sizeof bytes).size, 0);
}

/* Nobody but the user, verified, shows the certificate: presence alone gets what anybody gets. */
static void presence_alone_shows_no_certificate(void **state)
{
        struct rig *rig = *state;
        struct element_rig *element = &rig->element;
        struct element_rig_operation operation = { .command = 1, .rp_id = listed, .options = 1 };
        assert_int_equal(element_rig_begin(element, &operation), SW_OK);
        assert_int_equal(element_rig_make(element, &operation, (slice){ 0 }, 0x06, 0x09, slice_text("u"),
                                 (slice){ 0 }),
                SW_FUNCTION_UNSUPPORTED);
        assert_int_equal(element_rig_begin(element, &operation), SW_OK);
        assert_int_equal(element_rig_make(element, &operation, (slice){ 0 }, 0x06, 0x07, slice_text("u"),
                                 (slice){ 0 }),
                SW_OK);
        slice device = { 0 };
        assert_int_equal(tlv_find_optional(element->data, 0x83, "device", &device, NULL).code, MITOME_OK);
        assert_int_equal(device.size, 0);
}

/* SET ENTERPRISE LIST: "6A80 · 6A84 more than 64"; "written and re-enabled only by the TSM" */
static void the_list_is_the_stations(void **state)
{
        struct rig *rig = *state;
        struct element_rig *element = &rig->element;
        static const uint8_t on[] = { 0x80, 1, 1 }, wrong[] = { 0x80, 1, 2 }, no_flags[] = { 0x81, 1, 'a' },
                             no_text[] = { 0x80, 1, 1, 0x81, 1, 0xFF }, empty[] = { 0x80, 1, 1, 0x81, 0 };
        uint8_t bytes[256];
        assert_int_equal(element_rig_command(element, set_enterprise, SLICE(on)), SW_SECURITY_STATUS);
        assert_int_equal(element_rig_channel(element, element_rig_fido, &element_rig_keys), SW_OK);
        assert_int_equal(element_rig_secured(element, set_enterprise, SLICE(wrong)), SW_WRONG_DATA);
        assert_int_equal(element_rig_secured(element, set_enterprise, SLICE(no_flags)), SW_WRONG_DATA);
        assert_int_equal(element_rig_secured(element, set_enterprise, SLICE(no_text)), SW_WRONG_DATA);
        assert_int_equal(element_rig_secured(element, set_enterprise, SLICE(empty)), SW_WRONG_DATA);
        for (unsigned count = 64; count <= 65; count++) {
                writer w = WRITER(bytes);
                tlv_write_u8(&w, 0x80, 1);
                for (unsigned i = 0; i < count; i++)
                        tlv_write_u8(&w, 0x81, (uint8_t)('0' + i % 64));
                assert_false(w.overflowed);
                assert_int_equal(element_rig_secured(element, set_enterprise, writer_view(&w)),
                        count == 64 ? SW_OK : SW_FULL);
        }
        assert_int_equal(element_rig_state(element).flags & HAS_LIST, HAS_LIST);
        assert_int_equal(make(rig, &certificate_wish), 0); /* which is not on the list any more */
        expect_packed(rig, ES256);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

/* Key 0017 opens to the PIN, and to what a strong matcher compares. A weaker one is sent to the PIN: for an
 * attestation that would show the person, and for certificate credentials, which it does not see beside
 * others.
 */
static void a_weak_matcher_opens_no_certificate_credential(void **state)
{
        enum { PUAT_REQUIRED = 0x36, NO_CREDENTIALS = 0x2E };
        struct rig *rig = *state;
        struct made made;
        uint8_t id_bytes[ELEMENT_RIG_ID_SIZE];
        const struct wish person = { listed, VENDOR, { RS256, ES256 } };
        const struct wish derived = { listed, NO_ENTERPRISE, { ES256 }, .user = "taro" };
        assert_int_equal(make(rig, &person), 0);
        expect_jpki(rig, RS256, &made);
        copy(made.authdata.credential_id, id_bytes, sizeof id_bytes);
        const slice id = SLICE(id_bytes);
        assert_int_equal(get(rig, listed, id, true), 0);

        rig->element.matcher_chosen = true;
        rig->element.matcher_class = MATCHER_WEAK;
        rig->element.matcher_modality = UNLOCK_FINGER;
        element_rig_pair(&rig->element, NULL);
        assert_int_equal(element_rig_enrol(&rig->element, ELEMENT_RIG_PIN), SW_OK);
        assert_int_equal(get(rig, listed, id, true), PUAT_REQUIRED);
        assert_int_equal(get(rig, listed, (slice){ 0 }, true), PUAT_REQUIRED);
        assert_int_equal(get(rig, unlisted, id, true), NO_CREDENTIALS);
        assert_int_equal(make(rig, &person), PUAT_REQUIRED);
        assert_int_equal(make(rig, &derived), 0);
        expect_packed(rig, ES256);
        assert_int_equal(get(rig, listed, (slice){ 0 }, true), 0); /* the other one, alone */
        assert_int_equal(member(rig->answer, 5).size, 0);          /* numberOfCredentials */
        assert_int_equal(get(rig, listed, id, true), PUAT_REQUIRED);

        rig->element.matcher_class = MATCHER_STRONG;
        element_rig_pair(&rig->element, NULL);
        assert_int_equal(element_rig_enrol(&rig->element, ELEMENT_RIG_PIN), SW_OK);
        assert_int_equal(get(rig, listed, id, true), 0);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                TEST(what_get_info_says),
                TEST(who_gets_what),
                TEST(a_wrong_kind_and_a_list_that_is_off),
                TEST(a_certificate_credential_signs_with_the_certificates_key),
                TEST(renewal_ends_it),
                TEST(replacing_it_keeps_the_key),
                cmocka_unit_test(without_the_switch_there_is_none),
                cmocka_unit_test(without_a_device_key_there_is_none),
                TEST(the_last_of_them_keeps_no_pin),
                TEST(a_locked_applet_lends_no_key),
                TEST(presence_alone_shows_no_certificate),
                TEST(the_list_is_the_stations),
                TEST(a_weak_matcher_opens_no_certificate_credential),
        };
        return cmocka_run_group_tests(tests, make_stencil, drop_stencil);
}
