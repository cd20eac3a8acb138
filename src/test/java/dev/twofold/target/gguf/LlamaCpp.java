package dev.twofold.target.gguf;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.twofold.testing.NodeTool;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;
import java.util.stream.StreamSupport;

/** llama.cpp as it is published on npm, in a process of its own; {@code tools/llamacpp/install.sh} puts it there. */
final class LlamaCpp {

    private static final NodeTool NODE = new NodeTool(
            "llama.cpp",
            Path.of("tools", "llamacpp"),
            "node_modules/@node-llama-cpp/linux-x64/package.json",
            "TWOFOLD_REQUIRE_LLAMA_CPP");

    private final ArrayNode jobs = JsonNodeFactory.instance.arrayNode();

    private LlamaCpp() {}

    /** Something to run, or skips the test that asks with a message on standard error. */
    static LlamaCpp start() {
        NODE.require("GGUF files are not tested in the runtime that they are for");
        return new LlamaCpp();
    }

    /** What came of a file. */
    record Result(JsonNode node) {

        /** Why the file could not be run; empty if it could. */
        String error() {
            return node.path("error").asText("");
        }

        /** The most likely tokens after the prompt. */
        List<Integer> generated() {
            return ids(node.path("generated"));
        }

        /** The logarithms of the probabilities of the scored tokens, from the second on. */
        double[] logs() {
            return StreamSupport.stream(node.path("logs").spliterator(), false)
                    .mapToDouble(JsonNode::asDouble)
                    .toArray();
        }

        /** The tokens of a text. */
        List<Integer> tokens(int text) {
            return ids(node.path("tokens").path(text));
        }

        double perplexity() {
            return Math.exp(-Arrays.stream(logs()).average().orElseThrow());
        }

        private static List<Integer> ids(JsonNode list) {
            return StreamSupport.stream(list.spliterator(), false)
                    .map(JsonNode::asInt)
                    .toList();
        }
    }

    /** Adds a file to be run. */
    ObjectNode model(Path file) {
        return jobs.addObject().put("model", file.toAbsolutePath().toString());
    }

    static void put(ObjectNode job, String key, int[] tokens) {
        ArrayNode list = job.putArray(key);
        IntStream.of(tokens).forEach(list::add);
    }

    /** Runs every file in the order in which they were added. */
    List<Result> run() throws IOException, InterruptedException {
        return NODE.run("run.mjs", jobs).stream().map(Result::new).toList();
    }
}
