/* SPDX-License-Identifier: Apache-2.0 */

/* What reaches a portal beside its ceremonies: a typed code, a metadata statement of its trust folder, and
 * the proof of a signed document (the certificate, or the CMS), of which nothing that is made up may be
 * taken. */

#include "cross_device.h"
#include "document_proof.h"
#include "portal_model.h"

#include <openssl/err.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void try_code(slice input)
{
        char code[CROSS_DEVICE_CODE_SIZE + 1], again[CROSS_DEVICE_CODE_SIZE + 1];
        if (failed(cross_device_read_code(input, code, NULL)))
                return;
        if (failed(cross_device_read_code(slice_text(code), again, NULL)) || strcmp(code, again) != 0)
                abort();
}

static void try_model(slice input)
{
        struct model_memory model = { 0 };
        if (failed(portal_model_read(input, &model, NULL)))
                return;
        if (model.model.aaguid.size != METADATA_AAGUID_SIZE ||
                (model.model.icon.size &&
                        !slice_begins_with(model.model.icon, slice_text("data:image/png;base64,"))) ||
                memchr(model.model.icon.data ? model.model.icon.data : (const uint8_t *)"", '"',
                        model.model.icon.size))
                abort();
        portal_model_free(&model);
}

/* Nobody is believed: nothing can be right. */
static void try_proof(slice input)
{
        static const uint8_t form[] = "Document for https://portal.example\n";
        static uint8_t room[DOCUMENT_PROOF_MAX];
        const struct portal_snapshot nobody = { 0 };
        const struct document_proof proofs[] = { { .cms = input },
                { .certificate = input, .signature = input } };
        for (size_t i = 0; i < 2; i++) {
                struct document_signed_by signer = { 0 };
                slice certificate;
                if (!failed(document_proof_verify(
                            &nobody, &proofs[i], SLICE(form), 1800000000, &signer, NULL)))
                        abort();
                if (input.size <= DOCUMENT_PROOF_MAX &&
                        !failed(document_proof_certificate(&proofs[i], room, &certificate, NULL)))
                        (void)document_proof_person(certificate, &signer, NULL).code;
        }
        ERR_clear_error();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
        const slice input = slice_of(data, size);
        try_code(input);
        try_model(input);
        try_proof(input);
        return 0;
}
