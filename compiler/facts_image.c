/* facts_image: how pictures become values, from preprocessor_config.json. */
#include "compiler/compile.h"
#include "compiler/read/processor.h"

static bool check_fixed(const Compiled *c, const Config *p, const hf2c_image_settings *s, Err *err)
{
    int64_t height, width;
    if (!processor_fixed_size(s, &height, &width))
        return err_set(err, "%s: makes pictures of different sizes, which %s models do not take", p->file, c->built.architecture->model_type);
    if (3 * height * width == c->facts.image_values) return true;
    return err_set(err, "%s: makes pictures of %lld x %lld, the model wants %d values", p->file, (long long)height, (long long)width,
                   c->facts.image_values);
}

bool facts_describe_images(Compiled *c, Err *err)
{
    Config *p = &c->model.processor;
    if (!c->facts.image_values) return true;
    p->err = err;
    hf2c_image_settings *s = ARENA_NEW(c->arena, hf2c_image_settings);
    if (!processor_read(p, c->built.architecture->model_type, s)) return err->text[0] == '\0';
    c->facts.image = s;
    return c->facts.image_patch ? true : check_fixed(c, p, s, err);
}
