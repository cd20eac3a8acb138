// Greedy generation with transformers.js from outputs of `twofold convert --layout transformersjs`, one after the other.
// Reads {"jobs": [{model, dtype, prompts, count}]} from standard input, and prints a list with an object a job:
//   texts   each prompt with its continuation, of all prompts in one batch, in which shorter ones are filled up on the left
//   dtype   the type that was loaded
//   error   why a model could not be run, in place of everything else
import { readFileSync } from 'node:fs';
import path from 'node:path';
import process from 'node:process';
import { AutoModelForCausalLM, AutoTokenizer, env, LogLevel } from '@huggingface/transformers';

env.allowRemoteModels = false;
env.useFSCache = false; // a file cached under the same name must not stand in for one of ours
env.logLevel = LogLevel.ERROR;

async function run({ model: directory, dtype, prompts, count }) {
  const place = path.resolve(directory);
  const tokenizer = await AutoTokenizer.from_pretrained(place);
  tokenizer.padding_side = 'left';
  // Nothing but the directory and the type: the rest is in its config.json.
  const model = await AutoModelForCausalLM.from_pretrained(place, dtype === undefined ? {} : { dtype });
  const inputs = tokenizer(prompts, { padding: true });
  const output = await model.generate({ ...inputs, max_new_tokens: count, do_sample: false });
  const texts = tokenizer.batch_decode(output, { skip_special_tokens: true });
  await model.dispose();
  return { texts };
}

const results = [];
for (const job of JSON.parse(readFileSync(0, 'utf8')).jobs) {
  try {
    results.push(await run(job));
  } catch (error) {
    results.push({ error: String(error?.message ?? error).split('\n')[0] });
  }
}
process.stdout.write(JSON.stringify(results) + '\n');
