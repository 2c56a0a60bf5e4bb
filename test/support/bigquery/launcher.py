"""Starts local-bigquery with five defects mended that would hide what an exactly-once loader must be tested for.

1. MERGE inside a transaction always failed: the emulator asks DuckDB for a nested BEGIN, which aborts the open transaction.
2. Two requests with one job id at the same moment were both run: looking the id up and storing it was not one step.
3. NDJSON loads dropped fields that the schema lacks and rounded fractions sent to INT64; the real service refuses such rows.
4. NDJSON rows over 16 MB were refused; the real service takes 100 MB.
5. An empty NDJSON row was taken for a value where the table has one column; the real service takes it for NULL.
"""
import os
import sys
import threading

import duckdb
from local_bigquery import cli
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
plain_options = load._options


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


def end_with_parent():
    """The one who started us holds the other end of our standard input, for as long as it lives."""
    sys.stdin.buffer.read()
    os._exit(0)


threading.Thread(target=end_with_parent, daemon=True).start()
load._options = options_of
runner.HANDLERS["load"], merge.run, runner.submit = load_run, merge_run, submit
cli.main()
