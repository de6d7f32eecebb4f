/* processor: what preprocessor_config.json says of pictures, with the defaults of the image processor that it names. */
#ifndef HF2C_READ_PROCESSOR_H
#define HF2C_READ_PROCESSOR_H

#include "compiler/read/config.h"
#include "runtime/hf2c.h"

/* False without an error: the config is empty. Errors are in config->err: an unknown processor, a size or a step that is not known here.
 * model_type: for configs that name no processor. */
bool processor_read(const Config *config, const char *model_type, hf2c_image_settings *settings);

/* The size that all pictures have then; false: it depends on the picture. */
bool processor_fixed_size(const hf2c_image_settings *settings, int64_t *height, int64_t *width);
/* No picture has more patches of that side than these sides hold; false: there is no bound. */
bool processor_bound(const hf2c_image_settings *settings, int64_t *height, int64_t *width);

#endif
