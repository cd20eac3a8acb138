"""Makes transformers.yaml: which keys of config.json the classes of transformers read.

A key that no code reads cannot change what a model computes. Read are the fields of a family's configuration class,
what its modeling code takes from it, and what the library takes from every configuration. Sizes that the class fills in are
written down beside them.

    pip install -r tools/families/requirements.txt
    python tools/families/class_keys.py src/main/resources/dev/twofold/families
"""

import dataclasses
import inspect
import re
import sys
from pathlib import Path

import transformers
from transformers.models.auto.configuration_auto import CONFIG_MAPPING
from transformers.models.auto.modeling_auto import MODEL_FOR_CAUSAL_LM_MAPPING, MODEL_MAPPING

# What a model is computed with. What its text is generated with is no part of it.
LIBRARY = ["modeling_rope_utils.py"]
# Functions of the library that read keys which are nothing to models whose code does not call them.
CALLS = {"create_sliding_window_causal_mask": "sliding_window", "create_chunked_causal_mask": "attention_chunk_size"}
# Names that the patterns below find beside keys: a module, and an attribute of classes that no file sets.
NO_KEYS = {"json", "default_theta", "_is_quantized"}
READS = [r"\bconfig\.([a-z_]\w*)\b(?!\()", r"getattr\((?:self\.)?config, *['\"](\w+)['\"]",
         r"hasattr\((?:self\.)?config, *['\"](\w+)['\"]", r"kwargs\.(?:pop|get|setdefault)\(['\"](\w+)['\"]"]
OPTIONS = [r"(?:rope_parameters|rope_scaling|rope_params|rope_parameters_dict)(?:\[|\.get\(|\.pop\(|\.setdefault\()['\"](\w+)['\"]",
           r"(?:required|optional)_keys(?:: set)? = \{([^}]*)\}"]
# Sizes that the text_config of published models of more than text leaves to the class of its language model.
SIZES = ["num_hidden_layers", "hidden_size", "num_attention_heads", "intermediate_size", "moe_intermediate_size", "vocab_size",
         "max_position_embeddings"]


def found(patterns, text):
    names = set()
    for pattern in patterns:
        for match in re.findall(pattern, text):
            names |= set(re.findall(r"\w+", match)) if "," in match or '"' in match else {match}
    return {name for name in names if not name.startswith("__")} - NO_KEYS


def text_of(*files):
    return "\n".join(Path(file).read_text() for file in files)


def fields(config_class):
    declared = {field.name for field in dataclasses.fields(config_class)}
    return declared | set(config_class.attribute_map)


def class_keys(model_type):
    config_class = CONFIG_MAPPING[model_type]
    causal = config_class in MODEL_FOR_CAUSAL_LM_MAPPING
    model_class = (MODEL_FOR_CAUSAL_LM_MAPPING if causal else MODEL_MAPPING)[config_class]
    source = text_of(inspect.getfile(config_class), inspect.getfile(model_class))
    called = {key for call, key in CALLS.items() if call in source}
    return fields(config_class) | found(READS, source) | called


def sizes(model_type):
    declared = {field.name: field.default for field in dataclasses.fields(CONFIG_MAPPING[model_type])}
    return {name: declared[name] for name in SIZES if isinstance(declared.get(name), int)}


def written(names):
    lines, line = [], "   "
    for name in sorted(names):
        if len(line) + len(name) > 150:
            lines.append(line)
            line = "   "
        line += f" {name},"
    return "\n".join([*lines, line]).rstrip(",")


def main(directory):
    root = Path(transformers.__file__).parent
    library = text_of(*(root / name for name in LIBRARY))
    base = fields(transformers.PretrainedConfig) | found(READS, library)
    families = re.findall(r"^(\w+): ", (directory / "index.yaml").read_text(), re.MULTILINE)
    parts = ["# Keys of config.json that transformers reads, made by tools/families/class_keys.py from the release below.",
             f'version: "{transformers.__version__}"',
             "# Of every model.", "library:", "  [", written(base), "  ]",
             "# In rope_parameters or rope_scaling.", "rotary:", "  [",
             written(found(OPTIONS, text_of(root / "modeling_rope_utils.py"))), "  ]",
             "# Of the models of a type besides.", "classes:"]
    for family in families:
        if family in CONFIG_MAPPING:
            parts += [f"  {family}:", "    [", written(class_keys(family) - base), "    ]"]
    parts += ["# What those classes make of sizes that are left out.", "sizes:"]
    for family in families:
        known = sizes(family) if family in CONFIG_MAPPING else {}
        if known:
            parts += [f"  {family}:", "    {" + ", ".join(f"{name}: {value}" for name, value in known.items()) + "}"]
    (directory / "transformers.yaml").write_text("\n".join(parts) + "\n")


main(Path(sys.argv[1]))
