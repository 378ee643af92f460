// What the end of a line means.
//
// A statement ends with its line. A line goes on inside ( ) and [ ], after a comma of `from` and
// `import`, and before a `{`. But a line that can only be a new statement is one, whatever is open
// above it: so a bracket that is never closed breaks no more than its own statement.

#include "tree_sitter/alloc.h"
#include "tree_sitter/parser.h"

#include <string.h>

enum Token {
    LINE_END,        // the end of a statement
    BLANK,           // the end of a line on which nothing stands
    INNER_LINE_END,  // an end of a line that means nothing
    AFTER_COMMA,     // the same, after a comma of `from` or `import`
    OPEN_PAREN,
    CLOSE_PAREN,
    OPEN_BRACKET,
    CLOSE_BRACKET,
    INSIDE_STRING,
    ANY_ERROR,
};

// How many lines are looked at for what comes next.
#define MAX_LINES 1000
// Longer than any keyword.
#define MAX_WORD 16

// How many brackets are open.
typedef struct {
    uint8_t depth;
} Scanner;

static bool is_blank(int32_t c) { return c == ' ' || c == '\t' || c == '\r'; }

static bool is_digit(int32_t c) { return c >= '0' && c <= '9'; }

static bool is_capital(int32_t c) { return c >= 'A' && c <= 'Z'; }

static bool starts_word(int32_t c) { return is_capital(c) || (c >= 'a' && c <= 'z') || c == '_'; }

static void advance(TSLexer *lexer) { lexer->advance(lexer, false); }

static void skip_blanks(TSLexer *lexer) {
    while (is_blank(lexer->lookahead)) advance(lexer);
}

// Goes to what comes next, over lines that hold nothing or a comment.
static void skip_lines(TSLexer *lexer) {
    for (unsigned lines = 0; lines < MAX_LINES;) {
        skip_blanks(lexer);
        if (lexer->lookahead == '#') {
            while (lexer->lookahead != '\n' && !lexer->eof(lexer)) advance(lexer);
        } else if (lexer->lookahead == '\n') {
            advance(lexer);
            lines++;
        } else {
            return;
        }
    }
}

// Whether the next line goes on with a list, or ends it.
static bool continues_list(TSLexer *lexer) {
    for (unsigned lines = 0; lines < MAX_LINES;) {
        skip_blanks(lexer);
        if (lexer->lookahead != '\n') break;
        advance(lexer);
        lines++;
    }
    int32_t c = lexer->lookahead;
    return c > 0 && c < 128 && strchr(")],+-*/%", c) != NULL;
}

static bool is_one_of(const char *word, const char *const *words) {
    for (; *words; words++) {
        if (strcmp(word, *words) == 0) return true;
    }
    return false;
}

// Whether what comes next can only be a new statement, item or header: a keyword, a label, or a
// name in capitals that no list would hold there.
static bool starts_statement(TSLexer *lexer, bool in_brackets) {
    static const char *const KEYWORDS[] = {"model",  "block", "input",  "output",  "let",
                                           "repeat", "reuse", "import", "weights", NULL};
    int32_t first = lexer->lookahead;
    if (!starts_word(first)) return false;
    char word[MAX_WORD] = {0};
    unsigned length = 0;
    while (starts_word(lexer->lookahead) || is_digit(lexer->lookahead)) {
        if (length < MAX_WORD - 1) word[length] = (char)lexer->lookahead;
        length++;
        advance(lexer);
    }
    skip_blanks(lexer);
    int32_t next = lexer->lookahead;
    if (length < MAX_WORD) {
        if (is_one_of(word, KEYWORDS)) return next != '.' && next != ',' && next != '=';
        if (strcmp(word, "from") == 0) return false;
        if (strcmp(word, "layout") == 0) {
            for (const char *rest = "channels"; *rest; rest++) {
                if (lexer->lookahead != *rest) return false;
                advance(lexer);
            }
            return true;
        }
    }
    if (next == ':') return true;
    if (!is_capital(first)) return false;
    if (next == '(') return true;
    bool bare = next == '\n' || next == '#' || lexer->eof(lexer);
    if (!in_brackets || !bare || length == 1) return false;
    while (lexer->lookahead != '\n' && !lexer->eof(lexer)) advance(lexer);
    return !continues_list(lexer);
}

static bool found(TSLexer *lexer, enum Token token) {
    lexer->result_symbol = token;
    return true;
}

// At a `}` or the end of the file.
static bool before_close(Scanner *scanner, TSLexer *lexer, const bool *valid) {
    if (!valid[LINE_END] || valid[ANY_ERROR]) return false;
    lexer->mark_end(lexer);
    scanner->depth = 0;
    return found(lexer, LINE_END);
}

static bool newline(Scanner *scanner, TSLexer *lexer, const bool *valid) {
    advance(lexer);
    lexer->mark_end(lexer);
    if (scanner->depth > 0) {
        skip_lines(lexer);
        bool closes = lexer->lookahead == '}' || lexer->eof(lexer);
        if (!closes && !starts_statement(lexer, true)) return found(lexer, INNER_LINE_END);
        if (!valid[LINE_END]) return false;
        scanner->depth = 0;
        return found(lexer, LINE_END);
    }
    if (valid[LINE_END]) return found(lexer, LINE_END);
    if (valid[BLANK]) return found(lexer, BLANK);
    skip_lines(lexer);
    if (lexer->lookahead == '{') return found(lexer, INNER_LINE_END);
    if (valid[AFTER_COMMA] && !lexer->eof(lexer) && !starts_statement(lexer, false)) {
        return found(lexer, AFTER_COMMA);
    }
    return false;
}

static bool bracket(Scanner *scanner, TSLexer *lexer, const bool *valid, enum Token token) {
    if (!valid[token]) return false;
    advance(lexer);
    lexer->mark_end(lexer);
    if (token == OPEN_PAREN || token == OPEN_BRACKET) {
        if (scanner->depth < UINT8_MAX) scanner->depth++;
    } else if (scanner->depth > 0) {
        scanner->depth--;
    }
    return found(lexer, token);
}

bool tree_sitter_nn_external_scanner_scan(void *payload, TSLexer *lexer, const bool *valid) {
    Scanner *scanner = payload;
    if (valid[INSIDE_STRING] && !valid[ANY_ERROR]) return false;
    while (is_blank(lexer->lookahead)) lexer->advance(lexer, true);
    if (lexer->eof(lexer)) return before_close(scanner, lexer, valid);
    switch (lexer->lookahead) {
        case '\n': return newline(scanner, lexer, valid);
        case '}': return before_close(scanner, lexer, valid);
        case '(': return bracket(scanner, lexer, valid, OPEN_PAREN);
        case ')': return bracket(scanner, lexer, valid, CLOSE_PAREN);
        case '[': return bracket(scanner, lexer, valid, OPEN_BRACKET);
        case ']': return bracket(scanner, lexer, valid, CLOSE_BRACKET);
        default: return false;
    }
}

void *tree_sitter_nn_external_scanner_create(void) {
    return ts_calloc(1, sizeof(Scanner));
}

void tree_sitter_nn_external_scanner_destroy(void *payload) { ts_free(payload); }

unsigned tree_sitter_nn_external_scanner_serialize(void *payload, char *buffer) {
    Scanner *scanner = payload;
    buffer[0] = (char)scanner->depth;
    return 1;
}

void tree_sitter_nn_external_scanner_deserialize(void *payload, const char *buffer, unsigned length) {
    Scanner *scanner = payload;
    scanner->depth = length == 1 ? (uint8_t)buffer[0] : 0;
}
