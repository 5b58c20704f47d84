"""/docs: every operation on one page, made of /openapi.json. It loads nothing from anywhere, and needs no script."""

import json
from collections.abc import Iterator
from html import escape
from typing import Any, Final

METHODS: Final = ("get", "post", "put", "delete")
POLICY: Final = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; frame-ancestors 'none'"
STYLE: Final = """
body { font: 15px/1.5 system-ui, sans-serif; max-width: 60rem; margin: 2rem auto; padding: 0 1rem; color: #222; }
h2 { margin-top: 2.5rem; border-bottom: 1px solid #ccc; } details { margin: .6rem 0; border: 1px solid #ddd; }
summary { padding: .5rem .8rem; cursor: pointer; background: #f6f6f6; } details > div { padding: .2rem .8rem .8rem; }
code, pre { font: 13px/1.45 ui-monospace, monospace; } pre { overflow-x: auto; background: #f6f6f6; padding: .6rem; }
table { border-collapse: collapse; } td, th { text-align: left; vertical-align: top; padding: .2rem .8rem .2rem 0; }
.method { display: inline-block; width: 4.5rem; font-weight: bold; }
@media (prefers-color-scheme: dark) { body { background: #1b1b1b; color: #ddd; } summary, pre { background: #2a2a2a; } }
"""


def reference_page(openapi: dict[str, Any]) -> str:
    told = openapi["info"]
    return (
        "<!doctype html><html lang=en><meta charset=utf-8><meta name=viewport content='width=device-width'>"
        f"<title>{escape(told['title'])} {escape(told['version'])}</title><style>{STYLE}</style>"
        f"<h1>{escape(told['title'])} {escape(told['version'])}</h1>{_paragraphs(told.get('description', ''))}"
        "<p>The same for programs: <a href=openapi.json>openapi.json</a></p>"
        f"{''.join(_groups(openapi))}<h2>Schemas</h2>{''.join(_schemas(openapi))}</html>"
    )


def _groups(openapi: dict[str, Any]) -> Iterator[str]:
    groups: dict[str, list[str]] = {}
    for path, operations in openapi["paths"].items():
        for method in METHODS:
            if method in operations:
                operation = operations[method]
                groups.setdefault(operation.get("tags", ["other"])[0], []).append(_operation(path, method, operation))
    for name, operations in groups.items():
        yield f"<h2>{escape(name.capitalize())}</h2>{''.join(operations)}"


def _operation(path: str, method: str, operation: dict[str, Any]) -> str:
    about = operation.get("description") or operation.get("summary", "")
    body = operation.get("requestBody")
    return (
        f"<details><summary><span class=method>{method.upper()}</span><code>{escape(path)}</code></summary><div>"
        f"{_paragraphs(about)}{_parameters(operation.get('parameters', []))}"
        f"{f'<h4>Body</h4>{_content(body)}' if body else ''}<h4>Answers</h4>{_answers(operation['responses'])}"
        "</div></details>"
    )


def _parameters(parameters: list[dict[str, Any]]) -> str:
    if not parameters:
        return ""
    rows = "".join(
        f"<tr><td><code>{escape(each['name'])}</code><td>{each['in']}<td>{escape(each.get('description', ''))}"
        f"<td><code>{escape(json.dumps(each['schema'], ensure_ascii=False))}</code>"
        for each in parameters
    )
    return f"<table>{rows}</table>"


def _answers(responses: dict[str, Any]) -> str:
    rows = "".join(
        f"<tr><td>{escape(status)}<td>{escape(told.get('description', ''))}<td>{_content(told)}"
        for status, told in responses.items()
    )
    return f"<table>{rows}</table>"


def _content(told: dict[str, Any]) -> str:
    return "".join(
        _named(schema) if (schema := media.get("schema")) else f"<code>{escape(kind)}</code>"
        for kind, media in told.get("content", {}).items()
    )


def _named(schema: dict[str, Any]) -> str:
    """A schema by its name, where it has one, or as it is."""
    if reference := schema.get("$ref") or schema.get("items", {}).get("$ref"):
        name = reference.rpartition("/")[2]
        return f"<a href='#{escape(name)}'>{'array of ' if 'items' in schema else ''}{escape(name)}</a>"
    return f"<pre>{escape(json.dumps(schema, indent=1, ensure_ascii=False))}</pre>"


def _schemas(openapi: dict[str, Any]) -> Iterator[str]:
    for name, schema in openapi.get("components", {}).get("schemas", {}).items():
        text = escape(json.dumps(schema, indent=1, ensure_ascii=False))
        yield f"<details id='{escape(name)}'><summary>{escape(name)}</summary><div><pre>{text}</pre></div></details>"


def _paragraphs(text: str) -> str:
    return "".join(f"<p>{escape(part)}</p>" for part in text.split("\n\n") if part.strip())
