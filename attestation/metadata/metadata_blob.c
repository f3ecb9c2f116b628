/* SPDX-License-Identifier: Apache-2.0 */

/* A BLOB, from its bytes to a snapshot: FIDO Metadata Service 3.2, "Metadata BLOB object processing rules".
 */

#include "json.h"
#include "metadata_signature.h"
#include "metadata_snapshot.h"

#include <openssl/x509v3.h>
#include <stdlib.h>

static const char clause[] = "FIDO Metadata Service 3.2";

enum { DAY = 86400 };

/* Offsets in a part's bytes, told as offsets in the BLOB: four characters stand for three bytes. */
static mitome_status tell_within(
        slice blob, slice part, mitome_status status, const mitome_error *inner, mitome_error *error)
{
        size_t at = inner->at;
        if (at != MITOME_NOWHERE)
                at = (size_t)(part.data - blob.data) + at + at / 3;
        error_record(error, status.code, at, inner->field, inner->clause);
        return status;
}

static mitome_status check_age(const struct mitome_metadata *metadata, int64_t now, uint64_t least_number,
        bool allow_stale, mitome_error *error)
{
        /* "The 'no' ... MUST be strictly greater" than that of the one before is for whoever updates; reading
         * the one before again must stay possible. */
        if (metadata->number < least_number)
                return fail(error, MITOME_E_METADATA_ROLLBACK, "no", clause);
        if (!allow_stale && now >= metadata->next_update + DAY)
                return fail(error, MITOME_E_METADATA_STALE, "nextUpdate", clause);
        return ok();
}

static mitome_status read_parts(slice blob, const struct mitome_trust *signers, int64_t now, writer *space,
        writer *scratch, struct mitome_metadata **ret, mitome_error *error)
{
        struct metadata_jws jws;
        mitome_error inner = { 0 };
        slice signer, payload;
        MITOME_TRY(metadata_jws_split(blob, &jws, error));
        mitome_status status = metadata_jws_verify(&jws, signers, now, space, scratch, &signer, &inner);
        if (failed(status))
                return tell_within(blob, jws.header, status, &inner, error);
        MITOME_TRY(metadata_jws_decode(jws.payload, "metadata BLOB payload", space, &payload, error));
        status = metadata_snapshot_read(payload, signer, now, scratch, ret, &inner);
        return failed(status) ? tell_within(blob, jws.payload, status, &inner, error) : ok();
}

mitome_status mitome_metadata_read(mitome_slice blob, const struct mitome_trust *signers, int64_t now,
        uint64_t least_number, bool allow_stale, struct mitome_metadata **ret, mitome_error *error)
{
        struct mitome_metadata *metadata = NULL;
        if (blob.size > MITOME_METADATA_BLOB_MAX)
                return fail(error, MITOME_E_TOO_LONG, "metadata BLOB", NULL);
        if (blob.size == 0)
                return fail(error, MITOME_E_METADATA_FORM, "metadata BLOB", "RFC 7515 3.1");
        if (!signers)
                return fail(error, MITOME_E_ARGUMENT, "signers", NULL);
        /* Three quarters for the parts decoded, as much again for certificates, a little for last groups. */
        size_t room = blob.size / 2 * 3 + 64;
        uint8_t *space = malloc(room), *scratch = malloc(blob.size);
        mitome_status status;
        if (!space || !scratch) {
                status = fail(error, MITOME_E_NO_MEMORY, "metadata BLOB", NULL);
        } else {
                writer w = writer_over(space, room), s = writer_over(scratch, blob.size);
                status = read_parts(blob, signers, now, &w, &s, &metadata, error);
        }
        free(space);
        free(scratch);
        if (!failed(status))
                status = check_age(metadata, now, least_number, allow_stale, error);
        if (failed(status))
                mitome_metadata_free(metadata);
        else
                *ret = metadata;
        return status;
}

bool mitome_metadata_signed_for(const struct mitome_metadata *metadata, const char *host)
{
        const unsigned char *end = metadata->signer.data;
        X509 *signer = d2i_X509(NULL, &end, (long)metadata->signer.size);
        bool right =
                signer && X509_check_host(signer, host, 0, X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS, NULL) == 1;
        X509_free(signer);
        return right;
}
