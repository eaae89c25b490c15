"""The API's reference, rendered from its OpenAPI description."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Field:
    """A parameter, or a member of a body."""

    name: str
    type: str
    required: bool
    description: str
    place: str = ""


@dataclass(frozen=True, slots=True)
class Operation:
    """One method of one path."""

    method: str
    path: str
    anchor: str
    summary: str
    description: str
    parameters: tuple[Field, ...]
    body: str | None
    example: str | None
    responses: tuple[tuple[str, str, str | None], ...]


@dataclass(frozen=True, slots=True)
class Schema:
    """One named kind of object."""

    name: str
    description: str
    fields: tuple[Field, ...]


def operations(openapi: dict[str, Any]) -> list[Operation]:
    """Every operation, in the order of the description."""
    return [
        _operation(method, path, details)
        for path, methods in openapi["paths"].items()
        for method, details in methods.items()
    ]


def schemas(openapi: dict[str, Any]) -> list[Schema]:
    """Every named kind of object, by name."""
    return [
        Schema(
            name,
            schema.get("description", ""),
            tuple(
                Field(member, _type(part), member in schema.get("required", ()), part.get("description", ""))
                for member, part in schema.get("properties", {}).items()
            ),
        )
        for name, schema in sorted(openapi["components"]["schemas"].items())
    ]


def _operation(method: str, path: str, details: dict[str, Any]) -> Operation:
    content = details.get("requestBody", {}).get("content", {}).get("application/json", {})
    body = _type(content["schema"]) if content else None
    return Operation(
        method.upper(),
        path,
        details["operationId"],
        details.get("summary", ""),
        details.get("description", ""),
        tuple(
            Field(p["name"], _type(p["schema"]), p.get("required", False), p.get("description", ""), p["in"])
            for p in details.get("parameters", ())
        ),
        body,
        _example(path, body),
        tuple(
            (status, response["description"], _response_type(response))
            for status, response in sorted(details["responses"].items())
        ),
    )


def _response_type(response: dict[str, Any]) -> str | None:
    for content in response.get("content", {}).values():
        if "schema" in content:
            return _type(content["schema"]) or None
    return None


def _example(path: str, body: str | None) -> str | None:
    if body is None:
        return None
    question = json.dumps({"ratings": {"ID": 1.0}, "k": 10, "explain": True})
    return f"curl -H 'Content-Type: application/json' -d '{question}' http://localhost:8000{path}"


def _type(schema: dict[str, Any]) -> str:
    """A JSON schema as a few words: "integer 1..200", "list of Item", "object of number 0..1 or null"."""
    if "$ref" in schema:
        return str(schema["$ref"]).rsplit("/", 1)[-1]
    if "anyOf" in schema:
        return " or ".join(dict.fromkeys(_type(part) for part in schema["anyOf"]))
    if "enum" in schema or "const" in schema:
        return " | ".join(json.dumps(value) for value in schema.get("enum", [schema.get("const")]))
    kind = str(schema.get("type", "any"))
    if kind == "array":
        return f"list of {_type(schema.get('items', {}))}"
    if kind == "object":
        values = schema.get("additionalProperties")
        return f"object of {_type(values)}" if isinstance(values, dict) else "object"
    if "minimum" in schema and "maximum" in schema:
        return f"{kind} {schema['minimum']:g} to {schema['maximum']:g}"
    if schema.get("format"):
        return f"{kind} ({schema['format']})"
    return kind
