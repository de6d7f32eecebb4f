/* draft: a second, smaller model in the same program, which guesses what the first will choose. */
#include "compiler/compile.h"

#include <string.h>

static bool same_token(const Compiled *a, const Compiled *b, int32_t id)
{
    size_t one, other;
    const char *text = hf2c_token_text(a->tokenizer, id, &one), *twin = hf2c_token_text(b->tokenizer, id, &other);
    if (!text || !twin) return text == twin;
    return one == other && memcmp(text, twin, one) == 0;
}

static bool check_tokens(const Compiled *c, const Compiled *draft, Err *err)
{
    const char *name = draft->model.name;
    if (draft->facts.vocabulary != c->facts.vocabulary)
        return err_set(err, "--draft: %s has %d tokens, %s has %d", name, draft->facts.vocabulary, c->model.name, c->facts.vocabulary);
    if (!c->tokenizer || !draft->tokenizer)
        return err_set(err, "--draft: %s has no tokenizer, so nobody knows whether its tokens are the same", c->tokenizer ? name : c->model.name);
    for (int32_t id = 0; id < c->facts.vocabulary; id++)
        if (!same_token(c, draft, id)) return err_set(err, "--draft: token %d of %s is another than that of %s", (int)id, name, c->model.name);
    return true;
}

/* What was guessed wrong is taken back, from both. */
static bool check_generates(const Compiled *c, Err *err)
{
    if (hf2c_output_find(&c->facts, "logits") < 0 || !c->facts.state_bytes || c->facts.encode || graph_has_encoder(c->graph))
        return err_set(err, "--draft: %s is no model that continues texts", c->model.name);
    return c->facts.rewinds || err_set(err, "--draft: %s cannot take back tokens", c->model.name);
}

bool compile_draft(Compiled *c, Err *err)
{
    CompileOptions options = {.model = c->options.draft, .target = c->options.target, .tune = c->options.tune, .precision.cache = c->options.precision.cache,
                              .passes = c->options.passes};
    options.name = arena_printf(c->arena, "%s_draft", c->name);
    options.max_batch = c->plan->options.max_batch;
    options.max_sequence = c->plan->options.max_sequence;
    options.passes.dump = NULL;
    if (!c->target->hosted || c->target->device) return err_set(err, "--draft: target %s cannot hold two models", c->target->name);
    Compiled *draft = compile(c->arena, &options, err);
    if (!draft || !check_generates(c, err) || !check_generates(draft, err) || !check_tokens(c, draft, err)) return false;
    draft->tokenizer = NULL; /* it is the other's */
    draft->facts.tokenizer = NULL;
    c->draft = draft;
    return true;
}
