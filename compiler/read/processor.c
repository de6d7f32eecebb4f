/* processor: see processor.h. */
#include "compiler/read/processor.h"

#include <string.h>

enum { MOST_SIDE = 1 << 14 };

typedef struct Channels {
    float mean[3], deviation[3];
} Channels;
static const Channels standard = {{0.5F, 0.5F, 0.5F}, {0.5F, 0.5F, 0.5F}};
static const Channels imagenet = {{0.485F, 0.456F, 0.406F}, {0.229F, 0.224F, 0.225F}};
static const Channels clip = {{0.48145466F, 0.4578275F, 0.40821073F}, {0.26862954F, 0.26130258F, 0.27577711F}};

typedef struct Processor {
    const char *name, *families;
    int height, width, shortest, longest;
    bool square; /* a lone number is height and width, else the shortest edge */
    int crop;
    double crop_pct;
    int filter;
    const Channels *channels;
} Processor;

static const Processor processors[] = {
#define PROCESSOR(name, families, height, width, shortest, longest, square, crop, crop_pct, filter, channels)                       \
    {name, families, height, width, shortest, longest, square, crop, crop_pct, filter, &channels},
#include "compiler/read/processors.def"
};

/* ---- which ---- */

/* "ViTImageProcessor" for its other names, ViTImageProcessorFast and ViTFeatureExtractor. */
static const char *plain_name(Arena *arena, const char *name)
{
    static const char *const endings[] = {"FeatureExtractor", "ImageProcessorFast", "ImageProcessorPil"};
    size_t length = strlen(name);
    for (size_t i = 0; i < COUNT_OF(endings); i++) {
        size_t n = strlen(endings[i]);
        if (n < length && strcmp(name + length - n, endings[i]) == 0)
            return arena_printf(arena, "%.*sImageProcessor", (int)(length - n), name);
    }
    return name;
}

static const char *known_names(Arena *arena)
{
    const char *text = "";
    for (size_t i = 0; i < COUNT_OF(processors); i++) text = arena_printf(arena, "%s%s%s", text, i ? ", " : "", processors[i].name);
    return text;
}

static const Processor *find_processor(const Config *c, const char *model_type)
{
    const char *type = config_text_or(c, "image_processor_type|feature_extractor_type", NULL);
    const char *name = type ? plain_name(c->arena, type) : NULL;
    for (size_t i = 0; i < COUNT_OF(processors); i++)
        if (name ? strcmp(processors[i].name, name) == 0 : text_has_word(processors[i].families, model_type)) return &processors[i];
    if (type) config_refuse(c, "image_processor_type", type, known_names(c->arena));
    else err_set(c->err, "%s: image_processor_type: not there, and none is known for %s", c->file, model_type);
    return NULL;
}

/* Steps that are switched on and not known would be left out in silence. */
static void refuse_other_steps(const Config *c)
{
    static const char known[] = "do_resize do_center_crop do_rescale do_normalize do_pad do_convert_rgb do_convert_annotations do_reduce_labels";
    const cJSON *item;
    cJSON_ArrayForEach(item, c->root)
    {
        if (strncmp(item->string, "do_", 3) == 0 && cJSON_IsTrue(item) && !text_has_word(known, item->string))
            config_refuse(c, item->string, "true", "do_resize, do_center_crop, do_rescale, do_normalize, do_pad");
    }
}

/* ---- sizes ---- */

static int side(const Config *object, const char *key) { return (int)config_int_or(object, key, 1, MOST_SIDE, 0); }

static void exact(hf2c_image_settings *s, int height, int width)
{
    s->resize = HF2C_RESIZE_EXACT;
    s->height = height;
    s->width = width;
}

static void shortest(hf2c_image_settings *s, int edge, int longest)
{
    s->resize = longest ? HF2C_RESIZE_EDGES : HF2C_RESIZE_SHORTEST;
    s->shortest = edge;
    s->longest = longest;
}

static void within(hf2c_image_settings *s, int height, int width)
{
    s->resize = HF2C_RESIZE_WITHIN;
    s->height = height;
    s->width = width;
}

static void refuse_size(const Config *c, const char *key)
{
    const char *found = cJSON_PrintUnformatted(config_item(c, key));
    err_set(c->err, "%s: %s: found %.200s; known: {\"height\", \"width\"}, {\"shortest_edge\"}, {\"shortest_edge\", \"longest_edge\"}, "
                    "{\"max_height\", \"max_width\"}, a number, [height, width]", c->file, key, found ? found : "something else");
    cJSON_free((void *)found);
}

/* size as an object, in the order in which transformers looks at the keys. */
static void read_size_object(const Config *c, hf2c_image_settings *s)
{
    Config o = config_object(c, "size");
    int edge = side(&o, "shortest_edge"), longest = side(&o, "longest_edge");
    if (edge) shortest(s, edge, longest);
    else if (side(&o, "max_height") && side(&o, "max_width")) within(s, side(&o, "max_height"), side(&o, "max_width"));
    else if (side(&o, "height") && side(&o, "width")) exact(s, side(&o, "height"), side(&o, "width"));
    else refuse_size(c, "size");
}

static void read_resize(const Config *c, const Processor *p, hf2c_image_settings *s)
{
    const cJSON *size = config_item(c, "size");
    int64_t sides[2];
    if (!config_bool_or(c, "do_resize", true)) return;
    if (!size && p->shortest) shortest(s, p->shortest, p->longest);
    else if (!size) exact(s, p->height, p->width);
    else if (cJSON_IsObject(size)) read_size_object(c, s);
    else if (cJSON_IsNumber(size) && p->square) exact(s, side(c, "size"), side(c, "size"));
    else if (cJSON_IsNumber(size)) shortest(s, side(c, "size"), p->longest ? (int)config_int_or(c, "max_size", 1, MOST_SIDE, p->longest) : 0);
    else if (config_ints(c, "size", 1, MOST_SIDE, sides, 2) == 2) exact(s, (int)sides[0], (int)sides[1]);
    else refuse_size(c, "size");
    if (s->resize == HF2C_RESIZE_SHORTEST && config_bool_or(c, "use_square_size", false)) exact(s, s->shortest, s->shortest);
    if (p->longest && s->resize == HF2C_RESIZE_EDGES) s->multiple = 16; /* YOLOS cuts sides to multiples of 16, whatever the patches */
}

/* ConvNeXt's: small pictures are cut out of larger ones, large ones are not cut. */
static void read_crop_pct(const Config *c, const Processor *p, hf2c_image_settings *s)
{
    const int large = 384;
    int edge = s->shortest;
    if (p->crop_pct == 0 || s->resize == HF2C_RESIZE_NONE) return;
    if (s->resize != HF2C_RESIZE_SHORTEST) {
        refuse_size(c, "size");
    } else if (edge >= large) {
        exact(s, edge, edge);
    } else {
        s->shortest = (int)(edge / config_float_or(c, "crop_pct", 0.01, 1, p->crop_pct));
        s->crop_height = s->crop_width = edge;
    }
}

/* KEY as height and width; a number is a square. */
static void read_square(const Config *c, const char *key, int *height, int *width)
{
    int64_t sides[2];
    if (cJSON_IsNumber(config_item(c, key))) {
        *height = *width = side(c, key);
    } else if (cJSON_IsObject(config_item(c, key))) {
        Config o = config_object(c, key);
        *height = (int)config_int(&o, "height", 1, MOST_SIDE);
        *width = (int)config_int(&o, "width", 1, MOST_SIDE);
    } else if (config_ints(c, key, 1, MOST_SIDE, sides, 2) == 2) {
        *height = (int)sides[0];
        *width = (int)sides[1];
    } else {
        err_set(c->err, "%s: %s: wanted {\"height\", \"width\"}, a number or [height, width]", c->file, key);
    }
}

static void read_crop(const Config *c, const Processor *p, hf2c_image_settings *s)
{
    if (!config_bool_or(c, "do_center_crop", p->crop > 0)) return;
    if (s->crop_height) {
        err_set(c->err, "%s: do_center_crop: not known together with crop_pct", c->file);
    } else if (config_has(c, "crop_size") || !p->crop) {
        read_square(c, "crop_size", &s->crop_height, &s->crop_width);
    } else {
        s->crop_height = s->crop_width = p->crop;
    }
}

/* ---- values ---- */

/* Three numbers, or one for all of them, where the key is there. */
static void read_channels(const Config *c, const char *key, float *values)
{
    const cJSON *list = config_item(c, key), *item;
    int at = 0;
    if (!list) return;
    for (int i = 0; i < 3 && cJSON_IsNumber(list); i++, at++) values[i] = (float)list->valuedouble;
    for (item = cJSON_IsArray(list) ? list->child : NULL; item; item = item->next, at++)
        if (at < 3 && cJSON_IsNumber(item)) values[at] = (float)item->valuedouble;
    if (at != 3) err_set(c->err, "%s: %s: wanted a list of 3 numbers", c->file, key);
}

static void read_values(const Config *c, const Processor *p, hf2c_image_settings *s)
{
    if (config_bool_or(c, "do_rescale", true)) {
        s->factor = (float)config_float_or(c, "rescale_factor", 0, 1e6, 1.0 / 255);
        s->offset = config_bool_or(c, "rescale_offset", false) ? 1 : 0;
    }
    if (!config_bool_or(c, "do_normalize", true)) return;
    memcpy(s->mean, p->channels->mean, sizeof s->mean);
    memcpy(s->deviation, p->channels->deviation, sizeof s->deviation);
    read_channels(c, "image_mean", s->mean);
    read_channels(c, "image_std", s->deviation);
    for (int i = 0; i < 3; i++)
        if (!(s->deviation[i] > 0)) err_set(c->err, "%s: image_std: wanted numbers above 0", c->file);
}

bool processor_read(const Config *c, const char *model_type, hf2c_image_settings *s)
{
    *s = (hf2c_image_settings){.factor = 1, .deviation = {1, 1, 1}};
    if (!c->root->child) return false;
    const Processor *p = find_processor(c, model_type);
    if (!p) return false;
    refuse_other_steps(c);
    s->filter = (int)config_int_or(c, "resample", 0, 5, p->filter);
    read_resize(c, p, s);
    read_crop_pct(c, p, s);
    read_crop(c, p, s);
    if (config_bool_or(c, "do_pad", false) && config_has(c, "pad_size")) read_square(c, "pad_size", &s->pad_height, &s->pad_width);
    read_values(c, p, s);
    return c->err->text[0] == '\0';
}

/* ---- what comes out ---- */

bool processor_fixed_size(const hf2c_image_settings *s, int64_t *height, int64_t *width)
{
    bool resized = s->resize == HF2C_RESIZE_EXACT;
    *height = s->pad_height ? s->pad_height : s->crop_height ? s->crop_height : s->height;
    *width = s->pad_width ? s->pad_width : s->crop_width ? s->crop_width : s->width;
    return resized || s->crop_height || s->pad_height;
}

bool processor_bound(const hf2c_image_settings *s, int64_t *height, int64_t *width)
{
    if (processor_fixed_size(s, height, width)) return true;
    *height = s->resize == HF2C_RESIZE_WITHIN ? s->height : s->shortest < s->longest ? s->shortest : s->longest;
    *width = s->resize == HF2C_RESIZE_WITHIN ? s->width : s->longest;
    return s->resize == HF2C_RESIZE_WITHIN || s->resize == HF2C_RESIZE_EDGES;
}
