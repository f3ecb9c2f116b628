/* SPDX-License-Identifier: Apache-2.0 */

/* A CA: its file, what it certifies, its lists, in full and of a municipality; with the program openssl and
 * attestation/trust as witnesses. */

#include "ca_rig.h"
#include "trust.h"

#include <fcntl.h>
#include <openssl/x509v3.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

static struct ca_rig rig;

static const struct authority_person taro = {
        .name = "見本 太郎",
        .address = "大阪府見本市見本町二丁目2番2号",
        .prefecture = "Osaka-fu",
        .city = "Mihon-shi",
        .gender = "1",
        .birth_year = 1985,
        .birth_month = 12,
        .birth_day = 31,
};

static int open_rig(void **state)
{
        (void)state;
        ca_rig_open(&rig, ca_rig_now);
        return 0;
}

static int close_rig(void **state)
{
        (void)state;
        ca_rig_close(&rig);
        return 0;
}

static int empty_register(void **state)
{
        (void)state;
        rig.count = 0;
        rig.broken = MITOME_OK;
        rig.now = ca_rig_now;
        return 0;
}

/* ---- its file ---- */

static mitome_code try_open(const char *folder, struct ca **ret)
{
        return ca_open(folder, AUTHORITY_SIGNING, &rig.random, rig.now, ret, NULL).code;
}

static void path_of(const char *folder, char path[128])
{
        snprintf(path, 128, "%s/signing-ca.pem", folder);
}

static void a_ca_is_made_once_and_then_read(void **state)
{
        (void)state;
        char path[128];
        struct stat facts;
        struct ca *made = NULL, *read = NULL;
        assert_int_equal(try_open(rig.folder, &made), MITOME_OK);
        path_of(rig.folder, path);
        assert_int_equal(stat(path, &facts), 0);
        assert_int_equal(facts.st_mode & 0777, 0600);
        assert_int_equal(try_open(rig.folder, &read), MITOME_OK);
        assert_true(slice_equal(ca_certificate(made), ca_certificate(read)));
        assert_int_equal(ca_not_after(made), ca_not_after(read));
        assert_int_equal(ca_kind(read), AUTHORITY_SIGNING);
        ca_close(made);
        ca_close(read);
}

static void a_key_that_others_can_read_is_not_used(void **state)
{
        (void)state;
        char path[128];
        struct ca *ca = NULL;
        path_of(rig.folder, path);
        assert_int_equal(chmod(path, 0640), 0);
        assert_int_equal(try_open(rig.folder, &ca), MITOME_E_FILE_MODE);
        assert_int_equal(chmod(path, 0604), 0);
        assert_int_equal(try_open(rig.folder, &ca), MITOME_E_FILE_MODE);
        assert_int_equal(chmod(path, 0600), 0);
        assert_null(ca);
}

/* A CA that is damaged is not made anew: nobody would believe what it issued before. */
static void a_damaged_or_foreign_ca_is_left_as_it_is(void **state)
{
        (void)state;
        char path[128], other[128];
        struct ca *ca = NULL, *user = NULL;
        path_of(rig.folder, path);
        struct stat before, after;
        assert_int_equal(stat(path, &before), 0);
        /* half of it, and the other kind's in its place */
        assert_int_equal(truncate(path, before.st_size / 2), 0);
        assert_int_equal(try_open(rig.folder, &ca), MITOME_E_STORE_FOREIGN);
        assert_int_equal(truncate(path, 0), 0);
        assert_int_equal(try_open(rig.folder, &ca), MITOME_E_STORE_FOREIGN);
        assert_int_equal(stat(path, &after), 0);
        assert_int_equal(after.st_size, 0);
        assert_int_equal(
                ca_open(rig.folder, AUTHORITY_USER_VERIFICATION, &rig.random, rig.now, &user, NULL).code,
                MITOME_OK);
        ca_close(user);
        snprintf(other, sizeof other, "%s/user-verification-ca.pem", rig.folder);
        assert_int_equal(rename(other, path), 0);
        assert_int_equal(try_open(rig.folder, &ca), MITOME_E_STORE_FOREIGN);
        assert_int_equal(unlink(path), 0);
        assert_int_equal(symlink("/dev/null", path), 0);
        assert_int_equal(try_open(rig.folder, &ca), MITOME_E_FILE_READ);
        assert_int_equal(unlink(path), 0);
        assert_null(ca);
}

/* Killed while it wrote: what is half written is not the CA. */
static void a_ca_half_written_by_one_that_was_killed_is_forgotten(void **state)
{
        (void)state;
        char path[128], fresh[140];
        struct ca *ca = NULL;
        path_of(rig.folder, path);
        snprintf(fresh, sizeof fresh, "%s.new", path);
        int fd = open(fresh, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
        assert_true(fd >= 0);
        assert_int_equal(write(fd, "-----BEGIN", 10), 10);
        close(fd);
        assert_int_equal(try_open(rig.folder, &ca), MITOME_OK);
        assert_int_not_equal(access(fresh, F_OK), 0);
        ca_close(ca);
        assert_int_equal(try_open("/nonexistent", &ca), MITOME_E_FILE_WRITE);
}

/* ---- what it certifies ---- */

static mitome_code try_issue(const struct ca_order *order)
{
        struct authority_der der;
        return ca_issue(rig.cas[AUTHORITY_SIGNING], order, &rig.random, &der, NULL).code;
}

static void only_what_can_be_true_is_certified(void **state)
{
        (void)state;
        uint8_t modulus[256], serial[AUTHORITY_SERIAL_SIZE] = { 0x40, 1 };
        memset(modulus, 0xFF, sizeof modulus);
        const struct ca_order good = {
                .person = &people_hanako,
                .modulus = SLICE(modulus),
                .serial = SLICE(serial),
                .not_before = rig.now,
                .not_after = rig.now + 86400,
        };
        assert_int_equal(try_issue(&good), MITOME_OK);
        struct ca_order order = good;
        order.not_after = rig.now;
        assert_int_equal(try_issue(&order), MITOME_E_VALUE);
        order.not_after = ca_not_after(rig.cas[AUTHORITY_SIGNING]) + 1;
        assert_int_equal(try_issue(&order), MITOME_E_VALUE);
        order = good;
        order.serial = slice_of(serial, 9);
        assert_int_equal(try_issue(&order), MITOME_E_VALUE);
        serial[0] = 0x80; /* negative */
        assert_int_equal(try_issue(&good), MITOME_E_VALUE);
        serial[0] = 0x40;
        modulus[255] = 0xFE; /* even */
        assert_int_equal(try_issue(&good), MITOME_E_KEY_WEAK);
        modulus[255] = 0xFF;
        modulus[0] = 0x7F;
        assert_int_equal(try_issue(&good), MITOME_E_KEY_WEAK);
}

/* "A place is romanised": what is not fits in no distribution point, and writes no other one. */
static void a_place_cannot_write_extensions(void **state)
{
        (void)state;
        static const char *const texts[] = { "東京都", "Tokyo\nCN = other", "", " A", "#", "A;B",
                "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA" };
        for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
                struct authority_person person = people_hanako;
                mitome_code expected = strlen(texts[i]) > 56 ? MITOME_E_TOO_LONG : MITOME_E_VALUE;
                person.city = texts[i];
                assert_int_equal(ca_check_person(AUTHORITY_SIGNING, &person, rig.now, NULL).code, expected);
                person = people_hanako;
                person.prefecture = texts[i];
                assert_int_equal(ca_check_person(AUTHORITY_SIGNING, &person, rig.now, NULL).code, expected);
        }
}

/* ---- lists ---- */

static X509_CRL *list_of(enum authority_kind kind, const struct ca_place *place)
{
        struct ca_list list = { 0 };
        const struct ca_source source = ca_rig_source(&rig);
        assert_int_equal(
                ca_crl(rig.cas[kind], &source, place, rig.now, rig.now + 86400, &list, NULL).code, MITOME_OK);
        const unsigned char *end = list.bytes;
        X509_CRL *crl = d2i_X509_CRL(NULL, &end, (long)list.size);
        assert_non_null(crl);
        ca_list_free(&list);
        return crl;
}

static bool lists(X509_CRL *crl, size_t row, int *ret_reason)
{
        X509_REVOKED *entry = NULL;
        BIGNUM *number = BN_bin2bn(rig.rows[row].certificate.serial, AUTHORITY_SERIAL_SIZE, NULL);
        ASN1_INTEGER *serial = BN_to_ASN1_INTEGER(number, NULL);
        int found = X509_CRL_get0_by_serial(crl, &entry, serial);
        ASN1_INTEGER_free(serial);
        BN_free(number);
        if (found != 1)
                return false;
        ASN1_ENUMERATED *reason = X509_REVOKED_get_ext_d2i(entry, NID_crl_reason, NULL, NULL);
        *ret_reason = reason ? (int)ASN1_ENUMERATED_get(reason) : -1;
        ASN1_ENUMERATED_free(reason);
        return true;
}

static void the_list_of_a_place_has_those_of_that_place_only(void **state)
{
        (void)state;
        int reason = 0;
        const struct ca_place tokyo = { "Tokyo-to", "Mihon-ku" }, osaka = { "Osaka-fu", "Mihon-shi" },
                              empty = { "Hokkaido", "Nashi-cho" };
        size_t here = ca_rig_issue(&rig, AUTHORITY_SIGNING, &people_hanako),
               there = ca_rig_issue(&rig, AUTHORITY_SIGNING, &taro),
               alive = ca_rig_issue(&rig, AUTHORITY_SIGNING, &people_hanako);
        ca_rig_set(&rig, here, CA_REVOKED, 1);
        ca_rig_set(&rig, there, CA_HOLD, 0);
        X509_CRL *full = list_of(AUTHORITY_SIGNING, NULL), *part = list_of(AUTHORITY_SIGNING, &tokyo),
                 *other = list_of(AUTHORITY_SIGNING, &osaka), *none = list_of(AUTHORITY_SIGNING, &empty);
        assert_true(lists(full, here, &reason));
        assert_int_equal(reason, 1);
        assert_true(lists(full, there, &reason));
        assert_int_equal(reason, 6);
        assert_false(lists(full, alive, &reason));
        assert_true(lists(part, here, &reason));
        assert_false(lists(part, there, &reason));
        assert_true(lists(other, there, &reason));
        assert_false(lists(other, here, &reason));
        assert_int_equal(sk_X509_REVOKED_num(X509_CRL_get_REVOKED(none)), -1);
        /* 5.2.5: critical; the full list has none */
        int index = X509_CRL_get_ext_by_NID(part, NID_issuing_distribution_point, -1);
        assert_true(index >= 0 && X509_EXTENSION_get_critical(X509_CRL_get_ext(part, index)) == 1);
        assert_int_equal(X509_CRL_get_ext_by_NID(full, NID_issuing_distribution_point, -1), -1);
        X509_CRL_free(none);
        X509_CRL_free(other);
        X509_CRL_free(part);
        X509_CRL_free(full);
}

static void numbers_grow_over_all_lists_of_a_ca(void **state)
{
        (void)state;
        const struct ca_place tokyo = { "Tokyo-to", "Mihon-ku" };
        long former = 0;
        for (int i = 0; i < 4; i++) {
                X509_CRL *crl = list_of(AUTHORITY_SIGNING, i % 2 ? &tokyo : NULL);
                ASN1_INTEGER *number = X509_CRL_get_ext_d2i(crl, NID_crl_number, NULL, NULL);
                assert_non_null(number);
                assert_true(ASN1_INTEGER_get(number) > former);
                former = ASN1_INTEGER_get(number);
                ASN1_INTEGER_free(number);
                X509_CRL_free(crl);
        }
}

static void there_is_no_list_of_what_the_register_cannot_say(void **state)
{
        (void)state;
        struct ca_list list = { 0 };
        const struct ca_place place = { "Tokyo-to", "Mihon-ku" }, odd = { "Tokyo-to", "見本区" };
        const struct ca_source source = ca_rig_source(&rig);
        const struct ca *signing = rig.cas[AUTHORITY_SIGNING], *user = rig.cas[AUTHORITY_USER_VERIFICATION];
        size_t row = ca_rig_issue(&rig, AUTHORITY_SIGNING, &people_hanako);
        assert_int_equal(ca_crl(user, &source, &place, rig.now, rig.now + 1, &list, NULL).code,
                MITOME_E_ARGUMENT); /* its list has no parts */
        assert_int_equal(
                ca_crl(signing, &source, NULL, rig.now, rig.now, &list, NULL).code, MITOME_E_ARGUMENT);
        assert_int_equal(
                ca_crl(signing, &source, &odd, rig.now, rig.now + 1, &list, NULL).code, MITOME_E_VALUE);
        ca_rig_set(&rig, row, CA_REVOKED, 8); /* removeFromCRL: only in deltas */
        assert_int_equal(
                ca_crl(signing, &source, NULL, rig.now, rig.now + 1, &list, NULL).code, MITOME_E_VALUE);
        rig.broken = MITOME_E_SQL_FAILED;
        assert_int_equal(
                ca_crl(signing, &source, NULL, rig.now, rig.now + 1, &list, NULL).code, MITOME_E_SQL_FAILED);
        assert_null(list.bytes);
}

/* ---- the witnesses ---- */

static int openssl_verify(const char *ca, const char *crl, const char *leaf)
{
        char time[32];
        snprintf(time, sizeof time, "%lld", (long long)rig.now);
        const char *const arguments[] = { "openssl", "verify", "-attime", time, "-x509_strict", "-CAfile", ca,
                "-crl_check", "-extended_crl", "-CRLfile", crl, leaf, NULL };
        return ca_rig_run(arguments, NULL, 0);
}

static void write_list(const struct ca_place *place, char path[96])
{
        struct ca_list list = { 0 };
        const struct ca_source source = ca_rig_source(&rig);
        assert_int_equal(
                ca_crl(rig.cas[AUTHORITY_SIGNING], &source, place, rig.now, rig.now + 86400, &list, NULL)
                        .code,
                MITOME_OK);
        ca_rig_file(&rig, "list.pem", "X509 CRL", ca_list_view(&list), path);
        ca_list_free(&list);
}

/* `openssl verify -crl_check` finds the list of the certificate's own municipality, and takes no other for
 * it. */
static void openssl_verify_takes_the_list_of_the_right_municipality(void **state)
{
        (void)state;
        static const char *const version[] = { "openssl", "version", NULL };
        char ca[96], leaf[96], list[96];
        const struct ca_place tokyo = { "Tokyo-to", "Mihon-ku" }, osaka = { "Osaka-fu", "Mihon-shi" };
        if (ca_rig_run(version, NULL, 0) != 0)
                skip();
        size_t row = ca_rig_issue(&rig, AUTHORITY_SIGNING, &people_hanako);
        ca_rig_file(&rig, "ca.pem", "CERTIFICATE", ca_certificate(rig.cas[AUTHORITY_SIGNING]), ca);
        ca_rig_file(&rig, "leaf.pem", "CERTIFICATE", ca_rig_der(&rig, row), leaf);
        for (int revoked = 0; revoked < 2; revoked++) {
                write_list(&tokyo, list);
                assert_int_equal(openssl_verify(ca, list, leaf), revoked ? 2 : 0);
                write_list(NULL, list);
                assert_int_equal(openssl_verify(ca, list, leaf), revoked ? 2 : 0);
                write_list(&osaka, list); /* says nothing about her: no answer is no yes */
                assert_int_equal(openssl_verify(ca, list, leaf), 2);
                ca_rig_set(&rig, row, CA_REVOKED, 0);
        }
}

static void openssl_crl_reads_and_verifies_the_lists(void **state)
{
        (void)state;
        static const char *const version[] = { "openssl", "version", NULL };
        char ca[96], list[96], output[8192];
        const struct ca_place tokyo = { "Tokyo-to", "Mihon-ku" };
        if (ca_rig_run(version, NULL, 0) != 0)
                skip();
        size_t row = ca_rig_issue(&rig, AUTHORITY_SIGNING, &people_hanako);
        ca_rig_set(&rig, row, CA_HOLD, 0);
        ca_rig_file(&rig, "ca.pem", "CERTIFICATE", ca_certificate(rig.cas[AUTHORITY_SIGNING]), ca);
        const char *const arguments[] = { "openssl", "crl", "-in", list, "-CAfile", ca, "-noout", "-text",
                NULL };
        write_list(&tokyo, list);
        assert_int_equal(ca_rig_run(arguments, output, sizeof output), 0);
        assert_non_null(strstr(output, "verify OK"));
        assert_non_null(strstr(output, "X509v3 Issuing Distribution Point: critical"));
        assert_non_null(strstr(output, "OU = Tokyo-to, CN = Mihon-ku CRLDP"));
        assert_non_null(strstr(output, "Certificate Hold"));
        /* and not as the other CA's */
        ca_rig_file(&rig, "ca.pem", "CERTIFICATE", ca_certificate(rig.cas[AUTHORITY_USER_VERIFICATION]), ca);
        (void)ca_rig_run(arguments, output, sizeof output);
        assert_null(strstr(output, "verify OK"));
}

static mitome_code login(slice certificate, slice list)
{
        struct mitome_trust *trust = NULL;
        struct jpki_certificate read = { 0 };
        assert_int_equal(mitome_trust_new(&trust, NULL).code, MITOME_OK);
        assert_int_equal(mitome_trust_add_jpki_anchor(
                                 trust, ca_certificate(rig.cas[AUTHORITY_USER_VERIFICATION]), NULL)
                                 .code,
                MITOME_OK);
        assert_int_equal(mitome_trust_add_crl(trust, list, NULL).code, MITOME_OK);
        mitome_code code = trust_verify_jpki(trust, certificate, rig.now, &read, NULL).code;
        mitome_trust_free(trust);
        return code;
}

/* The relying party's own reader, with the list that is current and with an old one. */
static void the_relying_party_refuses_who_is_listed_and_an_old_list(void **state)
{
        (void)state;
        struct ca_list list = { 0 };
        const struct ca_source source = ca_rig_source(&rig);
        const struct ca *ca = rig.cas[AUTHORITY_USER_VERIFICATION];
        size_t row = ca_rig_issue(&rig, AUTHORITY_USER_VERIFICATION, &people_hanako);
        static const struct {
                enum ca_state state;
                mitome_code code;
        } cases[] = {
                { CA_GOOD, MITOME_OK },
                { CA_HOLD, MITOME_E_CERTIFICATE_ON_HOLD },
                { CA_REVOKED, MITOME_E_CERTIFICATE_REVOKED },
        };
        for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
                ca_rig_set(&rig, row, cases[i].state, 0);
                assert_int_equal(
                        ca_crl(ca, &source, NULL, rig.now, rig.now + 3600, &list, NULL).code, MITOME_OK);
                assert_int_equal(login(ca_rig_der(&rig, row), ca_list_view(&list)), cases[i].code);
                if (cases[i].state == CA_GOOD) {
                        rig.now += 3601;
                        assert_int_equal(
                                login(ca_rig_der(&rig, row), ca_list_view(&list)), MITOME_E_CRL_STALE);
                        rig.now -= 3601;
                }
                ca_list_free(&list);
        }
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(a_ca_is_made_once_and_then_read),
                cmocka_unit_test(a_key_that_others_can_read_is_not_used),
                cmocka_unit_test(a_damaged_or_foreign_ca_is_left_as_it_is),
                cmocka_unit_test(a_ca_half_written_by_one_that_was_killed_is_forgotten),
                cmocka_unit_test(only_what_can_be_true_is_certified),
                cmocka_unit_test(a_place_cannot_write_extensions),
                cmocka_unit_test_setup(the_list_of_a_place_has_those_of_that_place_only, empty_register),
                cmocka_unit_test_setup(numbers_grow_over_all_lists_of_a_ca, empty_register),
                cmocka_unit_test_setup(there_is_no_list_of_what_the_register_cannot_say, empty_register),
                cmocka_unit_test_setup(
                        openssl_verify_takes_the_list_of_the_right_municipality, empty_register),
                cmocka_unit_test_setup(openssl_crl_reads_and_verifies_the_lists, empty_register),
                cmocka_unit_test_setup(
                        the_relying_party_refuses_who_is_listed_and_an_old_list, empty_register),
        };
        return cmocka_run_group_tests(tests, open_rig, close_rig);
}
