"""Writes tests/unit/text/chat.jsonl: chat templates in the style of well-known models, rendered by transformers'
apply_chat_template with tools, documents and the prompt for an answer: chat_goldens.py FILE"""
import json
import logging
import sys

from chat_templates import CONVERSATIONS, TEMPLATES, TOOLS
from tokenizers import Tokenizer, models
from transformers import PreTrainedTokenizerFast

GRANITE = """{%- if messages[0]['role'] == 'system' %}{%- set system_message = messages[0]['content'] %}{%- set loop_messages = messages[1:] %}
{%- else %}{%- set system_message = "You are helpful." %}
    {%- if tools and documents %}{%- set system_message = system_message + " You have tools and documents." %}
    {%- elif documents %}{%- set system_message = system_message + " Write the response by strictly aligning with the facts in the documents." %}{%- endif %}
    {%- set loop_messages = messages %}{%- endif %}
{{- '<|start|>system<|end|>' + system_message + '<|eot|>\\n' }}
{%- if tools %}{{- '<|start|>tools<|end|>' }}{{- tools | tojson(indent=4) }}{{- '<|eot|>\\n' }}{%- endif %}
{%- if documents %}{{- '<|start|>documents<|end|>' }}
    {%- for document in documents %}{{- 'Document ' + loop.index | string + '\\n' + (document['title'] + ': ' if 'title' in document else '') + document['text'] }}{%- if not loop.last %}{{- '\\n\\n' }}{%- endif %}{%- endfor %}
    {{- '<|eot|>\\n' }}{%- endif %}
{%- for message in loop_messages %}
    {{- '<|start|>' + message['role'] + '<|end|>' + (message['content'] if message['content'] is string else message['content'] | tojson) + '<|eot|>\\n' }}
    {%- if loop.last and add_generation_prompt %}{{- '<|start|>assistant' }}{%- if thinking %}{{- ' {"thinking": true}' }}{%- endif %}{{- '<|end|>' }}{%- endif %}
{%- endfor %}"""
DOCUMENTS = [{"title": "Rivers <&>", "text": "The Z\u00fcrichsee is a lake."}, {"doc_id": 2, "text": "\u4e2d\u6587 \"quoted\"\n"}]
SETTINGS = {"date_string": "1 May 2025", "enable_thinking": False, "thinking": True}


def requests():
    """Every conversation plainly and with all that there is; the last template is also asked about documents alone."""
    for messages in CONVERSATIONS:
        yield {"messages": messages, "add_generation_prompt": False}
        yield {"messages": messages, "tools": TOOLS, "documents": DOCUMENTS, "add_generation_prompt": True, "chat_template_kwargs": SETTINGS}
    yield {"messages": CONVERSATIONS[0], "documents": DOCUMENTS, "add_generation_prompt": True}
    yield {"messages": CONVERSATIONS[0], "tools": [], "documents": [], "add_generation_prompt": True}


def answer(tokenizer, request):
    try:
        return {"text": tokenizer.apply_chat_template(request["messages"], tools=request.get("tools"), documents=request.get("documents"), tokenize=False,
                                                      add_generation_prompt=request["add_generation_prompt"], **request.get("chat_template_kwargs", {}))}
    except Exception as error:
        return {"error": str(error)}


def main():
    logging.disable(logging.WARNING)
    rows = []
    for name, source in {**TEMPLATES, "Granite": GRANITE}.items():
        inner = Tokenizer(models.WordLevel({"<s>": 0, "</s>": 1}, unk_token="<s>"))
        tokenizer = PreTrainedTokenizerFast(tokenizer_object=inner, bos_token="<s>", eos_token="</s>", chat_template=source)
        rows.append({"name": name, "chat_template": source})
        rows += [{"request": request, "wanted": answer(tokenizer, request)} for request in requests()]
    with open(sys.argv[1], "w", encoding="ascii") as file:
        file.writelines(json.dumps(row, separators=(",", ":")) + "\n" for row in rows)


if __name__ == "__main__":
    main()
