/* SPDX-License-Identifier: Apache-2.0 */
#ifndef DEVICE_MODEL_H
#define DEVICE_MODEL_H

/* Which model a phone is of, by its maker's word: an extension of ours, not critical, in the certificate of
 * the device's own key.
 *
 *   2.25.205582550807247951023940806217670160140 (the UUID 9aa9c252-0a09-4b52-b599-d58e74116f0c)
 *   UTF8String (SIZE (1..32))    letters, digits and '-', as the phone itself says its model
 *
 * A phone's software may say what it likes of its model; what proves itself by the device key has what its
 * maker wrote. */

#include "bytes.h"

#define DEVICE_MODEL_OID "2.25.205582550807247951023940806217670160140"

enum { DEVICE_MODEL_MAX = 32 };

/* device_model_is_plain: there may be a model of this name. */
bool device_model_is_plain(slice model);

/* device_model_write writes the line of an extension as x509_build reads it. VALUE for no model's name. */
MITOME_CHECKED mitome_status device_model_write(slice model, writer *out, mitome_error *error);

/* device_model_read gives the model that a certificate names; "" where it names none (or is none, or names it
 * in another way). It is for certificates that were verified. */
void device_model_read(slice certificate, char ret[DEVICE_MODEL_MAX + 1]);

#endif
