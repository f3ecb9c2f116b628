/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CTAP_STATUS_H
#define CTAP_STATUS_H

/* The status byte of a CTAP answer (CTAP 2.1, 8.2 "Status codes"), and how it follows from what the parser or
 * the element said. */

#include "apdu.h"

enum ctap_status {
        CTAP2_OK = 0x00,
        CTAP1_ERR_INVALID_COMMAND = 0x01,
        CTAP1_ERR_INVALID_PARAMETER = 0x02,
        CTAP1_ERR_INVALID_LENGTH = 0x03,
        CTAP1_ERR_INVALID_SEQ = 0x04,
        CTAP1_ERR_TIMEOUT = 0x05,
        CTAP1_ERR_CHANNEL_BUSY = 0x06,
        CTAP2_ERR_CBOR_UNEXPECTED_TYPE = 0x11,
        CTAP2_ERR_INVALID_CBOR = 0x12,
        CTAP2_ERR_MISSING_PARAMETER = 0x14,
        CTAP2_ERR_LIMIT_EXCEEDED = 0x15,
        CTAP2_ERR_FP_DATABASE_FULL = 0x17,
        CTAP2_ERR_LARGE_BLOB_STORAGE_FULL = 0x18,
        CTAP2_ERR_CREDENTIAL_EXCLUDED = 0x19,
        CTAP2_ERR_UNSUPPORTED_ALGORITHM = 0x26,
        CTAP2_ERR_OPERATION_DENIED = 0x27,
        CTAP2_ERR_KEY_STORE_FULL = 0x28,
        CTAP2_ERR_UNSUPPORTED_OPTION = 0x2B,
        CTAP2_ERR_INVALID_OPTION = 0x2C,
        CTAP2_ERR_KEEPALIVE_CANCEL = 0x2D,
        CTAP2_ERR_NO_CREDENTIALS = 0x2E,
        CTAP2_ERR_USER_ACTION_TIMEOUT = 0x2F,
        CTAP2_ERR_NOT_ALLOWED = 0x30,
        CTAP2_ERR_PIN_INVALID = 0x31,
        CTAP2_ERR_PIN_BLOCKED = 0x32,
        CTAP2_ERR_PIN_AUTH_INVALID = 0x33,
        CTAP2_ERR_PIN_AUTH_BLOCKED = 0x34,
        CTAP2_ERR_PIN_NOT_SET = 0x35,
        CTAP2_ERR_PUAT_REQUIRED = 0x36, /* PIN_REQUIRED in CTAP 2.0 */
        CTAP2_ERR_PIN_POLICY_VIOLATION = 0x37,
        CTAP2_ERR_REQUEST_TOO_LARGE = 0x39,
        CTAP2_ERR_ACTION_TIMEOUT = 0x3A,
        CTAP2_ERR_UV_BLOCKED = 0x3C,
        CTAP2_ERR_INTEGRITY_FAILURE = 0x3D,
        CTAP2_ERR_INVALID_SUBCOMMAND = 0x3E,
        CTAP2_ERR_UV_INVALID = 0x3F,
        CTAP2_ERR_UNAUTHORIZED_PERMISSION = 0x40,
        CTAP1_ERR_OTHER = 0x7F,
};

/* ctap_status_of_code says how a request that the parser refused with `code` is answered. */
enum ctap_status ctap_status_of_code(mitome_code code);

/* ctap_status_of_sw says how a request is answered when the element's answer to the command `ins` was `sw`.
 */
enum ctap_status ctap_status_of_sw(uint8_t ins, uint16_t sw);

#endif
