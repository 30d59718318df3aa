"""A client of the API in another language: it knows the OpenAPI document, a token and the authority, and nothing of Gantry.

    openapi-client.py SERVER AUTHORITY VM      the token is the first line of the input

Every call is made from the document by its operationId: method, path, parameters and bodies. What is sent and what
comes back is judged by the schemas of the document. Prints what it saw, as JSON.
"""

import json
import ssl
import sys
import urllib.parse
import urllib.request

import jsonschema
import openapi_spec_validator

server, authority, vm = sys.argv[1:]
token = sys.stdin.readline().strip()
trust = ssl.create_default_context(cafile=authority)


def send(method, url, body=None, headers=None):
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(url, data, headers or {}, method=method)
    with urllib.request.urlopen(request, context=trust, timeout=30) as answer:
        return answer.status, json.load(answer)


_, document = send("GET", f"{server}/api/v1/openapi.json")
openapi_spec_validator.validate(document)


def resolve(value):
    """Schemas refer to the components of the document, which here are those of the schema."""
    return {"components": document["components"], **value}


def judge(value, content):
    schema = content["application/json"]["schema"]
    jsonschema.Draft202012Validator(resolve(schema)).validate(value)
    return value


def generate():
    """One function for each operation of the document."""
    functions = {}
    for path, item in document["paths"].items():
        for method, operation in item.items():
            functions[operation["operationId"]] = make(path, method.upper(), operation)
    return functions


def make(path, method, operation):
    def call(body=None, **given):
        url, query = path, {}
        for parameter in operation["parameters"]:
            name = parameter["name"]
            if name not in given:
                assert not parameter["required"], f"{operation['operationId']} needs {name}"
                continue
            value = given.pop(name)
            jsonschema.Draft202012Validator(resolve(parameter["schema"])).validate(value)
            if parameter["in"] == "path":
                url = url.replace("{" + name + "}", urllib.parse.quote(value, safe=""))
            elif parameter["in"] == "query":
                query[name] = value
        assert not given, f"{operation['operationId']} does not know {list(given)}"
        if "requestBody" in operation:
            judge(body, operation["requestBody"]["content"])
        headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
        base = server + document["servers"][0]["url"]
        search = "?" + urllib.parse.urlencode(query) if query else ""
        status, answer = send(method, base + url + search, body, headers)
        return judge(answer, operation["responses"][str(status)]["content"])

    return call


client = generate()


def finish(operation):
    ended = client["operation.show"](operation=operation["id"], waitSeconds=20)
    return ended["state"]


def state():
    return [(one["name"], one["state"]) for one in client["vm.list"](filter=f"name = {vm}")["items"]]


seen = [state()]
for action in ["turn-on", "turn-off"]:
    seen.append(finish(client["vm.act"](vm=vm, action=action, body={})))
    seen.append(state())
print(json.dumps({"operations": len(client), "seen": seen}))
