/* SPDX-License-Identifier: Apache-2.0 */
#include "counter.h"

#include "counter_message.h"

#include <openssl/x509.h>

/* ---- findings ---- */

/* Whoever shows very much that is nothing does not hide by that what the verdict hangs on: for a
 * contradiction, and for nobody to be asked again, there is always room. */
static void find(struct counter_case *at, const char *what, uint32_t number, mitome_code code)
{
        enum { KEPT_FREE = 2 };
        const bool counts = code == MITOME_E_UNREACHABLE || slice_is(slice_text(what), "contradiction");
        const size_t most = counts ? COUNTER_FINDINGS_MAX : COUNTER_FINDINGS_MAX - KEPT_FREE;
        if (at->finding_count < most)
                at->findings[at->finding_count++] = (struct counter_finding){ what, number, code };
}

static bool is_found(const struct counter_case *at, const char *what, struct counter_finding *ret)
{
        for (size_t i = 0; i < at->finding_count; i++)
                if (slice_equal(slice_text(at->findings[i].what), slice_text(what))) {
                        *ret = at->findings[i];
                        return true;
                }
        return false;
}

mitome_status counter_begin(struct counter_case *at, const struct counter *counter,
        const struct mitome_random *random, mitome_error *error)
{
        *at = (struct counter_case){ .counter = counter };
        if (random->fill(random->context, at->nonce, sizeof at->nonce) != 0)
                return fail(error, MITOME_E_NO_RANDOMNESS, "the counter's question", NULL);
        return ok();
}

/* Nobody is asked again who did not answer. */
static const struct counter_authority *line_of(const struct counter_case *at)
{
        for (size_t i = 0; i < at->finding_count; i++)
                if (at->findings[i].code == MITOME_E_UNREACHABLE)
                        return NULL;
        return at->counter->authority;
}

/* ---- what is shown ---- */

static bool verify(struct counter_case *at, slice bytes, enum evidence_kind kind, bool with_nonce,
        struct counter_piece *ret)
{
        const char *const names[] = { [EVIDENCE_RECEIPT] = "receipt", [EVIDENCE_STATEMENT] = "statement" };
        uint8_t nonce[COUNTER_SIGNED_SIZE];
        counter_nonce(SLICE(at->nonce), nonce);
        const struct evidence_expected expected = { kind, with_nonce ? SLICE(nonce) : (slice){ 0 },
                at->counter->identity };
        ret->taken = false;
        ret->size = bytes.size;
        mitome_status status = slice_copy(bytes, names[kind], ret->bytes, sizeof ret->bytes, NULL);
        if (!failed(status))
                status = evidence_verify(slice_of(ret->bytes, ret->size), &expected, at->counter->makers,
                        at->counter->now, NULL, &ret->evidence, NULL);
        if (failed(status))
                find(at, names[kind], 0, status.code);
        return !failed(status);
}

/* The path of a device's certificate may be renewed; its key is the same for life. */
static bool is_same_key(slice one, slice other)
{
        const unsigned char *a = one.data, *b = other.data;
        X509 *first = d2i_X509(NULL, &a, (long)one.size), *second = d2i_X509(NULL, &b, (long)other.size);
        bool same = first && second && EVP_PKEY_eq(X509_get0_pubkey(first), X509_get0_pubkey(second)) == 1;
        X509_free(first);
        X509_free(second);
        return same;
}

static bool is_same_person(const struct evidence_person *a, const struct evidence_person *b)
{
        return a->kind == b->kind && slice_equal(a->serial, b->serial) && slice_equal(a->issuer, b->issuer) &&
               slice_equal(a->certificate, b->certificate) && slice_equal(a->key, b->key);
}

/* Fetched twice, a receipt differs in its nonce, and in how many were dropped by then. */
static bool is_same_receipt(const struct evidence *a, const struct evidence *b)
{
        static const enum evidence_member members[] = { EVIDENCE_AT_REASON, EVIDENCE_AT_DERIVED,
                EVIDENCE_AT_CERTIFICATE_CREDENTIALS, EVIDENCE_AT_OTHER };
        bool same = a->person_count == b->person_count;
        for (size_t i = 0; i < sizeof members / sizeof *members; i++)
                same = same && a->numbers[members[i]] == b->numbers[members[i]];
        for (size_t i = 0; same && i < a->person_count; i++)
                same = is_same_person(&a->persons[i], &b->persons[i]);
        return same && is_same_key(a->sign1.chain[0], b->sign1.chain[0]);
}

static void show_receipt(struct counter_case *at, slice bytes, bool with_nonce)
{
        if (at->receipt_count == COUNTER_RECEIPTS_MAX) {
                find(at, "receipt", 0, MITOME_E_TOO_MANY);
                return;
        }
        struct counter_piece *piece = &at->receipts[at->receipt_count];
        if (!verify(at, bytes, EVIDENCE_RECEIPT, with_nonce, piece))
                return;
        uint32_t number = piece->evidence.numbers[EVIDENCE_AT_SEQUENCE];
        for (size_t i = 0; i < at->receipt_count; i++) {
                const struct evidence *former = &at->receipts[i].evidence;
                if (former->numbers[EVIDENCE_AT_SEQUENCE] != number)
                        continue;
                if (!is_same_receipt(former, &piece->evidence))
                        find(at, "contradiction", number, MITOME_E_COUNTER_CONTRADICTION);
                return;
        }
        at->receipt_count++;
}

static void show_statement(struct counter_case *at, slice bytes)
{
        if (at->has_statement)
                find(at, "statement", 0, MITOME_E_COUNTER_TWICE);
        else
                at->has_statement = verify(at, bytes, EVIDENCE_STATEMENT, true, &at->statement);
}

void counter_show(struct counter_case *at, slice evidence)
{
        enum evidence_kind kind;
        if (!evidence_recognise(evidence, &kind))
                find(at, "evidence", 0, MITOME_E_EVIDENCE_FORM);
        else if (kind == EVIDENCE_STATEMENT)
                show_statement(at, evidence);
        else
                show_receipt(at, evidence, false);
}

/* ---- the phone ---- */

/* Hands a receipt in; false when the authority has not taken it. */
static bool deliver(struct counter_case *at, struct counter_piece *piece, uint8_t ret_digest[SHA256_SIZE])
{
        const struct counter_authority *authority = line_of(at);
        uint32_t number = piece->evidence.numbers[EVIDENCE_AT_SEQUENCE];
        if (!authority)
                return false;
        mitome_status status =
                authority->receipt(authority->context, slice_of(piece->bytes, piece->size), ret_digest, NULL);
        piece->taken = !failed(status);
        if (failed(status))
                find(at, status.code == MITOME_E_AUTHORITY_RECEIPT ? "contradiction" : "authority", number,
                        status.code);
        return piece->taken;
}

/* The phone tells of the oldest receipt only: of the next one when that has been acknowledged, and it is not
 * before the authority has it. */
static bool gather_receipt(struct counter_case *at, const struct counter_phone *phone)
{
        uint8_t bytes[EVIDENCE_MAX], digest[SHA256_SIZE];
        size_t size = 0, before = at->receipt_count;
        mitome_status status =
                phone->fetch(phone->context, EVIDENCE_RECEIPT, SLICE(at->nonce), bytes, &size, NULL);
        if (failed(status))
                find(at, "phone", 0, status.code);
        if (failed(status) || size == 0)
                return false;
        show_receipt(at, slice_of(bytes, size), true);
        if (at->receipt_count == before)
                return false;
        struct counter_piece *piece = &at->receipts[before];
        if (!deliver(at, piece, digest))
                return false;
        status = phone->acknowledge(
                phone->context, piece->evidence.numbers[EVIDENCE_AT_SEQUENCE], digest, NULL);
        if (failed(status))
                find(at, "phone", piece->evidence.numbers[EVIDENCE_AT_SEQUENCE], status.code);
        return !failed(status);
}

void counter_gather(struct counter_case *at, const struct counter_phone *phone)
{
        uint8_t bytes[EVIDENCE_MAX];
        size_t size = 0, more = COUNTER_RECEIPTS_MAX;
        mitome_status status =
                phone->fetch(phone->context, EVIDENCE_STATEMENT, SLICE(at->nonce), bytes, &size, NULL);
        if (failed(status)) {
                find(at, "phone", 0, status.code);
                return;
        }
        show_statement(at, slice_of(bytes, size));
        if (!at->has_statement) /* whoever answers there is not this phone: nothing is handed on for it */
                return;
        while (more && gather_receipt(at, phone))
                more--;
}

/* ---- the authority ---- */

static enum counter_status ask_status(struct counter_case *at, const struct evidence_person *person)
{
        const struct counter_authority *authority = line_of(at);
        enum counter_status status = COUNTER_NOT_ASKED;
        if (!authority || !person->serial.size)
                return COUNTER_NOT_ASKED;
        mitome_status asked =
                authority->status(authority->context, person->kind, person->serial, &status, NULL);
        if (failed(asked))
                find(at, "authority", 0, asked.code);
        return failed(asked) ? COUNTER_NOT_ASKED : status;
}

static bool is_known(struct counter_case *at, uint32_t number)
{
        const struct counter_authority *authority = line_of(at);
        bool known = false;
        if (!authority)
                return false;
        mitome_status asked =
                authority->known(authority->context, at->counter->identity, number, &known, NULL);
        if (failed(asked))
                find(at, "authority", number, asked.code);
        return !failed(asked) && known;
}

/* ---- the verdict ---- */

static void copy_persons(struct counter_case *at, const struct evidence *evidence, bool ask,
        struct counter_person *persons, size_t *ret_count)
{
        for (size_t i = 0; i < evidence->person_count; i++) {
                const struct evidence_person *person = &evidence->persons[i];
                struct counter_person *copy = &persons[i];
                *copy = (struct counter_person){ .kind = person->kind,
                        .has_certificate = person->certificate.size > 0,
                        .serial_size = person->serial.size,
                        .status = ask ? ask_status(at, person) : COUNTER_NOT_ASKED };
                if (failed(slice_copy(person->serial, "serial", copy->serial, sizeof copy->serial, NULL)))
                        copy->serial_size = 0;
        }
        *ret_count = evidence->person_count;
}

static void tell_statement(struct counter_case *at, struct counter_report *report)
{
        const struct evidence *statement = &at->statement.evidence;
        report->last = statement->numbers[EVIDENCE_AT_SEQUENCE];
        report->pending = statement->numbers[EVIDENCE_AT_PENDING];
        report->dropped = statement->numbers[EVIDENCE_AT_DROPPED];
        report->derived = statement->numbers[EVIDENCE_AT_DERIVED];
        report->certificate_credentials = statement->numbers[EVIDENCE_AT_CERTIFICATE_CREDENTIALS];
        report->other = statement->numbers[EVIDENCE_AT_OTHER];
        copy_persons(at, statement, true, report->persons, &report->person_count);
}

/* A receipt of this phone that the phone itself does not know of, or by another key: two phones under one
 * name, or one that was set back. */
static void check_receipt(struct counter_case *at, const struct evidence *receipt)
{
        uint32_t number = receipt->numbers[EVIDENCE_AT_SEQUENCE];
        const struct evidence *statement = &at->statement.evidence;
        if (number == 0 || number > statement->numbers[EVIDENCE_AT_SEQUENCE] ||
                !is_same_key(statement->sign1.chain[0], receipt->sign1.chain[0]))
                find(at, "contradiction", number, MITOME_E_COUNTER_CONTRADICTION);
}

static void tell_receipts(struct counter_case *at, struct counter_report *report)
{
        uint8_t digest[SHA256_SIZE];
        for (size_t i = 0; i < at->receipt_count; i++) {
                struct counter_piece *piece = &at->receipts[i];
                struct counter_shown *shown = &report->shown[report->shown_count++];
                if (at->has_statement)
                        check_receipt(at, &piece->evidence);
                if (!piece->taken)
                        (void)deliver(at, piece, digest);
                *shown = (struct counter_shown){ .number = piece->evidence.numbers[EVIDENCE_AT_SEQUENCE],
                        .reason = piece->evidence.numbers[EVIDENCE_AT_REASON],
                        .taken = piece->taken };
                copy_persons(at, &piece->evidence, false, shown->persons, &shown->person_count);
        }
}

static bool is_shown(const struct counter_report *report, uint32_t number)
{
        for (size_t i = 0; i < report->shown_count; i++)
                if (report->shown[i].number == number)
                        return true;
        return false;
}

/* Every number up to the last has to be accounted for. */
static void look_for_gaps(struct counter_case *at, struct counter_report *report)
{
        for (uint32_t number = 1; number <= report->last && number <= COUNTER_NUMBERS_MAX; number++) {
                if (is_shown(report, number))
                        continue;
                if (is_known(at, number)) {
                        report->known_count++;
                        continue;
                }
                if (report->missing_count++ == 0)
                        report->missing = number;
        }
        if (report->last > COUNTER_NUMBERS_MAX)
                report->missing_count += report->last - COUNTER_NUMBERS_MAX;
}

static void decide_present(struct counter_report *report)
{
        bool unknown = false, live = false;
        for (size_t i = 0; i < report->person_count; i++) {
                const struct counter_person *person = &report->persons[i];
                unknown |= person->has_certificate && person->status == COUNTER_UNKNOWN;
                live |= person->has_certificate && person->status != COUNTER_UNKNOWN &&
                        person->status != COUNTER_REVOKED;
        }
        report->verdict = live ? COUNTER_LIVE : unknown ? COUNTER_UNTOLD : COUNTER_UNDELETED;
        if (report->verdict == COUNTER_UNTOLD)
                report->reason = (struct counter_finding){ "authority", 0, MITOME_E_COUNTER_UNKNOWN };
}

static void decide_gap(const struct counter_case *at, struct counter_report *report)
{
        report->verdict = COUNTER_UNTOLD;
        /* What was shown and is not believed stands where the right one should be. */
        if (is_found(at, "receipt", &report->reason) || is_found(at, "phone", &report->reason))
                return;
        report->reason = (struct counter_finding){ "receipt", report->missing,
                report->dropped ? MITOME_E_COUNTER_DROPPED : MITOME_E_COUNTER_MISSING };
}

static void decide_absent(struct counter_case *at, struct counter_report *report)
{
        look_for_gaps(at, report);
        bool erased = report->known_count > 0;
        for (size_t i = 0; i < report->shown_count; i++)
                erased |= report->shown[i].person_count > 0;
        if (report->missing_count)
                decide_gap(at, report);
        else
                report->verdict = erased ? COUNTER_ERASED : COUNTER_NEVER;
}

static void decide(struct counter_case *at, struct counter_report *report)
{
        report->verdict = COUNTER_UNTOLD;
        if (!at->has_statement) {
                if (!is_found(at, "statement", &report->reason) && !is_found(at, "phone", &report->reason))
                        report->reason =
                                (struct counter_finding){ "statement", 0, MITOME_E_COUNTER_STATEMENT };
        } else if (is_found(at, "contradiction", &report->reason)) {
                return;
        } else if (report->person_count) {
                decide_present(report);
        } else {
                decide_absent(at, report);
        }
}

void counter_judge(struct counter_case *at, struct counter_report *ret)
{
        struct counter_report report = { .has_statement = at->has_statement,
                .asked = at->counter->authority != NULL };
        if (at->has_statement)
                tell_statement(at, &report);
        tell_receipts(at, &report);
        decide(at, &report);
        for (size_t i = 0; i < at->finding_count; i++) {
                report.findings[i] = at->findings[i];
                report.unreachable |= at->findings[i].code == MITOME_E_UNREACHABLE;
        }
        report.finding_count = at->finding_count;
        *ret = report;
}

bool counter_is_clear(enum counter_verdict verdict)
{
        return verdict == COUNTER_NEVER || verdict == COUNTER_ERASED;
}
