"""dlt's rest_api source into DuckDB. Usage: python dlt_run.py URL ROWS DUCKDB default|tuned|jsonl|parquet

`default` is the quick start of its documentation, unchanged. The others follow its performance page: bigger buffers,
file rotation so that the work can be spread, worker processes, no compression, and the Parquet loader format.
"""

import json
import os
import sys
import time

base_url, rows, database, mode = sys.argv[1:5]
home = os.path.dirname(database)
started = time.time()
os.environ.update(
    {
        "DLT_DATA_DIR": os.path.join(home, "dlt"),
        "RUNTIME__DLTHUB_TELEMETRY": "false",
        "RUNTIME__LOG_LEVEL": "ERROR",
    }
)
if mode != "default":
    os.environ.update(
        {
            "DATA_WRITER__BUFFER_MAX_ITEMS": "20000",
            "EXTRACT__DATA_WRITER__FILE_MAX_ITEMS": "50000",
            "NORMALIZE__DATA_WRITER__FILE_MAX_ITEMS": "100000",
            "NORMALIZE__DATA_WRITER__DISABLE_COMPRESSION": "true",
            "EXTRACT__DATA_WRITER__DISABLE_COMPRESSION": "true",
            "NORMALIZE__WORKERS": str(os.cpu_count() or 2),
            "LOAD__WORKERS": str(os.cpu_count() or 2),
            "LOAD__DELETE_COMPLETED_JOBS": "true",
        }
    )


def main() -> None:
    import dlt
    from dlt.sources.rest_api import rest_api_source

    source = rest_api_source(
        {
            "client": {"base_url": base_url},
            "resources": [
                {
                    "name": "orders",
                    "endpoint": {
                        "path": "orders",
                        "params": {"rows": int(rows), "per_page": 1000},
                        "data_selector": "data",
                        "paginator": {"type": "page_number", "base_page": 1, "total_path": "meta.total_pages"},
                    },
                }
            ],
        }
    )
    pipeline = dlt.pipeline(
        pipeline_name="bench",
        pipelines_dir=os.path.join(home, "pipelines"),
        destination=dlt.destinations.duckdb(database),
        dataset_name="bench",
    )
    run = {"loader_file_format": mode} if mode in ("parquet", "jsonl") else {}
    pipeline.run(source, **run)


def report() -> None:
    import resource

    import duckdb

    own = resource.getrusage(resource.RUSAGE_SELF)
    workers = resource.getrusage(resource.RUSAGE_CHILDREN)
    wall = time.time() - started
    sums = duckdb.connect(database, read_only=True).execute(
        "SELECT count(DISTINCT id), sum(id), sum(round(amount * 100)::BIGINT) FROM bench.orders"
    ).fetchone()
    cpu = own.ru_utime + own.ru_stime + workers.ru_utime + workers.ru_stime
    usage = {"cpu": cpu, "wall": wall, "peak": max(own.ru_maxrss, workers.ru_maxrss) * 1024}
    print(json.dumps({**usage, "sums": [int(value) for value in sums]}))


if __name__ == "__main__":
    main()
    report()
