/**
 * @file The `.nn` language, as `grammar/nn.pest` and the scan in front of it define it.
 *
 * What people write by mistake (the `slip_` rules of that grammar) is an error here.
 */

/// <reference types="tree-sitter-cli/dsl" />
// @ts-check

const RESERVED = [
  'model', 'block', 'input', 'output', 'let', 'repeat', 'reuse', 'from', 'import', 'weights',
];

/** What stands between commas: at least one, and a comma may end it. */
const list = rule => seq(rule, repeat(seq(',', rule)), optional(','));

module.exports = grammar({
  name: 'nn',

  // The scanner decides what the end of a line means. It owns the brackets to count them.
  externals: $ => [
    $._line_end, // the end of a statement: that of its line, or what stands before a `}`
    $._blank, // the end of a line on which nothing stands
    $._inner_line_end, // an end of a line that means nothing
    $._after_comma, // the same, outside of brackets after a comma
    '(',
    ')',
    '[',
    ']',
    $._inside_string, // never there: tells the scanner where it must not look
    $._any_error, // never there: valid only while the parser recovers
  ],

  extras: $ => [/[ \t\r]/, $.comment, $._inner_line_end],

  word: $ => $.identifier,

  reserved: {
    global: _ => RESERVED,
  },

  supertypes: $ => [$.item, $.statement, $.expression],

  rules: {
    source_file: $ => repeat(choice($.item, $._blank)),

    comment: _ => token(/#[^\n]*/),

    // ---- Items --------------------------------------------------------------------------------

    item: $ => choice($.layout, $.import, $.model, $.block),

    layout: $ => seq('layout', field('layout', $.identifier), $._line_end),

    import: $ => seq(
      'import',
      field('name', $._name),
      repeat(seq($._comma, field('name', $._name))),
      optional($._comma),
      'from',
      field('file', $.string),
      $._line_end,
    ),

    model: $ => seq(
      'model',
      field('name', $._name),
      field('parameters', optional($.parameters)),
      field('body', $.body),
    ),

    block: $ => seq(
      'block',
      field('name', $._name),
      field('parameters', optional($.parameters)),
      field('body', $.body),
    ),

    parameters: $ => seq('(', optional(list($.parameter)), ')'),

    parameter: $ => seq(
      field('name', $._name),
      optional(seq('=', field('default', $.expression))),
    ),

    // ---- Statements ---------------------------------------------------------------------------

    body: $ => seq('{', repeat(choice($.statement, $._blank)), '}'),

    statement: $ => choice(
      $.input,
      $.output,
      $.let,
      $.weights,
      $.layer,
      $.reuse,
      $.repeat,
    ),

    input: $ => seq(
      'input',
      field('name', $._name),
      ':',
      field('type', optional(alias($.identifier, $.element_type))),
      field('shape', $.shape),
      $._line_end,
    ),

    output: $ => seq(
      'output',
      field('name', $._name),
      optional(seq(':', field('shape', $.shape))),
      optional(seq('from', field('source', $.path))),
      optional(seq('labels', field('labels', choice($.string, $.array)))),
      $._line_end,
    ),

    let: $ => seq('let', field('name', $._name), '=', field('value', $.expression), $._line_end),

    weights: $ => seq('weights', field('file', $.string), $._line_end),

    layer: $ => seq(
      optional($._label),
      field('kind', $._kind),
      field('arguments', optional($.arguments)),
      optional($._from),
      optional($._ascription),
      $._line_end,
    ),

    reuse: $ => seq(
      optional($._label),
      'reuse',
      field('layer', $.path),
      optional($._from),
      optional($._ascription),
      $._line_end,
    ),

    repeat: $ => seq(
      optional($._label),
      'repeat',
      field('count', $.expression),
      optional(seq('as', field('index', $._name))),
      field('body', $.body),
    ),

    // Rules of their own, so that one that is missing is seen to be at the end of its line.
    _name: $ => $.identifier,

    _kind: $ => alias($.identifier, $.kind),

    _label: $ => seq(field('label', alias($.identifier, $.label)), ':'),

    _from: $ => seq(
      'from',
      field('source', $.path),
      repeat(seq($._comma, field('source', $.path))),
    ),

    _comma: $ => seq(',', repeat($._after_comma)),

    _ascription: $ => seq('->', field('shape', $.shape)),

    arguments: $ => seq('(', optional(list($.argument)), ')'),

    argument: $ => seq(
      optional(seq(field('name', $.identifier), '=')),
      field('value', $.expression),
    ),

    shape: $ => seq('[', optional(list($.expression)), ']'),

    // `conv1`, `pool1.indices`, `parts.0`, `stack.*.skip`
    path: $ => seq(
      $.identifier,
      repeat(seq(
        token.immediate('.'),
        choice($.identifier, $.index, $.every),
      )),
    ),

    index: _ => token.immediate(/[0-9]+/),

    every: _ => token.immediate('*'),

    // ---- Expressions --------------------------------------------------------------------------

    expression: $ => choice(
      $.number,
      $.string,
      alias($.identifier, $.variable),
      $.call,
      $.parenthesized,
      $.tuple,
      $.array,
      $.unary,
      $.binary,
    ),

    binary: $ => choice(
      ...[
        ['+', 1], ['-', 1],
        ['*', 2], ['/', 2], ['//', 2], ['%', 2],
      ].map(([operator, strength]) => prec.left(strength, seq(
        field('left', $.expression),
        field('operator', operator),
        field('right', $.expression),
      ))),
      prec.right(4, seq(
        field('left', $.expression),
        field('operator', '**'),
        field('right', $.expression),
      )),
    ),

    unary: $ => prec(3, seq(field('operator', '-'), field('operand', $.expression))),

    call: $ => seq(
      field('function', $.identifier),
      '(', optional(list($.expression)), ')',
    ),

    parenthesized: $ => seq('(', $.expression, ')'),

    tuple: $ => choice(
      seq('(', ')'),
      seq('(', $.expression, ',', ')'),
      seq('(', $.expression, repeat1(seq(',', $.expression)), optional(','), ')'),
    ),

    array: $ => seq('[', optional(list($.expression)), ']'),

    number: _ => /[0-9]+(\.[0-9]+)?([eE][+-]?[0-9]+)?/,

    string: $ => seq(
      '"',
      repeat(choice($.escape, $._text, $._inside_string)),
      token.immediate('"'),
    ),

    _text: _ => token.immediate(prec(1, /[^"\\\n]+/)),

    escape: _ => token.immediate(/\\(u\{[0-9a-fA-F]+\}|[^\n])/),

    identifier: _ => /[A-Za-z_][A-Za-z0-9_]*/,
  },
});
