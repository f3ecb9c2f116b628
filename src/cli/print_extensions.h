/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PRINT_EXTENSIONS_H
#define PRINT_EXTENSIONS_H

#include "print_place.h"

/* print_extensions prints the signed extension outputs of authenticator data, a line each. */
print_printer print_extensions;

#endif
