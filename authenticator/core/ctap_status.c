/* SPDX-License-Identifier: Apache-2.0 */
#include "ctap_status.h"
#include "core_internal.h"

/* [8.2] what is wrong with the encoding or its members, as a status code */
static const struct {
        mitome_code code;
        enum ctap_status status;
} of_code[] = {
        { MITOME_OK, CTAP2_OK },
        { MITOME_E_CBOR_TYPE, CTAP2_ERR_CBOR_UNEXPECTED_TYPE },
        { MITOME_E_MISSING, CTAP2_ERR_MISSING_PARAMETER },
        { MITOME_E_TOO_LONG, CTAP2_ERR_LIMIT_EXCEEDED },
        { MITOME_E_TOO_MANY, CTAP2_ERR_LIMIT_EXCEEDED },
        { MITOME_E_VALUE, CTAP1_ERR_INVALID_PARAMETER },
};

enum ctap_status ctap_status_of_code(mitome_code code)
{
        for (size_t i = 0; i < sizeof of_code / sizeof *of_code; i++) {
                if (of_code[i].code == code)
                        return of_code[i].status;
        }
        return CTAP2_ERR_INVALID_CBOR; /* what remains is about the encoding */
}

enum { ANY_INS = 0, EXACT = 0xFFFF, ANY_TRIES = 0xFFF0 };

/* The first row that fits decides: rows for one command stand before those for any. */
static const struct {
        uint8_t ins;
        uint16_t mask, sw;
        enum ctap_status status;
} of_sw[] = {
        { ANY_INS, EXACT, SW_OK, CTAP2_OK },
        { ANY_INS, EXACT, SW_TRIES_LEFT | 0, CTAP2_ERR_PIN_BLOCKED },
        { ANY_INS, ANY_TRIES, SW_TRIES_LEFT, CTAP2_ERR_PIN_INVALID },
        /* CTAP 2.1 6.5.5.7.1: three wrong PINs in a row, and no more until the next power-up */
        { INS_GET_PIN_TOKEN, EXACT, SW_CONDITIONS, CTAP2_ERR_PIN_AUTH_BLOCKED },
        { INS_CHANGE_PIN, EXACT, SW_CONDITIONS, CTAP2_ERR_PIN_AUTH_BLOCKED },
        /* no key agreement: what was encrypted to none cannot be decrypted; no try is spent */
        { INS_GET_PIN_TOKEN, EXACT, SW_NO_REFERENCE, CTAP2_ERR_PIN_AUTH_INVALID },
        { INS_GET_UV_TOKEN, EXACT, SW_NO_REFERENCE, CTAP2_ERR_PIN_AUTH_INVALID },
        { INS_CHANGE_PIN, EXACT, SW_NO_REFERENCE, CTAP2_ERR_PIN_AUTH_INVALID },
        { INS_SIGN_DOCUMENT, EXACT, SW_NO_REFERENCE, CTAP2_ERR_PIN_AUTH_INVALID },
        { INS_READ_CERTIFICATE, EXACT, SW_NO_REFERENCE, CTAP2_ERR_PIN_AUTH_INVALID },
        { ANY_INS, EXACT, SW_NOT_FOUND, CTAP2_ERR_NO_CREDENTIALS }, /* no such key or certificate */
        { ANY_INS, EXACT, SW_OFFSET, CTAP1_ERR_INVALID_PARAMETER },
        /* 6.11: there is no list of relying parties */
        { INS_CONFIGURE, EXACT, SW_FUNCTION_UNSUPPORTED, CTAP1_ERR_INVALID_PARAMETER },
        { ANY_INS, EXACT, SW_PIN_CHANGE_FIRST, CTAP2_ERR_PIN_INVALID },
        { ANY_INS, EXACT, SW_PIN_POLICY, CTAP2_ERR_PIN_POLICY_VIOLATION },
        /* the only algorithm is the certificate's, and the relying party may not learn whose it is */
        { INS_MAKE_CREDENTIAL, EXACT, SW_FUNCTION_UNSUPPORTED, CTAP2_ERR_UNSUPPORTED_ALGORITHM },
        /* whoever asks for built-in verification has seen the tries and the set just before */
        { INS_BEGIN, EXACT, SW_BLOCKED, CTAP2_ERR_UV_BLOCKED },
        { INS_BEGIN, EXACT, SW_UNUSABLE, CTAP2_ERR_INVALID_OPTION },
        { ANY_INS, EXACT, SW_TOKEN_MAC, CTAP2_ERR_UV_INVALID },
        { ANY_INS, EXACT, SW_TOKEN_CHALLENGE, CTAP2_ERR_UV_INVALID },
        { ANY_INS, EXACT, SW_TOKEN_OPERATION, CTAP2_ERR_UV_INVALID },
        { ANY_INS, EXACT, SW_TOKEN_FORM, CTAP2_ERR_UV_INVALID },
        /* the set of fingers was changed: only the PIN confirms the new one */
        { ANY_INS, EXACT, SW_TOKEN_SET, CTAP2_ERR_PUAT_REQUIRED },
        { ANY_INS, EXACT, SW_MATCHER_WEAK, CTAP2_ERR_PUAT_REQUIRED },
        { ANY_INS, EXACT, SW_SECURITY_STATUS, CTAP2_ERR_PIN_AUTH_INVALID },
        { ANY_INS, EXACT, SW_BLOCKED, CTAP2_ERR_PIN_BLOCKED },
        { ANY_INS, EXACT, SW_UNUSABLE, CTAP2_ERR_PIN_NOT_SET },
        { ANY_INS, EXACT, SW_CONDITIONS, CTAP2_ERR_NOT_ALLOWED },
        { ANY_INS, EXACT, SW_WRONG_DATA, CTAP1_ERR_INVALID_PARAMETER },
        { ANY_INS, EXACT, SW_FULL, CTAP2_ERR_KEY_STORE_FULL },
        { ANY_INS, EXACT, SW_NO_REFERENCE, CTAP2_ERR_NO_CREDENTIALS },
        { ANY_INS, EXACT, SW_EXISTS, CTAP2_ERR_CREDENTIAL_EXCLUDED },
};

enum ctap_status ctap_status_of_sw(uint8_t ins, uint16_t sw)
{
        for (size_t i = 0; i < sizeof of_sw / sizeof *of_sw; i++) {
                bool of_ins = of_sw[i].ins == ANY_INS || of_sw[i].ins == ins;
                if (of_ins && (sw & of_sw[i].mask) == of_sw[i].sw)
                        return of_sw[i].status;
        }
        return CTAP1_ERR_OTHER;
}
