/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CERTIFIED_CLASS_H
#define CERTIFIED_CLASS_H

/* The class that the maker's certificate gives this matcher, for its own policy alone: whoever could put a
 * certificate here could change the policy as well, so its signature is not looked at, and a class is only
 * ever lowered by it. Who believes the certificate is the management station (matcher_certificate.h of the
 * authority), which verifies it before it pairs. */

#include "bytes.h"

/* certified_class gives the lower one of the sensor's own class and the certificate's. Without a certificate
 * it is the sensor's; one that says none is one of convenience. */
uint8_t certified_class(slice certificate, uint8_t own);

#endif
