/* SPDX-License-Identifier: Apache-2.0 */
/* The power is cut at every write of lease, receipts and device key: no signature is won, nothing that is
 * still there has a receipt, and nothing is erased without one. */
#include "element_certificate.h"
#include "power_sweep.h"
#include "read_evidence.h"
#include "tlv.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

enum { LEASE = 5, RENEWED = 50, SIGNING_CERTIFICATE = 0x0101, SIGNING_KEY = 0x011A };

static const slice nothing = { 0 };
static const uint8_t nonce[16] = { 1 }, serial[] = { ELEMENT_RIG_SERIAL, 0x01 };

static struct element_rig stencil;

static int make_stencil(void **state)
{
        (void)state;
        element_rig_open(&stencil);
        element_rig_make_device(&stencil);
        element_rig_personalise(&stencil);
        element_rig_lease(&stencil, LEASE);
        return 0;
}

static int drop_stencil(void **state)
{
        (void)state;
        element_rig_close(&stencil);
        return 0;
}

/* ---- what is asked when the power is back ---- */

static uint16_t ask(struct element_rig *rig, uint32_t head)
{
        uint8_t bytes[64];
        writer w = WRITER(bytes);
        tlv_write(&w, 0x80, SLICE(nonce));
        tlv_write_u8(&w, 0x85, 0x02);
        if (element_rig_select(rig, element_rig_fido) != SW_OK)
                return rig->sw;
        return element_rig_command(rig, head, writer_view(&w));
}

static struct evidence ask_evidence(struct element_rig *rig, uint32_t head)
{
        struct evidence evidence;
        assert_int_equal(ask(rig, head), SW_OK);
        assert_int_equal(evidence_read(element_rig_value(rig, 0x80), &evidence, NULL).code, MITOME_OK);
        return evidence;
}

static struct evidence ask_statement(struct element_rig *rig)
{
        return ask_evidence(rig, 0x80440000);
}

static bool lists_signing(const struct evidence *evidence)
{
        return evidence->person_count && evidence->persons[0].kind == EVIDENCE_SIGNING;
}

static bool is_stored(struct element_rig *rig, uint32_t object)
{
        uint8_t buffer[4096];
        bool stored = element_rig_stored(rig, object, buffer, sizeof buffer).size > 0;
        bytes_wipe(buffer, sizeof buffer);
        return stored;
}

/* ---- the lease is spent ---- */

struct spent {
        unsigned asked, signatures;
};

static bool open_key(struct element_rig *rig)
{
        return element_rig_select(rig, element_rig_jpki) == SW_OK &&
               element_rig_select_file(rig, 0x001B) == SW_OK &&
               element_rig_command(rig, 0x00200080, slice_text(ELEMENT_RIG_PASSWORD)) == SW_OK;
}

static void sign(struct element_rig *rig, void *known)
{
        struct spent *spent = known;
        if (!open_key(rig))
                return;
        for (int i = 0; i < LEASE + 1; i++) {
                spent->asked += !rig->medium.off;
                spent->signatures += element_rig_command(rig, 0x802A009A, slice_text("x")) == SW_OK;
        }
}

/* "a power cut can cost one and win none" */
static void check_spent(struct element_rig *rig, const struct power_sweep_cut *cut, void *known)
{
        const struct spent *spent = known;
        unsigned left = ask_statement(rig).numbers[EVIDENCE_AT_LEASE];
        assert_true(left + spent->signatures <= LEASE);
        assert_true(left + spent->asked >= LEASE);
        if (cut->at == 0)
                assert_int_equal(spent->signatures, LEASE);
        unsigned more = 0;
        assert_true(open_key(rig));
        while (element_rig_command(rig, 0x802A009A, slice_text("x")) == SW_OK)
                more++;
        assert_int_equal(rig->sw, SW_CONDITIONS);
        assert_int_equal(more, left);
}

static void no_signature_is_won(void **state)
{
        (void)state;
        unsigned writes = power_sweep(&stencil,
                &(struct power_sweep){ sign, check_spent, &(struct spent){ 0 }, sizeof(struct spent) });
        assert_true(writes >= LEASE);
}

/* ---- the lease is set ---- */

static uint16_t set_lease(struct element_rig *rig, uint16_t count)
{
        const uint8_t number[] = { (uint8_t)(count >> 8), (uint8_t)count };
        uint8_t bytes[16];
        writer w = WRITER(bytes);
        tlv_write(&w, 0x80, SLICE(serial));
        tlv_write(&w, 0x81, SLICE(number));
        if (element_rig_channel(rig, element_rig_jpki, &element_rig_keys) != SW_OK)
                return rig->sw;
        return element_rig_secured(rig, 0x804A0000, writer_view(&w));
}

static void renew(struct element_rig *rig, void *known)
{
        *(bool *)known = set_lease(rig, RENEWED) == SW_OK;
}

static void end(struct element_rig *rig, void *known)
{
        *(bool *)known = set_lease(rig, 0) == SW_OK;
}

static void check_renewed(struct element_rig *rig, const struct power_sweep_cut *cut, void *known)
{
        unsigned left = ask_statement(rig).numbers[EVIDENCE_AT_LEASE];
        assert_true(left == LEASE || left == RENEWED);
        if (*(bool *)known || cut->at == 0)
                assert_int_equal(left, RENEWED);
}

static void check_ended(struct element_rig *rig, const struct power_sweep_cut *cut, void *known)
{
        unsigned left = ask_statement(rig).numbers[EVIDENCE_AT_LEASE];
        assert_true(left == LEASE || left == 0);
        if (*(bool *)known || cut->at == 0)
                assert_int_equal(left, 0);
}

static void a_lease_is_the_former_or_the_new_one(void **state)
{
        (void)state;
        const bool known = false;
        assert_true(
                power_sweep(&stencil, &(struct power_sweep){ renew, check_renewed, &known, sizeof known }));
        assert_true(power_sweep(&stencil, &(struct power_sweep){ end, check_ended, &known, sizeof known }));
}

/* ---- another certificate ---- */

/* element_rig_write insists on success. */
static void replace_certificate(struct element_rig *rig, void *known)
{
        enum { PART = 200 };
        uint8_t buffer[ELEMENT_CERTIFICATE_MAX];
        reader r = reader_over(
                element_certificate(element_certificate_key(1), 0x5102, 1500, buffer), NULL, NULL);
        if (element_rig_channel(rig, element_rig_jpki, &element_rig_keys) != SW_OK ||
                element_rig_select_file(rig, 0x0001) != SW_OK)
                return;
        while (r.rest.size) {
                slice part;
                uint32_t head = 0x80D60000 | (uint32_t)r.offset;
                if (failed(read_bytes(&r, "part", r.rest.size < PART ? r.rest.size : PART, &part)) ||
                        element_rig_secured(rig, head, part) != SW_OK)
                        return;
        }
        *(bool *)known = true;
}

static void check_certificate(struct element_rig *rig, const struct power_sweep_cut *cut, void *known)
{
        struct evidence found = ask_statement(rig);
        assert_true(lists_signing(&found));
        bool former = slice_equal(found.persons[0].serial, SLICE(serial));
        assert_int_equal(found.numbers[EVIDENCE_AT_LEASE], former ? LEASE : 0);
        if (*(bool *)known || cut->at == 0)
                assert_false(former);
}

static void a_lease_ends_with_its_certificate(void **state)
{
        (void)state;
        const bool known = false;
        assert_true(power_sweep(&stencil,
                &(struct power_sweep){ replace_certificate, check_certificate, &known, sizeof known }));
}

/* ---- erasing ---- */

static void erase_signing(struct element_rig *rig, void *known)
{
        *(bool *)known = element_rig_channel(rig, element_rig_jpki, &element_rig_keys) == SW_OK &&
                         element_rig_secured(rig, 0x800E009A, nothing) == SW_OK;
}

static void erase_all(struct element_rig *rig, void *known)
{
        *(bool *)known = element_rig_channel(rig, element_rig_jpki, &element_rig_keys) == SW_OK &&
                         element_rig_secured(rig, 0x800E0000, nothing) == SW_OK;
}

/* Both or neither: a receipt, and the end of what it lists. */
static void check_erased(struct element_rig *rig, const struct power_sweep_cut *cut, void *known)
{
        struct evidence found = ask_statement(rig);
        bool there = lists_signing(&found);
        unsigned pending = found.numbers[EVIDENCE_AT_PENDING];
        assert_int_equal(pending, there ? 0 : 1);
        assert_int_equal(found.numbers[EVIDENCE_AT_SEQUENCE], pending);
        assert_int_equal(found.numbers[EVIDENCE_AT_LEASE], there ? LEASE : 0);
        assert_int_equal(is_stored(rig, SIGNING_KEY), there);
        assert_int_equal(is_stored(rig, SIGNING_CERTIFICATE), there);
        if (there) {
                assert_int_equal(ask(rig, 0x80400000), SW_NO_REFERENCE);
        } else {
                found = ask_evidence(rig, 0x80400000);
                assert_true(lists_signing(&found));
                assert_true(slice_equal(found.persons[0].serial, SLICE(serial)));
        }
        if (*(bool *)known || cut->at == 0)
                assert_false(there);
}

static void erasure_and_receipt_are_one(void **state)
{
        (void)state;
        const bool known = false;
        assert_true(power_sweep(
                &stencil, &(struct power_sweep){ erase_signing, check_erased, &known, sizeof known }));
        assert_true(power_sweep(
                &stencil, &(struct power_sweep){ erase_all, check_erased, &known, sizeof known }));
}

/* The holder's own erasure. */
static void reset(struct element_rig *rig, void *known)
{
        static const uint8_t touched[] = { 0x85, 0x01, 0x02 };
        *(bool *)known = element_rig_select(rig, element_rig_fido) == SW_OK &&
                         element_rig_command(rig, 0x80180000, SLICE(touched)) == SW_OK;
}

static void delete_applet(struct element_rig *rig, void *known)
{
        uint8_t bytes[32];
        writer w = WRITER(bytes);
        tlv_write(&w, 0x4F, element_rig_jpki);
        *(bool *)known = element_rig_channel(rig, element_rig_manager, &element_rig_keys) == SW_OK &&
                         element_rig_secured(rig, 0x80E40000, writer_view(&w)) == SW_OK;
}

static void whoever_erases_leaves_a_receipt(void **state)
{
        (void)state;
        const bool known = false;
        assert_true(
                power_sweep(&stencil, &(struct power_sweep){ reset, check_erased, &known, sizeof known }));
        assert_true(power_sweep(
                &stencil, &(struct power_sweep){ delete_applet, check_erased, &known, sizeof known }));
}

/* ---- acknowledging ---- */

static void acknowledge(struct element_rig *rig, void *known)
{
        uint8_t bytes[64];
        writer w = WRITER(bytes);
        if (ask(rig, 0x80400000) != SW_OK)
                return;
        tlv_write(&w, 0x81, element_rig_value(rig, 0x81));
        tlv_write(&w, 0x82, element_rig_value(rig, 0x82));
        *(bool *)known = element_rig_command(rig, 0x80420000, writer_view(&w)) == SW_OK;
}

static void check_acknowledged(struct element_rig *rig, const struct power_sweep_cut *cut, void *known)
{
        struct evidence found = ask_statement(rig);
        unsigned pending = found.numbers[EVIDENCE_AT_PENDING];
        assert_true(pending <= 1);
        assert_int_equal(found.numbers[EVIDENCE_AT_SEQUENCE], 1);
        assert_int_equal(found.numbers[EVIDENCE_AT_DROPPED], 0);
        assert_int_equal(ask(rig, 0x80400000), pending ? SW_OK : SW_NO_REFERENCE);
        if (*(bool *)known || cut->at == 0)
                assert_int_equal(pending, 0);
}

static void a_receipt_stays_until_acknowledged(void **state)
{
        (void)state;
        struct element_rig *rig = calloc(1, sizeof *rig);
        bool known = false;
        assert_non_null(rig);
        element_rig_clone(&stencil, rig);
        erase_signing(rig, &known);
        assert_true(known);
        known = false;
        assert_true(power_sweep(
                rig, &(struct power_sweep){ acknowledge, check_acknowledged, &known, sizeof known }));
        element_rig_close(rig);
        free(rig);
}

/* ---- the device key ---- */

static void make_device(struct element_rig *rig, void *known)
{
        uint8_t certificate[ELEMENT_RIG_CERTIFICATE_MAX], bytes[ELEMENT_RIG_CERTIFICATE_MAX + 64];
        writer w = WRITER(bytes);
        if (element_rig_channel(rig, element_rig_fido, &element_rig_keys) != SW_OK ||
                element_rig_secured(rig, 0x80360000, nothing) != SW_OK)
                return;
        tlv_write(&w, 0x80, slice_text(ELEMENT_RIG_IDENTITY));
        tlv_write(&w, 0x82, element_rig_certify_device(rig, element_rig_value(rig, 0x80), certificate));
        *(bool *)known = element_rig_secured(rig, 0x80380000, writer_view(&w)) == SW_OK;
}

static void check_device(struct element_rig *rig, const struct power_sweep_cut *cut, void *known)
{
        bool certified = is_stored(rig, 0x0051);
        assert_int_equal(is_stored(rig, 0x0052), certified);
        assert_true(!certified || is_stored(rig, 0x0050));
        assert_int_equal(ask(rig, 0x80440000), certified ? SW_OK : SW_CONDITIONS);
        if (*(bool *)known || cut->at == 0)
                assert_true(certified);
        if (certified)
                return;
        make_device(rig, known); /* and it can be made now */
        assert_true(*(bool *)known);
        assert_int_equal(ask(rig, 0x80440000), SW_OK);
}

static void a_device_is_certified_or_not(void **state)
{
        (void)state;
        struct element_rig *rig = calloc(1, sizeof *rig);
        const bool known = false;
        assert_non_null(rig);
        element_rig_open(rig);
        assert_true(
                power_sweep(rig, &(struct power_sweep){ make_device, check_device, &known, sizeof known }));
        element_rig_close(rig);
        free(rig);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(no_signature_is_won),
                cmocka_unit_test(a_lease_is_the_former_or_the_new_one),
                cmocka_unit_test(a_lease_ends_with_its_certificate),
                cmocka_unit_test(erasure_and_receipt_are_one),
                cmocka_unit_test(whoever_erases_leaves_a_receipt),
                cmocka_unit_test(a_receipt_stays_until_acknowledged),
                cmocka_unit_test(a_device_is_certified_or_not),
        };
        return cmocka_run_group_tests(tests, make_stencil, drop_stencil);
}
