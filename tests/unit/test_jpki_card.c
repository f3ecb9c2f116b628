/* SPDX-License-Identifier: Apache-2.0 */
/* The client of the JPKI applet at cards that answer strangely. The real one is tried by card_mitome.sh. */
#include "jpki_card.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* A card that answers what it is told to; 00A4.. and 00B0.. are told apart, the last answer repeats. */
struct strange_card {
        const uint8_t *select_answer, *other_answer;
        size_t select_size, other_size;
        size_t commands, verified; /* how many came; how many with a PIN or password */
        bool dead;
};

static mitome_status transmit(void *context, mitome_slice command, uint8_t *response, size_t capacity,
        size_t *ret_size, mitome_error *error)
{
        struct strange_card *card = context;
        (void)error;
        card->commands++;
        card->verified += command.data[1] == 0x20 && command.size > 5;
        if (card->dead)
                return (mitome_status){ MITOME_E_LINK };
        bool select = command.data[1] == 0xA4;
        size_t size = select ? card->select_size : card->other_size;
        assert_true(size <= capacity);
        if (size)
                memcpy(response, select ? card->select_answer : card->other_answer, size);
        *ret_size = size;
        return (mitome_status){ MITOME_OK };
}

static const uint8_t good[] = { 0x90, 0x00 };

static struct mitome_link link_to(struct strange_card *card)
{
        return (struct mitome_link){ .context = card, .transmit = transmit };
}

static struct strange_card answering(const uint8_t *answer, size_t size)
{
        return (struct strange_card){
                .select_answer = good, .select_size = sizeof good, .other_answer = answer, .other_size = size
        };
}

/* A file without an end is read up to the bound, and not beyond. */
static void a_file_without_end_is_bounded(void **state)
{
        static uint8_t answer[258], buffer[JPKI_FILE_MAX];
        (void)state;
        answer[256] = 0x90;
        struct strange_card card = answering(answer, sizeof answer);
        struct mitome_link link = link_to(&card);
        slice content;
        uint16_t sw;
        assert_int_equal(
                jpki_card_read(&link, JPKI_AVAILABILITY, buffer, &content, &sw, NULL).code, MITOME_OK);
        assert_int_equal(content.size, JPKI_FILE_MAX);
        assert_int_equal(card.commands, 1 + JPKI_FILE_MAX / 256);
}

static void more_than_was_asked_for_is_refused(void **state)
{
        static uint8_t answer[259], buffer[JPKI_FILE_MAX];
        (void)state;
        answer[257] = 0x90;
        struct strange_card card = answering(answer, sizeof answer);
        struct mitome_link link = link_to(&card);
        slice content;
        uint16_t sw;
        assert_int_equal(jpki_card_read(&link, JPKI_AVAILABILITY, buffer, &content, &sw, NULL).code,
                MITOME_E_APDU_LENGTH);
}

static void an_answer_without_a_status_word_is_refused(void **state)
{
        static uint8_t buffer[JPKI_FILE_MAX];
        (void)state;
        for (size_t size = 0; size < 2; size++) {
                struct strange_card card = answering(good, size);
                struct mitome_link link = link_to(&card);
                slice content;
                uint16_t sw;
                int tries;
                assert_int_not_equal(
                        jpki_card_read(&link, JPKI_AVAILABILITY, buffer, &content, &sw, NULL).code,
                        MITOME_OK);
                assert_int_not_equal(jpki_card_tries(&link, JPKI_USER_PIN, &tries, NULL).code, MITOME_OK);
        }
        struct strange_card card = { .dead = true };
        struct mitome_link link = link_to(&card);
        assert_int_equal(jpki_card_open(&link, NULL).code, MITOME_E_LINK);
}

/* FF fills a certificate's file behind its DER; what is no certificate stays as it is. */
static void filler_is_left_out(void **state)
{
        static const uint8_t filled[] = { 0x30, 0x02, 0x05, 0x00, 0xFF, 0xFF, 0x90, 0x00 };
        uint8_t buffer[JPKI_FILE_MAX];
        (void)state;
        struct strange_card card = answering(filled, sizeof filled);
        struct mitome_link link = link_to(&card);
        slice content;
        uint16_t sw;
        assert_int_equal(jpki_card_read(&link, JPKI_USER_CA, buffer, &content, &sw, NULL).code, MITOME_OK);
        assert_int_equal(content.size, 4);
        assert_int_equal(
                jpki_card_read(&link, JPKI_AVAILABILITY, buffer, &content, &sw, NULL).code, MITOME_OK);
        assert_int_equal(content.size, 6);
}

static void labels_are_told(void **state)
{
        static const struct {
                const char *text;
                enum jpki_kind kind;
        } labels[] = {
                { "JPKIAPICCTOKEN2                 ", JPKI_MY_NUMBER_CARD },
                { "JPKIAPGPSETOKEN                 ", JPKI_ANDROID },
                { "JPKIAPIOSTOKEN                  ", JPKI_IPHONE },
                { "JPKIAPICCTOKEN                  ", JPKI_UNKNOWN },
                { "JPKIAPICCTOKEN2x                ", JPKI_UNKNOWN },
                { " JPKIAPICCTOKEN2                ", JPKI_UNKNOWN },
                { "JPKIAPICCTOKEN2", JPKI_MY_NUMBER_CARD },
                { "", JPKI_UNKNOWN },
                { "                                ", JPKI_UNKNOWN },
        };
        char label[JPKI_LABEL_SIZE + 1];
        (void)state;
        for (size_t i = 0; i < sizeof labels / sizeof labels[0]; i++)
                assert_int_equal(jpki_card_kind(slice_text(labels[i].text), label), labels[i].kind);
        uint8_t full[JPKI_LABEL_SIZE + 8];
        memset(full, 'x', sizeof full);
        assert_int_equal(jpki_card_kind(SLICE(full), label), JPKI_UNKNOWN);
        assert_int_equal(strlen(label), JPKI_LABEL_SIZE);
}

static void tries_are_told(void **state)
{
        static const struct {
                uint8_t sw[2];
                int tries;
        } answers[] = {
                { { 0x63, 0xC3 }, 3 },
                { { 0x63, 0xC0 }, 0 },
                { { 0x63, 0xCF }, 15 },
                { { 0x90, 0x00 }, -1 },
                { { 0x69, 0x84 }, -1 },
                { { 0x63, 0x00 }, -1 },
                { { 0x6A, 0x82 }, -1 },
        };
        (void)state;
        for (size_t i = 0; i < sizeof answers / sizeof answers[0]; i++) {
                struct strange_card card = answering(answers[i].sw, 2);
                struct mitome_link link = link_to(&card);
                int tries = 99;
                assert_int_equal(jpki_card_tries(&link, JPKI_USER_PIN, &tries, NULL).code, MITOME_OK);
                assert_int_equal(tries, answers[i].tries);
                assert_int_equal(card.verified, 0); /* nothing that could spend one */
        }
}

static void passwords_that_cannot_be_are_not_sent(void **state)
{
        static const char *const bad[] = { "", "A1B2C", "A1B2C3D4E5F6G7H8I", "ABCDEF", "123456", "ABC 123",
                "ABC-123", "abcdef", "ABC12\xC3\xA4" };
        struct strange_card card = answering(good, sizeof good);
        struct mitome_link link = link_to(&card);
        int tries = -1;
        (void)state;
        for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
                assert_int_equal(jpki_card_verify_password(&link, slice_text(bad[i]), &tries, NULL).code,
                        MITOME_E_SECRET_FORM);
        assert_int_equal(card.commands, 0);
        assert_int_equal(tries, -1);
        assert_int_equal(
                jpki_card_verify_password(&link, slice_text("a1B2c3"), &tries, NULL).code, MITOME_OK);
        assert_int_equal(card.verified, 1);
}

static void refusals_of_a_password_are_told_apart(void **state)
{
        static const struct {
                uint8_t sw[2];
                mitome_code code;
                int tries;
        } answers[] = {
                { { 0x63, 0xC4 }, MITOME_E_SECRET_WRONG, 4 },
                { { 0x63, 0xC1 }, MITOME_E_SECRET_WRONG, 1 },
                { { 0x63, 0xC0 }, MITOME_E_SECRET_LOCKED, -1 },
                { { 0x69, 0x84 }, MITOME_E_SECRET_LOCKED, -1 },
                { { 0x69, 0x83 }, MITOME_E_SECRET_LOCKED, -1 },
                { { 0x6F, 0x00 }, MITOME_E_APDU_STATUS, -1 },
        };
        (void)state;
        for (size_t i = 0; i < sizeof answers / sizeof answers[0]; i++) {
                struct strange_card card = answering(answers[i].sw, 2);
                struct mitome_link link = link_to(&card);
                int tries = -1;
                assert_int_equal(jpki_card_verify_password(&link, slice_text("PASSWORD1"), &tries, NULL).code,
                        answers[i].code);
                assert_int_equal(tries, answers[i].tries);
                assert_int_equal(card.verified, 1); /* and not once more */
        }
}

static void a_signature_of_another_size_is_refused(void **state)
{
        static uint8_t answer[259];
        static const size_t sizes[] = { 0, 1, 255, 257 };
        const uint8_t digest[JPKI_DIGEST_SIZE] = { 0 };
        uint8_t signature[JPKI_SIGNATURE_SIZE];
        (void)state;
        for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
                memset(answer, 0, sizeof answer);
                answer[sizes[i]] = 0x90;
                struct strange_card card = answering(answer, sizes[i] + 2);
                struct mitome_link link = link_to(&card);
                assert_int_equal(jpki_card_sign(&link, digest, signature, NULL).code, MITOME_E_APDU_LENGTH);
        }
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(a_file_without_end_is_bounded),
                cmocka_unit_test(more_than_was_asked_for_is_refused),
                cmocka_unit_test(an_answer_without_a_status_word_is_refused),
                cmocka_unit_test(filler_is_left_out),
                cmocka_unit_test(labels_are_told),
                cmocka_unit_test(tries_are_told),
                cmocka_unit_test(passwords_that_cannot_be_are_not_sent),
                cmocka_unit_test(refusals_of_a_password_are_told_apart),
                cmocka_unit_test(a_signature_of_another_size_is_refused),
        };
        return cmocka_run_group_tests(tests, NULL, NULL);
}
