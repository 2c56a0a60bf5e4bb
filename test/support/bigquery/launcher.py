"""Starts local-bigquery with six defects mended; the first five would hide what an exactly-once loader must be tested for.

1. MERGE inside a transaction always failed: the emulator asks DuckDB for a nested BEGIN, which aborts the open transaction.
2. Two requests with one job id at the same moment were both run: looking the id up and storing it was not one step.
3. NDJSON loads dropped fields that the schema lacks and rounded fractions sent to INT64; the real service refuses such rows.
4. NDJSON rows over 16 MB were refused; the real service takes 100 MB.
5. An empty NDJSON row was taken for a value where the table has one column; the real service takes it for NULL.
6. To look one table up it listed all tables of all projects, columns and statistics too: half of the time a test took.
"""
import os
import sys
import threading

import duckdb
from local_bigquery import cli
from local_bigquery.engine import database
from local_bigquery.errors import BigQueryError
from local_bigquery.jobs import load, merge, runner
from local_bigquery.jobs.storage import literal


class InTransaction:
    """A cursor that refuses BEGIN by itself, as the emulator's own code expects, before DuckDB sees it."""

    def __init__(self, cursor):
        self._cursor = cursor

    def execute(self, sql, *args):
        if sql == "BEGIN":
            raise duckdb.TransactionException("a transaction is open")
        return self._cursor.execute(sql, *args)


def transaction_is_open(cursor) -> bool:
    # now() stands still within a transaction, and moves from one automatic transaction to the next
    first, second = (cursor.execute("SELECT epoch_us(now())").fetchone() for _ in range(2))
    return first == second


def refuse_what_would_be_lost(cursor, config, upload):
    fields = (config.schema_ and config.schema_.fields) or []
    if not (upload and fields and config.sourceFormat == "NEWLINE_DELIMITED_JSON"):
        return
    known = ", ".join(literal(field.name.lower()) for field in fields)
    whole = ", ".join(literal(field.name.lower()) for field in fields if field.type in ("INTEGER", "INT64")) or "NULL"
    extra = "false" if config.ignoreUnknownValues or config.maxBadRecords else f"lower(key) NOT IN ({known})"
    fraction = f"lower(key) IN ({whole}) AND type = 'DOUBLE' AND try_cast(value AS DOUBLE) % 1 <> 0"
    found = cursor.execute(
        f"SELECT line, key, value, {extra} FROM (SELECT row_number() OVER () AS line, unnest(json_keys(json)) AS key,"
        f" json_extract(json, '/' || key) AS value, json_type(value) AS type"
        f" FROM read_json_objects({literal(upload)}, format = 'newline_delimited')) WHERE {extra} OR ({fraction}) LIMIT 1"
    ).fetchone()
    if found:
        line, key, value, unknown = found
        why = f"No such field: {key}." if unknown else f"Could not convert value '{value}' to integer. Field: {key}."
        raise BigQueryError("invalid", f"Error while reading data, error message: JSON parsing error in row {line}: {why}")


plain_load, plain_merge, plain_submit, submitting = load.run, merge.run, runner.submit, threading.Lock()
plain_options, plain_fetch = load._options, database.fetch


def load_run(cursor, config, upload):
    try:
        refuse_what_would_be_lost(cursor, config, upload)
    except duckdb.Error:
        pass  # not JSON: the emulator's own load says so
    return plain_load(cursor, config, upload)


def options_of(options: dict) -> str:
    # An empty row is a row of NULLs, in a table of one column too.
    rows = {"maximum_object_size": 100 * 1024 * 1024, "records": "true"} if options.get("format") == "'newline_delimited'" else {}
    return plain_options(options | rows)


def merge_run(cursor, tree, context):
    return plain_merge(InTransaction(cursor) if transaction_is_open(cursor) else cursor, tree, context)


def submit(*args, **kwargs):
    with submitting:
        return plain_submit(*args, **kwargs)


# The table functions that list everything, as queries of what DuckLake keeps of one project.
LISTINGS = {
    "duckdb_schemas()": "SELECT schema_name FROM {lake}.ducklake_schema WHERE end_snapshot IS NULL",
    "duckdb_tables()": "SELECT schema_name, table_name, coalesce(record_count, 0) AS estimated_size FROM {lake}.ducklake_table AS t"
    " JOIN {lake}.ducklake_schema AS s USING (schema_id) LEFT JOIN {lake}.ducklake_table_stats USING (table_id)"
    " WHERE t.end_snapshot IS NULL AND s.end_snapshot IS NULL",
    "duckdb_views()": "SELECT schema_name, view_name, false AS internal FROM {lake}.ducklake_view AS v"
    " JOIN {lake}.ducklake_schema AS s USING (schema_id) WHERE v.end_snapshot IS NULL AND s.end_snapshot IS NULL",
    "duckdb_columns()": "SELECT schema_name, table_name, column_name, nulls_allowed AS is_nullable FROM {lake}.ducklake_column AS c"
    " JOIN {lake}.ducklake_table AS t USING (table_id) JOIN {lake}.ducklake_schema AS s USING (schema_id)"
    " WHERE c.end_snapshot IS NULL AND t.end_snapshot IS NULL AND s.end_snapshot IS NULL AND parent_column IS NULL",
}


def fetch(sql, params=None):
    for function, listing in LISTINGS.items():
        if function in sql and params and params[0] in database._attached:
            rows = listing.format(lake=database.quote(f"__ducklake_metadata_{params[0]}"))
            sql = sql.replace(function, f"(SELECT {literal(params[0])} AS database_name, * FROM ({rows}))")
    return plain_fetch(sql, params)


def end_with_parent():
    """The one who started us holds the other end of our standard input, for as long as it lives."""
    sys.stdin.buffer.read()
    os._exit(0)


threading.Thread(target=end_with_parent, daemon=True).start()
load._options, database.fetch = options_of, fetch
runner.HANDLERS["load"], merge.run, runner.submit = load_run, merge_run, submit
cli.main()
