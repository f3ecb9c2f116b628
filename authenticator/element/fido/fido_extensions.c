/* SPDX-License-Identifier: Apache-2.0 */
#include "fido_extensions.h"

#include "data_fields.h"
#include "element_internal.h"
#include "user_pin.h"

/* ---- hmac-secret: the salts ---- */

enum { SALT_SIZE = 32, SALTS_MAX = 2 * SALT_SIZE, SEALED_MAX = FIDO_IV_SIZE + SALTS_MAX };

void fido_salts_wipe(struct fido_salts *salts)
{
        bytes_wipe(salts, sizeof *salts);
}

struct salts_input {
        slice protocol, x, y, sealed, param;
};

static uint16_t read_salts_input(slice input, struct salts_input *ret)
{
        const struct field fields[] = {
                { 0x80, FIELD_REQUIRED, FIDO_COORDINATE_SIZE, FIDO_COORDINATE_SIZE, &ret->x },
                { 0x81, FIELD_REQUIRED, FIDO_COORDINATE_SIZE, FIDO_COORDINATE_SIZE, &ret->y },
                { 0x82, FIELD_REQUIRED, SALT_SIZE, SEALED_MAX, &ret->sealed },
                { 0x84, FIELD_REQUIRED, FIDO_PARAM_ONE_SIZE, FIDO_PARAM_SIZE, &ret->param },
                { 0x88, FIELD_OPTIONAL, 1, 1, &ret->protocol },
        };
        return fields_read(input, fields, sizeof fields / sizeof *fields);
}

static uint16_t open_salts(const struct fido *fido, const struct salts_input *input, struct fido_salts *ret)
{
        uint16_t sw = fido_agree(fido, input->protocol, input->x, input->y, &ret->shared);
        if (sw != SW_OK)
                return sw == SW_NO_REFERENCE ? SW_SECURITY_STATUS : sw;
        /* [12.5 getAssertion] saltAuth is verified before anything is decrypted */
        if (!fido_param_is(ret->shared.protocol, &ret->shared.hmac, &input->sealed, 1, input->param))
                return SW_SECURITY_STATUS;
        SW_TRY(fido_unseal(&ret->shared, input->sealed, &ret->salts));
        /* [12.5 getAssertion] one salt or two, of 32 bytes */
        return ret->salts.size == SALT_SIZE || ret->salts.size == SALTS_MAX ? SW_OK : SW_WRONG_DATA;
}

uint16_t fido_salts_open(const struct fido *fido, slice input, struct fido_salts *ret)
{
        struct salts_input fields;
        SW_TRY(read_salts_input(input, &fields));
        uint16_t sw = open_salts(fido, &fields, ret);
        if (sw != SW_OK)
                fido_salts_wipe(ret);
        return sw;
}

/* ---- outputs ---- */

struct output {
        struct mitome_element *element;
        const struct fido_asked *asked;
        const struct fido_credential *credential;
};

/* [12.5 getAssertion] verified and unverified users have secrets of their own */
static uint16_t read_seed(const struct output *output, slice *ret)
{
        enum { SEED_SIZE = FIDO_SEEDS_SIZE / 2 };
        slice with_uv, without_uv;
        reader r = reader_over(output->credential->seeds, NULL, NULL);
        if (failed(read_bytes(&r, "seed", SEED_SIZE, &with_uv)) ||
                failed(read_bytes(&r, "seed", SEED_SIZE, &without_uv)))
                return SW_UNKNOWN;
        *ret = output->asked->modality != FIDO_UNVERIFIED ? with_uv : without_uv;
        return SW_OK;
}

static uint16_t seal_secrets(const struct output *output, slice seed, writer *sealed)
{
        const struct fido_salts *salts = output->asked->salts;
        SECRET(secrets);
        slice salt;
        reader r = reader_over(secret_view(&salts->salts), NULL, NULL);
        while (r.rest.size) {
                if (failed(read_bytes(&r, "salt", SALT_SIZE, &salt)))
                        return SW_UNKNOWN;
                hmac_sha256(seed, &salt, 1, secrets.data + secrets.size);
                secrets.size += SHA256_SIZE;
        }
        return fido_seal(output->element, &salts->shared, secret_view(&secrets), sealed);
}

static uint16_t write_secrets(const struct output *output, writer *w)
{
        slice seed;
        uint8_t bytes[SEALED_MAX];
        writer sealed = WRITER(bytes);
        SW_TRY(read_seed(output, &seed));
        SW_TRY(seal_secrets(output, seed, &sealed));
        cbor_write_bytes(w, writer_view(&sealed));
        return SW_OK;
}

static uint16_t write_true(const struct output *output, writer *w)
{
        (void)output;
        cbor_write_bool(w, true);
        return SW_OK;
}

/* [12.2 makeCredential] whether it is kept */
static uint16_t write_blob_kept(const struct output *output, writer *w)
{
        cbor_write_bool(w, output->asked->blob_kept);
        return SW_OK;
}

/* [12.2 getAssertion] the blob, of no bytes where there is none */
static uint16_t write_blob(const struct output *output, writer *w)
{
        cbor_write_bytes(w, output->credential->blob);
        return SW_OK;
}

/* [12.1 makeCredential] the level that the credential has */
static uint16_t write_protection(const struct output *output, writer *w)
{
        cbor_write_uint(w, output->credential->protection);
        return SW_OK;
}

static uint16_t write_modality(const struct output *output, writer *w)
{
        static const char *const names[] = {
                [FIDO_UNVERIFIED] = "none",
                [UNLOCK_FINGER] = "finger",
                [UNLOCK_FACE] = "face",
                [UNLOCK_IRIS] = "iris",
                [FIDO_BY_PIN] = "pin",
        };
        uint8_t modality = output->asked->modality;
        if (modality >= sizeof names / sizeof *names)
                return SW_UNKNOWN;
        cbor_write_string(w, names[modality]);
        return SW_OK;
}

static uint16_t write_min_pin_length(const struct output *output, writer *w)
{
        cbor_write_uint(w, user_pin_min(output->element));
        return SW_OK;
}

static uint16_t write_complexity(const struct output *output, writer *w)
{
        cbor_write_bool(w, user_pin_is_complex(output->element));
        return SW_OK;
}

/* [2.2 12.9 getAssertion] thirdPartyPayment: whether it was asked for when the credential was made */
static uint16_t write_payment(const struct output *output, writer *w)
{
        cbor_write_bool(w, output->credential->payment);
        return SW_OK;
}

/* ---- which, and in what order ---- */

/* Beside those that field 8A asks for. */
enum { OUTPUT_PROTECTION = 0x0100, OUTPUT_SECRETS = 0x0200 };

struct output_row {
        int asked;
        const char *name;
        uint16_t (*write)(const struct output *output, writer *w);
};

/* Canonical: short names first, then by their bytes. */
static const struct output_row make_rows[] = {
        { EXTENSION_CRED_BLOB, "credBlob", write_blob_kept },
        { OUTPUT_PROTECTION, "credProtect", write_protection },
        { EXTENSION_HMAC_SECRET, "hmac-secret", write_true },
        { EXTENSION_JPKI, "mitome-jpki", write_modality },
        { EXTENSION_MIN_PIN_LENGTH, "minPinLength", write_min_pin_length },
        { OUTPUT_SECRETS, "hmac-secret-mc", write_secrets },
        { EXTENSION_PAYMENT, "thirdPartyPayment", write_true },
        { EXTENSION_COMPLEXITY, "pinComplexityPolicy", write_complexity },
};

static const struct output_row get_rows[] = {
        { EXTENSION_CRED_BLOB, "credBlob", write_blob },
        { OUTPUT_SECRETS, "hmac-secret", write_secrets },
        { EXTENSION_JPKI, "mitome-jpki", write_modality },
        { EXTENSION_PAYMENT, "thirdPartyPayment", write_payment },
};

static uint16_t write_rows(
        const struct output *output, const struct output_row *rows, size_t count, int shown, writer *w)
{
        size_t pairs = 0;
        for (size_t i = 0; i < count; i++)
                pairs += (shown & rows[i].asked) != 0;
        if (pairs == 0)
                return SW_OK;
        cbor_write_map(w, pairs);
        for (size_t i = 0; i < count; i++) {
                if (!(shown & rows[i].asked))
                        continue;
                cbor_write_string(w, rows[i].name);
                SW_TRY(rows[i].write(output, w));
        }
        return w->overflowed ? SW_UNKNOWN : SW_OK;
}

uint16_t fido_write_make_outputs(struct mitome_element *element, const struct fido_asked *asked,
        const struct fido_credential *credential, writer *w)
{
        const struct output output = { element, asked, credential };
        int shown = asked->flags | (asked->protection ? OUTPUT_PROTECTION : 0) |
                    (asked->salts ? OUTPUT_SECRETS : 0);
        /* [12.4] minPinLength, told to a relying party of the list only; [2.2 12.6] so is pinComplexityPolicy
         */
        if (!fido_min_pin_lists(element, credential->rp_id_hash))
                shown &= ~(EXTENSION_MIN_PIN_LENGTH | EXTENSION_COMPLEXITY);
        return write_rows(&output, make_rows, sizeof make_rows / sizeof *make_rows, shown, w);
}

uint16_t fido_write_get_outputs(struct mitome_element *element, const struct fido_asked *asked,
        const struct fido_credential *credential, writer *w)
{
        const struct output output = { element, asked, credential };
        /* A credential of before there were seeds has no secrets. */
        bool secrets = asked->salts && credential->seeds.size > 0;
        int shown = asked->flags | (secrets ? OUTPUT_SECRETS : 0);
        return write_rows(&output, get_rows, sizeof get_rows / sizeof *get_rows, shown, w);
}
