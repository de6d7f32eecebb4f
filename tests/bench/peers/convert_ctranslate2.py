"""A model for CTranslate2, by its own converter.

    convert_ctranslate2.py FOLDER FORMAT OUT        FORMAT: int8
"""
import sys

import transformers
from ctranslate2.converters import TransformersConverter
from ctranslate2.converters import transformers as loaders


class NoTokenizer:
    """The models have none: tokens are called by their numbers."""

    bos_token = eos_token = "0"
    unk_token = "1"
    pad_token_id = 0


class Converter(TransformersConverter):
    def load_tokenizer(self, tokenizer_class, folder, **kwargs):
        return NoTokenizer()


def main(folder, precision, out):
    transformers.BertConfig.position_embedding_type = "absolute"  # the only kind by now, so that configs no longer say it
    for loader in (loaders.GPT2Loader, loaders.BertLoader, loaders.DistilBertLoader):
        loader.get_vocabulary = lambda self, model, tokenizer: [str(i) for i in range(model.config.vocab_size)]
        loader.set_config = lambda self, config, model, tokenizer: setattr(config, "unk_token", "1")
    Converter(folder).convert(out, quantization=precision, force=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
