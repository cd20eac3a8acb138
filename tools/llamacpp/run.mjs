// Runs GGUF files with llama.cpp on the CPU, one after the other.
// Reads {"jobs": [{model, texts?, prompt?, count?, score?, context?}]} from standard input, and prints a list with an object a job:
// A file is run with `context` positions, or as many as it needs.
//   tokens     of each of `texts`, special tokens read as such
//   generated  the most likely tokens after `prompt`, `count` of them
//   error      why a file could not be run, in place of everything else; more of it is on standard error
//   logs       the natural logarithms of the probabilities of the tokens `score`, each after those before it, from the second on
import {readFileSync} from "node:fs";
import {getLlama, LlamaLogLevel} from "node-llama-cpp";

// Nothing is compiled or downloaded: the library is the one of the package.
const llama = await getLlama({gpu: false, build: "never", logLevel: LlamaLogLevel.error});

async function generated(sequence, prompt, count) {
    const tokens = [];
    for await (const token of sequence.evaluate(prompt, {temperature: 0, yieldEogToken: true})) {
        tokens.push(token);
        if (tokens.length === count) {
            break;
        }
    }
    return tokens;
}

async function logs(sequence, tokens) {
    // The distribution as the model has it: no temperature, nothing cut off.
    const plain = {generateNext: {probabilities: true, options: {temperature: 1, topK: 0, topP: 1, minP: 0}}};
    const steps = await sequence.controlledEvaluate(tokens.slice(0, -1).map((token) => [token, plain]));
    return steps.map((step, i) => Math.log(step.next.probabilities.get(tokens[i + 1])));
}

async function run(job) {
    const model = await llama.loadModel({modelPath: job.model});
    const result = {tokens: (job.texts ?? []).map((text) => model.tokenize(text, true))};
    const contextSize = Math.max(job.context ?? 64, (job.prompt?.length ?? 0) + (job.count ?? 0), job.score?.length ?? 0);
    // Without flash attention llama.cpp pads the caches of all blocks to the widest. Threads would wait for one another in loops.
    const context = await model.createContext({
        contextSize, flashAttention: true, threads: 1, experimentalKvCacheKeyType: "F32", experimentalKvCacheValueType: "F32"
    });
    const sequence = context.getSequence();
    if (job.prompt) {
        result.generated = await generated(sequence, job.prompt, job.count);
    }
    if (job.score) {
        await sequence.clearHistory();
        result.logs = await logs(sequence, job.score);
    }
    await model.dispose();
    return result;
}

const results = [];
for (const job of JSON.parse(readFileSync(0, "utf8")).jobs) {
    try {
        results.push(await run(job));
    } catch (error) {
        results.push({error: String(error)});
    }
}
process.stdout.write(JSON.stringify(results) + "\n", () => process.exit(0));
