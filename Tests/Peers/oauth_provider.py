"""A provider of OAuth 2 made of Authlib, with a calendar behind it, for the tests.

    oauth_provider.py PORT LIFETIME

Whoever opens /authorize agrees at once, and so does /activate?user_code=CODE; with ?deny=1 he refuses. Refresh tokens are
good for one use; a second use revokes everything, as providers do who take it for a theft. /control?expire=1 makes every
access token invalid, /control?revoke=1 takes the whole login back, /log tells what happened.
"""

import os
import secrets
import sys
import time

os.environ["AUTHLIB_INSECURE_TRANSPORT"] = "1"

from authlib.integrations.flask_oauth2 import AuthorizationServer
from authlib.oauth2.rfc6749 import AuthorizationCodeMixin, ClientMixin, TokenMixin, grants
from authlib.oauth2.rfc7009 import RevocationEndpoint
from authlib.oauth2.rfc7636 import CodeChallenge
from authlib.oauth2.rfc8628 import DeviceAuthorizationEndpoint, DeviceCodeGrant, DeviceCredentialDict
from flask import Flask, Response, jsonify, request

port, lifetime = int(sys.argv[1]), int(sys.argv[2])
app = Flask(__name__)
codes, tokens, used_refresh_tokens, devices, log = {}, [], set(), {}, []


class Client(ClientMixin):
    client_id = "fasti-test"
    client_secret = "not-so-secret"

    def get_client_id(self):
        return self.client_id

    def get_default_redirect_uri(self):
        return None

    def get_allowed_scope(self, scope):
        return scope if scope in ("", None, "calendar") else ""

    def check_redirect_uri(self, uri):
        # RFC 8252, section 7.3: any port of the loopback interface.
        return uri.startswith("http://127.0.0.1:")

    def check_client_secret(self, secret):
        return secret == self.client_secret

    def check_endpoint_auth_method(self, method, endpoint):
        return method == "client_secret_post"

    def check_response_type(self, kind):
        return kind == "code"

    def check_grant_type(self, kind):
        return True


class Code(AuthorizationCodeMixin):
    def __init__(self, **fields):
        self.__dict__.update(fields)
        self.auth_time = int(time.time())

    def get_redirect_uri(self):
        return self.redirect_uri

    def get_scope(self):
        return self.scope

    def get_nonce(self):
        return None

    def get_auth_time(self):
        return self.auth_time


class Token(TokenMixin):
    def __init__(self, fields):
        self.fields = fields
        self.issued = time.time()
        self.is_valid = True

    def check_client(self, client):
        return True

    def get_scope(self):
        return self.fields.get("scope", "")

    def get_expires_in(self):
        return self.fields["expires_in"]

    def is_expired(self):
        return not self.is_valid or time.time() > self.issued + self.fields["expires_in"]

    def is_revoked(self):
        return not self.is_valid

    def get_user(self):
        return "anna"

    def get_client(self):
        return client


client = Client()


def save_token(fields, request):
    fields["expires_in"] = lifetime
    fields.setdefault("refresh_token", secrets.token_urlsafe(24))
    tokens.append(Token(fields))


server = AuthorizationServer(
    app, query_client=lambda name: client if name == client.client_id else None, save_token=save_token)


class CodeGrant(grants.AuthorizationCodeGrant):
    TOKEN_ENDPOINT_AUTH_METHODS = ["client_secret_post"]

    def save_authorization_code(self, code, request):
        payload = request.payload.data
        codes[code] = Code(
            code=code, redirect_uri=payload.get("redirect_uri"), scope=payload.get("scope"),
            code_challenge=payload.get("code_challenge"), code_challenge_method=payload.get("code_challenge_method"))

    def query_authorization_code(self, code, client):
        return codes.get(code)

    def delete_authorization_code(self, code):
        codes.pop(code.code, None)

    def authenticate_user(self, code):
        log.append("code")
        return "anna"


class RefreshGrant(grants.RefreshTokenGrant):
    TOKEN_ENDPOINT_AUTH_METHODS = ["client_secret_post"]
    INCLUDE_NEW_REFRESH_TOKEN = True

    def authenticate_refresh_token(self, value):
        if value in used_refresh_tokens:
            log.append("reuse")
            revoke_all()
            return None
        for token in tokens:
            if token.fields.get("refresh_token") == value and not token.fields.get("revoked"):
                return token
        return None

    def authenticate_user(self, token):
        return "anna"

    def revoke_old_credential(self, token):
        log.append("refresh")
        used_refresh_tokens.add(token.fields["refresh_token"])
        token.is_valid = False


class DeviceEndpoint(DeviceAuthorizationEndpoint):
    CLIENT_AUTH_METHODS = ["client_secret_post"]
    INTERVAL = 1

    def get_verification_uri(self):
        return f"http://127.0.0.1:{port}/activate"

    def save_device_credential(self, client_id, scope, data):
        devices[data["device_code"]] = DeviceCredentialDict(
            {**data, "client_id": client_id, "scope": scope, "expires_at": time.time() + 600})


class DeviceGrant(DeviceCodeGrant):
    TOKEN_ENDPOINT_AUTH_METHODS = ["client_secret_post"]

    def query_device_credential(self, code):
        return devices.get(code)

    def query_user_grant(self, user_code):
        decision = decisions.get(user_code)
        return None if decision is None else ("anna", decision)

    def should_slow_down(self, credential):
        # The first question comes too early.
        is_first = credential["device_code"] not in asked
        asked.add(credential["device_code"])
        return is_first


class Revocation(RevocationEndpoint):
    CLIENT_AUTH_METHODS = ["client_secret_post"]

    def query_token(self, value, hint):
        return next((t for t in tokens if value in (t.fields["access_token"], t.fields.get("refresh_token"))), None)

    def revoke_token(self, token, request):
        token.is_valid = False
        token.fields["revoked"] = True


decisions, asked = {}, set()
server.register_grant(CodeGrant, [CodeChallenge(required=True)])
server.register_grant(RefreshGrant)
server.register_grant(DeviceGrant)
server.register_endpoint(DeviceEndpoint)
server.register_endpoint(Revocation)


def revoke_all():
    for token in tokens:
        token.is_valid = False
        token.fields["revoked"] = True


@app.route("/authorize")
def authorize():
    grant = server.get_consent_grant(end_user="anna")
    return server.create_authorization_response(
        grant_user=None if request.args.get("deny") else "anna", grant=grant)


@app.route("/token", methods=["POST"])
def token():
    return server.create_token_response()


@app.route("/device", methods=["POST"])
def device():
    return server.create_endpoint_response(DeviceEndpoint.ENDPOINT_NAME)


@app.route("/revoke", methods=["POST"])
def revoke():
    return server.create_endpoint_response(Revocation.ENDPOINT_NAME)


@app.route("/activate")
def activate():
    decisions[request.args["user_code"]] = not request.args.get("deny")
    return "thank you"


@app.route("/control")
def control():
    if request.args.get("expire"):
        for known in tokens:
            known.is_valid = False
    if request.args.get("revoke"):
        revoke_all()
    return "done"


@app.route("/log")
def show_log():
    return jsonify(log)


EVENT = "\r\n".join([
    "BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:-//Test//EN", "BEGIN:VEVENT", "UID:1", "DTSTAMP:20240102T030405Z",
    "SUMMARY:Behind a login", "END:VEVENT", "END:VCALENDAR", ""])

LISTING = """<?xml version="1.0"?><D:multistatus xmlns:D="DAV:" xmlns:C="urn:ietf:params:xml:ns:caldav">
<D:response><D:href>/dav/</D:href><D:propstat><D:prop><D:resourcetype><D:collection/><C:calendar/></D:resourcetype>
<D:displayname>Work</D:displayname></D:prop><D:status>HTTP/1.1 200 OK</D:status></D:propstat></D:response>%s
</D:multistatus>"""

MEMBER = """<D:response><D:href>/dav/1.ics</D:href><D:propstat><D:prop><D:resourcetype/><D:getetag>"1"</D:getetag>
</D:prop><D:status>HTTP/1.1 200 OK</D:status></D:propstat></D:response>"""


@app.route("/dav/", defaults={"name": ""}, methods=["PROPFIND", "GET", "REPORT"])
@app.route("/dav/<name>", methods=["PROPFIND", "GET", "REPORT"])
def dav(name):
    value = request.headers.get("Authorization", "").removeprefix("Bearer ")
    if not any(t.fields["access_token"] == value and not t.is_expired() for t in tokens):
        return Response(status=401, headers={"WWW-Authenticate": 'Bearer error="invalid_token"'})
    if name:
        return Response(EVENT, content_type="text/calendar", headers={"ETag": '"1"'})
    body = LISTING % (MEMBER if request.headers.get("Depth") == "1" else "")
    return Response(body, status=207, content_type="application/xml")


app.run(host="127.0.0.1", port=port, threaded=True)
