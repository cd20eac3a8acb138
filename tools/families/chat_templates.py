"""Makes the goldens of src/test/resources/chat: what transformers makes of each template there.

    pip install -r tools/families/requirements.txt jinja2
    python tools/families/chat_templates.py src/test/resources/chat
"""

import json
import sys
from pathlib import Path

from transformers.utils.chat_template_utils import _compile_jinja_template

CONVERSATIONS = [
    [{"role": "user", "content": " Is it raining? "}],
    [{"role": "system", "content": "Be brief."}, {"role": "user", "content": "Is it raining?\n"}],
    [{"role": "user", "content": "Is it?"},
     {"role": "assistant", "content": "<think>\nlook outside\n</think>\n\nIt is."},
     {"role": "user", "content": "Still!"}],
]


def rendered(template, messages):
    variables = {"messages": messages, "bos_token": "<s>", "eos_token": "</s>", "add_generation_prompt": True}
    try:
        return {"variables": json.dumps(variables), "text": template.render(**variables)}
    except Exception as refused:
        return {"variables": json.dumps(variables), "refused": str(refused)}


def main(directory):
    goldens = {}
    for file in sorted(directory.glob("*.jinja")):
        template = _compile_jinja_template(file.read_text())
        goldens[file.stem] = [rendered(template, messages) for messages in CONVERSATIONS]
    (directory / "goldens.json").write_text(json.dumps(goldens, indent=1) + "\n")


main(Path(sys.argv[1]))
