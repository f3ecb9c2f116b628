/* SPDX-License-Identifier: Apache-2.0 */
#include "apdu.h"

static const struct {
        uint16_t sw;
        const char *text;
} texts[] = {
        { SW_OK, "done" },
        { SW_ALREADY_CLOSED, "the logical channel was not open" },
        { SW_CARD_LOCKED, "the card is locked" },
        { SW_AUTHENTICATION_FAILED, "authentication of the host failed" },
        { SW_MORE_DATA, "more data available" },
        { SW_RULE_EXISTS, "stored beside another rule for the same app and applet" },
        { SW_MEMORY_FAILURE, "the state could not be written" },
        { SW_TOKEN_MAC, "unlock token: wrong MAC" },
        { SW_TOKEN_CHALLENGE, "unlock token: its challenge is not open" },
        { SW_TOKEN_OPERATION, "unlock token: made for another operation" },
        { SW_TOKEN_SET, "unlock token: the enrolment set is not confirmed" },
        { SW_TOKEN_FORM, "unlock token: unknown version, purpose or modality" },
        { SW_PIN_CHANGE_FIRST, "the PIN has to be changed first" },
        { SW_PIN_POLICY, "the new PIN breaks the policy" },
        { SW_MATCHER_WEAK, "the matcher that verified the user does not open this: the PIN does" },
        { SW_WRONG_LENGTH, "wrong length" },
        { SW_CHANNEL_UNSUPPORTED, "logical channel not supported" },
        { SW_WRONG_FILE_TYPE, "command does not fit the file" },
        { SW_SECURITY_STATUS, "security status not satisfied" },
        { SW_BLOCKED, "authentication method blocked" },
        { SW_UNUSABLE, "reference data not usable" },
        { SW_CONDITIONS, "conditions of use not satisfied" },
        { SW_NO_CURRENT_FILE, "no current file" },
        { SW_SECURE_MESSAGING, "secure messaging data object incorrect" },
        { SW_WRONG_DATA, "wrong data" },
        { SW_FUNCTION_UNSUPPORTED, "function not supported" },
        { SW_NOT_FOUND, "file or application not found" },
        { SW_FULL, "not enough memory" },
        { SW_WRONG_P1P2, "wrong P1 or P2" },
        { SW_NO_REFERENCE, "referenced data not found" },
        { SW_EXISTS, "already exists" },
        { SW_OFFSET, "offset outside the file" },
        { SW_WRONG_INS, "instruction not supported" },
        { SW_WRONG_CLA, "class not supported" },
        { SW_UNKNOWN, "no precise diagnosis" },
};

const char *sw_text(uint16_t sw)
{
        if ((sw & 0xFFF0) == SW_TRIES_LEFT)
                return "wrong, tries left in the last digit";
        for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++)
                if (texts[i].sw == sw)
                        return texts[i].text;
        return "status word";
}
