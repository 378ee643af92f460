; No node has two patterns: so it does not matter which of two an editor prefers.

; Words
[
  "model"
  "block"
  "input"
  "output"
  "let"
  "repeat"
  "reuse"
  "from"
  "import"
  "weights"
  "as"
  "labels"
  "layout"
] @keyword

((comment) @comment
  (#not-match? @comment "^#[ \t]*allow[ \t]+[Ww][0-9]"))

; # allow W0207: as published
((comment) @keyword.directive
  (#match? @keyword.directive "^#[ \t]*allow[ \t]+[Ww][0-9]"))

; What is defined
(model name: (identifier) @type.definition)
(block name: (identifier) @type.definition)
(import name: (identifier) @type)
(parameter name: (identifier) @variable.parameter)
(label) @label
(input name: (identifier) @label)
(output name: (identifier) @label)

; What is used
(kind) @type
(path . (identifier) @label)
(path (identifier) (identifier) @variable.member)
(path (index) @number)
(path (every) @operator)
(argument name: (identifier) @variable.parameter)
(element_type) @type.builtin
(layout layout: (identifier) @constant.builtin)
(call function: (identifier) @function.builtin)

; Values
(number) @number
(string) @string
(escape) @string.escape

((variable) @variable
  (#not-any-of? @variable
    "true" "false" "_"
    "same" "valid" "nearest" "bilinear" "zeros"))

((variable) @boolean
  (#any-of? @boolean "true" "false"))

; What is left over, in `Reshape`
((variable) @variable.builtin
  (#eq? @variable.builtin "_"))

; Choices
((variable) @constant.builtin
  (#any-of? @constant.builtin "same" "valid" "nearest" "bilinear" "zeros"))

[
  "+"
  "-"
  "*"
  "/"
  "//"
  "%"
  "**"
  "="
  "->"
] @operator

[
  ","
  ":"
  "."
] @punctuation.delimiter

[
  "("
  ")"
  "["
  "]"
  "{"
  "}"
] @punctuation.bracket
