/**
 * Where a sign-in ended: `secrets` could not be had or used, the `token_endpoint` could not be reached, it does not know
 * the `client`, it did not accept the `grant` (an assertion, a refresh token), it refused the `scopes` or the API wants
 * others, a person has to `consent`, the `api` refuses the credential.
 */
export type SignInStep = 'secrets' | 'token_endpoint' | 'client' | 'grant' | 'scopes' | 'consent' | 'api'
