/* SPDX-License-Identifier: Apache-2.0 */
#include "p256.h"
#include "unlock_token.h"

mitome_status pairing_derive(slice own_key, slice other_point, slice element_point, slice matcher_point,
        struct secret *ret_key, mitome_error *error)
{
        static const char label[] = "mitome pairing 1";
        uint8_t info[sizeof label - 1 + 2 * PAIRING_POINT_SIZE];
        SECRET(shared);
        slice context;
        writer w = WRITER(info);
        write_slice(&w, slice_text(label));
        write_slice(&w, element_point);
        write_slice(&w, matcher_point);
        MITOME_TRY(writer_finish(&w, "pairing points", &context, error));
        MITOME_TRY(p256_agree(own_key, other_point, &shared, error));
        hkdf_sha256(slice_of(NULL, 0), secret_view(&shared), context, ret_key);
        return ok();
}
