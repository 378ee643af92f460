; Values and compile-time names live in the body that defines them; a repeat's are its own.
(model) @local.scope
(block) @local.scope
(repeat body: (body) @local.scope)

(parameter name: (identifier) @local.definition)
(let name: (identifier) @local.definition)
(repeat index: (identifier) @local.definition)

(variable) @local.reference
