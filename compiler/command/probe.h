/* probe: what a model loses when one of its weights is rounded. */
#ifndef HF2C_COMMAND_PROBE_H
#define HF2C_COMMAND_PROBE_H

#include "compiler/command/command.h"

typedef struct Probe Probe;

/* Runs a model beside itself over the first windows of a text, or, without one, over random tokens that are always the same. NULL for models that
 * read something else than tokens. fatal() when the model or the text cannot be read. */
Probe *probe_new(Arena *arena, const Compiled *compiled, const char *text, int threads);
/* The loss when this weight alone is rounded to the format: the divergence of a language model's predictions in nats; for others the squared change of
 * the first output, relative to its squares. */
double probe_loss(Probe *probe, const PackedWeight *weight, Format format);

#endif
