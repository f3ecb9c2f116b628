/* SPDX-License-Identifier: Apache-2.0 */
#ifndef UNSEEN_TEXT_H
#define UNSEEN_TEXT_H

/* Characters that a text of somebody else's may not bring before people's eyes as they are. */

#include "bytes.h"

/* utf8_code gives the code point of one well-formed character, as slice_utf8_first measures it. */
uint32_t utf8_code(slice character);

/* is_unseen tells those that steer a terminal (controls, U+0085 to U+009F among them), end a line elsewhere,
 * turn the direction of what follows, or are seen by nobody: with them one text looks like another. */
bool is_unseen(slice character);

/* can_be_seen tells whether a text has a character that can be seen: a blank is nobody's name. */
bool can_be_seen(slice text);

#endif
