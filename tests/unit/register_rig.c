/* SPDX-License-Identifier: Apache-2.0 */
#include "register_rig.h"

#include "card_application.h"
#include "cms_write.h"
#include "people.h"
#include "random_system.h"

#include <openssl/x509.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

const int64_t register_rig_now = 1800000000; /* 2027-01-15 08:00:00Z */

const struct register_rig_facts register_rig_hanako = { "見本 花子", "東京都見本区見本町一丁目1番1号",
        "Tokyo-to", "Mihon-ku", 1990, 4, 1 },
                                register_rig_taro = { "見本 太郎", "大阪府見本市見本町2番", "Osaka-fu",
                                        "Mihon-shi", 1985, 12, 24 };

static const char *const names[RIG_ASKERS] = { PARTY_MUNICIPALITY, PARTY_SP_TSM, PARTY_CALL_CENTRE,
        PARTY_SHOP, PARTY_PORTAL, PARTY_MAKER };

static void must(bool good)
{
        if (!good)
                abort();
}

static void must_ok(mitome_status status)
{
        if (failed(status))
                fprintf(stderr, "register_rig: %d\n", (int)status.code);
        must(!failed(status));
}

/* ---- parties ---- */

static int64_t tell_time(void *context)
{
        const struct register_rig *rig = context;
        return rig->now;
}

static mitome_status be_told(
        void *context, const struct party_request *request, writer *answer, mitome_error *error)
{
        struct register_rig *rig = context;
        must(rig->told < REGISTER_RIG_TOLD);
        MITOME_TRY(slice_copy(
                request->body, "body", rig->told_bytes[rig->told], sizeof rig->told_bytes[0], error));
        rig->told_size[rig->told++] = request->body.size;
        cbor_write_map(answer, 0);
        return ok();
}

static const char *const from_authority[] = { PARTY_AUTHORITY, NULL };
static const struct party_desk told_desk = { "revoked", from_authority, be_told };

static void open_party(struct register_rig *rig, const char *name, const char *folder, const char *schema,
        struct party **ret)
{
        const struct party_config config = {
                .name = name,
                .folder = folder,
                .schema = schema,
                .schema_version = REGISTER_SCHEMA_VERSION,
                .directory = &rig->network.directory,
                .post = post_local(&rig->network),
                .clock = { rig, tell_time },
                .random = rig->random,
        };
        must_ok(party_open(&config, ret, NULL));
}

static struct ca *shared_ca(const struct mitome_random *random, enum authority_kind kind)
{
        static struct ca *cas[2];
        if (!cas[kind])
                must_ok(ca_make(kind, random, register_rig_now, &cas[kind], NULL));
        return cas[kind];
}

void register_rig_open(struct register_rig *rig)
{
        open_party(rig, PARTY_AUTHORITY, rig->folder, register_schema, &rig->authority);
        must_ok(register_open(rig->authority, &rig->config, &rig->book, NULL));
        rig->desks = (struct party_desks){ rig->book, register_desks, register_desk_count };
        must_ok(post_local_join(&rig->network, rig->authority, &rig->desks, NULL));
}

void register_rig_shut(struct register_rig *rig)
{
        post_local_leave(&rig->network, PARTY_AUTHORITY);
        register_close(rig->book);
        party_close(rig->authority);
        rig->book = NULL;
        rig->authority = NULL;
}

void register_rig_begin(struct register_rig *rig)
{
        static const char *const verifiers[] = { PARTY_PORTAL, NULL };
        *rig = (struct register_rig){ .random = random_system(), .now = register_rig_now };
        rig->config.signing = shared_ca(&rig->random, AUTHORITY_SIGNING);
        rig->config.user_verification = shared_ca(&rig->random, AUTHORITY_USER_VERIFICATION);
        rig->config.verifiers = verifiers;
        rig->told_desks = (struct party_desks){ rig, &told_desk, 1 };
        for (int i = 0; i < RIG_ASKERS; i++) {
                open_party(rig, names[i], NULL, "CREATE TABLE own (number INTEGER);", &rig->askers[i]);
                must_ok(post_local_join(
                        &rig->network, rig->askers[i], i == RIG_SP_TSM ? &rig->told_desks : NULL, NULL));
        }
}

void register_rig_end(struct register_rig *rig)
{
        if (rig->book)
                register_rig_shut(rig);
        for (int i = 0; i < RIG_ASKERS; i++)
                party_close(rig->askers[i]);
        post_local_free(&rig->network);
}

mitome_code register_rig_ask(struct register_rig *rig, enum register_rig_party who, const char *kind,
        const writer *body, slice *ret_answer)
{
        uint8_t id[LETTER_ID_SIZE];
        mitome_code refusal = MITOME_OK;
        slice answer = { 0 };
        must_ok(party_make_id(rig->askers[who], id, NULL));
        mitome_status status = party_call(rig->askers[who], PARTY_AUTHORITY, kind, id, writer_view(body),
                rig->answer, &answer, &refusal, NULL);
        if (ret_answer)
                *ret_answer = answer;
        return status.code == MITOME_E_REFUSED ? refusal : status.code;
}

void register_rig_flush(struct register_rig *rig)
{
        size_t left = 1;
        for (int i = 0; i < 64 && left; i++) {
                must_ok(party_flush(rig->authority, &left, NULL));
                rig->now += left ? 3600 : 0;
        }
        must(!left);
}

int64_t register_rig_count(struct register_rig *rig, const char *sql)
{
        struct sql_query query;
        must_ok(sql_ask(party_store(rig->authority), sql, NULL, 0, &query, NULL));
        must(sql_next(&query));
        int64_t count = sql_integer(&query, 0);
        must_ok(sql_end(&query));
        return count;
}

/* ---- reading answers ---- */

slice register_rig_der(const struct authority_der *der)
{
        return slice_of(der->bytes, der->size);
}

static void keep_der(slice der, struct authority_der *ret)
{
        must_ok(slice_copy(der, "DER", ret->bytes, sizeof ret->bytes, NULL));
        ret->size = der.size;
}

/* The member of a map, whole. */
static slice member(slice map_item, int64_t number)
{
        struct cbor_reader r = cbor_over(map_item, NULL, NULL);
        struct cbor_members map;
        must_ok(cbor_open_map(&r, "answer", 16, &map));
        for (;;) {
                struct cbor_key key;
                bool more;
                slice item;
                must_ok(cbor_next_key(&r, &map, &key, &more));
                must(more);
                must_ok(cbor_read_item(&r, "answer", &item));
                if (key.number == number)
                        return item;
        }
}

static slice member_bytes(slice map_item, int64_t number)
{
        struct cbor_reader r = cbor_over(member(map_item, number), NULL, NULL);
        slice bytes;
        must_ok(cbor_read_bytes(&r, "answer", LETTER_MAX, &bytes));
        return bytes;
}

/* ---- people and cards ---- */

const struct register_rig_key *register_rig_key(struct register_rig *rig)
{
        static struct register_rig_key pool[REGISTER_RIG_KEYS];
        must(rig->keys < REGISTER_RIG_KEYS);
        struct register_rig_key *key = &pool[rig->keys++];
        if (!key->key) {
                key->key = EVP_RSA_gen(2048);
                people_modulus(key->key, key->modulus);
        }
        return key;
}

void register_rig_write_facts(writer *w, uint64_t first, const struct register_rig_facts *facts)
{
        const char *const texts[] = { facts->name, facts->address, facts->prefecture, facts->city, "2" };
        for (size_t i = 0; i < 5; i++) {
                cbor_write_uint(w, first + i);
                cbor_write_string(w, texts[i]);
        }
        cbor_write_uint(w, first + 5);
        cbor_write_array(w, 3);
        cbor_write_uint(w, (uint64_t)facts->year);
        cbor_write_uint(w, (uint64_t)facts->month);
        cbor_write_uint(w, (uint64_t)facts->day);
        cbor_write_uint(w, first + 6);
        cbor_write_string(w, "131016");
}

void register_rig_person(
        struct register_rig *rig, const struct register_rig_facts *facts, uint8_t ret[REGISTER_PERSON_SIZE])
{
        uint8_t bytes[1024];
        writer w = WRITER(bytes);
        slice answer;
        cbor_write_map(&w, 7);
        register_rig_write_facts(&w, 1, facts);
        must(register_rig_ask(rig, RIG_MUNICIPALITY, "register-person", &w, &answer) == MITOME_OK);
        must_ok(slice_copy(member_bytes(answer, 1), "person", ret, REGISTER_PERSON_SIZE, NULL));
}

mitome_code register_rig_try_card(
        struct register_rig *rig, unsigned kinds, int64_t expiry, struct register_rig_card *card)
{
        uint8_t bytes[1024];
        writer w = WRITER(bytes);
        slice answer;
        cbor_write_map(&w, 3);
        cbor_write_uint(&w, 1);
        cbor_write_bytes(&w, SLICE(card->person));
        cbor_write_uint(&w, 2);
        cbor_write_uint(&w, (uint64_t)(expiry ? expiry : rig->now + 10 * 365 * 86400LL));
        cbor_write_uint(&w, 3);
        cbor_write_map(&w, (kinds >> 1 & 1) + (kinds >> 2 & 1));
        for (unsigned kind = 1; kind <= REGISTER_KINDS; kind++)
                if (kinds >> kind & 1) {
                        card->keys[kind] = register_rig_key(rig);
                        cbor_write_uint(&w, kind);
                        cbor_write_bytes(&w, SLICE(card->keys[kind]->modulus));
                }
        mitome_code code = register_rig_ask(rig, RIG_MUNICIPALITY, "issue-card", &w, &answer);
        for (unsigned kind = 1; code == MITOME_OK && kind <= REGISTER_KINDS; kind++)
                if (kinds >> kind & 1)
                        keep_der(member_bytes(member(answer, 1), kind), &card->certificates[kind]);
        return code;
}

void register_rig_card(
        struct register_rig *rig, unsigned kinds, int64_t expiry, struct register_rig_card *card)
{
        must(register_rig_try_card(rig, kinds, expiry, card) == MITOME_OK);
}

void register_rig_holder(
        struct register_rig *rig, const struct register_rig_facts *facts, struct register_rig_card *ret)
{
        *ret = (struct register_rig_card){ 0 };
        register_rig_person(rig, facts, ret->person);
        register_rig_card(rig, 1u << REGISTER_SIGNING | 1u << REGISTER_USER_VERIFICATION, 0, ret);
}

slice register_rig_serial(slice der, uint8_t buffer[REGISTER_SERIAL_MAX])
{
        const unsigned char *at = der.data;
        X509 *x509 = d2i_X509(NULL, &at, (long)der.size);
        must(x509 != NULL);
        const ASN1_INTEGER *serial = X509_get0_serialNumber(x509);
        size_t size = (size_t)ASN1_STRING_length(serial);
        must_ok(slice_copy(
                slice_of(ASN1_STRING_get0_data(serial), size), "serial", buffer, REGISTER_SERIAL_MAX, NULL));
        X509_free(x509);
        return slice_of(buffer, size);
}

/* ---- applications ---- */

static struct register_rig_application complete(
        const struct register_rig *rig, const struct register_rig_application *from)
{
        struct register_rig_application all = *from;
        all.purpose = all.purpose ? all.purpose : "issue";
        all.device = all.device ? all.device : "MT-1 0001";
        all.nonce = all.nonce ? all.nonce : "nonce-1";
        all.kind = all.kind ? all.kind : "both";
        all.at = all.at ? all.at : rig->now;
        return all;
}

slice register_rig_sign_by(
        struct register_rig *rig, EVP_PKEY *key, slice certificate, slice content, uint8_t *buffer)
{
        uint8_t signature[256];
        size_t size = sizeof signature;
        struct cms_plan plan = { .content = content, .certificate = certificate, .now = rig->now };
        writer out = writer_over(buffer, 8192);
        must_ok(cms_prepare(&plan, NULL));
        EVP_PKEY_CTX *context = EVP_PKEY_CTX_new(key, NULL);
        must(context && EVP_PKEY_sign_init(context) == 1 &&
                EVP_PKEY_CTX_set_signature_md(context, EVP_sha256()) == 1 &&
                EVP_PKEY_sign(context, signature, &size, plan.digest, sizeof plan.digest) == 1);
        EVP_PKEY_CTX_free(context);
        must_ok(cms_write(&plan, slice_of(signature, size), &out, NULL));
        return writer_view(&out);
}

slice register_rig_sign(struct register_rig *rig, const struct register_rig_card *card,
        const struct register_rig_application *application, uint8_t *buffer)
{
        const struct register_rig_application all = complete(rig, application);
        const struct card_application text = { .kind = all.kind,
                .purpose = all.purpose,
                .device = all.device,
                .nonce = all.nonce,
                .now = all.at };
        static uint8_t content_bytes[CARD_APPLICATION_MAX];
        slice content;
        must_ok(card_application_write(&text, content_bytes, &content, NULL));
        return register_rig_sign_by(rig, card->keys[REGISTER_SIGNING]->key,
                register_rig_der(&card->certificates[REGISTER_SIGNING]), content, buffer);
}

mitome_code register_rig_check(struct register_rig *rig, slice cms,
        const struct register_rig_application *application, uint8_t ret_digest[32])
{
        const struct register_rig_application all = complete(rig, application);
        static uint8_t bytes[LETTER_BODY_MAX];
        writer w = WRITER(bytes);
        slice answer;
        cbor_write_map(&w, 4);
        cbor_write_uint(&w, 1);
        cbor_write_bytes(&w, cms);
        cbor_write_uint(&w, 2);
        cbor_write_string(&w, all.nonce);
        cbor_write_uint(&w, 3);
        cbor_write_string(&w, all.purpose);
        cbor_write_uint(&w, 4);
        cbor_write_string(&w, all.device);
        mitome_code code = register_rig_ask(rig, RIG_SP_TSM, "check-application", &w, &answer);
        if (code == MITOME_OK)
                must_ok(slice_copy(member_bytes(answer, 3), "digest", ret_digest, 32, NULL));
        return code;
}

/* ---- certificates ---- */

mitome_code register_rig_issue(struct register_rig *rig, const uint8_t person[REGISTER_PERSON_SIZE],
        enum register_kind kind, const struct register_rig_key *key, const char *device,
        const uint8_t digest[32], struct authority_der *ret)
{
        uint8_t bytes[1024];
        writer w = WRITER(bytes);
        slice answer;
        cbor_write_map(&w, 5);
        cbor_write_uint(&w, 1);
        cbor_write_bytes(&w, slice_of(person, REGISTER_PERSON_SIZE));
        cbor_write_uint(&w, 2);
        cbor_write_uint(&w, kind);
        cbor_write_uint(&w, 3);
        cbor_write_bytes(&w, SLICE(key->modulus));
        cbor_write_uint(&w, 4);
        cbor_write_string(&w, device);
        cbor_write_uint(&w, 5);
        cbor_write_bytes(&w, slice_of(digest, 32));
        mitome_code code = register_rig_ask(rig, RIG_SP_TSM, "issue", &w, &answer);
        if (code == MITOME_OK && ret)
                keep_der(member_bytes(answer, 1), ret);
        return code;
}

void register_rig_phone(struct register_rig *rig, const struct register_rig_card *card, const char *device,
        const char *nonce, enum register_kind kind, struct authority_der *ret)
{
        static uint8_t buffer[8192];
        uint8_t digest[32];
        const struct register_rig_application application = { .device = device, .nonce = nonce };
        slice cms = register_rig_sign(rig, card, &application, buffer);
        must(register_rig_check(rig, cms, &application, digest) == MITOME_OK);
        must(register_rig_issue(rig, card->person, kind, register_rig_key(rig), device, digest, ret) ==
                MITOME_OK);
}

static void write_named(writer *w, uint64_t members, enum register_kind kind, slice der)
{
        uint8_t serial[REGISTER_SERIAL_MAX];
        cbor_write_map(w, members);
        cbor_write_uint(w, 1);
        cbor_write_uint(w, kind);
        cbor_write_uint(w, 2);
        cbor_write_bytes(w, register_rig_serial(der, serial));
}

mitome_code register_rig_revoke(struct register_rig *rig, enum register_rig_party who,
        enum register_kind kind, slice der, int reason, size_t *ret_ended)
{
        uint8_t bytes[128];
        writer w = WRITER(bytes);
        slice answer;
        write_named(&w, 3, kind, der);
        cbor_write_uint(&w, 3);
        cbor_write_uint(&w, (uint64_t)reason);
        mitome_code code = register_rig_ask(rig, who, "revoke", &w, &answer);
        if (code == MITOME_OK && ret_ended) {
                struct cbor_members array;
                struct cbor_reader r = cbor_over(member(answer, 1), NULL, NULL);
                must_ok(cbor_open_array(&r, "revoked", 16, &array));
                *ret_ended = array.left;
        }
        return code;
}

mitome_code register_rig_hold(struct register_rig *rig, enum register_rig_party who,
        const char *kind_of_letter, enum register_kind kind, slice der)
{
        uint8_t bytes[128];
        writer w = WRITER(bytes);
        write_named(&w, 2, kind, der);
        return register_rig_ask(rig, who, kind_of_letter, &w, NULL);
}

static uint64_t member_number(slice map_item, int64_t number)
{
        struct cbor_reader r = cbor_over(member(map_item, number), NULL, NULL);
        uint64_t value;
        must_ok(cbor_read_uint(&r, "answer", UINT64_MAX, &value));
        return value;
}

struct register_rig_status register_rig_status(struct register_rig *rig, enum register_kind kind, slice der)
{
        uint8_t bytes[128];
        writer w = WRITER(bytes);
        slice answer;
        struct register_rig_status status = { 0 };
        write_named(&w, 2, kind, der);
        must(register_rig_ask(rig, RIG_SHOP, "status", &w, &answer) == MITOME_OK);
        status.status = member_number(answer, 1);
        if (status.status == REGISTER_HOLD || status.status == REGISTER_REVOKED)
                status.reason = member_number(answer, 2);
        return status;
}
