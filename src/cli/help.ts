/** What `--help` teaches by example, by command; `` is the program itself. */
export const examples = {
  headrace: `
Examples:
  $ headrace init acme --base-url https://api.acme.com/v1    a connector file to start from
  $ headrace check acme                                      sign in, read one page of each stream
  $ headrace preview acme orders                             the first rows, and their columns
  $ headrace run acme --to duckdb:acme.duckdb                rows into acme.orders, each exactly once

CONNECTOR is a file, or a name that is looked up in --connectors (default: connectors/).
Exit codes: 0 complete, 1 a stream failed, 2 usage or configuration, 3 stopped at the budget, 130 interrupted.`,
  run: `
Examples:
  $ headrace run acme                                        all streams of connectors/acme.yaml
  $ headrace run acme.yaml orders items --to files:out       two streams, into NDJSON files
  $ headrace run acme --budget 600 || test $? -eq 3          stop after ten minutes; the next run goes on
  $ headrace run acme orders --from 2026-01-01 --until 2026-02-01
                                                             a month again, beside the cursor
  $ headrace run acme --dry-run                              what would be asked first; sends nothing

Destinations: duckdb:PATH[#SCHEMA], bigquery:PROJECT[.DATASET][?location=EU], files:DIR[?format=ndjson|parquet]
Default: HEADRACE_DESTINATION, else the connector's destination, else duckdb:headrace.duckdb
Ctrl-C once finishes the batch and commits it, twice stops at once; nothing is lost either way.`,
  check: `
Examples:
  $ headrace check acme
  $ headrace check acme.yaml orders --json | jq '.streams[].proposals'`,
  preview: `
Examples:
  $ headrace preview acme orders
  $ headrace preview acme orders --limit 3 --json | jq .columns`,
  connect: `
Examples:
  $ headrace connect acme                                    in the browser of this computer
  $ headrace connect acme --paste                            from a server: open the address anywhere, paste where it ends
  $ headrace connect acme --device                           enter a short code on any device
  $ headrace connect acme --port 8976 --no-browser           come back to the port that is registered

In the connector:  auth: { type: oauth2_authorization_code, provider: github, scopes: [repo],
                           client_id: ..., client_secret: secret:acme-client, tokens: secret:acme-tokens }
The tokens go to Secret Manager with your own credentials (gcloud auth application-default login), or to a file
of mode 0600. A run that says RECONNECT_NEEDED needs this command once more.
Exit codes: 0 connected and saved, 1 refused or not answered, 2 usage or configuration, 130 left by Ctrl-C.`,
  status: `
Examples:
  $ headrace status                                          every connector of the directory
  $ headrace status acme --to duckdb:acme.duckdb --json
  $ headrace status --html status.html                       the same as a page, for a browser`,
  state: `
Examples:
  $ headrace state show acme                                 where each stream stands
  $ headrace state show acme orders --json                   and what that belongs to, with its slices
  $ headrace state set acme orders 2026-01-01T00:00:00Z      the next run goes on from there
  $ headrace state set acme commits 2026-01-01 --slice '{"repo":"headrace"}'
  $ headrace state reset acme orders                         the next run reads everything again

A change is one commit, recorded with who made it and when; it is refused while a run is under way.
Exit codes: 0 done, 1 the destination is busy or failed, 2 usage, or rows would come twice.`,
  schema: `
Example:
  $ headrace schema > connector.schema.json
  and at the top of a connector file:  # yaml-language-server: $schema=connector.schema.json`,
  init: `
Examples:
  $ headrace init acme                                       asks a few questions
  $ headrace init acme --base-url https://api.acme.com/v1 --auth bearer --stream orders \\
      --primary-key id --cursor updated_at
  $ headrace init issues --base-url https://api.github.com --auth oauth2_authorization_code --provider github`,
  serve: `
Examples:
  $ headrace serve --port 8080                               then open http://127.0.0.1:8080 for the status page
  $ curl -X POST http://127.0.0.1:8080/run/acme
  $ curl -H 'Content-Type: application/json' -d '{"connector": "acme", "streams": ["orders"]}' http://127.0.0.1:8080/`,
  deploy: `
Examples:
  $ headrace deploy --project acme-data --region europe-west4 --plan     what would be done, and how
  $ headrace deploy --project acme-data --region europe-west4            do it, after asking
  $ headrace deploy --project acme-data --region europe-west4 --destroy  out again; datasets and secrets stay`,
} as const
