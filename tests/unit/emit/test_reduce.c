/* What firmware's sources are made of: lists written out, conditions decided, and no more than the header reaches. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "compiler/emit/expand.h"
#include "compiler/emit/fold.h"
#include "compiler/emit/prune.h"

static Arena *arena;
static Map *absent;

static int begin(void **state)
{
    (void)state;
    arena = arena_new();
    absent = map_new(arena);
    map_set(absent, "WEIGHT_q4", absent);
    map_set(absent, "FUNCTION_relu", absent);
    return 0;
}

static int end(void **state)
{
    (void)state;
    arena_free(arena);
    return 0;
}

static void check(Str *made, const char *wanted)
{
    str_add(made, "", 1);
    assert_string_equal(made->data, wanted);
    str_free(made);
}

static void expands(const char *text, const char *wanted)
{
    Str made = {0};
    expand_lists(&made, arena, text, absent);
    check(&made, wanted);
}

static void folds(const char *text, const char *wanted)
{
    Str made = {0};
    fold_conditions(&made, arena, text, absent);
    check(&made, wanted);
}

static void writes_lists_out(void **state)
{
    (void)state;
    expands("enum {\n"
            "#define FORMAT(name, bits) WEIGHT_##name,\n"
            "FORMAT(f32, 32)\nFORMAT(q4, 4)\n"
            "#undef FORMAT\n    WEIGHT_COUNT\n};\n",
            "enum {\n    WEIGHT_f32,\n    WEIGHT_COUNT\n};\n");
    expands("#define TILE(format) \\\n    static int sums_##format(void) \\\n    { \\\n        return f(WEIGHT_##format, \"TILE\"); \\\n    }\n"
            "TILE(f32)\n#undef TILE\n",
            "static int sums_f32(void)\n{\n    return f(WEIGHT_f32, \"TILE\");\n}\n\n");
    expands("static const Word words[] = {\n#define WORD(name) {#name, word_##name},\nWORD(first)\n#undef WORD\n};\n",
            "static const Word words[] = {\n    {\"first\", word_first},\n};\n");
    /* the other table's entries say nothing where their macro is not defined; a macro that is used elsewhere stays */
    expands("#define UNARY(name, x) case FUNCTION_##name: return x;\n"
            "#ifndef UNARY\n#define UNARY(name, x)\n#endif\n#ifndef BINARY\n#define BINARY(name, x)\n#endif\n"
            "UNARY(relu, MAX(x, 0))\nUNARY(neg, -x)\nBINARY(add, x + y)\n#undef UNARY\n#undef BINARY\n",
            "case FUNCTION_neg: return -x;\n\n\n");
    /* a line of one list within another, which is a list only where all that have it are */
    expands("#define ONE(name, n) \\\n    static int name##_##n(void) { return n; }\n#define BOTH(name) \\\n    int name; \\\n    ONE(name, 2)\n"
            "BOTH(a)\nONE(b, 3)\n#undef BOTH\n#undef ONE\n",
            "int a;\n\nstatic int a_2(void) { return 2; }\n\n\nstatic int b_3(void) { return 3; }\n\n");
    expands("#define ONE(n) f(n);\n#define BOTH(n) ONE(n)\nONE(1)\ng(BOTH(2));\n", "#define ONE(n) f(n);\n#define BOTH(n) ONE(n)\nONE(1)\ng(BOTH(2));\n");
    expands("#define HEIGHT(rows) if (rows) f();\nHEIGHTS(HEIGHT)\n#undef HEIGHT\n", "#define HEIGHT(rows) if (rows) f();\nHEIGHTS(HEIGHT)\n#undef HEIGHT\n");
}

static void decides_conditions(void **state)
{
    (void)state;
    folds("    if (format == WEIGHT_q4) return 1;\n    return 2;\n", "    return 2;\n");
    folds("    if (format == WEIGHT_q8 || l->w.format == WEIGHT_q4) return 1;\n", "    if (format == WEIGHT_q8) return 1;\n");
    folds("    return format == WEIGHT_q4 && n < 4 ? f(a, b) : c;\n", "    return c;\n");
    folds("    x = f(format == WEIGHT_q4 ? 1 : 2, y) + (bits(format) != WEIGHT_q4);\n", "    x = f(2, y) + (1);\n");
    folds("    if (format == WEIGHT_q4) {\n        a();\n    } else if (b) {\n        c();\n    } else {\n        d();\n    }\n",
          "    if (b) {\n        c();\n    } else {\n        d();\n    }\n");
    folds("    if (format == WEIGHT_q4)\n        a();\n    else\n        b();\n    c();\n", "    b();\n    c();\n");
    folds("    if (b) {\n        c();\n    } else if (format == WEIGHT_q4) {\n        a();\n    }\n    d();\n", "    if (b) {\n        c();\n    }\n    d();\n");
    folds("    if (b) {\n        c();\n    } else if (format == WEIGHT_q4) {\n        a();\n    } else {\n        e();\n    }\n",
          "    if (b) {\n        c();\n    } else {\n        e();\n    }\n");
    /* a function that says no in every case */
    folds("static int narrow(int format) { return format == WEIGHT_q4; }\nint f(int format)\n{\n    if (narrow(format)) return g(1);\n    return 0;\n}\n",
          "static int narrow(int format) { return 0; }\nint f(int format)\n{\n    return 0;\n}\n");
    folds("    /* WEIGHT_q4 */\n    a = WEIGHT_f32;\n", "    /* WEIGHT_q4 */\n    a = WEIGHT_f32;\n");
}

static void leaves_out_what_nothing_reaches(void **state)
{
    (void)state;
    PruneFile file[] = {
        {.text = "typedef struct model_row {\n    int n;\n} model_row;\ntypedef int unused;\nint model_run(model_row *row);\nint model_other(void);\n"},
        {.text = "/* what numbers are\n *\n *   thrice(x)  three times x\n *   twice(x)   two times x */\n\n"
                 "#define TWO 2\n#define THREE 3\n\n"
                 "/* ======== a.c ======== */\n\n/* a: see a.h. */\n\n"
                 "static int twice(int x, int y) { return TWO * x; }\nstatic int thrice(int x) { return THREE * x; }\n\n"
                 "/* ---- parts ---- */\n\nint model_run(model_row *row)\n{\n    return twice(row->n, 0);\n}\n#undef TWO\n#undef THREE\n"},
    };
    prune_files(arena, file, 2, "model", "MODEL", map_new(arena));
    check(&file[0].out, "typedef struct model_row {\n    int n;\n} model_row;\nint model_run(model_row *row);\nint model_other(void);\n");
    check(&file[1].out, "\n/* what numbers are\n *\n *   twice(x)   two times x */\n\n"
                        "#define TWO 2\n\n/* ======== a.c ======== */\n\n"
                        "static int twice(int x, int y) { (void)y; return TWO * x; }\n\n"
                        "/* ---- parts ---- */\n\nint model_run(model_row *row)\n{\n    return twice(row->n, 0);\n}\n#undef TWO\n");
}

/* What is offered to other models only goes, unless something of this one asks for it. */
static void leaves_out_what_is_withheld(void **state)
{
    (void)state;
    static const char header[] = "int frames(void);\nint rows(void);\nint model_run(void);\n";
    static const char source[] = "int frames(void) { return 1; }\nint rows(void) { return 2; }\nint model_run(void) { return rows(); }\n";
    PruneFile all[] = {{.text = header}, {.text = source}}, some[] = {{.text = header}, {.text = source}};
    Map *withheld = map_new(arena);
    prune_files(arena, all, 2, "model", "MODEL", withheld);
    check(&all[0].out, header);
    check(&all[1].out, source);
    map_set(withheld, "frames", withheld);
    map_set(withheld, "rows", withheld);
    prune_files(arena, some, 2, "model", "MODEL", withheld);
    check(&some[0].out, "int rows(void);\nint model_run(void);\n");
    check(&some[1].out, "int rows(void) { return 2; }\nint model_run(void) { return rows(); }\n");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(writes_lists_out),
        cmocka_unit_test(decides_conditions),
        cmocka_unit_test(leaves_out_what_nothing_reaches),
        cmocka_unit_test(leaves_out_what_is_withheld),
    };
    return cmocka_run_group_tests(tests, begin, end);
}
