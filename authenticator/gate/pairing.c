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

void pairing_confirmation(slice pairing_key, enum pairing_end end, slice element_point, slice matcher_point,
        uint8_t ret[SHA256_SIZE])
{
        const uint8_t side = (uint8_t)end;
        const slice parts[] = { slice_text("mitome pairing confirmed 1"), slice_of(&side, 1), element_point,
                matcher_point };
        hmac_sha256(pairing_key, parts, sizeof parts / sizeof *parts, ret);
}
