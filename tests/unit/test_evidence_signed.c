/* SPDX-License-Identifier: Apache-2.0 */
/* Evidence that somebody has signed: receipts of an element, certificates with their status, journals. What
 * is verified shows a part of a fact; what is forged shows nothing, with the reason. */
#include "card_rig.h"
#include "evidence_file.h"
#include "journal_rig.h"
#include "trust_rig.h"

#include <openssl/ocsp.h>
#include <openssl/rsa.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static const int64_t element_now = 1800000000; /* when the element's certificates are good */

/* ---- documents, by name ---- */

enum { SHELF_MAX = 16, PAPER_MAX = 1 << 16 };

static struct paper {
        const char *name;
        uint8_t bytes[PAPER_MAX];
        size_t size;
} papers[SHELF_MAX];

static size_t paper_count;

static struct paper *put(const char *name, slice content)
{
        size_t i = 0;
        while (i < paper_count && strcmp(papers[i].name, name) != 0)
                i++;
        if (i == paper_count)
                paper_count++;
        assert_in_range(i, 0, SHELF_MAX - 1);
        papers[i].name = name;
        papers[i].size = content.size;
        assert_int_equal(slice_copy(content, NULL, papers[i].bytes, PAPER_MAX, NULL).code, MITOME_OK);
        return &papers[i];
}

static bool read_paper(void *context, const char *path, uint8_t **ret_bytes, slice *ret)
{
        (void)context;
        for (size_t i = 0; i < paper_count; i++)
                if (strcmp(papers[i].name, path) == 0) {
                        *ret_bytes = malloc(papers[i].size + 1);
                        assert_non_null(*ret_bytes);
                        *ret = slice_of(*ret_bytes, papers[i].size);
                        return slice_copy(slice_of(papers[i].bytes, papers[i].size), NULL, *ret_bytes,
                                       papers[i].size + 1, NULL)
                                       .code == MITOME_OK;
                }
        return false;
}

/* ---- reading ---- */

static struct evaluation_record record;

static void read_item(const char *item, int64_t now)
{
        const struct evidence_documents shelf = { .read = read_paper };
        char json[1024];
        snprintf(json, sizeof json, "{\"mitome_evidence\": 1, \"items\": [%s]}", item);
        evaluation_record_clear(&record);
        evaluation_record_begin(&record);
        snprintf(record.day, sizeof record.day, "2026-11-22");
        record.now = now;
        mitome_error error = { 0 };
        if (evidence_file_read(slice_text(json), "e.json", &shelf, &record, &error).code != MITOME_OK)
                fail_msg("%s: %u", item, (unsigned)error.code);
        assert_false(record.failed);
}

static const struct fact_claim *claimed(enum level_fact_id fact)
{
        for (size_t i = 0; i < record.claims.count; i++)
                if (record.claims.claims[i].fact == fact)
                        return &record.claims.claims[i];
        return NULL;
}

static void assert_shown(enum level_fact_id fact, bool yes, bool partial)
{
        const struct fact_claim *claim = claimed(fact);
        assert_non_null(claim);
        if (claim->value.obtained != LEVEL_ATTESTED)
                fail_msg("%s", claim->why);
        assert_int_equal(claim->value.yes, yes);
        assert_int_equal(claim->value.partial, partial);
}

/* Nothing is taken from it, and the reason has the code. */
static void assert_disbelieved(const char *why)
{
        const json_t *unused = json_object_get(json_array_get(record.evidence, 1), "unused");
        if (!unused || !strstr(json_string_value(unused), why))
                fail_msg("%s: %s", why, unused ? json_string_value(unused) : "used");
        for (size_t i = 0; i < record.claims.count; i++)
                assert_int_equal(record.claims.claims[i].value.obtained, LEVEL_UNUSABLE);
}

/* ---- receipts ---- */

static struct element_rig element;

#define RECEIPT "{\"kind\": \"receipt\", \"document\": \"receipt\", \"anchors\": \"maker\"}"

static void make_receipt(void)
{
        uint8_t options[] = { 0x85, 0x01, 0x02 };
        element_rig_open(&element);
        element_rig_make_device(&element);
        element_rig_personalise(&element);
        assert_int_equal(element_rig_channel(&element, element_rig_jpki, &element_rig_keys), SW_OK);
        assert_int_equal(element_rig_secured(&element, 0x800E0000, slice_of(NULL, 0)), SW_OK);
        assert_int_equal(element_rig_select(&element, element_rig_fido), SW_OK);
        assert_int_equal(element_rig_command(&element, 0x80400000, SLICE(options)), SW_OK);
        put("receipt", element_rig_value(&element, 0x80));
        put("maker", slice_of(element.device_ca, element.device_ca_size));
        element_rig_close(&element);
}

static void a_receipt_shows_a_part_of_the_proof(void **state)
{
        (void)state;
        make_receipt();
        read_item(RECEIPT, element_now);
        assert_shown(LEVEL_LIFE_ERASURE_PROVED, true, true);
        assert_int_equal(json_array_size(record.evidence), 3); /* the anchor is attached, too */
        read_item(
                "{\"kind\": \"receipt\", \"document\": \"receipt\", \"anchors\": \"maker\", \"identity\": \"" ELEMENT_RIG_IDENTITY
                "\"}",
                element_now);
        assert_shown(LEVEL_LIFE_ERASURE_PROVED, true, true);
}

static void a_receipt_that_does_not_verify_shows_nothing(void **state)
{
        static const struct {
                const char *item, *why;
        } table[] = {
                { "{\"kind\": \"receipt\", \"document\": \"receipt\", \"anchors\": \"maker\", \"identity\": \"another\"}",
                        "E" },
                { "{\"kind\": \"receipt\", \"document\": \"receipt\"}", "a file that it needs is not named" },
                { "{\"kind\": \"receipt\", \"document\": \"receipt\", \"anchors\": \"lost\"}",
                        "a file that it needs cannot be read" },
                { "{\"kind\": \"receipt\", \"document\": \"receipt\", \"anchors\": \"receipt\"}",
                        "it is not to be believed: E" },
                { "{\"kind\": \"receipt\", \"document\": \"maker\", \"anchors\": \"maker\"}",
                        "it is not to be believed: E" },
                { "{\"kind\": \"receipt\", \"anchors\": \"maker\"}", "its document is not named" }
        };
        (void)state;
        make_receipt();
        for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
                read_item(table[i].item, element_now);
                if (i + 1 < sizeof table / sizeof table[0])
                        assert_disbelieved(table[i].why);
                assert_int_equal(claimed(LEVEL_LIFE_ERASURE_PROVED)->value.obtained, LEVEL_UNUSABLE);
        }
        /* Out of the time of its certificates; and any byte of it changed. */
        read_item(RECEIPT, 4000000000);
        assert_disbelieved("it is not to be believed: E");
        struct paper *receipt = put("receipt", slice_of(papers[0].bytes, papers[0].size));
        for (size_t i = 0; i < receipt->size; i += 37) {
                receipt->bytes[i] ^= 1;
                read_item(RECEIPT, element_now);
                assert_disbelieved("it is not to be believed: E");
                receipt->bytes[i] ^= 1;
        }
        read_item(RECEIPT, element_now);
        assert_shown(LEVEL_LIFE_ERASURE_PROVED, true, true);
}

/* ---- certificates ---- */

#define CERTIFICATE \
        "{\"kind\": \"certificate\", \"document\": \"person\", \"anchors\": \"ca\", \"status\": \"list\"}"

static const char *const ca_name[] = { "C", "JP", "O", "JPKI-TEST", "OU", "JPKI for user authentication",
        NULL };
static const char *const person_name[] = { "C", "JP", "CN", "997794E9AGCIEG13221003A", NULL };
static const char person_extensions[] =
        "[certificate]\nkeyUsage = critical, digitalSignature\ncertificatePolicies = 1.2.392.200149.8.5.1.3.30\n"
        "authorityKeyIdentifier = keyid\nsubjectKeyIdentifier = hash\n";

static void put_list(const struct rig_certificate *ca, EVP_PKEY *signer, slice serial, int64_t next)
{
        struct authority_der crl;
        rig_crl(&crl, &(struct rig_crl_plan){ .issuer = ca,
                              .signer = signer,
                              .issued = rig_now - 60,
                              .next = next,
                              .serial = serial });
        put("list", slice_of(crl.bytes, crl.size));
}

/* An OCSP response in the place of the list. */
static void put_response(const struct rig_certificate *ca, const struct rig_certificate *subject, int status)
{
        OCSP_BASICRESP *answer = OCSP_BASICRESP_new();
        OCSP_CERTID *id = OCSP_cert_id_new(EVP_sha1(), X509_get_subject_name(ca->x509),
                X509_get0_pubkey_bitstr(ca->x509), X509_get0_serialNumber(subject->x509));
        ASN1_GENERALIZEDTIME *begin = ASN1_GENERALIZEDTIME_set(NULL, (time_t)rig_now - 60);
        ASN1_GENERALIZEDTIME *end = ASN1_GENERALIZEDTIME_set(NULL, (time_t)rig_now + RIG_DAY);
        assert_non_null(OCSP_basic_add1_status(
                answer, id, status, 0, status == V_OCSP_CERTSTATUS_REVOKED ? begin : NULL, begin, end));
        assert_int_equal(OCSP_basic_sign(answer, ca->x509, ca->key, EVP_sha256(), NULL, 0), 1);
        OCSP_RESPONSE *response = OCSP_response_create(OCSP_RESPONSE_STATUS_SUCCESSFUL, answer);
        unsigned char *der = NULL;
        const int size = i2d_OCSP_RESPONSE(response, &der);
        assert_in_range(size, 1, PAPER_MAX);
        put("list", slice_of(der, (size_t)size));
        OPENSSL_free(der);
        OCSP_RESPONSE_free(response);
        OCSP_BASICRESP_free(answer);
        OCSP_CERTID_free(id);
        ASN1_GENERALIZEDTIME_free(begin);
        ASN1_GENERALIZEDTIME_free(end);
}

static void a_certificate_is_alive_as_its_list_says(void **state)
{
        struct rig_certificate ca, person;
        uint8_t serial[20];
        (void)state;
        rig_make(
                &ca, &(struct rig_plan){
                             .subject = ca_name, .key = EVP_RSA_gen(2048), .extensions = rig_ca_extensions });
        rig_make(&person, &(struct rig_plan){ .subject = person_name,
                                  .issuer = &ca,
                                  .key = EVP_RSA_gen(2048),
                                  .extensions = person_extensions });
        put("person", rig_der(&person));
        put("ca", rig_der(&ca));
        put_list(&ca, NULL, slice_of(NULL, 0), rig_now + RIG_DAY);
        read_item(CERTIFICATE, rig_now);
        assert_shown(LEVEL_LOGIN_CERTIFICATE_ALIVE, true, false);

        /* Its end is an answer; that of the CA is none. */
        struct rig_certificate ended;
        rig_make(&ended, &(struct rig_plan){ .subject = person_name,
                                 .issuer = &ca,
                                 .key = EVP_RSA_gen(2048),
                                 .extensions = person_extensions,
                                 .not_before = rig_now - 1000,
                                 .not_after = rig_now - 10 });
        put("person", rig_der(&ended));
        read_item(CERTIFICATE, rig_now);
        assert_shown(LEVEL_LOGIN_CERTIFICATE_ALIVE, false, false);
        rig_free(&ended);
        put("person", rig_der(&person));
        read_item(CERTIFICATE, rig_now + 1000 * (int64_t)RIG_DAY);
        assert_disbelieved("it is not to be believed: E");

        /* A list that is stale, of another's hand, or not there says nothing. */
        put_list(&ca, NULL, slice_of(NULL, 0), rig_now - 30);
        read_item(CERTIFICATE, rig_now);
        assert_disbelieved("it is not to be believed: E");
        put_list(&ca, person.key, slice_of(NULL, 0), rig_now + RIG_DAY);
        read_item(CERTIFICATE, rig_now);
        assert_disbelieved("it is not to be believed: E");
        read_item("{\"kind\": \"certificate\", \"document\": \"person\", \"anchors\": \"ca\"}", rig_now);
        assert_disbelieved("a file that it needs is not named");
        put("list", slice_text("no list"));
        read_item(CERTIFICATE, rig_now);
        assert_disbelieved("it is not to be believed: E");

        /* On it, it is dead: that is what the list shows. */
        BIGNUM *number = ASN1_INTEGER_to_BN(X509_get0_serialNumber(person.x509), NULL);
        assert_non_null(number);
        assert_in_range(BN_num_bytes(number), 1, (int)sizeof serial);
        const int size = BN_bn2bin(number, serial);
        BN_free(number);
        put_list(&ca, NULL, slice_of(serial, (size_t)size), rig_now + RIG_DAY);
        read_item(CERTIFICATE, rig_now);
        assert_shown(LEVEL_LOGIN_CERTIFICATE_ALIVE, false, false);

        static const struct {
                int status;
                bool alive;
        } answers[] = { { V_OCSP_CERTSTATUS_GOOD, true }, { V_OCSP_CERTSTATUS_REVOKED, false } };
        for (size_t i = 0; i < 2; i++) {
                put_response(&ca, &person, answers[i].status);
                read_item(CERTIFICATE, rig_now);
                assert_shown(LEVEL_LOGIN_CERTIFICATE_ALIVE, answers[i].alive, false);
        }
        put_response(&ca, &person, V_OCSP_CERTSTATUS_UNKNOWN);
        read_item(CERTIFICATE, rig_now);
        assert_disbelieved("it is not to be believed: E");

        /* Of a CA that nobody believes. */
        put("ca", rig_der(&person));
        read_item(CERTIFICATE, rig_now);
        assert_disbelieved("it is not to be believed: E");
        rig_free(&person);
        rig_free(&ca);
}

/* ---- journals ---- */

#define JOURNAL \
        "{\"kind\": \"journal\", \"document\": \"authority\", \"journals\": [\"teller\", \"portal\"], \"directory\": \"directory\"}"

static struct book authority, teller, portal;

static void put_books(void)
{
        static const struct book *const books[] = { &authority, &teller, &portal };
        char text[1024] = "{\"parties\": [";
        for (size_t i = 0; i < 3; i++) {
                size_t used = strlen(text);
                used += (size_t)snprintf(text + used, sizeof text - used,
                        "%s{\"name\": \"%s\", \"key_hex\": \"", i ? ", " : "", books[i]->name);
                for (size_t b = 0; b < LETTER_KEY_SIZE; b++)
                        used += (size_t)snprintf(text + used, sizeof text - used, "%02x", books[i]->key[b]);
                snprintf(text + used, sizeof text - used, "\"}");
        }
        strcat(text, "]}");
        put("directory", slice_text(text));
        put("authority", book_bytes(&authority));
        put("teller", book_bytes(&teller));
        put("portal", book_bytes(&portal));
}

/* Two calls: upon one the hold follows after 5 seconds, upon the other after 90. */
static void write_books(void)
{
        book_open(&authority, "authority", 0);
        book_open(&teller, "call-centre", 0);
        book_open(&portal, "portal", 0);
        book_write(&teller, (struct line){ "hold", "asked", "serial:0a", 0, 1, NULL, NULL });
        book_write(&teller, (struct line){ "ask-hold", "asked", "letter:01", 1, 0, NULL, NULL });
        authority.clock = teller.clock + 3;
        book_write(&authority, (struct line){ "hold-certificate", "done", "serial:0a", 1, 0, &teller, NULL });
        teller.clock = 1763800000;
        book_write(&teller, (struct line){ "hold", "asked", "serial:0b", 0, 2, NULL, NULL });
        teller.clock = 1763800080;
        book_write(&teller, (struct line){ "ask-hold", "asked", "letter:02", 2, 0, NULL, NULL });
        authority.clock = 1763800090;
        book_write(&authority, (struct line){ "hold-certificate", "done", "serial:0b", 2, 0, &teller, NULL });
}

static void journals_show_what_their_parties_signed(void **state)
{
        (void)state;
        write_books();
        put_books();
        read_item(JOURNAL, 0);
        const struct fact_claim *hold = claimed(LEVEL_LIFE_HOLD_SECONDS);
        assert_non_null(hold);
        assert_int_equal(hold->value.obtained, LEVEL_ATTESTED);
        assert_true(hold->value.partial);
        assert_int_equal(hold->value.count, 90);
        assert_int_equal(record.claims.count, 1);
        assert_int_equal(json_array_size(record.evidence), 5);

        book_write(&authority, (struct line){ "revoke-certificate", "done", "serial:0b", 0, 3, NULL,
                                       "ends with the card's certificate" });
        book_write(&authority, (struct line){ "take-receipt", "done", "device:MT-1", 0, 4, NULL, NULL });
        book_write(&portal, (struct line){ "log-in", "refused", NULL, 0, 0, NULL, "1 OTHER" });
        char reason[48];
        snprintf(reason, sizeof reason, "%d CERTIFICATE_REVOKED", MITOME_E_CERTIFICATE_REVOKED);
        book_write(&portal, (struct line){ "log-in", "refused", NULL, 0, 0, NULL, reason });
        put_books();
        read_item(JOURNAL, 0);
        assert_shown(LEVEL_LIFE_LINKED, true, true);
        assert_shown(LEVEL_LIFE_ERASURE_PROVED, true, true);
        assert_shown(LEVEL_LIFE_REVOKED_REFUSED, true, true);
        assert_null(claimed(LEVEL_LIFE_EXPIRED_REFUSED));
        assert_null(claimed(LEVEL_LIFE_BAD_STATUS_REFUSED));
}

/* The party's own calls, a hold that nobody asked for, a clock that went back: no figure. */
static void a_hold_without_its_call_has_no_time(void **state)
{
        (void)state;
        for (size_t i = 0; i < 4; i++) {
                book_open(&authority, "authority", 0);
                book_open(&teller, "call-centre", 0);
                book_open(&portal, "portal", 0);
                struct book *caller = i == 0 ? &authority : &teller;
                book_write(caller, (struct line){ "hold", "asked", i == 1 ? "serial:0c" : "serial:0a", 0, 1,
                                           NULL, NULL });
                book_write(caller,
                        (struct line){ "ask-hold", "asked", "letter:01", i == 2 ? 9 : 1, 0, NULL, NULL });
                authority.clock = teller.clock + (i == 3 ? -500 : 5);
                book_write(&authority, (struct line){ "hold-certificate", "done", "serial:0a", 1, 0,
                                               i ? &teller : NULL, NULL });
                put_books();
                read_item(JOURNAL, 0);
                assert_int_equal(record.claims.count, 0);
        }
}

static void a_journal_that_is_not_sound_shows_nothing(void **state)
{
        static const char *const files[] = { "authority", "teller" };
        (void)state;
        for (size_t f = 0; f < 2; f++) {
                write_books();
                put_books();
                struct paper *paper = put(files[f], f ? book_bytes(&teller) : book_bytes(&authority));
                for (size_t i = 0; i < paper->size; i += 41) {
                        paper->bytes[i] ^= 1;
                        read_item(JOURNAL, 0);
                        assert_disbelieved("it is not to be believed: E");
                        paper->bytes[i] ^= 1;
                }
        }
        /* Cut off behind what another party saw of it; signed by a key that the directory has not. */
        write_books();
        put_books();
        put("teller", book_entry(&teller, 1));
        read_item(JOURNAL, 0);
        assert_disbelieved("it is not to be believed: E1217");
        put_books();
        book_open(&portal, "portal", 1);
        book_write(&portal, (struct line){ "log-in", "refused", NULL, 0, 0, NULL, NULL });
        put("portal", book_bytes(&portal));
        read_item(JOURNAL, 0);
        assert_disbelieved("it is not to be believed: E404");
        /* Without anybody's key, without a line, without the files. */
        static const struct {
                const char *item, *why;
        } table[] = { { "{\"kind\": \"journal\", \"document\": \"authority\"}",
                              "a file that it needs is not named" },
                { "{\"kind\": \"journal\", \"document\": \"authority\", \"directory\": \"authority\"}",
                        "it is not to be believed: E" },
                { "{\"kind\": \"journal\", \"document\": \"empty\", \"directory\": \"directory\"}",
                        "its journals show nothing" },
                { "{\"kind\": \"journal\", \"document\": \"authority\", \"directory\": \"directory\", \"journals\": [\"lost\"]}",
                        "a file that it needs cannot be read" } };
        put("empty", slice_of(NULL, 0));
        for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
                read_item(table[i].item, 0);
                assert_disbelieved(table[i].why);
        }
}

static int clear(void **state)
{
        (void)state;
        evaluation_record_clear(&record);
        return 0;
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(a_receipt_shows_a_part_of_the_proof),
                cmocka_unit_test(a_receipt_that_does_not_verify_shows_nothing),
                cmocka_unit_test(a_certificate_is_alive_as_its_list_says),
                cmocka_unit_test(journals_show_what_their_parties_signed),
                cmocka_unit_test(a_hold_without_its_call_has_no_time),
                cmocka_unit_test(a_journal_that_is_not_sound_shows_nothing),
        };
        return cmocka_run_group_tests(tests, NULL, clear);
}
