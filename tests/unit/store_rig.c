/* SPDX-License-Identifier: Apache-2.0 */
#include "store_rig.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#ifdef MITOME_POSTGRES
#include <libpq-fe.h>

static void must(int holds, const char *what)
{
        if (holds)
                return;
        fprintf(stderr, "store_rig: %s\n", what);
        abort();
}

void store_rig_run(const char *address, const char *sql)
{
        PGconn *connection = PQconnectdb(address);
        must(PQstatus(connection) == CONNECTION_OK, PQerrorMessage(connection));
        PGresult *result = PQexec(connection, sql);
        must(PQresultStatus(result) == PGRES_COMMAND_OK || PQresultStatus(result) == PGRES_TUPLES_OK,
                PQerrorMessage(connection));
        PQclear(result);
        PQfinish(connection);
}

const char *store_rig_fresh(void)
{
        enum { KEPT = 64, ADDRESS_MAX = 256 };
        static char addresses[KEPT][ADDRESS_MAX];
        static unsigned made;
        const char *server = getenv("MITOME_STORE");
        char sql[96];
        if (!server)
                return NULL;
        char *address = addresses[made % KEPT];
        int size = snprintf(address, ADDRESS_MAX, "%s&options=-csearch_path%%3Dtest_%ld_%u", server,
                (long)getpid(), made);
        must(size > 0 && size < ADDRESS_MAX, "MITOME_STORE is too long");
        snprintf(sql, sizeof sql, "CREATE SCHEMA test_%ld_%u", (long)getpid(), made++);
        store_rig_run(server, sql);
        return address;
}
#else
const char *store_rig_fresh(void)
{
        return NULL;
}

void store_rig_run(const char *address, const char *sql)
{
        (void)address;
        (void)sql;
        abort();
}
#endif
