"""A schema registry with the replies that Confluent documents, for tests: registry.py PROTOS [PORT
[USER:PASSWORD [CERTIFICATE KEY]]]; with a certificate it speaks TLS, and with those alone who have that
certificate, too. Prints its port and serves until its standard input ends.

Schemas are registered as the serializers do. Python's Protobuf serializer registers descriptors;
like the real registry this one answers with the .proto text, which it finds under PROTOS. A POST to
/test/failures makes so many of the next requests fail with status 503.
"""
import base64
import http.server
import json
import os
import ssl
import sys
import threading
import urllib.parse

from google.protobuf import descriptor_pb2

PROTOS, USER = sys.argv[1], sys.argv[3] if len(sys.argv) > 3 else None
CERTIFICATE, KEY = sys.argv[4:6] if len(sys.argv) > 5 else (None, None)


class Schemas:
    def __init__(self):
        self.by_id, self.versions = [], {}

    def register(self, subject, body):
        schema = {key: body[key] for key in ("schemaType", "schema", "references") if body.get(key)}
        if schema.get("schemaType") == "PROTOBUF":
            file = descriptor_pb2.FileDescriptorProto()
            file.ParseFromString(base64.b64decode(schema["schema"]))
            with open(os.path.join(PROTOS, file.name), encoding="utf-8") as text:
                schema["schema"] = text.read()
        if schema.get("schemaType") == "AVRO":
            del schema["schemaType"]  # which the registry leaves out
        if schema not in self.by_id:
            self.by_id.append(schema)
        number = self.by_id.index(schema) + 1
        versions = self.versions.setdefault(subject, [])
        if number not in versions:
            versions.append(number)
        return {"id": number, "version": versions.index(number) + 1, "subject": subject, **schema}


SCHEMAS = Schemas()
FAILURES = [0]
REQUESTS = [0]


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def reply(self, status, body):
        data = json.dumps(body).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/vnd.schemaregistry.v1+json")
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def path_steps(self):
        path = urllib.parse.urlparse(self.path).path
        return [urllib.parse.unquote(step) for step in path.strip("/").split("/")]

    def refused(self):
        REQUESTS[0] += 1
        if FAILURES[0] > 0:
            FAILURES[0] -= 1
            self.reply(503, {"error_code": 50301, "message": "not now"})
            return True
        expected = "Basic " + base64.b64encode((USER or "").encode()).decode()
        if USER and self.headers.get("Authorization") != expected:
            self.reply(401, {"error_code": 401, "message": "Unauthorized"})
            return True
        return False

    def do_GET(self):
        steps = self.path_steps()
        if steps == ["test", "requests"]:
            return self.reply(200, REQUESTS[0])
        if self.refused():
            return None
        if steps[:2] == ["schemas", "ids"]:
            number = int(steps[2])
            if not 1 <= number <= len(SCHEMAS.by_id):
                return self.reply(404, {"error_code": 40403, "message": "Schema not found"})
            return self.reply(200, SCHEMAS.by_id[number - 1])
        if len(steps) == 4 and steps[0] == "subjects" and steps[2] == "versions":
            versions = SCHEMAS.versions.get(steps[1], [])
            version = len(versions) if steps[3] == "latest" else int(steps[3])
            if not 1 <= version <= len(versions):
                return self.reply(404, {"error_code": 40402, "message": "Version not found"})
            number = versions[version - 1]
            return self.reply(200, {"subject": steps[1], "version": version, "id": number,
                                    **SCHEMAS.by_id[number - 1]})
        return self.reply(404, {"error_code": 404, "message": "HTTP 404 Not Found"})

    def do_POST(self):
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        steps = self.path_steps()
        if steps == ["test", "failures"]:
            FAILURES[0] = body
            return self.reply(200, body)
        if self.refused():
            return None
        if steps[0] == "subjects":
            return self.reply(200, SCHEMAS.register(steps[1], body))
        return self.reply(404, {"error_code": 404, "message": "HTTP 404 Not Found"})

    def log_message(self, *_):
        pass


def main():
    port = int(sys.argv[2]) if len(sys.argv) > 2 else 0
    server = http.server.ThreadingHTTPServer(("127.0.0.1", port), Handler)
    if CERTIFICATE:
        tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        tls.load_cert_chain(CERTIFICATE, KEY)
        tls.load_verify_locations(CERTIFICATE)
        tls.verify_mode = ssl.CERT_REQUIRED
        server.socket = tls.wrap_socket(server.socket, server_side=True,
                                        do_handshake_on_connect=False)
    server.handle_error = lambda *_: None  # strangers that it sends away
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, daemon=True).start()
    print(server.server_port, flush=True)
    sys.stdin.read()


if __name__ == "__main__":
    main()
