// sqlite3_db_config() takes a variable number of arguments, and Swift cannot call such a function.
#ifndef ASSAY_SQLITE_DEFENSIVE_H
#define ASSAY_SQLITE_DEFENSIVE_H

#include <sqlite3.h>

// From here on no statement of this connection writes to the schema's own table, whatever `PRAGMA writable_schema` says, or damages the
// file otherwise (sqlite.org, SQLITE_DBCONFIG_DEFENSIVE). Answers whether that is so.
static inline int assay_sqlite_make_defensive(sqlite3 *connection) {
    int is_on = 0;
    return sqlite3_db_config(connection, SQLITE_DBCONFIG_DEFENSIVE, 1, &is_on) == SQLITE_OK && is_on == 1;
}

#endif
