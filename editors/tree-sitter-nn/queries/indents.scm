; As nvim-treesitter reads them.
[
  (body)
  (parameters)
  (arguments)
  (shape)
  (array)
  (tuple)
  (parenthesized)
] @indent.begin

[
  "}"
  ")"
  "]"
] @indent.branch @indent.end

(comment) @indent.auto
(ERROR) @indent.auto
