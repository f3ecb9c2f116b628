/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SECRET_PROMPT_H
#define SECRET_PROMPT_H

/* How a PIN or a password comes from its holder. `what` names it in errors: FILE_READ, SECRET_FORM for an
 * empty line or one that is too long. */

#include "bytes.h"

/* secret_prompt_line reads one line of a file descriptor, and nothing behind it. */
MITOME_CHECKED mitome_status secret_prompt_line(
        int fd, const char *what, mitome_code bad, struct secret *ret, mitome_error *error);

/* secret_prompt_ask asks on the terminal, which does not show it. */
MITOME_CHECKED mitome_status secret_prompt_ask(
        const char *prompt, const char *what, mitome_code bad, struct secret *ret, mitome_error *error);

#endif
