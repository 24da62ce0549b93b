import Basics

/// The description of the API for tools: OpenAPI 3.1, made from the table of routes.
public enum OpenAPI {
    public static func document(_ routes: [Route] = Routes.all, version: String = "1") -> JSON {
        var paths: [String: [String: JSON]] = [:]
        for route in routes { paths[route.pattern, default: [:]][route.method.rawValue.lowercased()] = operation(route) }
        return .object([
            "openapi": .string("3.1.0"),
            "info": .object(["title": .string("Assay"), "version": .string(version)]),
            "paths": .object(paths.mapValues { .object($0) }),
            "components": .object([
                "securitySchemes": .object([
                    "person": .object([
                        "type": .string("mutualTLS"),
                        "description": .string("A self-signed certificate over the login key that the roster names for the person."),
                    ]),
                    "machine": .object([
                        "type": .string("mutualTLS"),
                        "description": .string("A self-signed certificate over the key that an open allowance names for the machine."),
                    ]),
                ]),
                "schemas": .object(["Problem": problemSchema]),
            ]),
        ])
    }

    private static func operation(_ route: Route) -> JSON {
        var responses: [String: JSON] = [:]
        for answer in route.answers {
            responses[String(answer.status)] = .object([
                "description": .string(answer.summary), "content": .object([answer.media.essence: .object([:])]),
            ])
        }
        responses["default"] = .object([
            "description": .string("What went wrong (RFC 9457)."),
            "content": .object([
                MediaType.problem.essence: .object(["schema": .object(["$ref": .string("#/components/schemas/Problem")])])
            ]),
        ])
        var operation: [String: JSON] = [
            "operationId": .string(route.name), "summary": .string(route.summary), "responses": .object(responses),
            "parameters": .array(
                route.pathParameters.map { parameter($0, in: "path") } + route.query.map { parameter($0, in: "query") }),
        ]
        if !route.bodies.isEmpty {
            operation["requestBody"] = .object([
                "required": .bool(true),
                "content": .object(Dictionary(uniqueKeysWithValues: Set(route.bodies).map { ($0.essence, .object([:])) })),
            ])
        }
        switch route.permission {
        case .anyone: operation["security"] = .array([])
        case .person: operation["security"] = .array([.object(["person": .array([])])])
        case .machine: operation["security"] = .array([.object(["machine": .array([])])])
        case .role(let roles):
            operation["security"] = .array([.object(["person": .array([])])])
            operation["description"] = .string("For persons with the role " + roles.sorted().joined(separator: " or ") + ".")
        }
        return .object(operation)
    }

    private static func parameter(_ parameter: Route.Parameter, in place: String) -> JSON {
        var schema = parameter.kind.schema
        if parameter.repeats { schema = .object(["type": .string("array"), "items": schema]) }
        return .object([
            "name": .string(parameter.name), "in": .string(place), "required": .bool(parameter.isRequired),
            "description": .string(parameter.summary), "schema": schema,
        ])
    }

    private static let problemSchema: JSON = {
        let text = JSON.object(["type": .string("string")])
        return .object([
            "type": .string("object"),
            "required": .array(["type", "title", "status", "detail", "code"].map { .string($0) }),
            "properties": .object([
                "type": text, "title": text, "status": .object(["type": .string("integer")]), "detail": text, "code": text, "field": text,
                "requestId": text,
            ]),
        ])
    }()
}

extension Route.Parameter.Kind {
    /// JSON Schema for the texts that ``accepts(_:)`` takes.
    var schema: JSON {
        switch self {
        case .handle: .object(["type": .string("string"), "pattern": .string("^[a-z0-9-]{1,32}$")])
        case .id: .object(["type": .string("string"), "pattern": .string("^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$")])
        case .digest: .object(["type": .string("string"), "pattern": .string("^[0-9a-f]{64}$")])
        case .number: .object(["type": .string("integer"), "minimum": .integer(0)])
        case .limit:
            .object([
                "type": .string("integer"), "minimum": .integer(PageLimit.accepted.lowerBound),
                "maximum": .integer(PageLimit.accepted.upperBound), "default": .integer(PageLimit.usual),
            ])
        case .text: .object(["type": .string("string"), "minLength": .integer(1), "maxLength": .integer(1024)])
        }
    }
}
