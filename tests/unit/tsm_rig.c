/* SPDX-License-Identifier: Apache-2.0 */
#include "tsm_rig.h"

#include "card_application.h"
#include "cms_write.h"
#include "people.h"
#include "random_system.h"
#include "sp_tsm.h"
#include "statement_nonce.h"
#include "tlv.h"

#include <mitome/trust.h>

#include <openssl/rsa.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MUST(condition)                                                              \
        do {                                                                         \
                if (!(condition)) {                                                  \
                        fprintf(stderr, "tsm_rig.c:%d: %s\n", __LINE__, #condition); \
                        abort();                                                     \
                }                                                                    \
        } while (0)

#define DONE(status) must_do((status), __LINE__)

static void must_do(mitome_status status, int line)
{
        if (failed(status)) {
                fprintf(stderr, "tsm_rig.c:%d: fails with %d\n", line, status.code);
                abort();
        }
}

static const int64_t year = 365 * 86400;

/* ---- phones ---- */

static mitome_status transmit(void *context, mitome_slice command, uint8_t *response, size_t capacity,
        size_t *ret_size, mitome_error *error)
{
        struct tsm_rig_phone *phone = context;
        MUST(capacity >= MITOME_APDU_MAX);
        phone->commands++;
        if (phone->cut && phone->commands > phone->cut)
                return fail(error, MITOME_E_LINK, NULL, NULL);
        bool cut = phone->cut && phone->commands == phone->cut;
        if (cut && !phone->lost)
                return fail(error, MITOME_E_LINK, NULL, NULL);
        MITOME_TRY(mitome_element_transmit(phone->element.element, command, response, ret_size, error));
        return cut ? fail(error, MITOME_E_LINK, NULL, NULL) : ok();
}

/* Each phone draws bytes of its own: no two have the same device key. */
enum { DRAWN_APART = 1000000, IMPOSTOR = TSM_RIG_PHONES };

static void make_device(
        struct tsm_rig *rig, struct tsm_rig_phone *phone, const struct maker_ca *maker, const char *identity)
{
        const struct scp03_keys keys = element_rig_host_keys(&element_rig_keys);
        struct tsm_channel channel;
        struct authority_der certificate;
        uint8_t point[MAKER_POINT_SIZE];
        DONE(tsm_open(&channel, &phone->link, &keys, TSM_FIDO, &rig->random, NULL));
        DONE(tsm_make_device_key(&channel, point, NULL));
        DONE(maker_device_ca_certify(
                maker, slice_text(MAKER_MODEL), &rig->random, rig->now, point, &certificate, NULL));
        DONE(tsm_store_device_certificate(
                &channel, identity, slice_of(certificate.bytes, certificate.size), NULL));
        tsm_close(&channel);
}

static void make_phone(struct tsm_rig *rig, unsigned which)
{
        struct tsm_rig_phone *phone = &rig->phones[which];
        const struct tsm_key_set issuer = { TSM_KEYS_ISSUER, element_rig_host_keys(&element_rig_keys) };
        snprintf(phone->identity, sizeof phone->identity, "MT-1-000%u", which + 1);
        phone->link = (struct mitome_link){ .context = phone, .transmit = transmit };
        phone->element.drawn = which * DRAWN_APART;
        element_rig_open(&phone->element);
        make_device(rig, phone, &rig->maker, phone->identity);
        DONE(sei_tsm_register(rig->sei, slice_text(phone->identity), &issuer, NULL));
        phone->commands = 0;
}

void tsm_rig_impostor(struct tsm_rig *rig, unsigned phone, unsigned as)
{
        struct maker_ca other;
        DONE(maker_device_ca_new(&rig->random, rig->now, &other, NULL));
        DONE(mitome_trust_add_anchor(
                rig->makers, (mitome_slice){ other.certificate.bytes, other.certificate.size }, NULL));
        element_rig_close(&rig->phones[phone].element); /* another phone: a device key is made once */
        rig->phones[phone].element.drawn = IMPOSTOR * DRAWN_APART;
        element_rig_open(&rig->phones[phone].element);
        make_device(rig, &rig->phones[phone], &other, rig->phones[as].identity);
        maker_ca_wipe(&other);
}

/* ---- parties ---- */

static int64_t clock_now(void *context)
{
        return ((struct tsm_rig *)context)->now;
}

static const struct {
        const char *name;
        const char *schema;
        int version;
} kinds_of_party[TSM_RIG_PARTIES] = {
        [TSM_RIG_AUTHORITY] = { PARTY_AUTHORITY, register_schema, REGISTER_SCHEMA_VERSION },
        [TSM_RIG_SEI] = { PARTY_SEI_TSM, sei_tsm_schema, SEI_TSM_SCHEMA_VERSION },
        [TSM_RIG_SP] = { PARTY_SP_TSM, SP_TSM_SCHEMA, SP_TSM_SCHEMA_VERSION },
        [TSM_RIG_MUNICIPALITY] = { PARTY_MUNICIPALITY, "", 1 },
        [TSM_RIG_CALL_CENTRE] = { PARTY_CALL_CENTRE, "", 1 },
};

/* What is drawn a byte at a time is a temporary secret's characters: here always the same ones, so that none
 * is ever, by chance, the one that a test chooses. */
static int fill(void *context, uint8_t *ret, size_t size)
{
        const struct tsm_rig *rig = context;
        if (size != 1)
                return rig->random.fill(rig->random.context, ret, size);
        *ret = 7;
        return 0;
}

static void open_party(struct tsm_rig *rig, int which)
{
        const struct party_config config = { .name = kinds_of_party[which].name,
                .folder = which == TSM_RIG_SP ? rig->sp_folder : rig->folders[which],
                .schema = kinds_of_party[which].schema,
                .schema_version = kinds_of_party[which].version,
                .directory = &rig->network.directory,
                .post = rig->posts[which].deliver ? rig->posts[which] : post_local(&rig->network),
                .clock = { .context = rig, .now = clock_now },
                .random = { .context = rig, .fill = fill } };
        DONE(party_open(&config, &rig->parties[which], NULL));
        DONE(post_local_join(&rig->network, rig->parties[which], &rig->desks[which], NULL));
}

static void open_sp(struct tsm_rig *rig)
{
        open_party(rig, TSM_RIG_SP);
        DONE(device_list_fill(party_store(rig->parties[TSM_RIG_SP]), rig->now, NULL));
        DONE(sp_tsm_open(rig->parties[TSM_RIG_SP], &rig->sp_config, &rig->sp, NULL));
        rig->desks[TSM_RIG_SP] = (struct party_desks){ rig->sp, sp_tsm_desks, SP_TSM_DESKS };
}

void tsm_rig_restart_sp(struct tsm_rig *rig)
{
        post_local_leave(&rig->network, PARTY_SP_TSM);
        sp_tsm_close(rig->sp);
        party_close(rig->parties[TSM_RIG_SP]);
        open_sp(rig);
}

static void open_parties(struct tsm_rig *rig)
{
        const struct sei_tsm_config sei = { 0 };
        open_party(rig, TSM_RIG_MUNICIPALITY);
        open_party(rig, TSM_RIG_CALL_CENTRE);
        open_party(rig, TSM_RIG_AUTHORITY);
        rig->register_config = (struct register_config){
                .signing = rig->signing, .user_verification = rig->user_verification, .devices = rig->makers
        };
        DONE(register_open(rig->parties[TSM_RIG_AUTHORITY], &rig->register_config, &rig->book, NULL));
        rig->desks[TSM_RIG_AUTHORITY] =
                (struct party_desks){ rig->book, register_desks, register_desk_count };
        open_party(rig, TSM_RIG_SEI);
        DONE(sei_tsm_open(rig->parties[TSM_RIG_SEI], &sei, &rig->sei, NULL));
        rig->desks[TSM_RIG_SEI] = (struct party_desks){ rig->sei, sei_tsm_desks, sei_tsm_desk_count };
        rig->sp_config.makers = rig->makers;
        rig->sp_config.lease = 8;
        open_sp(rig);
}

/* ---- people ---- */

/* Keys of cards: for each person one of each kind, made once a process. */
static EVP_PKEY *card_key(unsigned person, unsigned kind)
{
        static EVP_PKEY *keys[TSM_RIG_PEOPLE][SP_KINDS + 1];
        if (!keys[person][kind])
                keys[person][kind] = EVP_RSA_gen(2048);
        MUST(keys[person][kind]);
        return keys[person][kind];
}

static mitome_status call(struct tsm_rig *rig, int from, const char *kind, const writer *body,
        uint8_t buffer[LETTER_MAX], slice *ret, mitome_code *ret_refusal)
{
        uint8_t id[LETTER_ID_SIZE];
        slice view;
        DONE(party_make_id(rig->parties[from], id, NULL));
        DONE(writer_finish(body, "body", &view, NULL));
        return party_call(
                rig->parties[from], PARTY_AUTHORITY, kind, id, view, buffer, ret, ret_refusal, NULL);
}

static void register_person(struct tsm_rig *rig, struct tsm_rig_person *person, const char *name)
{
        uint8_t body[512], buffer[LETTER_MAX];
        writer w = WRITER(body);
        slice answer, id;
        struct cbor_members map;
        struct cbor_key key;
        bool more;
        static const char *const texts[] = { "東京都見本区見本町一丁目1番1号", "Tokyo-to", "Mihon-ku", "2" };
        static const uint64_t birth[] = { 1990, 4, 1 };
        cbor_write_map(&w, 7);
        cbor_write_uint(&w, 1);
        cbor_write_string(&w, name);
        for (unsigned i = 0; i < 4; i++) {
                cbor_write_uint(&w, i + 2);
                cbor_write_string(&w, texts[i]);
        }
        cbor_write_uint(&w, 6);
        cbor_write_array(&w, 3);
        for (unsigned i = 0; i < 3; i++)
                cbor_write_uint(&w, birth[i]);
        cbor_write_uint(&w, 7);
        cbor_write_string(&w, "139999");
        DONE(call(rig, TSM_RIG_MUNICIPALITY, "register-person", &w, buffer, &answer, NULL));
        struct cbor_reader r = cbor_over(answer, NULL, NULL);
        DONE(cbor_open_map(&r, "answer", 1, &map));
        DONE(cbor_next_key(&r, &map, &key, &more));
        DONE(cbor_read_fixed(&r, "person", 16, &id));
        DONE(slice_copy(id, "person", person->id, 16, NULL));
}

static void issue_card(struct tsm_rig *rig, unsigned which)
{
        struct tsm_rig_person *person = &rig->people[which];
        uint8_t body[1024], buffer[LETTER_MAX], modulus[256];
        writer w = WRITER(body);
        slice answer, der;
        struct cbor_members map, kinds;
        struct cbor_key key;
        bool more;
        cbor_write_map(&w, 3);
        cbor_write_uint(&w, 1);
        cbor_write_bytes(&w, SLICE(person->id));
        cbor_write_uint(&w, 2);
        cbor_write_uint(&w, (uint64_t)(rig->now + 9 * year));
        cbor_write_uint(&w, 3);
        cbor_write_map(&w, 2);
        for (unsigned kind = 1; kind <= 2; kind++) {
                people_modulus(card_key(which, kind), modulus);
                cbor_write_uint(&w, kind);
                cbor_write_bytes(&w, SLICE(modulus));
        }
        DONE(call(rig, TSM_RIG_MUNICIPALITY, "issue-card", &w, buffer, &answer, NULL));
        struct cbor_reader r = cbor_over(answer, NULL, NULL);
        DONE(cbor_open_map(&r, "answer", 2, &map));
        DONE(cbor_next_key(&r, &map, &key, &more));
        DONE(cbor_open_map(&r, "certificates", 2, &kinds));
        DONE(cbor_next_key(&r, &kinds, &key, &more));
        MUST(key.number == SP_SIGNING);
        DONE(cbor_read_bytes(&r, "certificate", TSM_RIG_DER_MAX, &der));
        DONE(slice_copy(der, "certificate", person->certificate, sizeof person->certificate, NULL));
        person->certificate_size = der.size;
}

/* ---- beginning and end ---- */

void tsm_rig_open(struct tsm_rig *rig)
{
        static const char *const names[] = { "見本 花子", "見本 太郎", "見本 一子", "見本 二子", "見本 三子",
                "見本 四子", "見本 五子", "見本 六子", "見本 七子", "見本 八子", "見本 九子", "見本 十子",
                "見本 一郎", "見本 二郎", "見本 三郎", "見本 四郎" };
        _Static_assert(TSM_RIG_PEOPLE <= sizeof names / sizeof *names, "a name for each");
        rig->random = random_system();
        rig->now = 1800000000; /* 2027 */
        DONE(ca_make(AUTHORITY_SIGNING, &rig->random, rig->now, &rig->signing, NULL));
        DONE(ca_make(AUTHORITY_USER_VERIFICATION, &rig->random, rig->now, &rig->user_verification, NULL));
        DONE(maker_device_ca_new(&rig->random, rig->now, &rig->maker, NULL));
        DONE(mitome_trust_new(&rig->makers, NULL));
        DONE(mitome_trust_add_anchor(rig->makers,
                (mitome_slice){ rig->maker.certificate.bytes, rig->maker.certificate.size }, NULL));
        open_parties(rig);
        for (unsigned i = 0; i < TSM_RIG_PHONES; i++)
                make_phone(rig, i);
        for (unsigned i = 0; i < TSM_RIG_PEOPLE; i++) {
                register_person(rig, &rig->people[i], names[i]);
                issue_card(rig, i);
        }
}

void tsm_rig_close(struct tsm_rig *rig)
{
        for (unsigned i = 0; i < TSM_RIG_PHONES; i++)
                element_rig_close(&rig->phones[i].element);
        sp_tsm_close(rig->sp);
        sei_tsm_close(rig->sei);
        register_close(rig->book);
        for (int i = 0; i < TSM_RIG_PARTIES; i++)
                party_close(rig->parties[i]);
        post_local_free(&rig->network);
        mitome_trust_free(rig->makers);
        maker_ca_wipe(&rig->maker);
        ca_close(rig->signing);
        ca_close(rig->user_verification);
}

/* ---- what phones say ---- */

mitome_code tsm_rig_say(struct tsm_rig *rig, const char *kind, slice body, struct tsm_rig_answer *ret)
{
        const struct phone_desks desks = { rig->sp, sp_tsm_phone_desks, SP_TSM_PHONE_DESKS };
        writer w = WRITER(ret->bytes);
        mitome_status status = phone_desks_answer(&desks, slice_text(kind), body, &w, NULL);
        ret->view = writer_view(&w);
        return status.code;
}

/* The values of a map, in order of their keys 1, 2 ..: bytes or text. */
static slice member(slice view, int64_t wanted)
{
        struct cbor_reader r = cbor_over(view, NULL, NULL);
        struct cbor_members map;
        struct cbor_key key;
        enum cbor_kind kind;
        slice value = { 0 };
        bool more;
        DONE(cbor_open_map(&r, "answer", 8, &map));
        for (;;) {
                DONE(cbor_next_key(&r, &map, &key, &more));
                MUST(more);
                if (key.number == wanted)
                        break;
                DONE(cbor_skip(&r, "member"));
        }
        DONE(cbor_peek(&r, "member", &kind));
        if (kind == CBOR_KIND_TEXT)
                DONE(cbor_read_text(&r, "member", 4096, &value));
        else
                DONE(cbor_read_bytes(&r, "member", 4096, &value));
        return value;
}

mitome_code tsm_rig_begin(
        struct tsm_rig *rig, unsigned phone, const char *purpose, unsigned kinds, struct tsm_rig_session *ret)
{
        struct tsm_rig_answer answer;
        uint8_t body[256];
        writer w = WRITER(body);
        cbor_write_map(&w, 4);
        cbor_write_uint(&w, 1);
        cbor_write_string(&w, rig->phones[phone].identity);
        cbor_write_uint(&w, 2);
        cbor_write_string(&w, purpose);
        cbor_write_uint(&w, 3);
        cbor_write_array(&w, ((kinds >> 1) & 1) + ((kinds >> 2) & 1));
        for (unsigned kind = 1; kind <= 2; kind++)
                if (kinds & 1U << kind)
                        cbor_write_uint(&w, kind);
        cbor_write_uint(&w, 4);
        cbor_write_string(&w, rig->model ? rig->model : MAKER_MODEL);
        mitome_code code = tsm_rig_say(rig, "begin", writer_view(&w), &answer);
        if (code != MITOME_OK)
                return code;
        *ret = (struct tsm_rig_session){ .purpose = purpose, .kinds = kinds, .phone = phone };
        DONE(slice_copy(member(answer.view, 1), "session", ret->id, sizeof ret->id, NULL));
        DONE(slice_copy(member(answer.view, 2), "nonce", (uint8_t *)ret->nonce, SP_NONCE_SIZE, NULL));
        return code;
}

static void sign_digest(EVP_PKEY *key, const uint8_t digest[32], uint8_t ret[256])
{
        size_t size = 256;
        EVP_PKEY_CTX *context = EVP_PKEY_CTX_new(key, NULL);
        MUST(context && EVP_PKEY_sign_init(context) == 1 &&
                EVP_PKEY_CTX_set_rsa_padding(context, RSA_PKCS1_PADDING) == 1 &&
                EVP_PKEY_CTX_set_signature_md(context, EVP_sha256()) == 1 &&
                EVP_PKEY_sign(context, ret, &size, digest, 32) == 1 && size == 256);
        EVP_PKEY_CTX_free(context);
}

slice tsm_rig_sign(struct tsm_rig *rig, unsigned person, const struct tsm_rig_session *session,
        uint8_t buffer[TSM_RIG_DER_MAX * 2])
{
        static const char *const names[] = { [2] = "signing", [4] = "user-verification", [6] = "both" };
        uint8_t text[CARD_APPLICATION_MAX], signature[256];
        const struct tsm_rig_person *who = &rig->people[person];
        const struct card_application application = { .kind = names[session->kinds],
                .purpose = session->purpose,
                .device = rig->phones[session->phone].identity,
                .nonce = session->nonce,
                .now = rig->now };
        struct cms_plan plan = { .certificate = slice_of(who->certificate, who->certificate_size),
                .now = rig->now };
        writer w = writer_over(buffer, TSM_RIG_DER_MAX * 2);
        slice cms;
        DONE(card_application_write(&application, text, &plan.content, NULL));
        DONE(cms_prepare(&plan, NULL));
        sign_digest(card_key(person, SP_SIGNING), plan.digest, signature);
        DONE(cms_write(&plan, SLICE(signature), &w, NULL));
        DONE(writer_finish(&w, "CMS", &cms, NULL));
        return cms;
}

slice tsm_rig_state_to(struct tsm_rig *rig, unsigned phone, slice nonce, uint8_t buffer[4096])
{
        struct element_rig *element = &rig->phones[phone].element;
        uint8_t fields[64];
        writer w = WRITER(fields);
        tlv_write(&w, 0x80, nonce);
        tlv_write_u8(&w, 0x85, 0x02);
        MUST(element_rig_select(element, element_rig_fido) == SW_OK);
        MUST(element_rig_command(element, 0x80440000, writer_view(&w)) == SW_OK);
        const slice statement = element_rig_value(element, 0x80);
        DONE(slice_copy(statement, "statement", buffer, 4096, NULL));
        element_rig_cycle(element); /* the app lets go of the applet */
        return slice_of(buffer, statement.size);
}

slice tsm_rig_statement(
        struct tsm_rig *rig, const struct tsm_rig_session *session, slice cms, uint8_t buffer[4096])
{
        uint8_t nonce[STATEMENT_NONCE_SIZE];
        application_nonce(slice_text(session->nonce), cms, nonce);
        return tsm_rig_state_to(rig, session->phone, SLICE(nonce), buffer);
}

slice tsm_rig_revocation(struct tsm_rig *rig, const struct tsm_rig_session *session, uint8_t buffer[4096])
{
        uint8_t nonce[STATEMENT_NONCE_SIZE];
        revocation_nonce(slice_text(session->nonce), nonce);
        return tsm_rig_state_to(rig, session->phone, SLICE(nonce), buffer);
}

mitome_code tsm_rig_apply(struct tsm_rig *rig, const struct tsm_rig_session *session, slice cms,
        slice statement, uint8_t ret_order[SP_ID_SIZE])
{
        struct tsm_rig_answer answer;
        uint8_t body[PHONE_BODY_MAX];
        writer w = WRITER(body);
        const char *token = strcmp(session->purpose, "revoke") == 0 ? NULL : rig->token;
        cbor_write_map(&w, 2 + (statement.size != 0) + (token != NULL));
        cbor_write_uint(&w, 1);
        cbor_write_bytes(&w, SLICE(session->id));
        cbor_write_uint(&w, 2);
        cbor_write_bytes(&w, cms);
        if (token) {
                cbor_write_uint(&w, 3);
                cbor_write_string(&w, token);
        }
        if (statement.size) {
                cbor_write_uint(&w, 4);
                cbor_write_bytes(&w, statement);
        }
        mitome_code code = tsm_rig_say(rig, "apply", writer_view(&w), &answer);
        if (code == MITOME_OK)
                DONE(slice_copy(member(answer.view, 1), "order", ret_order, SP_ID_SIZE, NULL));
        return code;
}

mitome_code tsm_rig_order(struct tsm_rig *rig, unsigned phone, unsigned person, const char *purpose,
        unsigned kinds, struct tsm_rig_session *ret_session, uint8_t ret_order[SP_ID_SIZE])
{
        uint8_t cms_bytes[TSM_RIG_DER_MAX * 2], bytes[4096];
        mitome_code code = tsm_rig_begin(rig, phone, purpose, kinds, ret_session);
        if (code != MITOME_OK)
                return code;
        slice cms = tsm_rig_sign(rig, person, ret_session, cms_bytes), statement = { 0 };
        if (strcmp(purpose, "revoke") != 0)
                statement = tsm_rig_statement(rig, ret_session, cms, bytes);
        return tsm_rig_apply(rig, ret_session, cms, statement, ret_order);
}

mitome_code tsm_rig_order_by_card_alone(struct tsm_rig *rig, unsigned phone, unsigned person,
        const char *purpose, unsigned kinds, struct tsm_rig_session *ret_session,
        uint8_t ret_order[SP_ID_SIZE])
{
        uint8_t cms[TSM_RIG_DER_MAX * 2];
        mitome_code code = tsm_rig_begin(rig, phone, purpose, kinds, ret_session);
        if (code != MITOME_OK)
                return code;
        return tsm_rig_apply(
                rig, ret_session, tsm_rig_sign(rig, person, ret_session, cms), (slice){ 0 }, ret_order);
}

void tsm_rig_flush(struct tsm_rig *rig)
{
        size_t left;
        for (int round = 0; round < 2; round++)
                for (int i = 0; i < TSM_RIG_PARTIES; i++) {
                        mitome_status status = party_flush(rig->parties[i], &left, NULL);
                        MUST(!failed(status) || rig->sp_folder); /* whose store a test may cut */
                }
}

mitome_code tsm_rig_relay(struct tsm_rig *rig, unsigned phone)
{
        struct tsm_rig_phone *from = &rig->phones[phone];
        const slice identity = slice_text(from->identity);
        mitome_status sei = sei_tsm_serve(rig->sei, identity, &from->link, NULL);
        tsm_rig_flush(rig);
        mitome_status sp = sp_tsm_serve(rig->sp, identity, &from->link, NULL);
        tsm_rig_flush(rig);
        return failed(sp) ? sp.code : sei.code;
}

struct tsm_rig_state tsm_rig_state(struct tsm_rig *rig, const uint8_t order[SP_ID_SIZE])
{
        struct tsm_rig_answer answer;
        struct cbor_members map;
        struct cbor_key key;
        uint64_t values[3] = { 0 };
        uint8_t body[32];
        bool more;
        writer w = WRITER(body);
        cbor_write_map(&w, 1);
        cbor_write_uint(&w, 1);
        cbor_write_bytes(&w, slice_of(order, SP_ID_SIZE));
        MUST(tsm_rig_say(rig, "state", writer_view(&w), &answer) == MITOME_OK);
        struct cbor_reader r = cbor_over(answer.view, NULL, NULL);
        DONE(cbor_open_map(&r, "state", 2, &map));
        for (DONE(cbor_next_key(&r, &map, &key, &more)); more;) {
                MUST(key.number >= 1 && key.number <= 2);
                DONE(cbor_read_uint(&r, "state", 65535, &values[key.number]));
                DONE(cbor_next_key(&r, &map, &key, &more));
        }
        return (struct tsm_rig_state){ (unsigned)values[1], (mitome_code)values[2] };
}

/* ---- the holder ---- */

mitome_code tsm_rig_temporary(struct tsm_rig *rig, const struct tsm_rig_session *session, unsigned kind,
        struct tsm_rig_answer *answer, slice *ret_secret)
{
        uint8_t body[64];
        writer w = WRITER(body);
        cbor_write_map(&w, 2);
        cbor_write_uint(&w, 1);
        cbor_write_bytes(&w, SLICE(session->id));
        cbor_write_uint(&w, 2);
        cbor_write_uint(&w, kind);
        mitome_code code = tsm_rig_say(rig, "secret", writer_view(&w), answer);
        if (code == MITOME_OK)
                *ret_secret = member(answer->view, 1);
        return code;
}

void tsm_rig_replace(struct tsm_rig *rig, unsigned phone, unsigned kind, slice temporary, const char *own)
{
        struct element_rig *element = &rig->phones[phone].element;
        const struct apdu_command verify = { .ins = 0x20, .p2 = 0x80, .data = temporary };
        const struct apdu_command change = { .ins = 0x24, .p1 = 0x01, .p2 = 0x80, .data = slice_text(own) };
        MUST(element_rig_select(element, element_rig_jpki) == SW_OK);
        MUST(element_rig_select_file(element, kind == SP_SIGNING ? 0x001B : 0x0018) == SW_OK);
        MUST(element_rig_send(element, &verify) == SW_OK);
        MUST(element_rig_send(element, &change) == SW_OK);
        element_rig_cycle(element); /* the app lets go of the applet */
}

mitome_code tsm_rig_choose(
        struct tsm_rig *rig, const struct tsm_rig_session *session, unsigned kind, const char *own)
{
        struct tsm_rig_answer answer;
        slice temporary;
        mitome_code code = tsm_rig_temporary(rig, session, kind, &answer, &temporary);
        if (code == MITOME_OK)
                tsm_rig_replace(rig, session->phone, kind, temporary, own);
        return code;
}

void tsm_rig_issue(struct tsm_rig *rig, unsigned phone, unsigned person, uint8_t ret_order[SP_ID_SIZE])
{
        struct tsm_rig_session session;
        MUST(tsm_rig_order(rig, phone, person, "issue", 6, &session, ret_order) == MITOME_OK);
        MUST(tsm_rig_relay(rig, phone) == MITOME_OK);
        MUST(tsm_rig_choose(rig, &session, SP_SIGNING, "PASSWORD1") == MITOME_OK);
        MUST(tsm_rig_choose(rig, &session, SP_USER_VERIFICATION, "1234") == MITOME_OK);
        MUST(tsm_rig_relay(rig, phone) == MITOME_OK);
        MUST(tsm_rig_state(rig, ret_order).state == SP_ORDER_DONE);
}

/* ---- looking ---- */

unsigned tsm_rig_there(struct tsm_rig *rig, unsigned phone)
{
        struct element_rig *element = &rig->phones[phone].element;
        element_rig_cycle(element);
        if (element_rig_select(element, element_rig_jpki) != SW_OK)
                return 0;
        MUST(element_rig_command(element, 0x80CA0001, (slice){ 0 }) == SW_OK);
        unsigned there = element_rig_value(element, 0x83).data[0];
        element_rig_cycle(element);
        return there;
}

int64_t tsm_rig_number(struct tsm_rig *rig, int party, const char *sql)
{
        struct sql_query query;
        DONE(sql_ask(party_store(rig->parties[party]), sql, NULL, 0, &query, NULL));
        int64_t number = sql_next(&query) ? sql_integer(&query, 0) : -1;
        DONE(sql_end(&query));
        return number;
}

int64_t tsm_rig_live(struct tsm_rig *rig, unsigned person, unsigned kind)
{
        struct sql_query query;
        DONE(sql_ask(party_store(rig->parties[TSM_RIG_AUTHORITY]),
                "SELECT COUNT(*) FROM certificate JOIN person ON person.number = certificate.person WHERE "
                "person.id = ? AND kind = ? AND place = 2 AND status = 0",
                SQL_VALUES(SQL_BYTES(SLICE(rig->people[person].id)), SQL_INT(kind)), &query, NULL));
        int64_t number = sql_next(&query) ? sql_integer(&query, 0) : -1;
        DONE(sql_end(&query));
        return number;
}

mitome_code tsm_rig_ask(struct tsm_rig *rig, int from, const char *to, const char *kind, slice body)
{
        static uint8_t buffer[LETTER_MAX];
        uint8_t id[LETTER_ID_SIZE];
        slice answer;
        mitome_code refusal = MITOME_OK;
        DONE(party_make_id(rig->parties[from], id, NULL));
        mitome_status status =
                party_call(rig->parties[from], to, kind, id, body, buffer, &answer, &refusal, NULL);
        return status.code == MITOME_E_REFUSED ? refusal : status.code;
}

mitome_code tsm_rig_letter(struct tsm_rig *rig, int from, const char *kind, slice body)
{
        return tsm_rig_ask(rig, from, PARTY_AUTHORITY, kind, body);
}

void tsm_rig_body_of_serial(struct tsm_rig *rig, unsigned phone, unsigned kind, int reason, writer *w)
{
        struct sql_query query;
        DONE(sql_ask(party_store(rig->parties[TSM_RIG_SP]),
                "SELECT serial FROM held WHERE identity = ? AND kind = ?",
                SQL_VALUES(SQL_STR(rig->phones[phone].identity), SQL_INT(kind)), &query, NULL));
        MUST(sql_next(&query));
        cbor_write_map(w, reason < 0 ? 2 : 3);
        cbor_write_uint(w, 1);
        cbor_write_uint(w, kind);
        cbor_write_uint(w, 2);
        cbor_write_bytes(w, sql_bytes(&query, 0));
        if (reason >= 0) {
                cbor_write_uint(w, 3);
                cbor_write_uint(w, (uint64_t)reason);
        }
        DONE(sql_end(&query));
}
