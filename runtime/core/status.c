/* status: what each status means, in words. */
#include "runtime/hf2c.h"

const char *hf2c_status_text(hf2c_status status)
{
    switch (status) {
#define STATUS(name, text)                                                                                             \
    case HF2C_##name:                                                                                                  \
        return text;
        HF2C_STATUSES(STATUS)
#undef STATUS
    }
    return "an unknown status";
}
