[
  (body)
  (arguments)
  (array)
  (shape)
  (comment)+
] @fold
