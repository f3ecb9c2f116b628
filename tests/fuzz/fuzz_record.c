/* SPDX-License-Identifier: Apache-2.0 */

/* Records of anybody's, in both forms: what is read views the input or the buffer, is written again, comes
 * back as itself, and can be judged. */

#include "bytes.h"

#include <mitome/record.h>

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static uint8_t json[MITOME_RECORD_MAX], cbor[MITOME_RECORD_MAX], again[MITOME_RECORD_MAX];
static uint8_t space[MITOME_RECORD_MAX], decoded[1 << 16];

static void must(bool right)
{
        if (!right)
                abort();
}

/* Through JSON and CBOR, and back to the same CBOR. */
static void round_trip(const struct mitome_record *record)
{
        struct mitome_record back;
        slice text, first, second;
        must(mitome_record_write_cbor(record, cbor, sizeof cbor, &first, NULL).code == MITOME_OK);
        must(mitome_record_write_json(record, json, sizeof json, &text, NULL).code == MITOME_OK);
        must(mitome_record_read_json(text, space, sizeof space, &back, NULL).code == MITOME_OK);
        must(mitome_record_write_cbor(&back, again, sizeof again, &second, NULL).code == MITOME_OK);
        must(slice_equal(first, second));
        must(mitome_record_read_cbor(second, &back, NULL).code == MITOME_OK);
}

static void use(const struct mitome_record *record, slice input, slice buffer)
{
        struct mitome_standing standing;
        struct mitome_record judged = *record;
        const slice views[] = { record->credential_id, record->public_key, record->rp_id, record->user_handle,
                record->aaguid, record->format, record->attestation_object, record->client_data_hash,
                record->attestation_serial, record->attestation_issuer, record->model_status,
                record->certificate_serial, record->certificate_issuer };
        for (size_t i = 0; i < sizeof views / sizeof views[0]; i++)
                must(views[i].size == 0 || slice_contains(input, views[i]) ||
                        slice_contains(buffer, views[i]));
        round_trip(record);
        mitome_record_judge(record, NULL, NULL, NULL, 1800000000, &standing);
        must(standing.kind == MITOME_STANDING_GOOD || standing.reason.code != MITOME_OK);
        mitome_record_keep_standing(&judged, &standing, 1800000000);
        round_trip(&judged);
        mitome_record_judge(&judged, NULL, NULL, NULL, 1800000000, &standing);
        must(!standing.changed);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
        struct mitome_record record;
        slice input = slice_of(data, size);
        if (mitome_record_read_cbor(input, &record, NULL).code == MITOME_OK)
                use(&record, input, slice_of(NULL, 0));
        if (size <= sizeof decoded &&
                mitome_record_read_json(input, decoded, sizeof decoded, &record, NULL).code == MITOME_OK)
                use(&record, input, SLICE(decoded));
        return 0;
}
