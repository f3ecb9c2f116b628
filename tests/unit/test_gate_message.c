/* SPDX-License-Identifier: Apache-2.0 */
#include "gate_message.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static uint8_t challenge[32], hash[32], point[65], evidence[116], set[16], id[16], entry[40],
        certificate[900];

static int fill(void **state)
{
        (void)state;
        memset(challenge, 0xC1, sizeof challenge);
        memset(hash, 0xA5, sizeof hash);
        memset(point, 0x04, sizeof point);
        memset(evidence, 0xE1, sizeof evidence);
        memset(set, 0x5E, sizeof set);
        memset(id, 0x1D, sizeof id);
        memset(entry, 0xE7, sizeof entry);
        memset(certificate, 0x30, sizeof certificate);
        return 0;
}

enum { REQUESTS = 16, REPORTS = 19 };

static struct gate_request request_of(unsigned i)
{
        const struct gate_request requests[REQUESTS] = {
                { .kind = GATE_REQUEST_STATUS },
                { .kind = GATE_REQUEST_POINT },
                { .kind = GATE_REQUEST_PAIR, .element_point = SLICE(point) },
                { .kind = GATE_REQUEST_VERIFY,
                        .command = 0x02,
                        .rp_id = slice_text("portal.example.jp"),
                        .client_data_hash = SLICE(hash),
                        .challenge = SLICE(challenge),
                        .entry = SLICE(entry),
                        .timeout_ms = 30000 },
                { .kind = GATE_REQUEST_ENROL,
                        .command = 0x09,
                        .challenge = SLICE(challenge),
                        .entry = SLICE(entry),
                        .finger_id = SLICE(id) },
                { .kind = GATE_REQUEST_CANCEL },
                { .kind = GATE_REQUEST_LIST },
                { .kind = GATE_REQUEST_RENAME, .finger_id = SLICE(id), .name = slice_text("left index") },
                { .kind = GATE_REQUEST_RENAME, .finger_id = SLICE(id) },
                { .kind = GATE_REQUEST_REMOVE,
                        .command = 0x09,
                        .challenge = SLICE(challenge),
                        .finger_id = SLICE(id) },
                { .kind = GATE_REQUEST_VERIFY,
                        .command = 0x06,
                        .client_data_hash = SLICE(hash),
                        .challenge = SLICE(challenge),
                        .entry = SLICE(entry) },
                { .kind = GATE_REQUEST_FORGET },
                { .kind = GATE_REQUEST_VERIFY,
                        .command = 0x01,
                        .rp_id = slice_text("portal.example.jp"),
                        .client_data_hash = SLICE(hash),
                        .challenge = SLICE(challenge),
                        .entry = SLICE(entry) },
                { .kind = GATE_REQUEST_ENROL,
                        .command = 0x09,
                        .challenge = SLICE(challenge),
                        .finger_id = SLICE(id),
                        .entry = SLICE(entry) },
                { .kind = GATE_REQUEST_CERTIFICATE },
                { .kind = GATE_REQUEST_CERTIFY, .certificate = slice_of(certificate, 20) },
        };
        return requests[i];
}

static struct gate_report report_of(unsigned i)
{
        const struct gate_report reports[REPORTS] = {
                { .kind = MITOME_GATE_AWAITS },
                { .kind = MITOME_GATE_SAMPLE, .remaining = 4 },
                { .kind = MITOME_GATE_RETRY, .hint = MITOME_GATE_HINT_CENTRE, .remaining = 3 },
                { .kind = MITOME_GATE_EVIDENCE, .evidence = SLICE(evidence) },
                { .kind = MITOME_GATE_NO_MATCH },
                { .kind = MITOME_GATE_ABSENT, .evidence = SLICE(evidence) },
                { .kind = MITOME_GATE_BROKEN },
                { .kind = GATE_REPORT_STATUS,
                        .paired = true,
                        .fingers = 2,
                        .set = SLICE(set),
                        .sensor = slice_text("fingerprint"),
                        .class = MATCHER_WEAK,
                        .modality = UNLOCK_FINGER },
                { .kind = GATE_REPORT_POINT, .point = SLICE(point) },
                { .kind = GATE_REPORT_DONE },
                { .kind = GATE_REPORT_REFUSED, .code = MITOME_E_GATE_UNPAIRED },
                { .kind = GATE_REPORT_PAIRED, .confirmation = slice_of(point, SHA256_SIZE) },
                { .kind = GATE_REPORT_FINGERS },
                { .kind = GATE_REPORT_FINGERS,
                        .listed = 2,
                        .list = { { .id = { 1 }, .name_size = 5, .name = "thumb" }, { .id = { 2 } } } },
                { .kind = GATE_REPORT_DECLINED,
                        .code = MITOME_E_GATE_NO_SENSOR,
                        .evidence = SLICE(evidence) },
                { .kind = MITOME_GATE_NO_MATCH, .hint = MITOME_GATE_HINT_SAME },
                { .kind = MITOME_GATE_DISMISSED, .evidence = SLICE(evidence) },
                { .kind = GATE_REPORT_CERTIFICATE },
                { .kind = GATE_REPORT_CERTIFICATE, .certificate = slice_of(certificate, 20) },
        };
        return reports[i];
}

static slice encode_request(const struct gate_request *request, uint8_t buffer[GATE_MESSAGE_MAX])
{
        writer w = writer_over(buffer, GATE_MESSAGE_MAX);
        slice message = { 0 };
        gate_request_write(&w, request);
        assert_int_equal(writer_finish(&w, "request", &message, NULL).code, MITOME_OK);
        return message;
}

static slice encode_report(const struct gate_report *report, uint8_t buffer[GATE_MESSAGE_MAX])
{
        writer w = writer_over(buffer, GATE_MESSAGE_MAX);
        slice message = { 0 };
        gate_report_write(&w, report);
        assert_int_equal(writer_finish(&w, "report", &message, NULL).code, MITOME_OK);
        return message;
}

static void assert_same_request(const struct gate_request *a, const struct gate_request *b)
{
        assert_int_equal(a->kind, b->kind);
        assert_int_equal(a->command, b->command);
        assert_true(slice_equal(a->rp_id, b->rp_id));
        assert_true(slice_equal(a->client_data_hash, b->client_data_hash));
        assert_true(slice_equal(a->challenge, b->challenge));
        assert_int_equal(a->timeout_ms, b->timeout_ms);
        assert_true(slice_equal(a->element_point, b->element_point));
        assert_true(slice_equal(a->finger_id, b->finger_id));
        assert_true(slice_equal(a->name, b->name));
        assert_true(slice_equal(a->entry, b->entry));
        assert_true(slice_equal(a->certificate, b->certificate));
}

static void assert_same_report(const struct gate_report *a, const struct gate_report *b)
{
        assert_int_equal(a->kind, b->kind);
        assert_int_equal(a->hint, b->hint);
        assert_int_equal(a->remaining, b->remaining);
        assert_true(slice_equal(a->evidence, b->evidence));
        assert_true(slice_equal(a->point, b->point));
        assert_int_equal(a->paired, b->paired);
        assert_int_equal(a->fingers, b->fingers);
        assert_true(slice_equal(a->set, b->set));
        assert_int_equal(a->code, b->code);
        assert_true(slice_equal(a->confirmation, b->confirmation));
        assert_true(slice_equal(a->sensor, b->sensor));
        assert_int_equal(a->class, b->class);
        assert_int_equal(a->modality, b->modality);
        assert_true(slice_equal(a->certificate, b->certificate));
        assert_int_equal(a->listed, b->listed);
        assert_memory_equal(a->list, b->list, sizeof a->list);
}

static void what_is_written_is_read(void **state)
{
        (void)state;
        uint8_t buffer[GATE_MESSAGE_MAX];
        for (unsigned i = 0; i < REQUESTS; i++) {
                struct gate_request request = request_of(i), read;
                assert_int_equal(
                        gate_request_read(encode_request(&request, buffer), &read, NULL).code, MITOME_OK);
                assert_same_request(&request, &read);
        }
        for (unsigned i = 0; i < REPORTS; i++) {
                struct gate_report report = report_of(i), read;
                assert_int_equal(
                        gate_report_read(encode_report(&report, buffer), &read, NULL).code, MITOME_OK);
                assert_same_report(&report, &read);
        }
}

/* The keys of gate_message.h, as bytes. */
static void the_bytes_are_the_documented_ones(void **state)
{
        (void)state;
        uint8_t buffer[GATE_MESSAGE_MAX];
        struct gate_request cancel = request_of(5);
        static const uint8_t expected[] = { 0xA2, 0x01, 0x03, 0x02, 0x06 };
        assert_true(slice_equal(encode_request(&cancel, buffer), SLICE(expected)));
        struct gate_report refused = report_of(10);
        static const uint8_t refusal[] = { 0xA3, 0x01, 0x03, 0x02, 0x13, 0x0A, 0x19, 0x02, 0xC4 };
        assert_true(slice_equal(encode_report(&refused, buffer), SLICE(refusal)));
}

typedef mitome_code read_any(slice message);

static mitome_code read_request(slice message)
{
        struct gate_request request;
        return gate_request_read(message, &request, NULL).code;
}

static mitome_code read_report(slice message)
{
        struct gate_report report;
        return gate_report_read(message, &report, NULL).code;
}

static void refuse_cuts_and_tails(slice message, read_any *read)
{
        for (size_t size = 0; size <= message.size + 1; size++) {
                uint8_t *copy = calloc(1, size + 1); /* a block of its own: a read past it shows */
                assert_non_null(copy);
                memcpy(copy, message.data, size < message.size ? size : message.size);
                mitome_code code = read(slice_of(copy, size));
                mitome_code expected = size < message.size    ? MITOME_E_INPUT_ENDS
                                       : size == message.size ? MITOME_OK
                                                              : MITOME_E_TRAILING_BYTES;
                assert_int_equal(code, expected);
                free(copy);
        }
}

static void every_truncation_and_tail_is_refused(void **state)
{
        (void)state;
        uint8_t buffer[GATE_MESSAGE_MAX];
        for (unsigned i = 0; i < REQUESTS; i++) {
                struct gate_request request = request_of(i);
                refuse_cuts_and_tails(encode_request(&request, buffer), read_request);
        }
        for (unsigned i = 0; i < REPORTS; i++) {
                struct gate_report report = report_of(i);
                refuse_cuts_and_tails(encode_report(&report, buffer), read_report);
        }
}

/* A changed byte is refused or means something else: what is read is written again as the same bytes. */
static void a_changed_byte_never_means_the_same(void **state)
{
        (void)state;
        uint8_t buffer[GATE_MESSAGE_MAX], again[GATE_MESSAGE_MAX];
        for (unsigned i = 0; i < REQUESTS; i++) {
                struct gate_request request = request_of(i), read;
                slice message = encode_request(&request, buffer);
                for (size_t at = 0; at < message.size; at++)
                        for (unsigned change = 1; change < 256; change++) {
                                buffer[at] ^= (uint8_t)change;
                                if (gate_request_read(message, &read, NULL).code == MITOME_OK)
                                        assert_true(slice_equal(encode_request(&read, again), message));
                                buffer[at] ^= (uint8_t)change;
                        }
        }
        for (unsigned i = 0; i < REPORTS; i++) {
                struct gate_report report = report_of(i), read;
                slice message = encode_report(&report, buffer);
                for (size_t at = 0; at < message.size; at++)
                        for (unsigned change = 1; change < 256; change++) {
                                buffer[at] ^= (uint8_t)change;
                                if (gate_report_read(message, &read, NULL).code == MITOME_OK)
                                        assert_true(slice_equal(encode_report(&read, again), message));
                                buffer[at] ^= (uint8_t)change;
                        }
        }
}

struct refusal {
        const char *hex;
        mitome_code code;
};

static void refuse_all(const struct refusal *refusals, size_t count, read_any *read)
{
        for (size_t i = 0; i < count; i++) {
                uint8_t bytes[64];
                size_t size = strlen(refusals[i].hex) / 2;
                for (size_t n = 0; n < size; n++) {
                        char digits[3] = { refusals[i].hex[2 * n], refusals[i].hex[2 * n + 1] };
                        bytes[n] = (uint8_t)strtoul(digits, NULL, 16);
                }
                assert_int_equal(read(slice_of(bytes, size)), refusals[i].code);
        }
}

static void malformed_requests_are_refused(void **state)
{
        (void)state;
        static const struct refusal refusals[] = {
                { "a0", MITOME_E_MISSING },
                { "a10103", MITOME_E_MISSING },
                { "a10201", MITOME_E_MISSING },
                { "a201030200", MITOME_E_GATE_MESSAGE }, /* no such kind */
                { "a20103020d", MITOME_E_GATE_MESSAGE },
                { "a20103020c", MITOME_E_MISSING },          /* CERTIFY without a certificate */
                { "a30103020c0c40", MITOME_E_GATE_MESSAGE }, /* with an empty one */
                { "a3010302010b40", MITOME_E_VALUE },        /* an entry of another size */
                { "a3010302010c4130", MITOME_E_GATE_MESSAGE } /* STATUS has no certificate */,
                { "a201030208", MITOME_E_MISSING }, /* RENAME without a finger */
                { "a2010302187f", MITOME_E_GATE_MESSAGE },
                { "a201000201", MITOME_E_GATE_MESSAGE }, /* another version */
                { "a201020201", MITOME_E_GATE_MESSAGE },
                { "a2011bffffffffffffffff0201", MITOME_E_GATE_MESSAGE },
                { "a20103021901ff", MITOME_E_VALUE },        /* a kind over 255 */
                { "a3010302010302", MITOME_E_GATE_MESSAGE }, /* STATUS has no command */
                { "a2010302"
                  "03",
                        MITOME_E_MISSING },                    /* PAIR without a point */
                { "a301030201187f00", MITOME_E_GATE_MESSAGE }, /* an unknown key */
                { "a301030201617800", MITOME_E_GATE_MESSAGE }, /* a text key */
                { "a301030201"
                  "2000",
                        MITOME_E_GATE_MESSAGE }, /* a negative key */
                { "a2020101"
                  "01",
                        MITOME_E_CBOR_KEY_ORDER },
                { "a301030101"
                  "0201",
                        MITOME_E_CBOR_DUPLICATE_KEY },
                { "a20118010201", MITOME_E_CBOR_NOT_CANONICAL },
                { "bf01010201ff", MITOME_E_CBOR_UNSUPPORTED },
                { "8201"
                  "01",
                        MITOME_E_CBOR_TYPE },
                { "a20103"
                  "02"
                  "41"
                  "01",
                        MITOME_E_CBOR_TYPE },
        };
        refuse_all(refusals, sizeof refusals / sizeof *refusals, read_request);
}

static void malformed_reports_are_refused(void **state)
{
        (void)state;
        static const struct refusal refusals[] = {
                { "a201030200", MITOME_E_GATE_MESSAGE }, /* NOTHING is never said */
                { "a201030208", MITOME_E_GATE_MESSAGE },
                { "a201030209", MITOME_E_GATE_MESSAGE },
                { "a20103020a", MITOME_E_MISSING }, /* DISMISSED without evidence */
                { "a20103021818", MITOME_E_GATE_MESSAGE },
                { "a201030217", MITOME_E_MISSING }, /* CERTIFICATE without it */
                { "a201030205", MITOME_E_MISSING }, /* NO_MATCH without a hint */
                { "a3010302050301", MITOME_E_GATE_MESSAGE },
                { "a201030215", MITOME_E_MISSING },              /* FINGERS without them */
                { "a3010302150c818140", MITOME_E_GATE_MESSAGE }, /* a finger without a name */
                { "a3010302150c81834060f6", MITOME_E_TOO_MANY }, /* with more than that */
                { "a3010302150c81824060", MITOME_E_VALUE },      /* whose id is no id */
                { "a201030216", MITOME_E_MISSING },              /* DECLINED without evidence */
                { "a201030214", MITOME_E_MISSING },              /* PAIRED without the confirmation */
                { "a301030214"
                  "0b41aa",
                        MITOME_E_VALUE },
                { "a201030202", MITOME_E_MISSING }, /* SAMPLE without its count */
                { "a301030202"
                  "0415",
                        MITOME_E_VALUE }, /* 21 samples remain */
                { "a401030203"
                  "03080400",
                        MITOME_E_VALUE },           /* hint 8 */
                { "a201030204", MITOME_E_MISSING }, /* EVIDENCE without evidence */
                { "a301030204"
                  "0541aa",
                        MITOME_E_VALUE }, /* of another size */
                { "a201030206", MITOME_E_MISSING },
                { "a301030205"
                  "0401",
                        MITOME_E_GATE_MESSAGE }, /* NO_MATCH has no count */
                { "a301030213"
                  "0a00",
                        MITOME_E_GATE_MESSAGE }, /* refused with success */
                { "a301030213"
                  "0a1a00010000",
                        MITOME_E_VALUE },
                { "a301030213"
                  "0c80",
                        MITOME_E_GATE_MESSAGE }, /* REFUSED lists no fingers */
                { "a301030213"
                  "1101",
                        MITOME_E_GATE_MESSAGE },
        };
        refuse_all(refusals, sizeof refusals / sizeof *refusals, read_report);
}

static void values_out_of_range_are_refused(void **state)
{
        (void)state;
        uint8_t buffer[GATE_MESSAGE_MAX];
        char name[GATE_RP_ID_MAX + 2];
        struct gate_request request = request_of(3);
        memset(name, 'a', sizeof name - 1);
        name[sizeof name - 1] = '\0';
        request.rp_id = slice_text(name);
        assert_int_equal(read_request(encode_request(&request, buffer)), MITOME_E_TOO_LONG);
        request.rp_id.size--;
        assert_int_equal(read_request(encode_request(&request, buffer)), MITOME_OK);
        request.rp_id.size = 0;
        assert_int_equal(read_request(encode_request(&request, buffer)), MITOME_E_GATE_MESSAGE);
        request.rp_id = slice_text("\xC3");
        assert_int_equal(read_request(encode_request(&request, buffer)), MITOME_E_UTF8);

        request = request_of(3);
        request.timeout_ms = GATE_TIMEOUT_MAX_MS + 1;
        assert_int_equal(read_request(encode_request(&request, buffer)), MITOME_E_VALUE);
        request = request_of(3);
        request.challenge.size--;
        assert_int_equal(read_request(encode_request(&request, buffer)), MITOME_E_VALUE);
        request = request_of(3);
        request.client_data_hash.size = 0;
        assert_int_equal(read_request(encode_request(&request, buffer)), MITOME_E_VALUE);
        request = request_of(2);
        request.element_point.size--;
        assert_int_equal(read_request(encode_request(&request, buffer)), MITOME_E_VALUE);

        request = request_of(7);
        request.name = slice_of((const uint8_t *)name, GATE_NAME_MAX + 1);
        assert_int_equal(read_request(encode_request(&request, buffer)), MITOME_E_TOO_LONG);
        request.name.size--;
        assert_int_equal(read_request(encode_request(&request, buffer)), MITOME_OK);
        request.name = slice_text("\xC3");
        assert_int_equal(read_request(encode_request(&request, buffer)), MITOME_E_UTF8);
        request = request_of(7);
        request.finger_id.size--;
        assert_int_equal(read_request(encode_request(&request, buffer)), MITOME_E_VALUE);

        struct gate_report report = report_of(7);
        report.fingers = GATE_FINGERS_MAX + 1;
        assert_int_equal(read_report(encode_report(&report, buffer)), MITOME_E_VALUE);
        report = report_of(7);
        report.set.size--;
        assert_int_equal(read_report(encode_report(&report, buffer)), MITOME_E_VALUE);
        report = report_of(7);
        report.class = MATCHER_STRONG + 1;
        assert_int_equal(read_report(encode_report(&report, buffer)), MITOME_E_VALUE);
        report = report_of(7);
        report.modality = 0;
        assert_int_equal(read_report(encode_report(&report, buffer)), MITOME_E_GATE_MESSAGE);
        report.modality = UNLOCK_IRIS + 1;
        assert_int_equal(read_report(encode_report(&report, buffer)), MITOME_E_VALUE);
        report = report_of(7);
        report.sensor = slice_of((const uint8_t *)name, GATE_SENSOR_NAME_MAX + 1);
        assert_int_equal(read_report(encode_report(&report, buffer)), MITOME_E_TOO_LONG);

        for (unsigned i = 12; i < 14; i++) { /* VERIFY and ENROL: 40 bytes, and never nothing */
                request = request_of(i);
                request.entry.size--;
                assert_int_equal(read_request(encode_request(&request, buffer)), MITOME_E_VALUE);
                request.entry.size = 0;
                assert_int_equal(read_request(encode_request(&request, buffer)), MITOME_E_VALUE);
        }
        request = request_of(15);
        request.certificate = SLICE(certificate);
        assert_int_equal(read_request(encode_request(&request, buffer)), MITOME_OK);
}

/* A core of before says nothing of the PIN: its requests are refused. */
static void a_request_without_the_word_on_the_pin_is_refused(void **state)
{
        (void)state;
        uint8_t buffer[GATE_MESSAGE_MAX];
        for (unsigned i = 3; i < 5; i++) {
                struct gate_request request = request_of(i);
                slice message = encode_request(&request, buffer);
                message.size -= 1 + 2 + UNLOCK_ENTRY_SIZE; /* the last key, its head, and it */
                buffer[0]--;
                assert_int_equal(read_request(message), MITOME_E_MISSING);
        }
}

static void a_message_that_is_too_long_is_not_looked_at(void **state)
{
        (void)state;
        static uint8_t bytes[GATE_MESSAGE_MAX + 1];
        uint8_t buffer[GATE_MESSAGE_MAX];
        struct gate_request request = request_of(0);
        slice message = encode_request(&request, buffer);
        memcpy(bytes, message.data, message.size);
        assert_int_equal(read_request(SLICE(bytes)), MITOME_E_TOO_LONG);
        assert_int_equal(read_report(SLICE(bytes)), MITOME_E_TOO_LONG);
}

static void a_failure_says_where_and_leaves_the_answer_alone(void **state)
{
        (void)state;
        uint8_t buffer[GATE_MESSAGE_MAX];
        struct gate_request request = request_of(3), read = { .command = 0x77 };
        slice message = encode_request(&request, buffer);
        mitome_error error = { 0 };
        buffer[2] = 9; /* the version */
        assert_int_equal(gate_request_read(message, &read, &error).code, MITOME_E_GATE_MESSAGE);
        assert_int_equal(read.command, 0x77);
        assert_string_equal(error.field, "message.version");
        assert_int_equal(error.at, 3);
}

static void an_unknown_kind_is_not_written(void **state)
{
        (void)state;
        uint8_t buffer[GATE_MESSAGE_MAX];
        slice message;
        writer w = WRITER(buffer);
        gate_report_write(&w, &(struct gate_report){ .kind = MITOME_GATE_NOTHING });
        assert_int_equal(writer_finish(&w, "report", &message, NULL).code, MITOME_E_BUFFER_FULL);
}

static void the_final_events_are_known(void **state)
{
        (void)state;
        for (unsigned kind = 0; kind < 256; kind++)
                assert_int_equal(gate_is_final((uint8_t)kind), (kind >= 4 && kind <= 7) || kind == 10);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(what_is_written_is_read),
                cmocka_unit_test(the_bytes_are_the_documented_ones),
                cmocka_unit_test(every_truncation_and_tail_is_refused),
                cmocka_unit_test(a_changed_byte_never_means_the_same),
                cmocka_unit_test(malformed_requests_are_refused),
                cmocka_unit_test(malformed_reports_are_refused),
                cmocka_unit_test(values_out_of_range_are_refused),
                cmocka_unit_test(a_request_without_the_word_on_the_pin_is_refused),
                cmocka_unit_test(a_message_that_is_too_long_is_not_looked_at),
                cmocka_unit_test(a_failure_says_where_and_leaves_the_answer_alone),
                cmocka_unit_test(an_unknown_kind_is_not_written),
                cmocka_unit_test(the_final_events_are_known),
        };
        return cmocka_run_group_tests(tests, fill, NULL);
}
