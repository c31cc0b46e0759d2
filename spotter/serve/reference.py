"""The page of the OpenAPI document; it needs no scripts, and nothing from elsewhere."""

from __future__ import annotations

import html
from collections.abc import Iterator, Mapping
from typing import Any


def reference_page(document: Mapping[str, Any]) -> str:
    """HTML of an OpenAPI 3 document: each operation with its parameters and answers."""
    title = html.escape(f"{document['info']['title']} {document['info']['version']}")
    schemas = document.get("components", {}).get("schemas", {})
    parts = [
        '<!doctype html><html lang="en"><head><meta charset="utf-8">',
        '<meta name="viewport" content="width=device-width, initial-scale=1">',
        f'<title>{title}</title><link rel="stylesheet" href="/static/page.css"></head>',
        f'<body class="reference"><main><h1>{title}</h1>',
        '<p><a href="/openapi.json">openapi.json</a> is this page for programs. ',
        '<a href="/">Try it with a photo</a>.</p>',
    ]
    for path, operations in document["paths"].items():
        for method, operation in operations.items():
            parts += _operation(path, method, operation)
    parts.append("<h2>Types</h2>")
    for name, schema in sorted(schemas.items()):
        if not name.startswith(("Body_", "HTTPValidation", "Validation")):
            parts += _schema(name, schema)
    return "".join([*parts, "</main></body></html>"])


def _operation(path: str, method: str, operation: Mapping[str, Any]) -> Iterator[str]:
    yield f"<h2><code>{method.upper()} {html.escape(path)}</code></h2>"
    for key in ("summary", "description"):
        if operation.get(key):
            yield f"<p>{html.escape(operation[key])}</p>"
    if "requestBody" in operation:
        yield f"<pre>curl -F files=@photo.jpg http://HOST:PORT{html.escape(path)}</pre>"
    rows = [
        (each["name"], _type(each["schema"]), each.get("description", ""))
        for each in operation.get("parameters", ())
    ]
    yield from _table("Parameters", rows)
    answers = []
    for status, answer in operation["responses"].items():
        kinds = ", ".join(
            _type(content["schema"]) if kind == "application/json" else kind
            for kind, content in answer.get("content", {}).items()
        )
        answers.append((status, kinds, answer.get("description", "")))
    yield from _table("Answers", answers)


def _schema(name: str, schema: Mapping[str, Any]) -> Iterator[str]:
    yield f'<h3 id="{html.escape(name)}">{html.escape(name)}</h3>'
    yield f"<p>{html.escape(schema.get('description', ''))}</p>"
    yield from _table(
        "",
        [
            (key, _type(value), value.get("description", ""))
            for key, value in schema.get("properties", {}).items()
        ],
    )


def _table(caption: str, rows: list[tuple[str, str, str]]) -> Iterator[str]:
    if rows:
        yield f"<table>{f'<caption>{caption}</caption>' if caption else ''}"
        for name, kind, about in rows:
            cells = (f"<code>{html.escape(name)}</code>", html.escape(kind), html.escape(about))
            yield f"<tr><td>{'</td><td>'.join(cells)}</td></tr>"
        yield "</table>"


def _type(schema: Mapping[str, Any]) -> str:
    """A type in words: ``list of Word``, ``number (0 to 1, default 0.0)``."""
    if "$ref" in schema:
        return str(schema["$ref"]).rpartition("/")[2]
    if "anyOf" in schema:
        return " or ".join(_type(each) for each in schema["anyOf"])
    if schema.get("type") == "array":
        parts = schema.get("prefixItems")
        if parts:
            return f"[{', '.join(_type(each) for each in parts)}]"
        return f"list of {_type(schema.get('items', {}))}"
    kind = ", ".join(map(str, schema["enum"])) if "enum" in schema else schema.get("type", "any")
    notes = []
    if "minimum" in schema and "maximum" in schema:
        notes.append(f"{schema['minimum']:g} to {schema['maximum']:g}")
    if "default" in schema:
        notes.append(f"default {schema['default']}")
    return f"{kind} ({', '.join(notes)})" if notes else str(kind)
