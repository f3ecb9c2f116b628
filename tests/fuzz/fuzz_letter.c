/* SPDX-License-Identifier: Apache-2.0 */

/* What comes to /letter: first as it is, which nobody signed; then as the payload of a letter that is signed,
 * as a party that means ill can. A letter that is taken has one form: written again it is the same bytes. */

#include "sign1.h"

#include <sodium.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const struct sign1_kind kind = { "application/x.mitome.letter+cbor", "mitome letter 1", "letter.h",
        MITOME_E_LETTER_FORM, LETTER_BODY_MAX + 512 };

static void try_signed(slice payload)
{
        static const uint8_t seed[crypto_sign_SEEDBYTES] = { 1 };
        uint8_t key[LETTER_KEY_SIZE], secret[LETTER_SECRET_SIZE], bytes[LETTER_MAX], again[LETTER_MAX];
        writer out = WRITER(bytes), second = WRITER(again);
        struct letter letter;
        if (crypto_sign_seed_keypair(key, secret, seed) != 0 ||
                failed(sign1_seal(&kind, slice_text("shop"), payload, secret, &out, NULL)))
                return;
        if (failed(letter_open(writer_view(&out), key, &letter, NULL)))
                return;
        if (!slice_is(letter.from, "shop") || failed(letter_seal(&letter, secret, &second, NULL)) ||
                !slice_equal(writer_view(&out), writer_view(&second)))
                abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
        static const uint8_t nobody[LETTER_KEY_SIZE] = { 9 };
        const slice input = slice_of(data, size);
        struct letter letter;
        slice from;
        if (!failed(letter_peek(input, &from, NULL)) && from.size > LETTER_NAME_MAX)
                abort();
        if (!failed(letter_open(input, nobody, &letter, NULL)))
                abort();
        try_signed(input);
        return 0;
}
