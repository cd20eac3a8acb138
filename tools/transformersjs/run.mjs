// Greedy generation from a Twofold output directory with transformers.js, a runtime that is not ours.
// usage: node run.mjs DIR PROMPT [MAX_TOKENS] [DTYPE]
// DTYPE, such as q4, is for the output of 'twofold convert --layout transformersjs', which has models of several types.
// Prints the prompt and its continuation to standard output, as one decoded text, and nothing else.

import { existsSync } from 'node:fs';
import path from 'node:path';
import process from 'node:process';

const FILES = ['config.json', 'generation_config.json', 'tokenizer.json', 'tokenizer_config.json'];

function fail(code, message) {
  process.stderr.write(`run.mjs: ${message}\n`);
  process.exit(code);
}

const [dir, prompt, maxTokens = '32', dtype, ...rest] = process.argv.slice(2);
if (dir === undefined || prompt === undefined || rest.length > 0 || !/^[1-9]\d*$/.test(maxTokens)) {
  fail(2, 'usage: node run.mjs DIR PROMPT [MAX_TOKENS] [DTYPE]');
}
for (const file of FILES) {
  if (!existsSync(path.join(dir, file))) {
    fail(3, `${path.join(dir, file)} is missing: DIR must be the output of 'twofold convert'`);
  }
}

// Imported only now: loading the runtime takes longer than refusing a wrong directory.
const { AutoModelForCausalLM, AutoTokenizer, env, LogLevel } = await import('@huggingface/transformers');
env.allowRemoteModels = false;
env.useFSCache = false; // a file cached under the same name must not stand in for one of ours
env.logLevel = LogLevel.NONE; // a failure is thrown as well, and told below in one line

// An absolute path is no model id, so the library reads the directory itself and not one below env.localModelPath.
const model_path = path.resolve(dir);

try {
  const tokenizer = await AutoTokenizer.from_pretrained(model_path);
  // Without the layout that is made for it the library has to be told where everything is.
  const elsewhere = {
    subfolder: '', // the default is 'onnx'
    model_file_name: 'model',
    dtype: 'fp32', // no suffix, so that the file is model.onnx; the types inside are the file's own
    // The model is loaded by path, and ONNX Runtime finds model.onnx.data beside it. With `true` the library would
    // look for its own name, model.onnx_data.
    use_external_data_format: false,
  };
  const own = dtype === undefined ? {} : { dtype };
  const options = existsSync(path.join(dir, 'model.onnx')) ? elsewhere : own;
  const model = await AutoModelForCausalLM.from_pretrained(model_path, { ...options, device: 'cpu' });
  const inputs = tokenizer(prompt);
  const output = await model.generate({ ...inputs, max_new_tokens: Number(maxTokens), do_sample: false });
  const [text] = tokenizer.batch_decode(output, { skip_special_tokens: true });
  process.stdout.write(`${text}\n`);
} catch (error) {
  fail(1, `${model_path}: ${String(error?.message ?? error).split('\n')[0]}`);
}
