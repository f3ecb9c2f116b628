/* SPDX-License-Identifier: Apache-2.0 */
#ifndef MATCHER_CLASS_H
#define MATCHER_CLASS_H

/* How far a matcher is trusted, after Android's CDD 7.3.10. The element takes the class from the certificate
 * of the matcher's maker, when it is paired; what the matcher says of itself is for people to read. */
enum matcher_class {
        MATCHER_SCRIPTED = 0,    /* compares nothing: for tests */
        MATCHER_CONVENIENCE = 1, /* declared: nobody has tested it */
        MATCHER_WEAK = 2,
        MATCHER_STRONG = 3,
};

#endif
