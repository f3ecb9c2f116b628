/* SPDX-License-Identifier: Apache-2.0 */

/* Whether a certificate can be put into a phone of this model: first by the phone's own word, so that its
 * holder learns it before he takes his card out; then by its maker's. */

#include "device_model.h"
#include "sp_within.h"

mitome_status sp_check_model(struct sp_tsm *tsm, enum sp_purpose purpose, slice model, mitome_error *error)
{
        bool supported = true;
        if (purpose == SP_ISSUE || purpose == SP_RENEW)
                MITOME_TRY(device_list_supports(tsm->store, model, party_now(tsm->party), &supported, error));
        return supported ? ok() : fail(error, MITOME_E_DEVICE_MODEL, "model", NULL);
}

mitome_status sp_check_device(
        struct sp_tsm *tsm, enum sp_purpose purpose, const struct evidence *evidence, mitome_error *error)
{
        char model[DEVICE_MODEL_MAX + 1];
        device_model_read(evidence->sign1.chain[0], model);
        return sp_check_model(tsm, purpose, slice_text(model), error);
}
