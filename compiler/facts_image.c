/* facts_image: how pictures become values, from preprocessor_config.json. */
#include "compiler/compile.h"

enum { MOST_SIDE = 4096 };

/* Three numbers, where the key is there. */
static void read_channels(const Config *p, const char *key, float *values)
{
    const cJSON *list = config_item(p, key), *item;
    int at = 0;
    if (!list) return;
    cJSON_ArrayForEach(item, list)
    {
        if (at < 3 && cJSON_IsNumber(item)) values[at] = (float)item->valuedouble;
        at++;
    }
    if (at != 3) err_set(p->err, "%s: %s: wanted a list of 3 numbers", p->file, key);
}

/* {"height", "width"}, {"shortest_edge"} or a number, which stands for what `square` says. */
static void read_size(const Config *p, const char *key, bool square, int *height, int *width, int *shortest)
{
    Config object = config_object(p, key);
    int64_t side = cJSON_IsNumber(config_item(p, key)) ? config_int(p, key, 1, MOST_SIDE) : 0;
    if (config_has(&object, "longest_edge")) err_set(p->err, "%s: %s.longest_edge: pictures of different sizes are not supported", p->file, key);
    if (side == 0) {
        *height = (int)config_int_or(&object, "height", 1, MOST_SIDE, 0);
        *width = (int)config_int_or(&object, "width", 1, MOST_SIDE, 0);
        *shortest = (int)config_int_or(&object, "shortest_edge", 1, MOST_SIDE, 0);
    } else if (square) {
        *height = *width = (int)side;
    } else {
        *shortest = (int)side;
    }
}

/* ConvNeXt's processor: small pictures are cut out of larger ones. */
static void read_cropped(const Config *p, hf2c_image_settings *s)
{
    int side = s->shortest;
    s->out_height = s->out_width = side;
    if (side < 384) {
        s->shortest = (int)(side / config_float_or(p, "crop_pct", 0.01, 1, 0.875));
    } else {
        s->height = s->width = side;
        s->shortest = 0;
    }
}

static void read_sizes(const Config *p, hf2c_image_settings *s)
{
    int edge = 0;
    if (config_bool_or(p, "do_resize", true)) read_size(p, "size", true, &s->height, &s->width, &s->shortest);
    s->out_height = s->height;
    s->out_width = s->width;
    if (config_has(p, "crop_pct") && s->shortest) read_cropped(p, s);
    if (!config_bool_or(p, "do_center_crop", config_has(p, "crop_size")) || !config_has(p, "crop_size")) return;
    read_size(p, "crop_size", true, &s->out_height, &s->out_width, &edge);
    if (edge) s->out_height = s->out_width = edge;
}

bool facts_describe_images(Compiled *c, Err *err)
{
    Config *p = &c->model.processor;
    if (!c->facts.image_values || !config_has(p, "size")) return true;
    hf2c_image_settings *s = ARENA_NEW(c->arena, hf2c_image_settings);
    p->err = err;
    *s = (hf2c_image_settings){.factor = 1, .deviation = {1, 1, 1}};
    s->filter = (int)config_int_or(p, "resample", 0, 5, 2);
    if (config_bool_or(p, "do_rescale", true)) s->factor = (float)config_float_or(p, "rescale_factor", 0, 1e6, 1.0 / 255);
    if (config_bool_or(p, "do_normalize", true)) {
        read_channels(p, "image_mean", s->mean);
        read_channels(p, "image_std", s->deviation);
    }
    read_sizes(p, s);
    if (!err->text[0] && 3 * (int64_t)s->out_height * s->out_width != c->facts.image_values)
        return err_set(err, "%s: makes pictures of %d x %d, the model wants %d values", p->file, s->out_height, s->out_width,
                       c->facts.image_values);
    for (int i = 0; i < 3; i++)
        if (!(s->deviation[i] > 0) && !err->text[0]) err_set(err, "%s: image_std: wanted numbers above 0", p->file);
    c->facts.image = s;
    return err->text[0] == '\0';
}
