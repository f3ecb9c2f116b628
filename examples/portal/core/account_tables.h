/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ACCOUNT_TABLES_H
#define ACCOUNT_TABLES_H

/* The tables of accounts, as text that others' schemas can begin with. What a login reads is in narrow rows;
 * what is only looked at again when trust changes (account_record: docs/record.md) is apart. The number of a
 * passkey that was removed is never another's: sessions know it by that. */

#define ACCOUNT_TABLES                                                                                                 \
        "CREATE TABLE account (id INTEGER PRIMARY KEY, handle BLOB NOT NULL UNIQUE, name TEXT NOT NULL "               \
        "UNIQUE, display TEXT NOT NULL, closed INTEGER NOT NULL, epoch INTEGER NOT NULL, opened_at INTEGER "           \
        "NOT NULL);" /* Each certificate that ever opened an account: at most one, and one of an account at            \
                        a time. */                                                                                     \
        "CREATE TABLE account_certificate (number INTEGER PRIMARY KEY, issuer BLOB NOT NULL, serial BLOB "             \
        "NOT NULL, account INTEGER NOT NULL REFERENCES account (id), not_after INTEGER NOT NULL, since "               \
        "INTEGER NOT NULL, ended_at INTEGER, UNIQUE (issuer, serial));"                                                \
        "CREATE UNIQUE INDEX account_certificate_live ON account_certificate (account) WHERE ended_at IS "             \
        "NULL;"                                                                                                        \
        "CREATE TABLE account_credential (number INTEGER PRIMARY KEY AUTOINCREMENT, id BLOB NOT NULL UNIQUE, account " \
        "INTEGER NOT NULL REFERENCES account (id), certificate INTEGER REFERENCES account_certificate "                \
        "(number), public_key BLOB NOT NULL, handle BLOB, sign_count INTEGER NOT NULL, flags INTEGER NOT NULL, trust " \
        "INTEGER NOT NULL, transports INTEGER NOT NULL, aaguid BLOB NOT NULL, format TEXT NOT NULL, name "             \
        "TEXT NOT NULL, created INTEGER NOT NULL, last_used INTEGER NOT NULL);"                                        \
        "CREATE INDEX account_credential_account ON account_credential (account);"                                     \
        "CREATE TABLE account_record (credential INTEGER PRIMARY KEY, record BLOB NOT NULL);"                          \
        "CREATE TABLE account_try (issuer BLOB NOT NULL, serial BLOB NOT NULL, since INTEGER NOT NULL, count "         \
        "INTEGER NOT NULL, PRIMARY KEY (issuer, serial)) WITHOUT ROWID;"                                               \
        "CREATE TABLE account_subject (account INTEGER NOT NULL REFERENCES account (id), client TEXT NOT "             \
        "NULL, subject BLOB NOT NULL UNIQUE, PRIMARY KEY (account, client)) WITHOUT ROWID;"

#endif
