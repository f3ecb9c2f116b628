/* SPDX-License-Identifier: Apache-2.0 */
/* The names that a page gets for failures. */
#include "web_client.h"

static const struct {
        mitome_code code;
        const char *name;
} of_codes[] = {
        { MITOME_E_CLIENT_ORIGIN, "SecurityError" },
        { MITOME_E_CLIENT_RP_ID, "SecurityError" },
        { MITOME_E_CROSS_ORIGIN, "NotAllowedError" },
        { MITOME_E_ALGORITHM_UNSUPPORTED, "NotSupportedError" },
        { MITOME_E_CLIENT_ANSWER, "UnknownError" },
        { MITOME_E_GATE_BUSY, "NotAllowedError" },
        { MITOME_E_GATE_BROKEN, "NotReadableError" },
};

/* Those that a page may know: WebAuthn L3 6.3.2. All others look alike. */
static const struct {
        uint8_t status;
        const char *name;
} of_statuses[] = {
        { 0x19, "InvalidStateError" }, /* CREDENTIAL_EXCLUDED, after the holder has touched */
        { 0x26, "NotSupportedError" }, /* UNSUPPORTED_ALGORITHM */
        { 0x2B, "ConstraintError" },   /* UNSUPPORTED_OPTION */
};

const char *web_client_exception(mitome_status status, uint8_t ctap_status)
{
        if (status.code == MITOME_E_CTAP_STATUS) {
                for (size_t i = 0; i < sizeof of_statuses / sizeof *of_statuses; i++)
                        if (of_statuses[i].status == ctap_status)
                                return of_statuses[i].name;
                return "NotAllowedError";
        }
        for (size_t i = 0; i < sizeof of_codes / sizeof *of_codes; i++)
                if (of_codes[i].code == status.code)
                        return of_codes[i].name;
        return "DataError";
}
