/** A connector that uses every kind of key: client credentials, defaults, a parent, templates. */
export const example = `name: acme
base_url: https://api.acme.example/v1
auth:
  type: oauth2_client_credentials
  token_url: https://auth.acme.example/token
  client_id: secret:acme-client-id
  client_secret: secret:acme-client-secret
  scopes: [orders.read]
rate_limit: { requests: 100, per: PT1M }
defaults:                                  # merged under every stream
  params: { per_page: 400 }
  paginator: { type: page_number, param: page }
streams:
  - name: orders
    path: /orders
    params: { updated_since: "{{ cursor }}" }
    rows: $.data[*]
    primary_key: [id]
    write: merge
    incremental: { cursor: updated_at, start: 2024-01-01, lookback: PT1H }
  - name: order_events
    parent: { stream: orders, include: { order_id: id } }
    path: /orders/{{ parent.id }}/events
`
