/* The text form read back. A line is a node or an output; `#` begins a comment; the type may be left out where it follows from
 * the operands:
 *
 *     %ID = OP [(values)] [%ID | _, ...] [{name=value ...}] [: FORMAT[dimension, ...]] [@entry 1] [@layer N] ["scope"]
 *     output "NAME" %ID
 *
 * How params are initialised is not part of the text. */
#include <string.h>

#include "compiler/ir/lex.h"
#include "compiler/ir/op.h"

enum { PARSE_IDS = 1 << 18, PARSE_CONSTANT_ELEMENTS = 1 << 20 };

typedef struct Parser {
    Lexer lexer;
    Graph *graph;
    Node **by_id; /* [ids]; NULL: not defined yet */
    size_t ids;
} Parser;

/* Numbers of a constant: the list as written, the last one repeated or not. */
typedef struct Values {
    float *value;
    size_t count, capacity;
    bool repeats;
} Values;

static Node *find_node(const Parser *parser, int64_t id)
{
    return (size_t)id < parser->ids ? parser->by_id[id] : NULL;
}

static void set_node(Parser *parser, Node *node)
{
    size_t id = (size_t)node->id;
    if (id >= parser->ids) {
        size_t ids = 2 * id + 64;
        Node **more = ARENA_ARRAY(parser->lexer.arena, Node *, ids);
        if (parser->ids != 0)
            memcpy(more, parser->by_id, parser->ids * sizeof *more);
        parser->by_id = more;
        parser->ids = ids;
    }
    parser->by_id[id] = node;
}

static bool parse_id(Parser *parser, int64_t *id)
{
    return lex_expect(&parser->lexer, '%') && lex_integer(&parser->lexer, 0, PARSE_IDS - 1, id);
}

/* ---- constants ---- */

static void add_value(Parser *parser, Values *values, double value)
{
    values->value = arena_grow(parser->lexer.arena, values->value, values->count, &values->capacity, sizeof *values->value);
    values->value[values->count++] = (float)value;
}

static bool parse_values(Parser *parser, Values *values)
{
    Lexer *lexer = &parser->lexer;
    if (!lex_expect(lexer, '('))
        return false;
    do {
        double value;
        if (values->count > 0 && lex_accept(lexer, '.')) {
            values->repeats = true;
            return lex_expect(lexer, '.') && lex_expect(lexer, '.') && lex_expect(lexer, ')');
        }
        if (!lex_real(lexer, &value))
            return false;
        if (value > (double)3.402823466e38F || value < (double)-3.402823466e38F) {
            if (value - value == 0) /* finite: a float cannot hold it */
                return lex_error(lexer, "%g is beyond f32", value);
        }
        add_value(parser, values, value);
    } while (lex_accept(lexer, ','));
    return lex_expect(lexer, ')');
}

static bool place_values(Parser *parser, Node *node, const Values *values)
{
    static const int64_t no_symbols[SYMBOL_COUNT];
    size_t count = (size_t)shape_elements(node->shape, no_symbols);
    if (values->count > count || (values->count < count && !values->repeats) || count > PARSE_CONSTANT_ELEMENTS)
        return lex_error(&parser->lexer, "%zu values for %s", values->count, shape_describe(node->shape));
    float *all = ARENA_ARRAY(parser->lexer.arena, float, count);
    for (size_t i = 0; i < count; i++) all[i] = values->value[i < values->count ? i : values->count - 1];
    node->values = all;
    return true;
}

/* ---- operands ---- */

static bool parse_operand(Parser *parser, Node **operand)
{
    *operand = NULL;
    if (lex_accept(&parser->lexer, '_'))
        return true;
    int64_t id;
    if (!parse_id(parser, &id))
        return false;
    *operand = find_node(parser, id);
    return *operand != NULL || lex_error(&parser->lexer, "%%%d is not defined above", (int)id);
}

static bool parse_operands(Parser *parser, Node *node)
{
    Lexer *lexer = &parser->lexer;
    if (!lex_at(lexer, '%') && !lex_at(lexer, '_'))
        return true;
    do {
        if (node->operands == NODE_MAX_OPERANDS)
            return lex_error(lexer, "more than %d operands", NODE_MAX_OPERANDS);
        if (!parse_operand(parser, &node->operand[node->operands++]))
            return false;
    } while (lex_accept(lexer, ','));
    while (node->operands > 0 && node->operand[node->operands - 1] == NULL) node->operands--;
    return true;
}

/* ---- attributes ---- */

/* A word that find() knows; -1 is its answer to others. */
static bool parse_named(Lexer *lexer, int (*find)(const char *), int *value)
{
    char word[LEX_WORD];
    if (!lex_word(lexer, word))
        return false;
    *value = find(word);
    return *value >= 0 || lex_error(lexer, "there is no %s", word);
}

static bool parse_attribute_value(Lexer *lexer, const AttributeInfo *info, Attributes *attributes)
{
    void *at = (char *)attributes + info->offset;
    switch (info->kind) {
    case ATTRIBUTE_INTEGER: return lex_integer(lexer, -INT32_MAX, INT32_MAX, at);
    case ATTRIBUTE_REAL: return lex_real(lexer, at);
    case ATTRIBUTE_FUNCTION: return parse_named(lexer, function_find, at);
    case ATTRIBUTE_MODE: return parse_named(lexer, pool_mode_find, at);
    case ATTRIBUTE_NUMBERS: return parse_named(lexer, format_find, at);
    case ATTRIBUTE_TEXT: return lex_string(lexer, at);
    }
    return false;
}

static const AttributeInfo *find_attribute(const char *name)
{
    for (size_t i = 0; i < attribute_count; i++) {
        if (strcmp(attribute_infos[i].name, name) == 0)
            return &attribute_infos[i];
    }
    return NULL;
}

static bool parse_attributes(Parser *parser, Node *node)
{
    Lexer *lexer = &parser->lexer;
    if (!lex_accept(lexer, '{'))
        return true;
    while (!lex_accept(lexer, '}')) {
        char name[LEX_WORD];
        if (!lex_word(lexer, name))
            return false;
        const AttributeInfo *info = find_attribute(name);
        if (info == NULL || !attribute_belongs(node->op, name))
            return lex_error(lexer, "%s has no attribute %s", op_info(node->op)->name, name);
        if (!attribute_is_zero(info, &node->a))
            return lex_error(lexer, "attribute %s is there twice", name);
        if (!lex_expect(lexer, '=') || !parse_attribute_value(lexer, info, &node->a))
            return false;
    }
    return true;
}

/* ---- types ---- */

static bool parse_symbol(Lexer *lexer, Symbol *symbol)
{
    char word[LEX_WORD];
    if (!lex_word(lexer, word))
        return false;
    for (int i = SYMBOL_none + 1; i < SYMBOL_COUNT; i++) {
        if (strcmp(symbol_name((Symbol)i), word) == 0) {
            *symbol = (Symbol)i;
            return true;
        }
    }
    return lex_error(lexer, "there is no symbol %s", word);
}

static bool parse_dim(Lexer *lexer, Dim *dim)
{
    *dim = dim_of(1);
    bool number = lex_at(lexer, '-') || (*lexer->at >= '0' && *lexer->at <= '9');
    if (number && !lex_integer(lexer, 1, DIM_LIMIT, &dim->size))
        return false;
    if (number && !lex_accept(lexer, '*'))
        return true;
    return parse_symbol(lexer, &dim->symbol);
}

static bool parse_type(Parser *parser, Format *format, Shape *shape)
{
    Lexer *lexer = &parser->lexer;
    char word[LEX_WORD];
    if (!lex_word(lexer, word))
        return false;
    if (!format_parse(word, format))
        return lex_error(lexer, "there is no format %s", word);
    if (!lex_expect(lexer, '['))
        return false;
    *shape = shape_of(0);
    do {
        if (shape->rank == SHAPE_MAX_RANK)
            return lex_error(lexer, "more than %d dimensions", SHAPE_MAX_RANK);
        if (!parse_dim(lexer, &shape->dim[shape->rank++]))
            return false;
    } while (lex_accept(lexer, ','));
    return lex_expect(lexer, ']');
}

/* ---- lines ---- */

static bool parse_place(Parser *parser, Node *node)
{
    Lexer *lexer = &parser->lexer;
    while (lex_accept(lexer, '@')) {
        char word[LEX_WORD];
        int64_t number;
        if (!lex_word(lexer, word) || !lex_integer(lexer, 0, INT32_MAX, &number))
            return false;
        bool layer = strcmp(word, "layer") == 0;
        if (!layer && (strcmp(word, "entry") != 0 || number > 1))
            return lex_error(lexer, "found @%s %d, wanted @layer N or @entry 1", word, (int)number);
        *(layer ? &node->layer : &node->entry) = (int)number;
    }
    return !lex_at(lexer, '"') || lex_string(lexer, &node->name);
}

/* Shape and format by rule; what the line says must agree. */
static bool settle_type(Parser *parser, Node *node, bool given)
{
    Shape shape = node->shape;
    Format format = node->format;
    Err err = {{0}};
    if (!given && op_info(node->op)->most == 0)
        return lex_error(&parser->lexer, "%s without a type", op_info(node->op)->name);
    if (!node_infer(node, &err))
        return lex_error(&parser->lexer, "%s", err.text);
    if (node->entry != 0 && node_is_constant(node))
        return lex_error(&parser->lexer, "a constant belongs to no entry");
    if (given && (format != node->format || !shape_equal(shape, node->shape)))
        return lex_error(&parser->lexer, "is %s%s, not %s%s", format_name(node->format), shape_describe(node->shape),
                         format_name(format), shape_describe(shape));
    return true;
}

static bool parse_rest_of_node(Parser *parser, Node *node)
{
    Lexer *lexer = &parser->lexer;
    Values values = {0};
    if (node->op == OP_constant && !parse_values(parser, &values))
        return false;
    if (!parse_operands(parser, node) || !parse_attributes(parser, node))
        return false;
    bool given = lex_accept(lexer, ':');
    if (given && !parse_type(parser, &node->format, &node->shape))
        return false;
    if (!parse_place(parser, node) || !settle_type(parser, node, given))
        return false;
    return node->op != OP_constant || place_values(parser, node, &values);
}

static bool parse_node(Parser *parser)
{
    Lexer *lexer = &parser->lexer;
    char word[LEX_WORD];
    int64_t id;
    if (!parse_id(parser, &id) || !lex_expect(lexer, '=') || !lex_word(lexer, word))
        return false;
    if (find_node(parser, id) != NULL)
        return lex_error(lexer, "%%%d is defined twice", (int)id);
    Node *node = ARENA_NEW(lexer->arena, Node);
    node->id = (int)id;
    node->layer = -1;
    node->op = op_find(word);
    if (node->op == OP_none)
        return lex_error(lexer, "there is no op %s", word);
    if (!parse_rest_of_node(parser, node))
        return false;
    set_node(parser, node);
    graph_append(parser->graph, node);
    return true;
}

static bool parse_activations(Parser *parser)
{
    int format = FORMAT_f32;
    bool found = parse_named(&parser->lexer, format_find, &format);
    parser->graph->activations = (Format)format;
    return found;
}

static bool parse_output(Parser *parser)
{
    Lexer *lexer = &parser->lexer;
    char word[LEX_WORD];
    const char *name;
    Node *node;
    if (!lex_word(lexer, word))
        return false;
    if (strcmp(word, "activations") == 0)
        return parse_activations(parser);
    if (strcmp(word, "output") != 0)
        return lex_error(lexer, "found %s, wanted a node, activations or output", word);
    if (!lex_string(lexer, &name) || !parse_operand(parser, &node))
        return false;
    if (node == NULL)
        return lex_error(lexer, "output \"%s\" of nothing", name);
    graph_output(parser->graph, name, node);
    return true;
}

Graph *graph_parse(Arena *arena, const char *file, const char *text, Err *err)
{
    Parser parser = {{arena, file, text, 1, err}, graph_new(arena), NULL, 0};
    while (lex_skip_empty_lines(&parser.lexer)) {
        bool good = lex_at(&parser.lexer, '%') ? parse_node(&parser) : parse_output(&parser);
        if (!good || !lex_line_end(&parser.lexer))
            return NULL;
    }
    if (!graph_verify(parser.graph, err)) {
        err_prefix(err, "%s", file);
        return NULL;
    }
    return parser.graph;
}
