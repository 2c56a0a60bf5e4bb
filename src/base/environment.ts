/** An environment variable that the program reads. */
export interface Variable {
  readonly meaning: string
  readonly default?: string
  readonly example?: string
}

/** Every environment variable that the program reads, but those that a connector file names; a test holds it complete. */
export const environment = {
  HEADRACE_ALERTS: {
    meaning: 'Where to send failure alerts: webhook or smtp URLs, or secrets that hold them, separated by commas.',
    example: 'secret:acme-alerts',
  },
  HEADRACE_ALERTS_ON: {
    meaning: 'What alerts are sent for: `failures`, or `failures,warnings`.',
    default: 'failures',
    example: 'failures,warnings',
  },
  HEADRACE_AUDIENCE: {
    meaning: 'With `verify`: the audience that the identity tokens of callers must be for.',
    example: 'https://etl.acme.example',
  },
  HEADRACE_BIGQUERY_ENDPOINT: {
    meaning: 'A BigQuery emulator on this machine.',
    example: 'http://127.0.0.1:9050',
  },
  HEADRACE_BUDGET_SECONDS: {
    meaning: 'How long one call of the service may run before it commits and hands over the rest.',
    default: 'the timeout of Cloud Run less a minute; no limit elsewhere',
    example: '1740',
  },
  HEADRACE_CALLERS: {
    meaning:
      'Accounts that may call the service, and what each may run. Empty: with `iam` everyone whom the platform lets in, with `verify` nobody.',
    example: 'scheduler@acme.iam.gserviceaccount.com, ops@acme.example=acme|orders',
  },
  HEADRACE_CONNECTOR: {
    meaning: 'The connector that an event runs if its message names none.',
    example: 'acme',
  },
  HEADRACE_CONNECTORS: {
    meaning: 'The folder in which connectors are looked up by name.',
    default: 'connectors',
    example: 'etl/connectors',
  },
  HEADRACE_DELIVERERS: {
    meaning: 'The accounts that may deliver schedules, tasks and messages; anyone who may call, if empty.',
    default: 'HEADRACE_TASKS_ACCOUNT',
    example: 'call@acme.iam.gserviceaccount.com',
  },
  HEADRACE_DESTINATION: {
    meaning: 'Where rows go, unless the command says otherwise; overrides the connector.',
    default: 'duckdb:headrace.duckdb',
    example: 'bigquery:acme-data?location=EU',
  },
  HEADRACE_GOOGLE_KEYS_ENDPOINT: {
    meaning: "For tests: a server on this machine that has Google's public keys.",
    example: 'http://127.0.0.1:8081/keys',
  },
  HEADRACE_IAP_AUDIENCE: {
    meaning: 'The audience of Identity-Aware Proxy, if it is in front of the service.',
    example: '/projects/123/global/backendServices/456',
  },
  HEADRACE_INBOUND: {
    meaning:
      'How callers are checked: `iam` (by Cloud Run), `verify` (by the service itself) or `none` (this machine only).',
    default: '`iam` on Cloud Run, else `none`',
    example: 'verify',
  },
  HEADRACE_INBOUND_CHECKED_BY: {
    meaning: 'With `iam` outside of Cloud Run: what checks the tokens in front of the service.',
    example: 'envoy',
  },
  HEADRACE_LOG_LEVEL: {
    meaning: 'The level of the log; `--log-level` overrides it.',
    default: 'info',
    example: 'debug',
  },
  HEADRACE_MEMORY: {
    meaning: 'The memory that the process may use, in MiB.',
    default: 'the limit of the container, else the memory of the machine',
    example: '512',
  },
  HEADRACE_QUEUE: {
    meaning: 'The Cloud Tasks queue that takes the rest of a run; needs HEADRACE_URL.',
    example: 'projects/acme-data/locations/europe-west4/queues/headrace',
  },
  HEADRACE_RUNS_AT_ONCE: {
    meaning: 'How many runs one process does at the same time, 1 to 64.',
    default: '4',
    example: '8',
  },
  HEADRACE_SECRET_MANAGER_ENDPOINT: {
    meaning: 'For tests: a Secret Manager on this machine.',
    example: 'http://127.0.0.1:8082',
  },
  HEADRACE_SIGN_IN_ALLOW: {
    meaning:
      'Allowed viewers of the status page: people, @domains, github:users and github-org:organizations, separated by commas.',
    example: '@acme.example, github-org:acme',
  },
  HEADRACE_SIGN_IN_CLIENT_ID: {
    meaning: 'The id of the OAuth client with which people sign in.',
    example: 'acme-status',
  },
  HEADRACE_SIGN_IN_CLIENT_SECRET: {
    meaning: 'A reference to the secret of that client.',
    example: 'secret:sign-in#secret',
  },
  HEADRACE_SIGN_IN_GITHUB_ENDPOINT: {
    meaning: 'For tests: a GitHub on this machine.',
    example: 'http://127.0.0.1:8083',
  },
  HEADRACE_SIGN_IN_KEY: {
    meaning: 'A reference to the secret that seals sessions and signs forms.',
    example: 'secret:sign-in#key',
  },
  HEADRACE_SIGN_IN_MINUTES: {
    meaning: 'How long a session of the status page lasts, 1 to 1440.',
    default: '60',
    example: '480',
  },
  HEADRACE_SIGN_IN_PROVIDER: {
    meaning: 'With whom people sign in to the status page: `google`, `github` or an OpenID Connect issuer.',
    example: 'google',
  },
  HEADRACE_TASKS_ACCOUNT: {
    meaning: 'The service account that signs the tasks of the queue.',
    example: 'call@acme.iam.gserviceaccount.com',
  },
  HEADRACE_TASKS_ENDPOINT: {
    meaning: 'For tests: a Cloud Tasks on this machine.',
    example: 'http://127.0.0.1:8084',
  },
  HEADRACE_URL: {
    meaning: 'The address of the service, for tasks, links in alerts and sign-in.',
    example: 'https://etl.acme.example',
  },
  GOOGLE_APPLICATION_CREDENTIALS: {
    meaning: 'The key file or credential configuration of the Google identity; read by the Google libraries.',
    example: '/etc/google/key.json',
  },
  GOOGLE_CLOUD_PROJECT: {
    meaning: 'The project of secrets that are named without one, of deployments and of log links.',
    default: 'the project of the credentials',
    example: 'acme-data',
  },
  OTEL_EXPORTER_OTLP_ENDPOINT: {
    meaning: 'Where traces and metrics go (OTLP over HTTP); nothing is sent without it.',
    example: 'http://127.0.0.1:4318',
  },
  OTEL_EXPORTER_OTLP_METRICS_ENDPOINT: {
    meaning: 'The same for metrics alone.',
    example: 'http://127.0.0.1:4318/v1/metrics',
  },
  OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: {
    meaning: 'The same for traces alone.',
    example: 'http://127.0.0.1:4318/v1/traces',
  },
  OTEL_SDK_DISABLED: { meaning: '`true` sends no traces and metrics.', example: 'true' },
  PORT: { meaning: 'The port of `headrace serve` and of the function.', default: '8080', example: '9000' },
  CLOUD_RUN_TIMEOUT_SECONDS: { meaning: 'Set by the platform: the timeout of a call.' },
  FUNCTION_TARGET: { meaning: 'The target of the functions framework: `headrace-event` takes events.' },
  K_SERVICE: { meaning: 'Set by Cloud Run, by which the program knows that it runs there.' },
  COLUMNS: { meaning: 'The width of the output that is not a terminal.' },
  FORCE_COLOR: { meaning: 'Colors also where the output is not a terminal; `0` does not.' },
  NO_COLOR: { meaning: 'No colors.' },
  TERM: { meaning: '`dumb`: a terminal without colors.' },
  DISPLAY: { meaning: 'Whether `headrace connect` can open a browser, as WAYLAND_DISPLAY and WSL_DISTRO_NAME.' },
  WAYLAND_DISPLAY: { meaning: 'As DISPLAY.' },
  WSL_DISTRO_NAME: { meaning: 'As DISPLAY.' },
  SSH_CONNECTION: { meaning: 'Set by SSH: `headrace connect` opens no browser there.' },
} as const satisfies Readonly<Record<string, Variable>>
