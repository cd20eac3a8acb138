"""Prints what a model writes after a prompt, always taking the likeliest token. usage: run.py DIR PROMPT [MAX_TOKENS]"""

import sys

import onnxruntime_genai as genai


def main(directory, prompt, max_tokens="64"):
    model = genai.Model(directory)
    tokenizer = genai.Tokenizer(model)
    ids = tokenizer.encode(prompt)
    parameters = genai.GeneratorParams(model)
    parameters.set_search_options(max_length=len(ids) + int(max_tokens), do_sample=False)
    generator = genai.Generator(model, parameters)
    generator.append_tokens(ids)
    while not generator.is_done():
        generator.generate_next_token()
    print(tokenizer.decode(generator.get_sequence(0)))


if __name__ == "__main__":
    if len(sys.argv) not in (3, 4):
        sys.exit(__doc__)
    main(*sys.argv[1:])
