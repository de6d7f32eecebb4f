/* amalgamate: many C files as one. Headers are put where they are included first; names that belong to one file alone and clash with
 * those of another one get its name in front. */
#ifndef HF2C_EMIT_AMALGAMATE_H
#define HF2C_EMIT_AMALGAMATE_H

#include "compiler/base.h"

typedef struct Piece {
    const char *name; /* "text_encode.c" */
    const char *text;
    size_t bytes;
} Piece;

typedef struct Pieces {
    Arena *arena;
    Piece *piece;
    size_t count, capacity;
} Pieces;

void pieces_add(Pieces *pieces, const char *name, const char *text, size_t bytes); /* copies both */
const Piece *pieces_find(const Pieces *pieces, const char *name, size_t length);    /* NULL: not there */

/* A header with the headers that it includes in their places; *known receives their names, and the lines that include the library's. plain:
 * for a source of C, which needs no guards. */
void amalgamate_header(Str *out, const Pieces *pieces, const char *name, bool plain, Map *known);
/* Stands where a source ends: what follows belongs to none. */
#define AMALGAMATE_END "/* ======== */"

/* The files in order, as one. known: headers that a reader has already. */
void amalgamate_sources(Str *out, const Pieces *pieces, const char *const *names, size_t count, const Map *known);

#endif
