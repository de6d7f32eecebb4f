/* A verse a line from the serial port; its label back. */
#include <kjv_genre.h>

alignas(64) static unsigned char workspace[KJV_GENRE_WORKSPACE_BYTES];
static unsigned char scratch[KJV_GENRE_SCRATCH_BYTES];
static kjv_genre_context model;
static hf2c_status status;

void setup()
{
    Serial.begin(115200);
    status = kjv_genre_init(&model, workspace, sizeof workspace, NULL, 0, kjv_genre_weights, KJV_GENRE_WEIGHTS_BYTES);
}

void loop()
{
    static char verse[KJV_GENRE_TEXT_BYTES];
    int label;
    float score;
    size_t bytes = Serial.readBytesUntil('\n', verse, sizeof verse);
    if (bytes == 0 || status != HF2C_OK) return;
    if (kjv_genre_classify(&model, verse, bytes, scratch, sizeof scratch, &label, &score) == HF2C_OK) Serial.println(kjv_genre_label(label));
}
