"""An OAuth 1.0a provider on loopback: oauthlib decides, this file only keeps what it asks for.

Reads one line of JSON from stdin: {"clients": {KEY: {"secret", "rsa_key", "realm", "callback"}}, "tokens": {TOKEN:
{"client", "secret"}}}, prints its port, and ends when stdin does.

    /initiate /authorize /token    the three steps of RFC 5849 section 2; whoever comes to /authorize consents, unless ?deny
    /verify                        a list of {uri, method, headers, body}: which of them bear a good signature
    /atom                          a signed page of a feed
    everything else                signed JSON
"""

import json
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit

from oauthlib.oauth1 import RequestValidator, SignatureOnlyEndpoint, WebApplicationServer
from oauthlib.oauth1.rfc5849.errors import OAuth1Error

known = json.loads(sys.stdin.readline())
clients, tokens = known["clients"], known["tokens"]
requested, used, lock = {}, set(), threading.Lock()


class Validator(RequestValidator):
    enforce_ssl = False
    allowed_signature_methods = (
        "HMAC-SHA1", "HMAC-SHA256", "HMAC-SHA512", "RSA-SHA1", "RSA-SHA256", "PLAINTEXT",
    )
    dummy_client = dummy_request_token = dummy_access_token = "dummy"

    # Keys and tokens of real providers are of any shape.
    def check_client_key(self, client_key): return True
    def check_request_token(self, request_token): return True
    def check_access_token(self, request_token): return True
    def check_nonce(self, nonce): return 8 <= len(nonce) <= 64 and nonce.isalnum()
    def check_verifier(self, verifier): return True
    def check_realms(self, realms): return True

    def validate_client_key(self, client_key, request): return client_key in clients
    def get_client_secret(self, client_key, request): return clients.get(client_key, {}).get("secret", "dummy")
    def get_rsa_key(self, client_key, request): return clients.get(client_key, {}).get("rsa_key", "")

    def validate_timestamp_and_nonce(self, client_key, timestamp, nonce, request, request_token=None, access_token=None):
        seen = (client_key, timestamp, nonce, request_token or access_token)
        with lock:
            fresh = seen not in used
            used.add(seen)
        return fresh

    def validate_redirect_uri(self, client_key, redirect_uri, request): return True
    def validate_requested_realms(self, client_key, realms, request): return True
    def validate_realms(self, client_key, token, request, uri=None, realms=None): return True
    def get_default_realms(self, client_key, request): return []
    def get_realms(self, token, request): return []
    def verify_realms(self, token, realms, request): return True

    def save_request_token(self, token, request):
        requested[token["oauth_token"]] = {
            "client": request.client_key, "secret": token["oauth_token_secret"], "callback": request.redirect_uri,
        }
    def validate_request_token(self, client_key, token, request):
        return requested.get(token, {}).get("client") == client_key
    def get_request_token_secret(self, client_key, token, request): return requested.get(token, {}).get("secret", "dummy")
    def verify_request_token(self, token, request): return token in requested
    def get_redirect_uri(self, token, request): return requested[token]["callback"]
    def save_verifier(self, token, verifier, request): requested[token]["verifier"] = verifier["oauth_verifier"]
    def validate_verifier(self, client_key, token, verifier, request):
        return requested.get(token, {}).get("verifier") == verifier
    def invalidate_request_token(self, client_key, request_token, request): requested.pop(request_token, None)

    def save_access_token(self, token, request):
        tokens[token["oauth_token"]] = {"client": request.client_key, "secret": token["oauth_token_secret"]}
    def validate_access_token(self, client_key, token, request): return tokens.get(token, {}).get("client") == client_key
    def get_access_token_secret(self, client_key, token, request): return tokens.get(token, {}).get("secret", "dummy")


validator = Validator()
server = WebApplicationServer(validator)
two_legged = SignatureOnlyEndpoint(validator)


def verify(uri, method, body, headers):
    """Whether a request is signed well, by a token where it names one and else by its client alone."""
    if "oauth_token=" in headers.get("Authorization", ""):
        valid, request = server.validate_protected_resource_request(uri, method, body, headers, realms=[])
    else:
        valid, request = two_legged.validate_request(uri, method, body, headers)
    realm = clients.get(request.client_key, {}).get("realm") if request else None
    return bool(valid and (realm is None or request.realm == realm))


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *args): pass

    def answer(self, status, body, headers=None):
        data = body.encode()
        self.send_response(status)
        for name, value in (headers or {}).items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def serve(self):
        uri = f"http://{self.headers['Host']}{self.path}"
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0)).decode()
        headers = {name.title(): value for name, value in self.headers.items()}
        call = (uri, self.command, body, headers)
        path, query = urlsplit(uri).path, parse_qs(urlsplit(uri).query)
        try:
            if path == "/verify":
                results = [verify(one["uri"], one["method"], one.get("body"), one["headers"]) for one in json.loads(body)]
                self.answer(200, json.dumps(results), {"Content-Type": "application/json"})
            elif path == "/initiate":
                found, text, status = server.create_request_token_response(*call)
                self.answer(status, text or "", found)
            elif path == "/authorize":
                self.consent(call, query)
            elif path == "/token":
                found, text, status = server.create_access_token_response(*call)
                self.answer(status, text or "", found)
            elif not verify(*call):
                self.answer(401, '{"error": "the signature is not accepted"}', {"Content-Type": "application/json"})
            elif path == "/atom":
                self.feed(int(query.get("page", ["1"])[0]))
            else:
                self.answer(200, '{"data": [{"id": 1}, {"id": 2}]}', {"Content-Type": "application/json"})
        except OAuth1Error as error:
            self.answer(error.status_code, error.urlencoded, {"Content-Type": "application/x-www-form-urlencoded"})

    def consent(self, call, query):
        token = query["oauth_token"][0]
        callback = requested.get(token, {}).get("callback")
        if "deny" in query:
            self.answer(302, "", {"Location": f"{callback}?denied={token}"})
            return
        headers, text, status = server.create_authorization_response(*call, realms=[], credentials={})
        self.answer(status, text or "", headers)

    def feed(self, page):
        following = f'<link rel="next" href="http://{self.headers["Host"]}/atom?page={page + 1}&amp;q=a+b%20c"/>' if page < 3 else ""
        entries = "".join(f"<entry><id>{page}-{at}</id><title>Entry {at} of page {page}</title></entry>" for at in (1, 2))
        text = f'<?xml version="1.0"?><feed xmlns="http://www.w3.org/2005/Atom">{following}{entries}</feed>'
        self.answer(200, text, {"Content-Type": "application/atom+xml"})

    do_GET = do_POST = do_PUT = do_PATCH = serve


listener = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
threading.Thread(target=listener.serve_forever, daemon=True).start()
print(listener.server_address[1], flush=True)
sys.stdin.read()
