/* SPDX-License-Identifier: Apache-2.0 */

/* What the authority costs when very many people are in its store: issuing, revoking with what hangs from it,
 * telling the status, making lists. Figures, never a verdict on a build; docs/scale.md plans with them.
 *
 * bench_life_cycle [--people N] [--rounds N] [--folder FOLDER] */

#include "life_cycle_card.h"
#include "life_cycle_http.h"
#include "life_cycle_store.h"
#include "post_local.h"
#include "publish.h"
#include "random_system.h"
#include "register.h"
#include "trust.h"

#include <openssl/ocsp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

enum { ROUNDS_MAX = 100000, DAY = 86400, ENDED = 100 /* one card in so many has been revoked before */ };

struct bench {
        int64_t people, rounds;
        char folder[200];
        struct mitome_random random;
        struct post_local network;
        struct ca *cas[2];
        struct register_config config;
        struct authority_register *book;
        struct party_desks desks;
        struct party *authority, *municipality, *sp_tsm;
        struct publication *publication;
        struct sql_store *store;
        double asked_us; /* what the authority took for the last letter */
        double samples[ROUNDS_MAX];
        int64_t next; /* the next person that nothing was done to */
};

static void must(mitome_status status, const char *what, const mitome_error *error)
{
        if (!failed(status))
                return;
        fprintf(stderr, "bench_life_cycle: %s: %d %s\n", what, (int)status.code,
                error->field ? error->field : "");
        exit(1);
}

static double now_us(void)
{
        struct timespec now;
        clock_gettime(CLOCK_MONOTONIC, &now);
        return (double)now.tv_sec * 1e6 + (double)now.tv_nsec / 1e3;
}

static int64_t seconds_now(void *context)
{
        (void)context;
        return (int64_t)time(NULL);
}

/* ---- the parties ---- */

/* The authority's part of a call: from the letter's arrival to its answer. */
static mitome_status deliver_timed(void *context, const struct directory_entry *to, slice letter,
        uint8_t *answer, size_t capacity, size_t *ret_size, mitome_error *error)
{
        struct bench *bench = context;
        const struct post post = post_local(&bench->network);
        double begin = now_us();
        mitome_status status = post.deliver(post.context, to, letter, answer, capacity, ret_size, error);
        bench->asked_us = now_us() - begin;
        return status;
}

static struct party *open_party(struct bench *bench, const char *name, const char *folder)
{
        mitome_error error = { 0 };
        struct party *party = NULL;
        const struct party_config config = {
                .name = name,
                .folder = folder,
                .schema = folder ? register_schema : "",
                .schema_version = REGISTER_SCHEMA_VERSION,
                .directory = &bench->network.directory,
                .post = { .context = bench, .deliver = deliver_timed },
                .clock = { .now = seconds_now },
                .random = bench->random,
        };
        must(party_open(&config, &party, &error), name, &error);
        return party;
}

static void open_authority(struct bench *bench)
{
        mitome_error error = { 0 };
        bench->authority = open_party(bench, PARTY_AUTHORITY, bench->folder);
        bench->store = party_store(bench->authority);
        must(register_open(bench->authority, &bench->config, &bench->book, &error), "register", &error);
        bench->desks = (struct party_desks){ bench->book, register_desks, register_desk_count };
        must(post_local_join(&bench->network, bench->authority, &bench->desks, &error), "join", &error);
}

static void open_all(struct bench *bench)
{
        mitome_error error = { 0 };
        const char *db = "party.db";
        char path[256];
        bench->random = random_system();
        bench->authority = open_party(bench, PARTY_AUTHORITY, bench->folder);
        party_close(bench->authority);
        for (int kind = 0; kind < 2; kind++)
                must(ca_open(bench->folder, (enum authority_kind)kind, &bench->random, time(NULL),
                             &bench->cas[kind], &error),
                        "CA", &error);
        bench->config.signing = bench->cas[AUTHORITY_SIGNING];
        bench->config.user_verification = bench->cas[AUTHORITY_USER_VERIFICATION];
        snprintf(path, sizeof path, "%s/%s", bench->folder, db);
        double begin = now_us();
        life_cycle_fill(path, bench->people, ENDED, time(NULL) + 4 * 365 * (int64_t)DAY);
        printf("%-46s %10.0f s\n", "store filled (by SQL) in", (now_us() - begin) / 1e6);
        open_authority(bench);
        bench->municipality = open_party(bench, PARTY_MUNICIPALITY, NULL);
        bench->sp_tsm = open_party(bench, PARTY_SP_TSM, NULL);
        must(post_local_join(&bench->network, bench->municipality, NULL, &error), "join", &error);
        must(post_local_join(&bench->network, bench->sp_tsm, NULL, &error), "join", &error);
        const struct publish_config publish = {
                .cas = { bench->cas[0], bench->cas[1] },
                .source = register_source(bench->book),
                .random = bench->random,
                .now = seconds_now,
                .interval = 1,
        };
        must(publish_open(&publish, &bench->publication, &error), "publication", &error);
}

static void close_all(struct bench *bench)
{
        publish_close(bench->publication);
        party_close(bench->sp_tsm);
        party_close(bench->municipality);
        register_close(bench->book);
        party_close(bench->authority);
        post_local_free(&bench->network);
        for (int kind = 0; kind < 2; kind++)
                ca_close(bench->cas[kind]);
}

/* ---- figures ---- */

static int compare(const void *a, const void *b)
{
        const double *x = a, *y = b;
        return (*x > *y) - (*x < *y);
}

static void report(struct bench *bench, const char *what, int64_t count)
{
        double sum = 0;
        for (int64_t i = 0; i < count; i++)
                sum += bench->samples[i];
        qsort(bench->samples, (size_t)count, sizeof bench->samples[0], compare);
        printf("%-46s %10.0f /s  p50 %8.2f ms  p99 %8.2f ms  max %8.2f ms\n", what, (double)count * 1e6 / sum,
                bench->samples[count / 2] / 1e3, bench->samples[count * 99 / 100] / 1e3,
                bench->samples[count - 1] / 1e3);
        fflush(stdout);
}

static int64_t next_person(struct bench *bench)
{
        do
                bench->next++;
        while (bench->next % ENDED == 0);
        if (bench->next > bench->people) {
                fprintf(stderr, "bench_life_cycle: more rounds than people\n");
                exit(1);
        }
        return bench->next;
}

static void ask_bytes(struct bench *bench, const char *sql, int64_t number, uint8_t *ret, size_t size)
{
        mitome_error error = { 0 };
        struct sql_query query = { 0 };
        must(sql_ask(bench->store, sql, SQL_VALUES(SQL_INT(number)), &query, &error), sql, &error);
        if (!sql_next(&query))
                exit(1);
        mitome_status status = slice_copy(sql_bytes(&query, 0), "bytes", ret, size, &error);
        must(status, sql, &error);
        must(sql_end(&query), sql, &error);
}

static void person_of(struct bench *bench, int64_t person, uint8_t id[16])
{
        ask_bytes(bench, "SELECT id FROM person WHERE number = ?", person, id, 16);
}

/* 4 * person + 0, 1: the card's, signing and user verification; 2, 3: the phone's. */
static void serial_of(struct bench *bench, int64_t person, int which, uint8_t serial[10])
{
        ask_bytes(bench, "SELECT serial FROM certificate WHERE number = ?", 4 * person + which, serial, 10);
}

static slice call(struct party *from, const char *kind, const writer *body, uint8_t buffer[LETTER_MAX])
{
        mitome_error error = { 0 };
        uint8_t id[LETTER_ID_SIZE];
        mitome_code refusal = MITOME_OK;
        slice answer = { 0 };
        must(party_make_id(from, id, &error), kind, &error);
        mitome_status status = party_call(
                from, PARTY_AUTHORITY, kind, id, writer_view(body), buffer, &answer, &refusal, &error);
        if (failed(status))
                fprintf(stderr, "bench_life_cycle: refused with %d\n", (int)refusal);
        must(status, kind, &error);
        return answer;
}

static void draw(struct bench *bench, uint8_t *bytes, size_t size)
{
        if (bench->random.fill(bench->random.context, bytes, size) != 0)
                exit(1);
}

static void draw_modulus(struct bench *bench, uint8_t modulus[256])
{
        draw(bench, modulus, 256);
        modulus[0] |= 0x80;
        modulus[255] |= 1;
}

/* ---- issuing ---- */

/* What `check-application` leaves behind: so everybody's certificates can be measured without their cards. */
static void apply(struct bench *bench, int64_t person, uint8_t digest[32])
{
        mitome_error error = { 0 };
        char device[32];
        draw(bench, digest, 32);
        snprintf(device, sizeof device, "MTM-%08lld", (long long)person);
        must(sql_do(bench->store,
                     "INSERT INTO application (digest, person, card, purpose, device, kinds, checked_at) "
                     "VALUES (?, ?, ?, 'issue', ?, 6, ?)",
                     SQL_VALUES(SQL_BYTES(slice_of(digest, 32)), SQL_INT(person), SQL_INT(4 * person),
                             SQL_STR(device), SQL_INT(time(NULL))),
                     NULL, &error),
                "application", &error);
}

static void issue_into_phone(
        struct bench *bench, const uint8_t id[16], const char *device, const uint8_t digest[32])
{
        uint8_t body[1024], buffer[LETTER_MAX], modulus[256];
        writer w = WRITER(body);
        draw_modulus(bench, modulus);
        cbor_write_map(&w, 5);
        cbor_write_uint(&w, 1);
        cbor_write_bytes(&w, slice_of(id, 16));
        cbor_write_uint(&w, 2);
        cbor_write_uint(&w, REGISTER_USER_VERIFICATION);
        cbor_write_uint(&w, 3);
        cbor_write_bytes(&w, SLICE(modulus));
        cbor_write_uint(&w, 4);
        cbor_write_string(&w, device);
        cbor_write_uint(&w, 5);
        cbor_write_bytes(&w, slice_of(digest, 32));
        (void)call(bench->sp_tsm, "issue", &w, buffer);
}

static void measure_issue(struct bench *bench)
{
        mitome_error error = { 0 };
        uint8_t(*digests)[32] = calloc((size_t)bench->rounds, sizeof digests[0]);
        int64_t first = bench->next;
        if (!digests)
                exit(1);
        must(sql_begin(bench->store, &error), "begin", &error);
        for (int64_t i = 0; i < bench->rounds; i++)
                apply(bench, next_person(bench), digests[i]);
        must(sql_commit(bench->store, &error), "commit", &error);
        bench->next = first;
        for (int64_t i = 0; i < bench->rounds; i++) {
                uint8_t id[16];
                char device[32];
                int64_t person = next_person(bench);
                person_of(bench, person, id);
                snprintf(device, sizeof device, "MTM-%08lld", (long long)person);
                issue_into_phone(bench, id, device, digests[i]);
                bench->samples[i] = bench->asked_us;
        }
        report(bench, "issue (replaces the phone's former one)", bench->rounds);
        free(digests);
}

static void measure_bare_issue(struct bench *bench)
{
        static const struct authority_person person = { "見本 花子", "東京都見本区見本町一丁目1番1号",
                "Tokyo-to", "Mihon-ku", "2", 1990, 4, 1, false };
        uint8_t modulus[256], serial[AUTHORITY_SERIAL_SIZE];
        struct authority_der der = { 0 };
        mitome_error error = { 0 };
        size_t sizes[2] = { 0 };
        draw_modulus(bench, modulus);
        for (int64_t i = 0; i < bench->rounds; i++) {
                must(ca_draw_serial(&bench->random, serial, &error), "serial", &error);
                const struct ca_order order = { &person, SLICE(modulus), SLICE(serial), time(NULL),
                        time(NULL) + DAY };
                double begin = now_us();
                must(ca_issue(bench->cas[i % 2], &order, &bench->random, &der, &error), "issue", &error);
                bench->samples[i] = now_us() - begin;
                sizes[i % 2] = der.size;
        }
        report(bench, "  of that the CA's own work", bench->rounds);
        printf("%-46s %10zu and %zu bytes\n", "certificate: user verification, signing",
                sizes[AUTHORITY_USER_VERIFICATION], sizes[AUTHORITY_SIGNING]);
}

/* ---- revoking ---- */

static void revoke_card(struct bench *bench, const uint8_t *serial, size_t size)
{
        uint8_t body[128], buffer[LETTER_MAX];
        writer w = WRITER(body);
        cbor_write_map(&w, 3);
        cbor_write_uint(&w, 1);
        cbor_write_uint(&w, REGISTER_USER_VERIFICATION);
        cbor_write_uint(&w, 2);
        cbor_write_bytes(&w, slice_of(serial, size));
        cbor_write_uint(&w, 3);
        cbor_write_uint(&w, 5);
        slice answer = call(bench->municipality, "revoke", &w, buffer);
        if (answer.size < 3 || answer.data[2] == 0x80) {
                fprintf(stderr, "bench_life_cycle: nothing was revoked\n");
                exit(1);
        }
}

static void measure_linked(struct bench *bench)
{
        uint8_t serial[10];
        for (int64_t i = 0; i < bench->rounds; i++) {
                serial_of(bench, next_person(bench), 1, serial);
                revoke_card(bench, serial, sizeof serial);
                bench->samples[i] = bench->asked_us;
        }
        report(bench, "linked revocation of a card (3 certificates)", bench->rounds);
}

/* ---- the status ---- */

static void measure_status(struct bench *bench)
{
        uint8_t serial[10], body[64], buffer[LETTER_MAX];
        for (int64_t i = 0; i < bench->rounds; i++) {
                writer w = WRITER(body);
                serial_of(bench, 1 + i * (bench->people / bench->rounds), 3, serial);
                cbor_write_map(&w, 2);
                cbor_write_uint(&w, 1);
                cbor_write_uint(&w, REGISTER_USER_VERIFICATION);
                cbor_write_uint(&w, 2);
                cbor_write_bytes(&w, SLICE(serial));
                (void)call(bench->sp_tsm, "status", &w, buffer);
                bench->samples[i] = bench->asked_us;
        }
        report(bench, "status by letter (kept, journal's head signed)", bench->rounds);
}

/* An OCSP request about a serial number, as any client makes it. */
static size_t make_request(struct bench *bench, slice serial, uint8_t ret[256])
{
        const slice der = ca_certificate(bench->cas[AUTHORITY_USER_VERIFICATION]);
        const unsigned char *bytes = der.data;
        unsigned char *end = ret;
        X509 *issuer = d2i_X509(NULL, &bytes, (long)der.size);
        BIGNUM *number = BN_bin2bn(serial.data, (int)serial.size, NULL);
        ASN1_INTEGER *integer = BN_to_ASN1_INTEGER(number, NULL);
        OCSP_REQUEST *request = OCSP_REQUEST_new();
        if (!OCSP_request_add0_id(request, OCSP_cert_id_new(EVP_sha1(), X509_get_subject_name(issuer),
                                                   X509_get0_pubkey_bitstr(issuer), integer)) ||
                OCSP_request_add1_nonce(request, NULL, 16) != 1 || i2d_OCSP_REQUEST(request, NULL) > 256)
                exit(1);
        int size = i2d_OCSP_REQUEST(request, &end);
        OCSP_REQUEST_free(request);
        ASN1_INTEGER_free(integer);
        BN_free(number);
        X509_free(issuer);
        return (size_t)size;
}

static void measure_ocsp(struct bench *bench)
{
        uint8_t serial[10], request[256], response[OCSP_RESPONSE_MAX];
        mitome_error error = { 0 };
        size_t answered = 0;
        for (int64_t i = 0; i < bench->rounds; i++) {
                writer w = WRITER(response);
                serial_of(bench, 1 + i * (bench->people / bench->rounds), 3, serial);
                size_t size = make_request(bench, SLICE(serial), request);
                double begin = now_us();
                must(publish_answer(bench->publication, slice_of(request, size), &w, &error), "OCSP", &error);
                bench->samples[i] = now_us() - begin;
                answered = w.used;
        }
        report(bench, "OCSP answer (register asked, signed P-256)", bench->rounds);
        printf("%-46s %10zu bytes\n", "OCSP response", answered);
}

static void measure_http(struct bench *bench)
{
        uint8_t serial[10], request[256];
        serial_of(bench, 1, 3, serial);
        size_t size = make_request(bench, SLICE(serial), request);
        post_local_leave(&bench->network, PARTY_SP_TSM); /* what waits for it goes on waiting */
        double each = life_cycle_http(bench->authority, &bench->desks, bench->publication,
                slice_of(request, size), bench->rounds * 4);
        if (each > 0)
                printf("%-46s %10.0f /s\n", "OCSP answers over HTTP (8 connections)", each);
        else
                printf("%-46s not built (no libmicrohttpd)\n", "OCSP answers over HTTP");
}

/* ---- lists ---- */

static void measure_list(struct bench *bench, const char *path)
{
        mitome_error error = { 0 };
        slice list = { 0 };
        char what[96];
        double begin = now_us();
        must(publish_list(bench->publication, slice_text(path), &list, &error), "list", &error);
        snprintf(what, sizeof what, "list %s", path);
        printf("%-46s %10.1f ms %10zu bytes\n", what, (now_us() - begin) / 1e3, list.size);
}

/* ---- a card ---- */

static void write_person(writer *w)
{
        cbor_write_map(w, 7);
        static const char *const texts[] = { "見本 花子", "東京都見本区見本町一丁目1番1号", "Tokyo-to",
                "Mihon-ku", "2" };
        for (uint64_t i = 0; i < 5; i++) {
                cbor_write_uint(w, i + 1);
                cbor_write_string(w, texts[i]);
        }
        cbor_write_uint(w, 6);
        cbor_write_array(w, 3);
        cbor_write_uint(w, 1990);
        cbor_write_uint(w, 4);
        cbor_write_uint(w, 1);
        cbor_write_uint(w, 7);
        cbor_write_string(w, "130001");
}

static void last_document(struct bench *bench, int kind, struct authority_der *ret)
{
        mitome_error error = { 0 };
        struct sql_query query = { 0 };
        must(sql_ask(bench->store,
                     "SELECT der FROM document JOIN certificate ON number = certificate WHERE kind = ? ORDER BY "
                     "certificate DESC LIMIT 1",
                     SQL_VALUES(SQL_INT(kind)), &query, &error),
                "document", &error);
        if (!sql_next(&query))
                exit(1);
        ret->size = sql_bytes(&query, 0).size;
        mitome_status status =
                slice_copy(sql_bytes(&query, 0), "document", ret->bytes, sizeof ret->bytes, &error);
        must(status, "document", &error);
        must(sql_end(&query), "document", &error);
}

/* A person who comes to the counter, and gets a card with both certificates. */
static void make_card(struct bench *bench, const uint8_t signing[256], uint8_t id[16])
{
        uint8_t body[2048], buffer[LETTER_MAX], modulus[256];
        mitome_error error = { 0 };
        writer w = WRITER(body);
        write_person(&w);
        slice answer = call(bench->municipality, "register-person", &w, buffer);
        must(slice_copy(slice_of(answer.data + 3, answer.size - 3), "person", id, 16, &error), "person",
                &error);
        w = WRITER(body);
        draw_modulus(bench, modulus);
        cbor_write_map(&w, 3);
        cbor_write_uint(&w, 1);
        cbor_write_bytes(&w, slice_of(id, 16));
        cbor_write_uint(&w, 2);
        cbor_write_uint(&w, (uint64_t)time(NULL) + 3650 * (uint64_t)DAY);
        cbor_write_uint(&w, 3);
        cbor_write_map(&w, 2);
        cbor_write_uint(&w, REGISTER_SIGNING);
        cbor_write_bytes(&w, slice_of(signing, 256));
        cbor_write_uint(&w, REGISTER_USER_VERIFICATION);
        cbor_write_bytes(&w, SLICE(modulus));
        (void)call(bench->municipality, "issue-card", &w, buffer);
}

static void measure_cards(struct bench *bench)
{
        uint8_t modulus[256], id[16];
        for (int64_t i = 0; i < bench->rounds; i++) {
                draw_modulus(bench, modulus);
                make_card(bench, modulus, id);
                bench->samples[i] = bench->asked_us;
        }
        report(bench, "issue-card (2 certificates)", bench->rounds);
}

/* ---- the whole way of an application ---- */

static double check_application(
        struct bench *bench, slice cms, const char *device, const char *nonce, uint8_t digest[32])
{
        uint8_t body[CARD_CMS_MAX + 512], buffer[LETTER_MAX];
        mitome_error error = { 0 };
        writer w = WRITER(body);
        cbor_write_map(&w, 4);
        cbor_write_uint(&w, 1);
        cbor_write_bytes(&w, cms);
        cbor_write_uint(&w, 2);
        cbor_write_string(&w, nonce);
        cbor_write_uint(&w, 3);
        cbor_write_string(&w, "issue");
        cbor_write_uint(&w, 4);
        cbor_write_string(&w, device);
        slice answer = call(bench->sp_tsm, "check-application", &w, buffer);
        /* .. 3: digest (32 bytes), 4: [2] */
        must(slice_copy(slice_of(answer.data + answer.size - 35, 32), "digest", digest, 32, &error), "digest",
                &error);
        return bench->asked_us;
}

static void measure_application(struct bench *bench)
{
        struct card card;
        struct authority_der der = { 0 };
        uint8_t id[16], digest[32], buffer[CARD_CMS_MAX];
        char nonce[32];
        static const char device[] = "MTM-BENCH-0001";
        life_cycle_card_make(&card);
        make_card(bench, card.modulus, id);
        last_document(bench, REGISTER_SIGNING, &der);
        const unsigned char *end = der.bytes;
        card.certificate = d2i_X509(NULL, &end, (long)der.size);
        for (int64_t i = 0; i < bench->rounds; i++) {
                snprintf(nonce, sizeof nonce, "nonce-%lld", (long long)i);
                slice cms = life_cycle_card_sign(&card, device, nonce, buffer);
                bench->samples[i] = check_application(bench, cms, device, nonce, digest);
                issue_into_phone(bench, id, device, digest);
                bench->samples[i] += bench->asked_us;
        }
        report(bench, "application checked, certificate issued", bench->rounds);
        life_cycle_card_free(&card);
}

/* ---- from the revocation to the refusal ---- */

static mitome_code login(struct bench *bench, const struct authority_der *der)
{
        uint8_t request[256], response[OCSP_RESPONSE_MAX];
        mitome_error error = { 0 };
        struct mitome_trust *trust = NULL;
        struct jpki_certificate read = { 0 };
        const slice certificate = slice_of(der->bytes, der->size);
        writer w = WRITER(response);
        const unsigned char *end = der->bytes;
        X509 *x509 = d2i_X509(NULL, &end, (long)der->size);
        const ASN1_INTEGER *number = X509_get0_serialNumber(x509);
        size_t size = make_request(
                bench, slice_of(ASN1_STRING_get0_data(number), (size_t)ASN1_STRING_length(number)), request);
        X509_free(x509);
        must(publish_answer(bench->publication, slice_of(request, size), &w, &error), "OCSP", &error);
        must(mitome_trust_new(&trust, &error), "trust", &error);
        must(mitome_trust_add_jpki_anchor(
                     trust, ca_certificate(bench->cas[AUTHORITY_USER_VERIFICATION]), &error),
                "anchor", &error);
        must(mitome_trust_add_ocsp(trust, writer_view(&w), &error), "response", &error);
        mitome_code code = trust_verify_jpki(trust, certificate, time(NULL), &read, &error).code;
        mitome_trust_free(trust);
        return code;
}

static void measure_refusal(struct bench *bench)
{
        for (int64_t i = 0; i < bench->rounds / 10 + 1; i++) {
                struct authority_der der = { 0 };
                uint8_t modulus[256], id[16];
                draw_modulus(bench, modulus);
                make_card(bench, modulus, id);
                last_document(bench, REGISTER_USER_VERIFICATION, &der);
                mitome_code before = login(bench, &der);
                const unsigned char *end = der.bytes;
                X509 *x509 = d2i_X509(NULL, &end, (long)der.size);
                const ASN1_INTEGER *number = X509_get0_serialNumber(x509);
                double begin = now_us();
                revoke_card(bench, ASN1_STRING_get0_data(number), (size_t)ASN1_STRING_length(number));
                mitome_code after = login(bench, &der);
                bench->samples[i] = now_us() - begin;
                X509_free(x509);
                if (before != MITOME_OK || after != MITOME_E_CERTIFICATE_REVOKED) {
                        fprintf(stderr, "bench_life_cycle: %d before, %d after\n", (int)before, (int)after);
                        exit(1);
                }
        }
        report(bench, "revocation until the relying party refuses", bench->rounds / 10 + 1);
}

/* ---- sizes ---- */

static double file_size(const struct bench *bench)
{
        char path[256];
        struct stat facts = { 0 };
        snprintf(path, sizeof path, "%s/party.db", bench->folder);
        return stat(path, &facts) == 0 ? (double)facts.st_size : 0;
}

static void print_rows(struct bench *bench, const char *what, const char *sql)
{
        mitome_error error = { 0 };
        struct sql_query query = { 0 };
        must(sql_ask(bench->store, sql, NULL, 0, &query, &error), what, &error);
        if (!sql_next(&query))
                exit(1);
        printf("%-46s %10lld, %lld bytes each\n", what, (long long)sql_integer(&query, 0),
                (long long)sql_integer(&query, 1));
        must(sql_end(&query), what, &error);
}

static void print_sizes(struct bench *bench)
{
        print_rows(bench, "decisions in the journal",
                "SELECT count(*), avg(length(entry) + length(digest)) FROM journal");
        print_rows(bench, "letters kept with their answers",
                "SELECT count(*), avg(length(letter) + length(answer) + 64) FROM inbox");
}

static int usage(void)
{
        fprintf(stderr, "usage: bench_life_cycle [--people N] [--rounds N] --folder FOLDER\n");
        return 2;
}

static int read_options(struct bench *bench, int argc, char **argv)
{
        bench->people = 1000000;
        bench->rounds = 500;
        for (int i = 1; i + 1 < argc; i += 2) {
                if (strcmp(argv[i], "--people") == 0)
                        bench->people = strtoll(argv[i + 1], NULL, 10);
                else if (strcmp(argv[i], "--rounds") == 0)
                        bench->rounds = strtoll(argv[i + 1], NULL, 10);
                else if (strcmp(argv[i], "--folder") == 0)
                        snprintf(bench->folder, sizeof bench->folder, "%s", argv[i + 1]);
                else
                        return usage();
        }
        bool fits = bench->rounds >= 1 && bench->rounds <= ROUNDS_MAX && bench->people / 4 >= bench->rounds;
        return argc % 2 == 1 && bench->folder[0] && fits ? 0 : usage();
}

int main(int argc, char **argv)
{
        static struct bench bench;
        if (read_options(&bench, argc, argv))
                return 2;
        open_all(&bench);
        double filled = file_size(&bench);
        printf("%-46s %10.0f bytes a person (%lld people, no documents)\n", "store",
                filled / (double)bench.people, (long long)bench.people);
        measure_issue(&bench);
        measure_bare_issue(&bench);
        measure_cards(&bench);
        measure_application(&bench);
        measure_linked(&bench);
        measure_status(&bench);
        measure_ocsp(&bench);
        measure_http(&bench);
        measure_list(&bench, "user-verification.crl");
        measure_list(&bench, "signing.crl");
        measure_list(&bench, "signing/Mihon-01/Mihon-0001-shi.crl");
        measure_refusal(&bench);
        print_sizes(&bench);
        close_all(&bench);
        return 0;
}
