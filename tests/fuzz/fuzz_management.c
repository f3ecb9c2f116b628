/* SPDX-License-Identifier: Apache-2.0 */
/* What the parameters of credential management say: whatever is taken can be written again and says the same.
 */
#include "cbor.h"
#include "management_parameters.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(bool condition)
{
        if (!condition)
                abort();
}

static void write_user(writer *w, const struct management_parameters *parameters)
{
        cbor_write_uint(w, 3);
        cbor_write_map(w, 3);
        cbor_write_string(w, "id");
        cbor_write_bytes(w, parameters->user_id);
        cbor_write_string(w, "name");
        cbor_write_text(w, parameters->name);
        cbor_write_string(w, "displayName");
        cbor_write_text(w, parameters->display_name);
}

static slice write_again(enum management_subcommand subcommand,
        const struct management_parameters *parameters, uint8_t *buffer, size_t capacity)
{
        writer w = writer_over(buffer, capacity);
        bool user = subcommand == MANAGEMENT_UPDATE_USER;
        cbor_write_map(&w, user ? 2 : 1);
        if (subcommand == MANAGEMENT_FIRST_CREDENTIAL) {
                cbor_write_uint(&w, 1);
                cbor_write_bytes(&w, parameters->rp_id_hash);
                return writer_view(&w);
        }
        cbor_write_uint(&w, 2);
        cbor_write_map(&w, 2);
        cbor_write_string(&w, "id");
        cbor_write_bytes(&w, parameters->credential_id);
        cbor_write_string(&w, "type");
        cbor_write_string(&w, "public-key");
        if (user)
                write_user(&w, parameters);
        check(!w.overflowed);
        return writer_view(&w);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
        struct management_parameters first, again;
        struct management_needs needs;
        uint8_t subcommand, buffer[2048];
        reader r = reader_over(slice_of(data, size), NULL, NULL);
        if (failed(read_u8(&r, "subCommand", &subcommand)) || !management_needs(subcommand, &needs) ||
                !needs.parameters)
                return 0;
        enum management_subcommand which = (enum management_subcommand)subcommand;
        if (failed(management_parameters_read(which, r.rest, &first, NULL)))
                return 0;
        check(first.name.size <= MANAGEMENT_NAME_MAX && slice_is_utf8(first.name));
        check(first.display_name.size <= MANAGEMENT_NAME_MAX && slice_is_utf8(first.display_name));
        slice written = write_again(which, &first, buffer, sizeof buffer);
        check(!failed(management_parameters_read(which, written, &again, NULL)));
        check(slice_equal(first.rp_id_hash, again.rp_id_hash) &&
                slice_equal(first.credential_id, again.credential_id));
        if (which == MANAGEMENT_UPDATE_USER)
                check(slice_equal(first.user_id, again.user_id) && slice_equal(first.name, again.name) &&
                        slice_equal(first.display_name, again.display_name));
        return 0;
}
