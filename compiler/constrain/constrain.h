/* constrain: what generated texts must be (a JSON schema, one of several texts) compiled against one vocabulary to the tables of
 * runtime/generate/constraint.h.
 *
 * Schema -> automaton over bytes (nfa, dfa) -> automaton over tokens (automaton). JSON is written compactly, properties in the
 * schema's order, with at most one space behind ',' and ':'. */
#ifndef HF2C_CONSTRAIN_H
#define HF2C_CONSTRAIN_H

#include "compiler/base.h"
#include "runtime/generate/constraint.h"
#include "runtime/text/tokenizer.h"

/* A schema's file. NULL and *err: what it asks for that is not known, or that no text or no token of this vocabulary can satisfy. */
const hf2c_constraint *constrain_schema(Arena *arena, const hf2c_tokenizer *tokenizer, int vocabulary, const char *path, Err *err);
/* The same from the text of a schema; name is for messages. */
const hf2c_constraint *constrain_schema_text(Arena *arena, const hf2c_tokenizer *tokenizer, int vocabulary, const char *name,
                                             const char *text, size_t bytes, Err *err);
/* "a,b,c", or a JSON list of texts. */
const hf2c_constraint *constrain_choices(Arena *arena, const hf2c_tokenizer *tokenizer, int vocabulary, const char *choices, Err *err);

/* The tables as C source: defines `const hf2c_constraint NAME_constraint`. */
void constraint_emit(Str *out, const hf2c_constraint *constraint, const char *name);

#endif
